/**
 * Reads a request's body under a cap.
 */
import * as Effect from "effect/Effect"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as Stream from "effect/Stream"

/** The longest that a legitimate request comes to is some 4 kB: a client secret and a token. */
export const maxBytes = 64 * 1024

/**
 * The body's bytes, or `undefined` where there are more than the cap allows.
 *
 * They are copied into one piece of memory as they come: a chunk of one byte would keep many around it.
 */
export const read = (request: HttpServerRequest.HttpServerRequest): Effect.Effect<Uint8Array | undefined> =>
  Effect.suspend(() => {
    let bytes = new Uint8Array(1024)
    let size = 0
    return Stream.runForEachWhile(request.stream, (chunk) =>
      Effect.sync(() => {
        const at = size
        size += chunk.length
        if (size > maxBytes) return false
        if (size > bytes.length) {
          const larger = new Uint8Array(Math.max(size, Math.min(maxBytes, 2 * bytes.length)))
          larger.set(bytes)
          bytes = larger
        }
        bytes.set(chunk, at)
        return true
      })).pipe(
        // a body of no bytes has no stream at all on some platforms, and one that breaks off has nobody to answer
        Effect.catchTag("HttpServerError", () => Effect.void),
        Effect.map(() => size > maxBytes ? undefined : bytes.subarray(0, size))
      )
  })

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

/** The fields of a form. */
export const form = (bytes: Uint8Array): URLSearchParams => new URLSearchParams(new TextDecoder().decode(bytes))
