/**
 * The body of a request as bytes.
 */
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as Effect from "effect/Effect"
import type * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Failure from "./failure.ts"

/**
 * Collects a stream before anything is sent. Then a failure of the stream means that the request did not leave, which is what
 * an `EncodeError` says. It also gives the request a length.
 */
export const bytesOf = (
  request: HttpClientRequest.HttpClientRequest
): Uint8Array | undefined | Effect.Effect<Uint8Array, HttpClientError.HttpClientError> => {
  const { body } = request
  switch (body._tag) {
    case "Empty":
      return undefined
    case "Uint8Array":
      return body.body
    case "Stream":
      return Effect.map(
        Effect.mapError(
          Wire.readBody(body.stream, Infinity),
          () => Failure.encode(request, "the stream of the body failed")
        ),
        ({ bytes }) => bytes
      )
    case "Raw": {
      if (typeof body.body === "string") return new TextEncoder().encode(body.body)
      if (body.body instanceof Uint8Array) return body.body
      if (body.body instanceof ArrayBuffer) return new Uint8Array(body.body)
    }
  }
  return Effect.fail(Failure.encode(request, "the body must be a string, bytes or a stream"))
}
