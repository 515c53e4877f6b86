/**
 * Responses whose text does not go into a span.
 */
import * as Effect from "effect/Effect"
import * as HttpBody from "effect/http/HttpBody"
import * as HttpEffect from "effect/http/HttpEffect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Stream from "effect/Stream"

/** The whole body of each response of {@link text}. No path leads from the response to it. */
const bodies = new WeakMap<HttpBody.HttpBody, HttpBody.Uint8Array>()

/**
 * Makes a response of a text. The span of a server keeps its response, and the text may hold a secret or a user code. So the
 * bytes are behind a function.
 */
export const text = (
  body: string,
  options: HttpServerResponse.Options & { readonly contentType: string }
): HttpServerResponse.HttpServerResponse => {
  const whole = HttpBody.text(body, options.contentType)
  const response = HttpServerResponse.stream(Stream.sync(() => whole.body), {
    ...options,
    contentLength: whole.contentLength
  })
  bodies.set(response.body, whole)
  return response
}

/** The span keeps the response from before this change. */
const inOnePiece: HttpEffect.PreResponseHandler = (_request, response) => {
  const whole = bodies.get(response.body)
  return Effect.succeed(whole === undefined ? response : HttpServerResponse.setBody(response, whole))
}

/** Lets a server send the responses of {@link text} in one piece. A stream takes a second write and more time. */
export const layer = HttpRouter.use((router) =>
  router.addGlobalMiddleware((effect) => HttpEffect.withPreResponseHandler(effect, inOnePiece))
)

/** Makes a response without a body. */
export const empty = (
  status: number,
  headers: Readonly<Record<string, string>>
): HttpServerResponse.HttpServerResponse => HttpServerResponse.empty({ status, headers })
