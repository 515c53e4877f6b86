/**
 * Responses whose text does not go into a span.
 */
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Stream from "effect/Stream"

/**
 * Makes a response of a text. The span of a server keeps its response, and the text may hold a secret or a user code. So the
 * bytes are behind a function.
 */
export const text = (
  body: string,
  options: HttpServerResponse.Options & { readonly contentType: string }
): HttpServerResponse.HttpServerResponse => {
  const bytes = new TextEncoder().encode(body)
  return HttpServerResponse.stream(Stream.sync(() => bytes), { ...options, contentLength: bytes.length })
}

/** Makes a response without a body. */
export const empty = (
  status: number,
  headers: Readonly<Record<string, string>>
): HttpServerResponse.HttpServerResponse => HttpServerResponse.empty({ status, headers })
