/**
 * What a store holds for a session, with distrust: a store may be a user's own.
 */
import { sha256 } from "@noble/hashes/sha2.js"
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js"
import type { StoreError } from "@sso-oidc/core/AccessToken"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as CachedToken from "../CachedToken.ts"
import type { SessionSettings } from "../SessionSettings.ts"
import type { Service } from "../TokenStore.ts"

/** What stands under the key of a session. `foreign` is the token of another start URL or region. */
export type Look =
  | { readonly _tag: "found"; readonly token: CachedToken.CachedToken }
  | { readonly _tag: "absent" }
  | { readonly _tag: "foreign" }
  | { readonly _tag: "unreadable"; readonly detail: string }

/** Reads the token of a session. Text that cannot be read is no error here: it stays, and a login replaces it. */
export const look = (
  store: Service,
  settings: Pick<SessionSettings, "key" | "startUrl" | "region">
): Effect.Effect<Look, StoreError> =>
  store.read(settings.key).pipe(
    Effect.map((text): Look => {
      if (text === undefined) return { _tag: "absent" }
      const decoded = CachedToken.decode(text)
      if (Result.isFailure(decoded)) return { _tag: "unreadable", detail: decoded.failure.detail }
      return CachedToken.isOf(decoded.success, settings)
        ? { _tag: "found", token: decoded.success }
        : { _tag: "foreign" }
    }),
    Effect.catchIf(
      (error) => error.reason === "unreadable",
      (error) => Effect.succeed<Look>({ _tag: "unreadable", detail: error.detail })
    )
  )

/**
 * The hash by which a store knows a refresh token. The token cannot be found by it. It is synchronous, unlike that of WebCrypto, so that a
 * session goes as far as it can before a `TestClock` moves on.
 */
export const hashOf = (refreshToken: Redacted.Redacted<string>): string =>
  bytesToHex(sha256(utf8ToBytes(`refresh token ${Redacted.value(refreshToken)}`)).subarray(0, 16))
