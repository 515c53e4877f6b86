/**
 * The relay as an app of Effect's HTTP server.
 */
import * as Effect from "effect/Effect"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Option from "effect/Option"
import * as Received from "./received.ts"
import * as Responses from "./responses.ts"

type Handler = (request: Request, connection: Received.Connection) => Effect.Effect<Response>

export const app = (
  handler: Handler
): Effect.Effect<HttpServerResponse.HttpServerResponse, never, HttpServerRequest.HttpServerRequest> =>
  Effect.gen(function*() {
    const incoming = yield* HttpServerRequest.HttpServerRequest
    const request = yield* requestOf(incoming)
    return HttpServerResponse.fromWeb(
      request === undefined
        ? Responses.refused(400, "The request has no header Host that names a host. Send one.", { connection: "close" })
        : yield* handler(request, {
          // `url` is already resolved if the target is a whole URL
          requestTarget: incoming.originalUrl,
          remoteAddress: Option.getOrUndefined(incoming.remoteAddress)
        })
    )
  })

const requestOf = (incoming: HttpServerRequest.HttpServerRequest): Effect.Effect<Request | undefined> => {
  const url = Option.getOrUndefined(HttpServerRequest.toURL(incoming))
  if (url === undefined) return Effect.succeed(undefined)
  return incoming.method === "POST"
    ? Effect.orElseSucceed(HttpServerRequest.toWeb(incoming), () => undefined)
    : Effect.sync(() => Received.requestOf(url.href, { method: incoming.method, headers: incoming.headers }))
}
