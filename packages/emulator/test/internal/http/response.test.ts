import { assert, describe, it } from "@effect/vitest"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import * as EmulatorHttp from "@sso-oidc/emulator/EmulatorHttp"
import { textsOf } from "@sso-oidc/test-kit/leaks"
import * as Effect from "effect/Effect"
import * as HttpEffect from "effect/http/HttpEffect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import type * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Response from "../../../src/internal/http/response.ts"

/** What a server sends for a request of the emulator's routes. */
const sent = Effect.fnUntraced(function*(request: Request) {
  const routes = yield* HttpRouter.toHttpEffect(EmulatorHttp.layer().pipe(Layer.provide(Emulator.layer())))
  const all = new Array<HttpServerResponse.HttpServerResponse>()
  yield* HttpEffect.toHandled(routes, (_request, response) => Effect.sync(() => void all.push(response))).pipe(
    Effect.provideService(HttpServerRequest.HttpServerRequest, HttpServerRequest.fromWeb(request))
  )
  assert.strictEqual(all.length, 1)
  return all[0] ?? assert.fail("nothing was sent")
})

describe("a response of a text", () => {
  it("does not show its text (C6)", () => {
    const response = Response.text("the-user-code-BCDF-GHJK", { contentType: "text/plain", status: 400 })
    for (const text of textsOf(response)) assert.notInclude(text, "BCDF")
  })

  it.effect.each([
    { method: "GET", path: "/device", type: "text/html; charset=utf-8", has: "<form" },
    { method: "POST", path: "/token", type: "application/json", has: "\"invalid_request\"" },
    { method: "GET", path: "/assignment/accounts", type: "application/json", has: "UnauthorizedException" },
    { method: "GET", path: "/nowhere", type: "application/json", has: "{}" }
  ])(
    "goes out in one piece, with its own headers: $method $path (E2)",
    ({ has, method, path, type }) =>
      Effect.gen(function*() {
        const response = yield* sent(new Request(`http://localhost${path}`, { method }))
        const { body, headers } = response
        if (body._tag !== "Uint8Array") return assert.fail(body._tag)
        assert.include(body.text, has)
        assert.strictEqual(headers["content-type"], type)
        assert.strictEqual(headers["content-length"], String(body.body.length))
        assert.isDefined(headers["cache-control"])
      }).pipe(Effect.scoped)
  )
})
