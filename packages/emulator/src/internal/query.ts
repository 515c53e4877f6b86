/**
 * The query of a request's own URL.
 */
import type * as HttpServerRequest from "effect/http/HttpServerRequest"

export const query = (request: HttpServerRequest.HttpServerRequest): URLSearchParams =>
  new URL(request.originalUrl).searchParams
