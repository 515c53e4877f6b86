import { assert, describe, it } from "@effect/vitest"
import * as CachedRegistration from "@sso-oidc/session/CachedRegistration"
import { leakIn, textsOf } from "@sso-oidc/test-kit/leaks"
import * as DateTime from "effect/DateTime"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { accepted, rejected } from "./support/times.ts"

const secret = "planted-client-0123456789"

const device = { clientId: "client-id", clientSecret: secret, expiresAt: "2027-02-24T08:00:00Z" }
const scopes = ["sso:account:access"]
const code = { ...device, scopes, grantTypes: ["authorization_code", "refresh_token"] }

const text = (value: unknown) => Redacted.make(typeof value === "string" ? value : JSON.stringify(value))

const decoded = (value: unknown) => Result.getOrThrow(CachedRegistration.decode(text(value)))

const written = (registration: CachedRegistration.CachedRegistration): unknown =>
  JSON.parse(Redacted.value(CachedRegistration.encode(registration)))

const failure = (value: unknown): string => {
  const result = CachedRegistration.decode(text(value))
  return Result.isFailure(result) ? result.failure.message : assert.fail(JSON.stringify(value))
}

const at = (time: string) => DateTime.makeUnsafe(time)
const now = at("2026-11-26T08:00:00Z")

