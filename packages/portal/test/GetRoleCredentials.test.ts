import { assert, describe, it } from "@effect/vitest"
import * as GetRoleCredentials from "@sso-oidc/portal/GetRoleCredentials"
import * as Wire from "@sso-oidc/test-kit/wire"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { accessToken, accountId, answered, credentials, exception, secret } from "./support/calls.ts"

const call = (body: unknown, init?: { readonly status?: number }) =>
  answered(
    (client) => client.getRoleCredentials({ accessToken, accountId, roleName: "Admin" }),
    () => Wire.json(body, init)
  )

/** The error of a success that cannot be used: it names the part, and shows no value. */
const refused = (body: unknown, part: string) =>
  Effect.gen(function*() {
    const error = yield* Effect.flip(call(body))
    if (error._tag !== "UnexpectedResponse") return assert.fail(error._tag)
    assert.deepInclude(error, { operation: "GetRoleCredentials", problem: "malformed", status: 200 })
    assert.include(error.detail ?? "", part)
    for (const value of [secret.secretAccessKey, secret.sessionToken]) assert.notInclude(JSON.stringify(error), value)
  })

describe("GetRoleCredentials", () => {
  it.effect("gives the credentials, its two secrets Redacted, and expiration in milliseconds (P2)", () =>
    Effect.gen(function*() {
      const { roleCredentials } = yield* call({ roleCredentials: credentials })
      assert.strictEqual(roleCredentials.accessKeyId, credentials.accessKeyId)
      assert.strictEqual(Redacted.value(roleCredentials.secretAccessKey), secret.secretAccessKey)
      assert.strictEqual(Redacted.value(roleCredentials.sessionToken), secret.sessionToken)
      assert.strictEqual(new Date(roleCredentials.expiration).toISOString(), "2026-01-01T00:00:00.000Z")
      assert.include(String(roleCredentials.secretAccessKey), "secretAccessKey")
    }))

  it.effect("refuses a 200 without roleCredentials (P2)", () =>
    Effect.gen(function*() {
      for (const body of [{}, { roleCredentials: null }, { roleCredentials: "" }, { rolecredentials: credentials }]) {
        yield* refused(body, "roleCredentials")
      }
      for (const roleCredentials of ["x", 7, [], [credentials], true]) {
        yield* refused({ roleCredentials }, "roleCredentials")
      }
      for (const body of [null, [], "x"]) {
        yield* refused(body, "not a JSON object")
      }
    }))

  it.effect.each(Object.keys(credentials))(
    "refuses a 200 whose %s is absent, null, empty or of another type (P2)",
    (part) =>
      Effect.gen(function*() {
        for (const value of [undefined, null, "", [], {}, true, part === "expiration" ? "soon" : 7]) {
          yield* refused({ roleCredentials: { ...credentials, [part]: value } }, part)
        }
      })
  )

  it.effect("refuses an expiration that is no time, and reads a text of digits (P2)", () =>
    Effect.gen(function*() {
      for (const expiration of ["-1", 1e300, -1e300, 8.64e15 + 2, "2026-01-01T00:00:00Z", "NaN"]) {
        yield* refused({ roleCredentials: { ...credentials, expiration } }, "expiration")
      }
      const read = (expiration: unknown) =>
        Effect.map(
          call({ roleCredentials: { ...credentials, expiration } }),
          ({ roleCredentials }) => roleCredentials.expiration
        )
      assert.strictEqual(yield* read("1767225600000"), 1767225600000)
      assert.strictEqual(yield* read(8.64e15), 8.64e15)
    }))

  it.effect("refuses an access key id with invisible characters, and ignores unknown members (P2)", () =>
    Effect.gen(function*() {
      yield* refused({ roleCredentials: { ...credentials, accessKeyId: "ASIA\u0007" } }, "accessKeyId")
      const { roleCredentials, ...rest } = yield* call({ roleCredentials: { ...credentials, more: 1 }, more: 2 })
      assert.deepStrictEqual(Object.keys(roleCredentials).sort(), Object.keys(credentials).sort())
      assert.deepStrictEqual(rest, {})
    }))

  it.effect("types 403 as ForbiddenException, and 401 as UnauthorizedException (P2)", () =>
    Effect.gen(function*() {
      const run = (type: string, status: number, message: string) =>
        Effect.flip(
          answered(
            (client) => client.getRoleCredentials({ accessToken, accountId, roleName: "Admin" }),
            () => exception(type, status, message)
          )
        )
      assert.deepInclude(yield* run("ForbiddenException", 403, "No access"), {
        _tag: "ForbiddenException",
        status: 403,
        errorDescription: "No access",
        requestId: "r-1"
      })
      assert.deepInclude(yield* run("UnauthorizedException", 401, "Session token not found or invalid"), {
        _tag: "UnauthorizedException",
        status: 401
      })
      // the portal sends this one too, for another method on the path
      assert.deepInclude(yield* run("MethodNotAllowedException", 405, "no"), {
        _tag: "UnexpectedResponse",
        problem: "status",
        status: 405,
        code: "MethodNotAllowedException"
      })
    }))

  it.effect("a response is encoded and decoded to the same value (P2)", () =>
    Effect.gen(function*() {
      const response = yield* call({ roleCredentials: credentials })
      const encoded = yield* Schema.encodeEffect(GetRoleCredentials.Response)(response)
      assert.deepStrictEqual(encoded, { roleCredentials: credentials })
    }))
})
