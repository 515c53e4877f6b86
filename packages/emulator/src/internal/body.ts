/**
 * Reads a request's body under a cap.
 */
import * as Effect from "effect/Effect"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as Stream from "effect/Stream"

/** The longest that a legitimate request comes to is some 4 kB: a client secret and a token. */
export const maxBytes = 64 * 1024

const concat = (chunks: ReadonlyArray<Uint8Array>): Uint8Array => {
  const out = new Uint8Array(chunks.reduce((size, chunk) => size + chunk.length, 0))
  let at = 0
  for (const chunk of chunks) {
    out.set(chunk, at)
    at += chunk.length
  }
  return out
}

/** The body's bytes, or `undefined` where there are more than the cap allows. */
export const read = (request: HttpServerRequest.HttpServerRequest): Effect.Effect<Uint8Array | undefined> =>
  Effect.suspend(() => {
    const chunks: Array<Uint8Array> = []
    let size = 0
    return Stream.runForEachWhile(request.stream, (chunk) =>
      Effect.sync(() => {
        size += chunk.length
        if (size > maxBytes) return false
        chunks.push(chunk)
        return true
      })).pipe(
        // a body of no bytes has no stream at all on some platforms, and one that breaks off has nobody to answer
        Effect.catchTag("HttpServerError", () => Effect.void),
        Effect.map(() => size > maxBytes ? undefined : concat(chunks))
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