describe("CachedRegistration", () => {
  it.each([["device", device], ["code", code]] as const)(
    "reads what the AWS CLI writes for the %s grant, and writes it back as it was (S5)",
    (grant, members) => {
      const registration = decoded(members)
      assert.strictEqual(Redacted.value(CachedRegistration.encode(registration)), JSON.stringify(members))
      assert.strictEqual(CachedRegistration.grantOf(registration), grant)
    }
  )

  it("keeps members of other tools, which replace none of its own (S4)", () => {
    assert.deepStrictEqual(written(decoded({ ...code, other: { a: [1] } })), { ...code, other: { a: [1] } })
    const registration = { ...decoded(code), others: Redacted.make({ clientId: "other", x: 1 }) }
    assert.deepStrictEqual(written(registration), { ...code, x: 1 })
  })

  it.each(accepted)("accepts the time %s, and writes it as %s (S6)", (time, normal) => {
    assert.deepStrictEqual(written(decoded({ ...device, expiresAt: time })), { ...device, expiresAt: normal })
  })

  it.each(rejected)("rejects %j as a time (S6)", (time) => {
    assert.include(
      failure({ ...device, expiresAt: time }),
      "The cached registration cannot be read: expiresAt is missing, or is not a time with its zone"
    )
  })

  it.each(["", "{", "5", "null", "[]", "\"text\""])("the text %j has no registration (S6)", (value) => {
    assert.include(failure(value), "it is not a JSON object")
  })

  it.each(["clientId", "clientSecret"])("%s is needed: a text that is not empty (S6)", (name) => {
    for (const value of [undefined, null, "", 5, {}, []]) {
      assert.include(failure({ ...device, [name]: value }), `${name} is missing, empty or not a text`)
    }
  })

  it.each([5, "a", {}, [1], ["a", null]])("scopes and grantTypes of %j count as absent (S6)", (value) => {
    const registration = decoded({ ...device, scopes: value, grantTypes: value })
    assert.deepStrictEqual([registration.scopes, registration.grantTypes], [undefined, undefined])
  })

  it("is for the code grant if its grant types have authorization_code, as the CLI decides (S5)", () => {
    const grantOf = (grantTypes: unknown) => CachedRegistration.grantOf(decoded({ ...device, grantTypes }))
    assert.strictEqual(grantOf(["refresh_token", "authorization_code"]), "code")
    for (const other of [undefined, [], ["refresh_token"], "authorization_code"]) {
      assert.strictEqual(grantOf(other), "device")
    }
  })

  it("is used for its grant, its scopes in any order, and with 15 minutes left (S6)", () => {
    const registration = decoded({ ...code, scopes: ["a", "b"] })
    const wanted = { grant: "code", scopes: ["b", "a"], now } as const
    const isUsable = (other: Partial<Parameters<typeof CachedRegistration.isUsable>[1]>) =>
      CachedRegistration.isUsable(registration, { ...wanted, ...other })
    assert.isTrue(isUsable({}))
    assert.isFalse(isUsable({ grant: "device" }))
    for (const scopes of [[], ["a"], ["a", "b", "c"], ["a", "c"]]) assert.isFalse(isUsable({ scopes }))
    assert.isTrue(isUsable({ now: at("2027-02-24T07:45:00Z") }))
    assert.isFalse(isUsable({ now: at("2027-02-24T07:45:00.001Z") }))
    assert.isTrue(CachedRegistration.isUsable(decoded(device), { grant: "device", scopes: [], now }))
  })

  it("is made of a registration of core, and gives it back (S4, S5)", () => {
    const place = { region: "eu-west-1", endpoint: "https://oidc.eu-west-1.amazonaws.com" }
    const registration = {
      clientId: "client-id",
      clientSecret: Redacted.make(secret, { label: "clientSecret" }),
      expiresAt: at("2027-02-24T08:00:00Z"),
      scopes,
      ...place
    }
    const cached = CachedRegistration.fromRegistration(registration, "code", decoded({ ...device, other: 1 }))
    assert.deepStrictEqual(written(cached), { ...code, other: 1 })
    assert.deepStrictEqual(CachedRegistration.toRegistration(cached, place), registration)
    const without = CachedRegistration.fromRegistration({ ...registration, scopes: [] }, "device")
    assert.deepStrictEqual(written(without), device)
    assert.deepStrictEqual(CachedRegistration.toRegistration(without, place), { ...registration, scopes: [] })
  })

  it("a registration that never expires has the last date that the CLI reads (S5)", () => {
    const place = { region: "eu-west-1", endpoint: "https://e" }
    const registration = {
      clientId: "c",
      clientSecret: Redacted.make("s", { label: "clientSecret" }),
      scopes,
      ...place
    }
    const cached = CachedRegistration.fromRegistration(registration, "device")
    assert.deepInclude(written(cached), { expiresAt: "9999-12-31T23:59:59Z" })
    assert.deepStrictEqual(CachedRegistration.toRegistration(decoded(written(cached)), place), registration)
  })

  it("shows no secret in JSON, in inspect, in its text or in what it is written as (C6, S6)", () => {
    const registration = decoded({ ...code, other: secret })
    for (const value of [registration, CachedRegistration.encode(registration)]) {
      for (const shown of textsOf(value)) assert.isUndefined(leakIn(shown, secret), shown)
    }
  })

  const Anything = Schema.Union([Schema.Literal(secret), Schema.String, Schema.Number, Schema.Null])
  const Members = Schema.Struct({
    clientId: Schema.optionalKey(Schema.String),
    clientSecret: Schema.optionalKey(Anything),
    expiresAt: Schema.optionalKey(Schema.Union([Schema.Literals(accepted.map(([time]) => time)), Anything])),
    scopes: Schema.optionalKey(Schema.Array(Schema.String)),
    other: Schema.optionalKey(Anything)
  })

  it.prop("decode never throws, and an error has nothing of the text (C6, S6)", [
    Schema.Union([Schema.String, Members]),
    Schema.Boolean
  ], ([value, isCut]) => {
    const whole = typeof value === "string" ? value : JSON.stringify(value)
    const result = CachedRegistration.decode(text(isCut ? whole.slice(0, whole.length / 2) : whole))
    for (const one of textsOf(Result.isFailure(result) ? result.failure : result.success)) {
      assert.notInclude(one, secret)
    }
    if (Result.isSuccess(result)) {
      const again = Result.getOrThrow(CachedRegistration.decode(CachedRegistration.encode(result.success)))
      assert.deepStrictEqual(written(again), written(result.success))
    }
  }, { arbitrary: { runs: 300 } })
})
