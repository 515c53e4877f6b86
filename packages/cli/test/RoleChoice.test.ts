import { assert, describe, it } from "@effect/vitest"
import type * as SessionSettings from "@sso-oidc/session/SessionSettings"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as RoleChoice from "../src/RoleChoice.ts"

const settings = (given: Partial<SessionSettings.SessionSettings>): SessionSettings.SessionSettings => ({
  key: "corp",
  name: "corp",
  startUrl: "https://corp.awsapps.com/start",
  region: "us-east-1",
  warnings: [],
  ...given
})

const profile = { profile: "dev", accountId: "111122223333", roleName: "ReadOnly" }

const choose = (flags: { readonly account?: string; readonly role?: string }, given = settings(profile)) =>
  RoleChoice.choose({ account: Option.fromUndefinedOr(flags.account), role: Option.fromUndefinedOr(flags.role) }, given)

const failed = (result: ReturnType<typeof choose>) => {
  assert.isTrue(Result.isFailure(result))
  return Result.isFailure(result) ? result.failure : assert.fail("no failure")
}

describe("the role of a command", () => {
  it("is that of the profile, and each flag outranks its setting by itself (K1)", () => {
    for (
      const [flags, accountId, roleName] of [
        [{}, "111122223333", "ReadOnly"],
        [{ account: "444455556666" }, "444455556666", "ReadOnly"],
        [{ role: "Admin" }, "111122223333", "Admin"],
        [{ account: "444455556666", role: "Admin" }, "444455556666", "Admin"]
      ] as const
    ) {
      assert.deepStrictEqual(choose(flags), Result.succeed({ accountId, roleName }))
    }
  })

  it("needs no setting that a flag outranks, also if that setting cannot be used (K1)", () => {
    const flags = { account: "444455556666", role: "Admin" }
    for (const given of [{}, { profile: "dev" }, { profile: "dev", accountId: "1", roleName: "\x1b" }]) {
      assert.deepStrictEqual(
        choose(flags, settings(given)),
        Result.succeed({ accountId: flags.account, roleName: "Admin" })
      )
    }
  })

  it("names the setting and the flag if the profile has none that can be used (K3)", () => {
    for (
      const [given, flags, setting, words] of [
        [{ accountId: undefined }, {}, "sso_account_id", "Or give --account ID."],
        [{ accountId: "12" }, { role: "Admin" }, "sso_account_id", "is not 12 digits."],
        [{ roleName: undefined }, {}, "sso_role_name", "Or give --role NAME."],
        [{ roleName: "a\x1b" }, {}, "sso_role_name", "cannot be seen"],
        [{ accountId: undefined, roleName: undefined }, {}, "sso_account_id", "Or give --account ID and --role NAME."],
        [
          { accountId: "secret-12", roleName: undefined },
          { account: "444455556666" },
          "sso_role_name",
          "Or give --role NAME."
        ]
      ] as const
    ) {
      const error = failed(choose(flags, settings({ ...profile, ...given })))
      assert.isTrue(error._tag === "AwsConfigError" && error.setting === setting && error.section === "profile dev")
      assert.include(error.message, words)
      assert.notInclude(error.message, "secret-12")
    }
  })

  it("must come from both flags for a session, which has no role (K1)", () => {
    for (
      const [flags, missing] of [
        [{}, "--account ID and --role NAME"],
        [{ account: "444455556666" }, "--role NAME"],
        [{ role: "Admin" }, "--account ID"]
      ] as const
    ) {
      const error = failed(choose(flags, settings({})))
      assert.strictEqual(error._tag, "UsageError")
      assert.include(error.message, `Give ${missing} beside --sso-session`)
    }
  })

  it("is refused from a flag that cannot be used, whose value is not repeated (K3)", () => {
    for (
      const flags of [{ account: "" }, { account: "11112222333" }, { account: "11112222333x" }, {
        account: "\u0661".repeat(12)
      }]
    ) {
      assert.match(failed(choose(flags)).message, /^--account is not the number of an account/)
    }
    for (const role of ["", "a\x1b[31m", "a\nb"]) {
      const { message } = failed(choose({ role }))
      assert.match(message, /^--role is empty, or has characters/)
      assert.notInclude(message, "\x1b")
    }
  })
})
