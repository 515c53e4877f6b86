/**
 * Reads a body up to a cap. It reads a stream, or the whole body if the platform has no stream.
 */
import * as Effect from "effect/Effect"
import * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Option from "effect/Option"
import * as Wire from "../aws/Wire.ts"
import * as Head from "./head.ts"

/** The body that was not read. The client does not read the body of a redirect, and an opaque redirect has none. */
export const none: Wire.Body = { bytes: new Uint8Array(), tooLarge: false }

/** Reads the body. The cap counts bytes after decompression, because the transport decompresses the stream. */
export const read = (
  response: HttpClientResponse.HttpClientResponse,
  maxBytes: number
): Effect.Effect<Wire.Body, HttpClientError.HttpClientError> =>
  Effect.suspend(() => {
    const web = Option.getOrUndefined(HttpClientResponse.toWeb(response))
    if (web === undefined) return streamed(response, maxBytes)
    // A body that was read before would look empty.
    if (web.bodyUsed === true || web.body?.locked === true) return Effect.fail(unreadable(response))
    return hasStream(web) ? streamed(response, maxBytes) : whole(response, web, maxBytes)
  }).pipe(
    // A caller's own `fetch` may return anything.
    Effect.catchDefect((cause) => Effect.fail(unreadable(response, cause)))
  )

const unreadable = (
  response: HttpClientResponse.HttpClientResponse,
  cause?: unknown
): HttpClientError.HttpClientError =>
  new HttpClientError.HttpClientError({
    reason: new HttpClientError.DecodeError({ request: response.request, response, cause })
  })

// React Native, polyfills of `fetch` and many mocks have no `body`. That of node-fetch is no web stream.
const hasStream = (web: Response): boolean => typeof web.body?.getReader === "function"

const streamed = (
  response: HttpClientResponse.HttpClientResponse,
  maxBytes: number
): Effect.Effect<Wire.Body, HttpClientError.HttpClientError> =>
  // One of Effect's transports fails like this for an empty body.
  Effect.catchTag(Wire.readBody(response.stream, maxBytes), "HttpClientError", (error) =>
    error.reason._tag === "EmptyBodyError" ? Effect.succeed(none) : Effect.fail(error))

// Try `text` first: without a stream, `arrayBuffer` may exist but fail, and then nothing else can be read. Many mocks have only
// `json`.
const bytesOf = async (web: Response): Promise<Uint8Array<ArrayBuffer>> => {
  if (typeof web.text !== "function" && typeof web.arrayBuffer === "function") {
    return new Uint8Array(await web.arrayBuffer())
  }
  const text: unknown = typeof web.text === "function" ? await web.text() : JSON.stringify(await web.json())
  if (typeof text === "string") return new TextEncoder().encode(text)
  throw new TypeError()
}

const whole = (
  response: HttpClientResponse.HttpClientResponse,
  web: Response,
  maxBytes: number
): Effect.Effect<Wire.Body, HttpClientError.HttpClientError> =>
  (Head.contentLength(response) ?? 0) > maxBytes
    ? Effect.succeed({ ...none, tooLarge: true })
    : Effect.tryPromise({ try: () => bytesOf(web), catch: (cause) => unreadable(response, cause) }).pipe(
      Effect.map((bytes) => ({ bytes: bytes.subarray(0, maxBytes), tooLarge: bytes.length > maxBytes }))
    )

/** The first KiB as text, whatever its encoding. */
export const excerpt = (bytes: Uint8Array): string => new TextDecoder().decode(bytes.subarray(0, 1024))
