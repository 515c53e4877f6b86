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
    if (web === undefined) {
      return Effect.catch(
        Wire.readBody(response.stream, maxBytes),
        // One of Effect's transports fails like this for an empty body.
        (error) => error.reason._tag === "EmptyBodyError" ? Effect.succeed(none) : Effect.fail(error)
      )
    }
    // Effect's stream of a web body takes five times as long.
    const reader = readerOf(web)
    return Effect.onInterrupt(
      Effect.tryPromise({ try: () => readWeb(web, reader, headers, maxBytes), catch: unreadable }),
      () => Effect.sync(() => cancel(reader))
    )
  }).pipe(
    // A caller's own `fetch` may return anything.
    Effect.catchDefect((cause) => Effect.fail(unreadable(cause)))
  )
}

type Reader = ReadableStreamDefaultReader<unknown> | undefined

const readerOf = (web: Response): Reader => {
  // A body that was read before would look empty.
  if (web.bodyUsed === true || web.body?.locked === true) throw new TypeError()
  // React Native, polyfills of `fetch` and many mocks have no `body`. That of node-fetch is no web stream.
  return typeof web.body?.getReader === "function" ? web.body.getReader() : undefined
}

const cancel = (reader: Reader): void => void reader?.cancel().catch(() => {})

const readWeb = async (web: Response, reader: Reader, headers: Head.Headers, maxBytes: number): Promise<Wire.Body> => {
  const into = Collect.make(maxBytes)
  if (reader !== undefined) {
    try {
      for (;;) {
        const { done, value } = await reader.read()
        if (done || !into.add(value)) break
      }
    } finally {
      cancel(reader)
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
