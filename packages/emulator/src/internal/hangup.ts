/**
 * How a connection is closed without an answer: each platform has its own way.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Stream from "effect/Stream"

/** Where the platform tells no other way: an answer that breaks off before its body begins. */
const brokenOff = HttpServerResponse.stream(Stream.fail(new Error("The emulator was told to hang up")))

export const Hangup = Context.Reference<
  (request: HttpServerRequest.HttpServerRequest) => Effect.Effect<HttpServerResponse.HttpServerResponse>
>("@sso-oidc/emulator/internal/Hangup", { defaultValue: () => () => Effect.succeed(brokenOff) })
