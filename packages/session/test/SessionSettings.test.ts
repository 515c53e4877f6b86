import { assert, describe, it } from "@effect/vitest"
import * as SessionSettings from "@sso-oidc/session/SessionSettings"
import * as Result from "effect/Result"

const options = { startUrl: "https://corp.awsapps.com/start", region: "eu-west-1" }

const made = (other: Partial<SessionSettings.Options> = {}) =>
  Result.getOrThrow(SessionSettings.make({ ...options, ...other }))

const refused = (other: Partial<SessionSettings.Options>) => {
  const result = SessionSettings.make({ ...options, ...other })
  return Result.isFailure(result) ? result.failure : assert.fail("it was taken")
}

describe("SessionSettings.make", () => {
  it("takes the name for the key, else the start URL (S2, S5)", () => {
    assert.strictEqual(made({ name: "corp" }).key, "corp")
    assert.strictEqual(made().key, options.startUrl)
  })

  it("asks for sso:account:access if no scopes are given, and for none if the list is empty (S3)", () => {
    assert.deepStrictEqual([made().scopes, made().configuredScopes], [["sso:account:access"], undefined])
    assert.deepStrictEqual([made({ scopes: [] }).scopes, made({ scopes: [] }).configuredScopes], [[], []])
    assert.deepStrictEqual(made({ scopes: ["b", "a"] }).configuredScopes, ["b", "a"])
  })

  it("keeps the other options as they are (S2)", () => {
    const endpoints = { endpoint: "http://127.0.0.1:1", portalEndpoint: "http://127.0.0.1:2", useDeviceCode: true }
    assert.deepInclude(made(endpoints), { ...endpoints, warnings: [] })
    assert.deepInclude(made({ useFipsEndpoint: true, useDualstackEndpoint: false }), {
      useFipsEndpoint: true,
      useDualstackEndpoint: false
    })
  })

  it.each(
    [
      ["startUrl", { startUrl: "http://planted.example" }],
      ["startUrl", { startUrl: "https://planted@corp.example" }],
      ["startUrl", { startUrl: "planted" }],
      ["region", { region: "" }],
      ["region", { region: "planted region" }],
      ["region", { region: "planted.example/" }],
      ["region", { region: "fips-planted" }],
      ["name", { name: "" }],
      ["name", { name: "planted\u001b" }],
      ["scopes", { scopes: ["planted scope"] }],
      ["scopes", { scopes: [""] }],
      ["endpoint", { endpoint: "http://planted.example" }],
      ["portalEndpoint", { portalEndpoint: "http://planted.example" }],
      ["useFipsEndpoint", { useFipsEndpoint: true, endpoint: "https://planted.example" }],
      ["useDualstackEndpoint", { useDualstackEndpoint: true, portalEndpoint: "https://planted.example" }]
    ] as const
  )("refuses a wrong %s, names it, and does not repeat it: %j (S2)", (setting, other) => {
    const error = refused(other)
    assert.deepStrictEqual([error._tag, error.source, error.setting], ["AwsConfigError", "settings", setting])
    assert.match(error.message, /^Cannot use the settings of the session: .*\.$/)
    assert.include(error.message, setting)
    assert.notInclude(JSON.stringify(error), "planted")
  })
})

describe("SessionSettings.role", () => {
  const settings = { ...made(), profile: "dev", accountId: "012345678901", roleName: "Admin" }

  const failed = (other: Partial<SessionSettings.SessionSettings>) => {
    const result = SessionSettings.role({ ...settings, ...other })
    return Result.isFailure(result) ? result.failure : assert.fail("it was taken")
  }

  it("gives the account and the role (S2)", () => {
    assert.deepStrictEqual(
      Result.getOrThrow(SessionSettings.role(settings)),
      { accountId: "012345678901", roleName: "Admin" }
    )
  })

  it.each([
    undefined,
    "",
    "12345678901",
    "1234567890123",
    "12345678901x",
    "１２３４５６７８９０１２",
    "123456789012\n"
  ])(
    "refuses the account %j, and does not repeat it (S2)",
    (accountId) => {
      const error = failed({ accountId })
      assert.deepInclude(error, { source: "config", section: "profile dev", setting: "sso_account_id" })
      assert.match(error.message, /sso_account_id is (missing|not 12 digits)\. Set it to the number of the account\.$/)
    }
  )

  it.each([undefined, "", "Admin\nx = y", "Ad\u001bmin"])("refuses the role %j (S2)", (roleName) => {
    const error = failed({ roleName })
    assert.deepInclude(error, { section: "profile dev", setting: "sso_role_name" })
    assert.match(error.message, /sso_role_name (is missing|has characters in it that cannot be seen)\. Set it to /)
  })

  it("names the line of the problem that is the likely cause (S1)", () => {
    const problem = { file: "config", line: 4, section: "profile dev", message: "goes on" } as const
    const error = failed({ accountId: "1\n2", warnings: [problem] })
    assert.include(error.message, ", line 4: sso_account_id is not 12 digits.")
    assert.include(error.message, "Line 4 may be the cause: goes on.")
  })

  it("names no section for settings that were made by hand (S2)", () => {
    const error = failed({ profile: undefined, accountId: undefined })
    assert.strictEqual(error.source, "settings")
    assert.isUndefined(error.section)
    assert.include(failed({ profile: "default", roleName: "" }).message, "section [default]: ")
  })
})
