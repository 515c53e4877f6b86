import { assert, describe, it } from "@effect/vitest"
import * as CachedToken from "@sso-oidc/session/CachedToken"
import { leakIn, textsOf } from "@sso-oidc/test-kit/leaks"
import * as DateTime from "effect/DateTime"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { accepted, rejected } from "./support/times.ts"

const secrets = {
  accessToken: "planted-access-0123456789",
  refreshToken: "planted-refresh-0123456789",
  clientSecret: "planted-client-0123456789"
}

const members = {
  startUrl: "https://corp.awsapps.com/start",
  region: "eu-west-1",
  accessToken: secrets.accessToken,
  expiresAt: "2026-11-26T08:00:00Z",
  clientId: "client-id",
  clientSecret: secrets.clientSecret,
  registrationExpiresAt: "2027-02-24T08:00:00Z",
  refreshToken: secrets.refreshToken
}

const text = (value: unknown) => Redacted.make(typeof value === "string" ? value : JSON.stringify(value))

const decoded = (value: unknown) => Result.getOrThrow(CachedToken.decode(text(value)))

const written = (token: CachedToken.CachedToken): Readonly<Record<string, unknown>> =>
  JSON.parse(Redacted.value(CachedToken.encode(token)))

const at = (time: string) => DateTime.makeUnsafe(time)

