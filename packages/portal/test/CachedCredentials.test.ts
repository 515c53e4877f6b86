import { assert, describe, it } from "@effect/vitest"
import * as CachedCredentials from "@sso-oidc/portal/CachedCredentials"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import names from "./fixtures/role-credentials-names.json" with { type: "json" }

const role = { accountId: "111122223333", roleName: "Admin" }

const credentials = {
  ...role,
  accessKeyId: "ASIAEXAMPLE",
  secretAccessKey: Redacted.make("the-secret-key"),
  sessionToken: Redacted.make("the-session-token"),
  expiration: DateTime.makeUnsafe(1_800_000_000_999)
}

const text = (value: unknown): Redacted.Redacted<string> => Redacted.make(JSON.stringify(value))

const members = {
  AccessKeyId: "ASIA1",
  SecretAccessKey: "s",
  SessionToken: "t",
  Expiration: "2027-01-15T08:00:00Z",
  AccountId: role.accountId
}

const file = (change: Readonly<Record<string, unknown>> = {}, type: unknown = "sso") =>
  text({ ProviderType: type, Credentials: { ...members, ...change } })

describe("the name of a file", () => {
  it.effect("is the name that the AWS CLI gives it (P6)", () =>
    Effect.gen(function*() {
      for (const { accountId, roleName, sessionName, sha1, startUrl } of names.cases) {
        const session = sessionName ?? startUrl ?? ""
        assert.strictEqual(yield* CachedCredentials.fileName({ accountId, roleName, session }), `${sha1}.json`)
      }
      assert.isAtLeast(names.cases.length, 7)
    }))
})

describe("the text of a file", () => {
  it("has the CLI's members, and whole seconds (P6)", () => {
    assert.deepStrictEqual(JSON.parse(Redacted.value(CachedCredentials.encode(credentials, "0123"))), {
      ProviderType: "sso",
      Credentials: {
        AccessKeyId: "ASIAEXAMPLE",
        SecretAccessKey: "the-secret-key",
        SessionToken: "the-session-token",
        Expiration: "2027-01-15T08:00:00Z",
        AccountId: "111122223333"
      },
      Session: "0123"
    })
  })

  it("is read back, but for parts of a second (P6)", () => {
    const read = CachedCredentials.decode(CachedCredentials.encode(credentials, "0123"), role)
    assert.deepStrictEqual(
      read &&
        {
          ...read,
          secretAccessKey: Redacted.value(read.secretAccessKey),
          sessionToken: Redacted.value(read.sessionToken)
        },
      {
        ...credentials,
        secretAccessKey: "the-secret-key",
        sessionToken: "the-session-token",
        expiration: DateTime.makeUnsafe(1_800_000_000_000)
      }
    )
  })

  it("is read as the CLI writes it, in each of its versions (P6)", () => {
    for (
      const change of [{}, { AccountId: undefined }, { Expiration: "2027-01-15T08:00:00UTC" }, {
        Expiration: "2027-01-15T09:00:00+01:00"
      }]
    ) {
      assert.strictEqual(CachedCredentials.decode(file(change), role)?.expiration.epochMilliseconds, 1_800_000_000_000)
    }
  })

  it("that cannot be used holds no credentials (P6)", () => {
    const bad = [
      Redacted.make(""),
      Redacted.make("{"),
      text([]),
      text({}),
      text({ ProviderType: "sso" }),
      text({ ProviderType: "sso", Credentials: null }),
      text({ ProviderType: "sso", Credentials: "ASIA" }),
      file({}, "assume-role"),
      file({}, null),
      file({ AccountId: "999999999999" }),
      file({ AccessKeyId: "" }),
      file({ AccessKeyId: "A\nB" }),
      file({ SecretAccessKey: 5 }),
      file({ SessionToken: null }),
      file({ Expiration: "2027-01-15T08:00:00" }),
      file({ Expiration: 1_800_000_000 }),
      file({ Expiration: undefined })
    ]
    for (const one of bad) assert.isUndefined(CachedCredentials.decode(one, role), Redacted.value(one))
  })

  it("tells whose it is; one of the CLI belongs to any session (S20)", () => {
    const ours = CachedCredentials.encode(credentials, "0123")
    assert.deepStrictEqual(["0123", "4567", "all"].map((session) => CachedCredentials.isOf(ours, session)), [
      true,
      false,
      true
    ])
    assert.isTrue(CachedCredentials.isOf(file(), "0123"))
    assert.isFalse(CachedCredentials.isOf(file({}, "assume-role"), "all"))
    assert.isFalse(CachedCredentials.isOf(Redacted.make("5"), "all"))
  })
})
