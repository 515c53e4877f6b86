/**
 * What stands against a refresh, as far as the store knows. Nothing is sent.
 */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as CachedToken from "../CachedToken.ts"
import type { SessionSettings } from "../SessionSettings.ts"

/** Why the token cannot be refreshed, if it cannot. */
export const obstacle = Effect.fnUntraced(function*(
  { settings }: { readonly settings: SessionSettings },
  token: CachedToken.CachedToken
): Effect.fn.Return<string | undefined> {
  // A token of a legacy profile is not refreshed, also if its file has a refresh token.
  if (settings.scopes === undefined) return "A profile without sso_session has no refresh"
  if (token.refreshToken === undefined) return "There is no refresh token"
  if (CachedToken.isRefreshable(token, yield* DateTime.now)) return undefined
  return "The registration of the client has expired, or is not stored with the token"
})
