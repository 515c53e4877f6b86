/**
 * What a session's store says about its token, for a person: `Session.status`. Nothing is sent, and nothing is changed.
 *
 * No member says until when the session lasts, because the service does not tell.
 *
 * @since 0.1.0
 */
import type { StoreError } from "@sso-oidc/core/AccessToken"
import type * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Guarded from "./internal/guarded.ts"
import * as Life from "./internal/life.ts"
import * as Reading from "./internal/status.ts"
import type { SessionSettings } from "./SessionSettings.ts"
import * as TokenStore from "./TokenStore.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * - `"valid"`: the access token is valid now.
 * - `"expired"`: the access token has expired. `refreshable` says whether the session goes on.
 * - `"absent"`: no token is stored, or only the token of another session.
 * - `"unreadable"`: what is stored is no token. A login replaces it.
 * - `"ended"`: the service rejected the refresh token. The access token may still be valid.
 * - `"lost"`: the service rejected the refresh token after the response to an earlier refresh was lost. The access token may still be valid.
 *
 * @category models
 * @since 0.1.0
 */
export type State = "valid" | "expired" | "absent" | "unreadable" | "ended" | "lost"

/**
 * The status of a session. `JSON.stringify` writes its times as `2026-11-26T08:00:00.000Z`. It has no secret.
 *
 * @category models
 * @since 0.1.0
 */
export interface Status {
  /** What is known of the token. */
  readonly state: State
  /** Whether the access token is valid now. It can be so in the states `"valid"`, `"ended"` and `"lost"`. */
  readonly isValid: boolean
  /** When the access token expires, or has expired. Absent without a token. */
  readonly expiresAt?: DateTime.Utc | undefined
  /** Whether the token can be refreshed without a person, as far as the store knows. */
  readonly refreshable: boolean
  /** Why the token cannot be refreshed, as a sentence. Absent if it can, and without a token. */
  readonly obstacle?: string | undefined
  /** When the registration of the client expires. A refresh needs a valid one. Absent if it is not stored with the token. */
  readonly registrationExpiresAt?: DateTime.Utc | undefined
  /** The name of the store, such as `AWS cache`. */
  readonly store: string
  /** The name of the store's lock, such as `kernel lock`. Absent if the store does not say. */
  readonly lock?: string | undefined
  /**
   * What a person should know, as sentences: what is odd in the config files, that other users may read the token, that a refresh may be
   * lost. Empty if there is nothing.
   */
  readonly warnings: ReadonlyArray<string>
}

// -----------------------------------------------------------------------------
// reading
// -----------------------------------------------------------------------------

/**
 * What the store in the context says about the session with these settings, such as those of `AwsConfig.resolve`. It needs no client, so that
 * a program starts fast. A program that has a session reads `Session.status`, which also knows of a token that could not be stored.
 *
 * @example
 * ```ts
 * import * as SessionSettings from "@sso-oidc/session/SessionSettings"
 * import * as SessionStatus from "@sso-oidc/session/SessionStatus"
 * import * as TokenStore from "@sso-oidc/session/TokenStore"
 * import * as Effect from "effect/Effect"
 *
 * const isValid = Effect.fromResult(
 *   SessionSettings.make({ startUrl: "https://my.awsapps.com/start", region: "eu-west-1", name: "corp" })
 * ).pipe(
 *   Effect.flatMap(SessionStatus.read),
 *   Effect.map((status) => status.isValid),
 *   Effect.provide(TokenStore.layerMemory)
 * )
 * ```
 *
 * @category reading
 * @since 0.1.0
 */
export const read = (settings: SessionSettings): Effect.Effect<Status, StoreError, TokenStore.TokenStore> =>
  Effect.flatMap(TokenStore.TokenStore, (store) =>
    Reading.status({
      settings,
      store: Guarded.guarded(store),
      ages: Life.makeAges(),
      keptFor: () => undefined
    }))
