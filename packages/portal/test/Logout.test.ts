import { assert, describe, it } from "@effect/vitest"
import * as Logout from "@sso-oidc/portal/Logout"
import * as Wire from "@sso-oidc/test-kit/wire"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { accessToken, answered, exception } from "./support/calls.ts"

const call = (response: () => Response) => answered((client) => client.logout({ accessToken }), response)

describe("Logout", () => {
  it.effect("accepts an empty 200 and a JSON object, and its response has no member (P1)", () =>
    Effect.gen(function*() {
      for (
        const response of [
          () => new Response(null),
          () => new Response(""),
          () => Wire.json({}),
          () => Wire.json({ message: "bye", roleCredentials: {} })
        ]
      ) assert.deepStrictEqual(yield* call(response), {})
    }))

  it.effect("refuses a 200 that is HTML, another JSON value, or white space (P1)", () =>
    Effect.gen(function*() {
      for (const body of ["<html>Log in</html>", "null", "[]", "\"bye\"", " "]) {
        assert.deepInclude(
          yield* Effect.flip(call(() => new Response(body, { headers: { "content-type": "text/html" } }))),
          {
            _tag: "UnexpectedResponse",
            problem: "malformed",
            contentType: "text/html"
          }
        )
      }
    }))

  it.effect("refuses another 2xx, also without a body (P1)", () =>
    Effect.gen(function*() {
      for (const status of [201, 202, 204]) {
        const response = () => new Response(status === 204 ? null : "", { status })
        assert.deepInclude(yield* Effect.flip(call(response)), {
          _tag: "UnexpectedResponse",
          problem: "status",
          status
        })
      }
    }))

  it.effect("a session that has ended is UnauthorizedException, and a 404 is not in its model (P2)", () =>
    Effect.gen(function*() {
      const ended = yield* Effect.flip(call(() => exception("UnauthorizedException", 401)))
      assert.deepInclude(ended, { _tag: "UnauthorizedException", status: 401 })
      const unknown = yield* Effect.flip(call(() => exception("ResourceNotFoundException", 404)))
      assert.deepInclude(unknown, { _tag: "UnexpectedResponse", code: "ResourceNotFoundException", status: 404 })
    }))

  it.effect("a response is encoded as an object without members (P1)", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* Schema.encodeEffect(Logout.Response)({}), {})
      assert.deepStrictEqual(yield* Schema.decodeUnknownEffect(Logout.Response)({ a: 1 }), {})
    }))
})
