/**
 * Reads a body under a cap: as a stream, or whole where the platform has none.
 */
import * as Effect from "effect/Effect"
import * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Option from "effect/Option"
import * as Wire from "../aws/Wire.ts"
import * as Head from "./head.ts"

/** Nothing was read: a redirect's body is not read, and an opaque one has none. */
export const none: Wire.Body = { bytes: new Uint8Array(), tooLarge: false }

/** Counts after decompression, since the stream gives what the transport decompressed. */
export const read = (
  response: HttpClientResponse.HttpClientResponse,
  maxBytes: number
): Effect.Effect<Wire.Body, HttpClientError.HttpClientError> =>
  Effect.suspend(() => {
    const web = Option.getOrUndefined(HttpClientResponse.toWeb(response))
    if (web === undefined) return streamed(response, maxBytes)
    // one that was read before would read as empty
    if (web.bodyUsed === true || web.body?.locked === true) return Effect.fail(unreadable(response))
    return hasStream(web) ? streamed(response, maxBytes) : whole(response, web, maxBytes)
  }).pipe(
    // a `fetch` of the program's own may give anything
    Effect.catchDefect((cause) => Effect.fail(unreadable(response, cause)))
  )

const unreadable = (
  response: HttpClientResponse.HttpClientResponse,
  cause?: unknown
): HttpClientError.HttpClientError =>
  new HttpClientError.HttpClientError({
    reason: new HttpClientError.DecodeError({ request: response.request, response, cause })
  })

// React Native, the polyfills of fetch and many mocks have no `body`, and node-fetch has one of another kind
const hasStream = (web: Response): boolean => typeof web.body?.getReader === "function"

const streamed = (
  response: HttpClientResponse.HttpClientResponse,
  maxBytes: number
): Effect.Effect<Wire.Body, HttpClientError.HttpClientError> =>
  // a transport of Effect's says so of a body of no bytes
  Effect.catchTag(Wire.readBody(response.stream, maxBytes), "HttpClientError", (error) =>
    error.reason._tag === "EmptyBodyError" ? Effect.succeed(none) : Effect.fail(error))

// `text` first: where there is no stream, `arrayBuffer` may be there and not work, and nothing can be read after it. Many mocks
// have `json` alone.
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

/** The first KiB as text, whatever it is. */
export const excerpt = (bytes: Uint8Array): string => new TextDecoder().decode(bytes.subarray(0, 1024))
