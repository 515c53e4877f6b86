/**
 * Reads bodies under a cap, of pages and of the service alike.
 */
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Stream from "effect/Stream"

/** The bytes; `undefined` when there are more than the cap, and then the rest is not read. */
export const read = <E>(
  body: Stream.Stream<Uint8Array, E>,
  maxBytes: number
): Effect.Effect<Uint8Array<ArrayBuffer> | undefined, E> =>
  Effect.suspend(() => {
    const chunks: Array<Uint8Array> = []
    let size = 0
    return Stream.runForEachWhile(body, (chunk) =>
      Effect.sync(() => {
        size += chunk.length
        // copied, since a chunk may be one byte of a large buffer, which it would keep alive
        if (size <= maxBytes) chunks.push(chunk.slice())
        return size <= maxBytes
      })).pipe(Effect.map(() => {
        if (size > maxBytes) return undefined
        const bytes = new Uint8Array(size)
        let at = 0
        for (const chunk of chunks) {
          bytes.set(chunk, at)
          at += chunk.length
        }
        return bytes
      }))
  })

const decoder = new TextDecoder("utf-8", { fatal: true })

/** The bytes are UTF-8: what a compressor makes is not. */
export const isText = (bytes: Uint8Array): boolean => {
  try {
    decoder.decode(bytes)
    return true
  } catch {
    return false
  }
}

/** The JSON object that the bytes spell, without its `null` members, which mean absent ones; or `undefined`. */
export const jsonObject = (bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined => {
  try {
    const json: unknown = JSON.parse(decoder.decode(bytes))
    return Predicate.isObject(json) && !Array.isArray(json)
      ? Object.fromEntries(Object.entries(json).filter(([, value]) => value !== null))
      : undefined
  } catch {
    return undefined
  }
}
