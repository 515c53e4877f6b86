/**
 * Reads a body up to a cap. It reads a stream, or the whole body if the platform has no stream.
 */
import * as Effect from "effect/Effect"
import * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Option from "effect/Option"
import * as Wire from "../aws/Wire.ts"
import * as Collect from "./collect.ts"
import * as Head from "./head.ts"

/** The body that was not read. The client does not read the body of a redirect, and an opaque redirect has none. */
export const none: Wire.Body = { bytes: new Uint8Array(), tooLarge: false }

/** Reads the body. The cap counts bytes after decompression, because the transport decompresses the stream. */
export const read = (
  response: HttpClientResponse.HttpClientResponse,
  headers: Head.Headers,
  maxBytes: number
): Effect.Effect<Wire.Body, HttpClientError.HttpClientError> => {
  const unreadable = (cause: unknown) =>
    new HttpClientError.HttpClientError({
      reason: new HttpClientError.DecodeError({ request: response.request, response, cause })
    })
  return Effect.suspend(() => {
    const web = Option.getOrUndefined(HttpClientResponse.toWeb(response))
    return web === undefined
      ? Effect.catch(
        Wire.readBody(response.stream, maxBytes),
        // One of Effect's transports fails like this for an empty body.
        (error) => error.reason._tag === "EmptyBodyError" ? Effect.succeed(none) : Effect.fail(error)
      )
      // Effect's stream of a web body takes five times as long.
      : Effect.tryPromise({ try: (signal) => readWeb(web, headers, maxBytes, signal), catch: unreadable })
  }).pipe(
    // A caller's own `fetch` may return anything.
    Effect.catchDefect((cause) => Effect.fail(unreadable(cause)))
  )
}

const readWeb = async (
  web: Response,
  headers: Head.Headers,
  maxBytes: number,
  signal: AbortSignal
): Promise<Wire.Body> => {
  // A body that was read before would look empty.
  if (web.bodyUsed === true || web.body?.locked === true) throw new TypeError()
  const into = Collect.make(maxBytes)
  // React Native, polyfills of `fetch` and many mocks have no `body`. That of node-fetch is no web stream.
  if (typeof web.body?.getReader === "function") {
    const reader = web.body.getReader()
    const stop = () => reader.cancel().catch(() => {})
    signal.addEventListener("abort", stop)
    try {
      for (;;) {
        const { done, value } = await reader.read()
        if (done || !into.add(value)) break
      }
    } finally {
      void stop()
    }
  } else if ((Head.contentLength(headers) ?? 0) > maxBytes) return { ...none, tooLarge: true }
  // Try `text` first: without a stream, `arrayBuffer` may exist but fail, and then nothing else can be read. Many mocks have only
  // `json`.
  else if (typeof web.text === "function") into.add(await web.text())
  else {
    into.add(
      typeof web.arrayBuffer === "function" ? new Uint8Array(await web.arrayBuffer()) : JSON.stringify(await web.json())
    )
  }
  return into.body()
}

/** The first KiB as text, whatever its encoding. */
export const excerpt = (bytes: Uint8Array): string => new TextDecoder().decode(bytes.subarray(0, 1024))
