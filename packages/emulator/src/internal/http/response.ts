/**
 * Responses whose text no span keeps.
 */
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Stream from "effect/Stream"

/**
 * A text as a response. The span of a server keeps the response that it ends with: the bytes are behind a function, since
 * a secret, or the code that a person confirms, may be among them.
 */
export const text = (
  body: string,
  options: HttpServerResponse.Options & { readonly contentType: string }
): HttpServerResponse.HttpServerResponse => {
  const bytes = new TextEncoder().encode(body)
  return HttpServerResponse.stream(Stream.sync(() => bytes), { ...options, contentLength: bytes.length })
}
