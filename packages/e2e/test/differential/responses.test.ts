import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { official, officialValue, ours, oursValue, succeeded } from "../support/differential-clients.ts"
import { type Call, calls, oneOf } from "../support/differential-model.ts"

/** Both clients decode the response to the same members. */
const same = (call: Call, body: unknown, headers: Readonly<Record<string, string>> = {}) =>
  Effect.gen(function*() {
    const options = { region: "eu-west-1" }
    const a = officialValue(succeeded(yield* official(call.request.official, options, { body, headers })))
    const b = oursValue(succeeded(yield* ours(call.request.ours, options, { body, headers })))
    assert.deepStrictEqual(b, a)
    return b
  })

// What both accept: a text that a person may see is printable and not empty.
const printable = Arbitrary.map(
  Arbitrary.array(oneOf(["a", "Z", "0", "-", "/", "+", "=", ".", ":", "\"", "\\", "é", "日本", "\u{1f511}", "<b>"]), {
    minLength: 1,
    maxLength: 12
  }),
  (parts) => parts.join("")
)
const secret = Arbitrary.flatMap(
  oneOf([true, false]),
  (long) => long ? Arbitrary.map(printable, (text) => text.repeat(500)) : Arbitrary.schema(Schema.NonEmptyString)
)
const seconds = Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 2 ** 31 - 1 })))
// JSON has no negative zero
const epoch = Arbitrary.map(Arbitrary.schema(Schema.Int), (n) => n + 0)
const url = Arbitrary.map(printable, (text) => `https://my.awsapps.com/start/#/device?user_code=${text}`)

/** A member that may be missing, or `null`. */
const maybe = <A>(some: Arbitrary.Arbitrary<A>): Arbitrary.Arbitrary<A | null | undefined> =>
  Arbitrary.flatMap(
    oneOf(["some", "null", "absent"]),
    (kind): Arbitrary.Arbitrary<A | null | undefined> =>
      kind === "some" ? some : Arbitrary.Constant(kind === "null" ? null : undefined)
  )

/** Members that no model has. The last three are the service's. None has the name of a type. */
const unknown = Arbitrary.array(
  oneOf<Readonly<Record<string, unknown>>>([
    { future: { nested: [1, null] } },
    { message: "a text" },
    { "": "" },
    { error: "slow_down", error_description: "not an error" },
    { aws_sso_app_session_id: null },
    { issuedTokenType: "urn:ietf:params:oauth:token-type:access_token" },
    { originSessionId: null }
  ]),
  { maxLength: 4 }
)

const bodies = {
  RegisterClient: Arbitrary.all({
    clientId: printable,
    clientSecret: secret,
    clientIdIssuedAt: maybe(epoch),
    clientSecretExpiresAt: epoch,
    authorizationEndpoint: maybe(printable),
    tokenEndpoint: maybe(printable)
  }),
  StartDeviceAuthorization: Arbitrary.all({
    deviceCode: secret,
    userCode: printable,
    verificationUri: url,
    verificationUriComplete: maybe(url),
    expiresIn: maybe(seconds),
    interval: maybe(seconds)
  }),
  CreateToken: Arbitrary.all({
    accessToken: secret,
    tokenType: printable,
    expiresIn: maybe(seconds),
    refreshToken: maybe(secret),
    idToken: maybe(secret)
  })
} as const

describe("responses: the same for both clients", () => {
  for (const call of calls) {
    it.effect(`${call.name}: reads every member of a full response alike (C4)`, () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* same(call, call.response), call.response)
        for (const member of Object.keys(call.response).filter((name) => !call.required.includes(name))) {
          const { [member]: _, ...rest } = call.response
          assert.deepStrictEqual(yield* same(call, rest), rest)
          assert.deepStrictEqual(yield* same(call, { ...rest, [member]: null }), rest)
        }
      }))

    const body: Arbitrary.Arbitrary<Readonly<Record<string, unknown>>> = bodies[call.name]
    it.effect.prop(
      `${call.name}: reads any response alike, with null, absent and unknown members (C4)`,
      { body, unknown },
      ({ body, unknown }) =>
        Effect.gen(function*() {
          const value = yield* same(call, Object.assign({}, ...unknown, body))
          assert.deepStrictEqual(
            value,
            Object.fromEntries(Object.entries(body).filter(([, member]) => member !== null && member !== undefined))
          )
        }),
      { arbitrary: { runs: 50 } }
    )

    it.effect(`${call.name}: reads a 200 alike with any headers (C4)`, () =>
      Effect.gen(function*() {
        for (
          const headers of [
            { "content-type": "application/json" },
            { "content-type": "application/x-amz-json-1.1" },
            { "content-type": "text/html; charset=utf-8" },
            { "x-amzn-errortype": "SlowDownException" },
            { "x-amzn-requestid": "r-1", "content-encoding": "identity" }
          ]
        ) yield* same(call, call.response, headers)
      }))

    it.effect(`${call.name}: reads odd JSON alike (C4)`, () =>
      Effect.gen(function*() {
        const text = JSON.stringify(call.response)
        const first = call.required[0] ?? ""
        for (
          const body of [
            ` \r\n\t${text}\n`,
            text.replace("{", "{\"__proto__\":{\"polluted\":1},"),
            text.replace("{", `{"${first}":"the first of two",`),
            text.replace("{", "{\"__type\":\"a.b#c\",\"extra\":1,"),
            text.replaceAll("a", "\\u0061"),
            JSON.stringify(call.response, null, 2)
          ]
        ) assert.deepStrictEqual(yield* same(call, body), call.response)
      }))
  }

  it.effect("keeps seconds and epochs as they are, fractions and large numbers too (C4)", () =>
    Effect.gen(function*() {
      const [register, start, token] = calls
      if (register === undefined || start === undefined || token === undefined) return assert.fail("three calls")
      for (const seconds of ["1", "1.5", "1e3", "599.999", "9007199254740993", "1e300"]) {
        const body = (call: Call, member: string) =>
          JSON.stringify({ ...call.response, [member]: "?" }).replace("\"?\"", seconds)
        yield* same(start, body(start, "interval"))
        yield* same(token, body(token, "expiresIn"))
        yield* same(register, body(register, "clientSecretExpiresAt"))
      }
      for (const epoch of [0, -1]) yield* same(register, { ...register.response, clientSecretExpiresAt: epoch })
    }))
})
