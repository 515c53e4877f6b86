/**
 * Reads a body under a cap: as a stream, or whole where the platform has none.
 */
import * as Effect from "effect/Effect"
import * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Stream from "effect/Stream"
import * as Head from "./head.ts"

export interface Body {
  /** What was read: all of it, or as much as the cap allows. */
  readonly bytes: Uint8Array
  /** The body is longer than the cap. The rest was not read, and its connection closes. */
  readonly tooLarge: boolean
}

/** Counts after decompression, since the stream gives what the transport decompressed. */
export const read = (
  response: HttpClientResponse.HttpClientResponse,
  maxBytes: number
): Effect.Effect<Body, HttpClientError.HttpClientError> =>
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
): Effect.Effect<Body, HttpClientError.HttpClientError> =>
  Effect.suspend(() => {
    let bytes = new Uint8Array(0)
    let size = 0
    return Stream.runForEachWhile(response.stream, (given) =>
      Effect.sync(() => {
        const chunk = chunkOf(given)
        const part = chunk.subarray(0, maxBytes - size)
        bytes = append(bytes, size, part)
        size += chunk.length
        return size <= maxBytes
      })).pipe(
        // a transport of Effect's says so of a body of no bytes
        Effect.catchReason("HttpClientError", "EmptyBodyError", () => Effect.void),
        Effect.map(() => ({ bytes: bytes.subarray(0, Math.min(size, maxBytes)), tooLarge: size > maxBytes }))
      )
  })

// Bytes, also those of another realm (jsdom), or a text as some mocks stream it
const chunkOf = (chunk: unknown): Uint8Array => {
  if (typeof chunk === "string") return new TextEncoder().encode(chunk)
  if (ArrayBuffer.isView(chunk)) return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength)
  throw new TypeError("a chunk of a body is no bytes")
}

// `text` first: where there is no stream, `arrayBuffer` may be there and not work, and nothing can be read after it. Many mocks
// have `json` alone.
const bytesOf = async (web: Response): Promise<Uint8Array> => {
  if (typeof web.text !== "function" && typeof web.arrayBuffer === "function") {
    return new Uint8Array(await web.arrayBuffer())
  }
  const text: unknown = typeof web.text === "function" ? await web.text() : JSON.stringify(await web.json())
  if (typeof text === "string") return new TextEncoder().encode(text)
  throw new TypeError("the text of a response is no text")
}

const whole = (
  response: HttpClientResponse.HttpClientResponse,
  web: Response,
  maxBytes: number
): Effect.Effect<Body, HttpClientError.HttpClientError> =>
  (Head.contentLength(response) ?? 0) > maxBytes
    ? Effect.succeed({ bytes: new Uint8Array(), tooLarge: true })
    : Effect.tryPromise({ try: () => bytesOf(web), catch: (cause) => unreadable(response, cause) }).pipe(
      Effect.map((bytes) => ({ bytes: bytes.subarray(0, maxBytes), tooLarge: bytes.length > maxBytes }))
    )

// Copy each chunk: a small chunk can keep a large buffer in memory, so that memory could exceed the cap.
const append = (
  to: Uint8Array<ArrayBuffer>,
  size: number,
  part: Uint8Array
): Uint8Array<ArrayBuffer> => {
  const needed = size + part.length
  const room = needed <= to.length ? to : new Uint8Array(Math.max(needed, 2 * to.length))
  if (room !== to) room.set(to.subarray(0, size))
  room.set(part, size)
  return room
}

const decoder = new TextDecoder("utf-8", { fatal: true })

/** The JSON object that the bytes spell, without its `null` members; `undefined` for anything else. */
export const jsonObject = (bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined => {
  try {
    const json: unknown = JSON.parse(decoder.decode(bytes))
    return Predicate.isObject(json)
      // defines own members, so that one named `__proto__` is a member like any other
      ? Object.fromEntries(Object.entries(json).filter(([, value]) => value !== null))
      : undefined
  } catch {
    return undefined
  }
}

/** The bytes are UTF-8, or none: what a compressor makes is not. */
export const isText = (bytes: Uint8Array): boolean => {
  try {
    decoder.decode(bytes)
    return true
  } catch {
    return false
  }
}

/** The first KiB as text, whatever it is. */
export const excerpt = (bytes: Uint8Array): string => new TextDecoder().decode(bytes.subarray(0, 1024))
