/**
 * Reads a body under a cap.
 */
import * as Effect from "effect/Effect"
import type * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Stream from "effect/Stream"

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
    const chunks: Array<Uint8Array> = []
    let size = 0
    return Stream.runForEachWhile(response.stream, (chunk) =>
      Effect.sync(() => {
        chunks.push(chunk.subarray(0, maxBytes - size))
        size += chunk.length
        return size <= maxBytes
      })).pipe(
        // fetch has no stream at all for a body of no bytes
        Effect.catchReason("HttpClientError", "EmptyBodyError", () => Effect.void),
        Effect.map(() => ({ bytes: concat(chunks), tooLarge: size > maxBytes }))
      )
  })

const concat = (chunks: ReadonlyArray<Uint8Array>): Uint8Array => {
  const out = new Uint8Array(chunks.reduce((size, chunk) => size + chunk.length, 0))
  let at = 0
  for (const chunk of chunks) {
    out.set(chunk, at)
    at += chunk.length
  }
  return out
}

const decoder = new TextDecoder("utf-8", { fatal: true })

/** The JSON object that the bytes spell, without its `null` members; `undefined` for anything else. */
export const jsonObject = (bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined => {
  try {
    const json: unknown = JSON.parse(decoder.decode(bytes))
    return typeof json === "object" && json !== null && !Array.isArray(json)
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
