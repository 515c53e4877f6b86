/**
 * The proof key of the authorization code grant (RFC 7636), method S256: the one that the service knows.
 */
import * as Effect from "effect/Effect"
import * as Random from "./random.ts"

/** What a challenge looks like: the 43 characters of base64url that a SHA-256 takes. */
export const isChallenge = (text: string): boolean => /^[A-Za-z0-9_-]{43}$/.test(text)

/** The challenge that the verifier answers. */
export const challenge = (verifier: string): Effect.Effect<string> =>
  Effect.promise(async () =>
    Random.base64Url(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier))))
  )