describe("CachedToken", () => {
  it("reads what the AWS CLI writes, and writes it back as it was (S5)", () => {
    const token = decoded(members)
    assert.strictEqual(DateTime.toEpochMillis(token.expiresAt), Date.parse("2026-11-26T08:00:00Z"))
    assert.strictEqual(Redacted.value(token.accessToken), secrets.accessToken)
    assert.strictEqual(Redacted.value(CachedToken.encode(token)), JSON.stringify(members))
  })

  it("writes the members that are there, and no other (S5)", () => {
    const { accessToken, expiresAt } = members
    assert.deepStrictEqual(written(decoded({ accessToken, expiresAt })), { accessToken, expiresAt })
  })

  it("keeps members of other tools, whatever their names and values are (S4)", () => {
    const others =
      "{\"accessToken\":\"a\",\"expiresAt\":\"2026-11-26T08:00:00Z\",\"__proto__\":{\"a\":1},\"constructor\":null," +
      "\"identityProvider\":\"x\",\"list\":[1,{\"b\":2.5}]}"
    assert.strictEqual(Redacted.value(CachedToken.encode(decoded(others))), others)
  })

  it("a member of another tool never replaces one of the token's own (S4)", () => {
    const token = { ...decoded(members), others: Redacted.make({ accessToken: "other", refreshToken: "other", x: 1 }) }
    assert.deepStrictEqual(written(token), { ...members, x: 1 })
    assert.deepStrictEqual(written({ ...token, refreshToken: undefined }), {
      ...Object.fromEntries(Object.entries(members).filter(([name]) => name !== "refreshToken")),
      x: 1
    })
  })

  it.each(accepted)("accepts the time %s, and writes it as %s (S6)", (time, normal) => {
    const token = decoded({ ...members, expiresAt: time, registrationExpiresAt: time })
    assert.deepInclude(written(token), { expiresAt: normal, registrationExpiresAt: normal })
  })

  it.each(rejected)("rejects %j as a time (S6)", (time) => {
    const result = CachedToken.decode(text({ ...members, expiresAt: time }))
    assert.isTrue(Result.isFailure(result))
    if (Result.isFailure(result)) {
      assert.include(result.failure.message, "The cached token cannot be read: expiresAt is missing, or is not a time")
    }
    // a time that cannot be read costs the refresh, and not the token
    const token = decoded({ ...members, registrationExpiresAt: time })
    assert.isUndefined(token.registrationExpiresAt)
    assert.isFalse(CachedToken.isRefreshable(token, at("2020-01-01T00:00:00Z")))
  })

  it.each(["", " ", "{", "{\"accessToken\":", "5", "null", "\"text\"", "[]", "true", "{} {}"])(
    "the text %j has no token (S6)",
    (value) => {
      const result = CachedToken.decode(text(value))
      assert.isTrue(Result.isFailure(result))
    }
  )

  it.each([undefined, null, "", 5, {}, ["a"], true])("an accessToken of %j is none (S6)", (accessToken) => {
    const result = CachedToken.decode(text({ ...members, accessToken }))
    assert.isTrue(Result.isFailure(result))
    if (Result.isFailure(result)) {
      assert.strictEqual(
        result.failure.message,
        "The cached token cannot be read: accessToken is missing, empty or not a text. " +
          "Log in again, and a new file takes its place."
      )
    }
  })

  it.each(["startUrl", "region", "refreshToken", "clientId", "clientSecret"] as const)(
    "%s of another type, or empty, counts as absent (S6)",
    (name) => {
      for (const value of [null, "", 5, {}, []]) assert.isUndefined(decoded({ ...members, [name]: value })[name])
    }
  )

  it("can be refreshed with all that a refresh needs, until the registration expires (S6)", () => {
    const before = at("2027-02-24T07:59:59Z")
    assert.isTrue(CachedToken.isRefreshable(decoded(members), before))
    assert.isFalse(CachedToken.isRefreshable(decoded(members), at("2027-02-24T08:00:00Z")))
    for (const name of ["refreshToken", "clientId", "clientSecret", "registrationExpiresAt"]) {
      assert.isFalse(CachedToken.isRefreshable(decoded({ ...members, [name]: undefined }), before), name)
    }
  })

  it("belongs to the session of its start URL and region, where capitals do not count in a region (S6)", () => {
    const settings = { startUrl: members.startUrl, region: "EU-west-1" }
    assert.isTrue(CachedToken.isOf(decoded(members), settings))
    assert.isTrue(CachedToken.isOf(decoded({ ...members, startUrl: undefined, region: undefined }), settings))
    assert.isFalse(CachedToken.isOf(decoded({ ...members, region: "us-east-1" }), settings))
    assert.isFalse(CachedToken.isOf(decoded({ ...members, startUrl: `${members.startUrl}/` }), settings))
  })

  it("is made of a token of core, with the members of other tools that the file had (S4, S5)", () => {
    const previous = decoded({ ...members, other: 1 })
    const registration = CachedToken.registrationOf(previous, {
      scopes: ["sso:account:access"],
      region: "us-east-1",
      endpoint: "https://oidc.eu-west-1.amazonaws.com"
    }) ?? assert.fail("no registration")
    assert.deepInclude(registration, { clientId: "client-id", region: "eu-west-1", scopes: ["sso:account:access"] })
    const token = {
      accessToken: Redacted.make("next"),
      tokenType: "Bearer",
      expiresAt: at("2026-11-26T09:00:00.999Z"),
      registration
    }
    const settings = { startUrl: members.startUrl, region: "eu-west-1" }
    const made = CachedToken.fromToken(token, settings, at("2026-11-26T08:00:00Z"), previous)
    const { refreshToken: _, ...rest } = members
    assert.deepStrictEqual(written(made), { ...rest, accessToken: "next", expiresAt: "2026-11-26T09:00:00Z", other: 1 })
    const { expiresAt: __, ...without } = token
    const now = at("2026-11-26T08:30:00Z")
    assert.strictEqual(written(CachedToken.fromToken(without, settings, now))["expiresAt"], "2026-11-26T08:30:00Z")
  })

  it("has no registration without the client's id and secret (S5)", () => {
    const session = { scopes: [], region: "eu-west-1", endpoint: "https://e" }
    for (const name of ["clientId", "clientSecret"]) {
      assert.isUndefined(CachedToken.registrationOf(decoded({ ...members, [name]: undefined }), session))
    }
    const { expiresAt, region } = CachedToken.registrationOf(
      decoded({ ...members, region: undefined, registrationExpiresAt: undefined }),
      session
    ) ?? assert.fail("no registration")
    assert.deepStrictEqual([expiresAt, region], [undefined, "eu-west-1"])
  })

  it("shows no secret in JSON, in inspect, in its text or in what it is written as (C6, S6)", () => {
    const token = decoded({ ...members, other: "planted-other-0123456789" })
    for (const value of [token, CachedToken.encode(token)]) {
      for (const shown of textsOf(value)) {
        for (const secret of [...Object.values(secrets), "planted-other-0123456789"]) {
          assert.isUndefined(leakIn(shown, secret), shown)
        }
      }
    }
  })

  // members of any type, some with a secret in them
  const Secret = Schema.Literals([
    "planted-access-0123456789",
    "{\"planted-access-0123456789",
    "planted\n-access-0123456789"
  ])
  const Anything = Schema.Union([Secret, Schema.String, Schema.Number, Schema.Null, Schema.Array(Secret)])
  const Members = Schema.Struct({
    accessToken: Schema.optionalKey(Anything),
    expiresAt: Schema.optionalKey(Schema.Union([Schema.Literals(accepted.map(([time]) => time)), Anything])),
    refreshToken: Schema.optionalKey(Anything),
    other: Schema.optionalKey(Anything)
  })

  it.prop("decode never throws, and an error has nothing of the text (C6, S6)", [
    Schema.Union([Schema.String, Members]),
    Schema.Boolean
  ], ([value, isCut]) => {
    const whole = typeof value === "string" ? value : JSON.stringify(value)
    const result = CachedToken.decode(text(isCut ? whole.slice(0, whole.length / 2) : whole))
    const shown = Result.isFailure(result) ? textsOf(result.failure) : textsOf(result.success)
    for (const one of shown) assert.notInclude(one, "access-0123456789")
    if (Result.isSuccess(result)) {
      const again = Result.getOrThrow(CachedToken.decode(CachedToken.encode(result.success)))
      assert.deepStrictEqual(written(again), written(result.success))
    }
  }, { arbitrary: { runs: 300 } })
})
