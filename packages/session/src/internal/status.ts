/**
 * The status of a session: what its store says, without a request.
 */
import type { StoreError } from "@sso-oidc/core/AccessToken"
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as Effect from "effect/Effect"
import type * as AwsConfig from "../AwsConfig.ts"
import type { CachedToken } from "../CachedToken.ts"
import type { State, Status } from "../SessionStatus.ts"
import type * as TokenStore from "../TokenStore.ts"
import * as Obstacle from "./obstacle.ts"
import type * as Refreshing from "./refreshing.ts"
import * as Stored from "./stored.ts"

type Self = Pick<Refreshing.Self, "store" | "settings" | "ages" | "keptFor">

const problemOf = ({ file, line, message }: AwsConfig.Problem): string =>
  Wire.sentence(`${line === 0 ? "The" : `Line ${line} of the`} ${file} file: ${message}`)

/** What the store says of how it keeps the token. If it fails here, the token itself may still be read. */
const kept = ({ settings, store }: Self): Effect.Effect<ReadonlyArray<string>> =>
  Effect.catch(
    store.warnings?.(settings.key) ?? Effect.succeed([]),
    (error) => Effect.succeed([`It is not known how the token is kept. ${error.message}`])
  )

/** What is remembered of the refresh token of this token. */
const markOf = Effect.fnUntraced(function*(
  { settings, store }: Self,
  { refreshToken }: CachedToken
): Effect.fn.Return<{ readonly mark?: TokenStore.Mark | undefined; readonly warning?: string }, StoreError> {
  if (refreshToken === undefined) return {}
  const of = Stored.hashOf(refreshToken)
  return yield* store.marks(settings.key).pipe(
    Effect.map((marks) => ({ mark: marks.find((mark) => mark.of === of) })),
    Effect.catchIf(
      (error) => error.reason === "unreadable",
      () => Effect.succeed({ warning: "What is remembered of the refresh token cannot be read." })
    )
  )
})

const endings = {
  ended: "The service no longer accepts the refresh token.",
  lost: "The response to an earlier refresh was lost, and the service no longer accepts the refresh token."
}

const sentWarning = (mark: TokenStore.Mark): string =>
  mark.response === undefined
    ? "A refresh is in flight, or its response was lost. If it was lost, the session may end with the next refresh."
    : "A process that has ended left a new token behind. The next refresh takes it."

const lookWarnings = (look: Stored.Look): ReadonlyArray<string> =>
  look._tag === "foreign"
    ? ["The store has the token of another start URL or region under the key of this session. It is not used."]
    : look._tag === "unreadable"
    ? [`The stored token cannot be read: ${Wire.sentence(look.detail)} The next login replaces it.`]
    : []

/** Whether the service no longer accepts the refresh token that is stored. A store that cannot be read does not say so. */
export const hasEnded = (self: Self): Effect.Effect<boolean> =>
  Effect.gen(function*() {
    const look = yield* Stored.look(self.store, self.settings)
    if (look._tag !== "found") return false
    const { mark } = yield* markOf(self, self.keptFor(look.token) ?? look.token)
    return mark !== undefined && mark.state !== "sent"
  }).pipe(Effect.orElseSucceed(() => false))

export const status = (self: Self): Effect.Effect<Status, StoreError> =>
  Effect.gen(function*(): Effect.fn.Return<Status, StoreError> {
    const { ages, settings, store } = self
    const look = yield* Stored.look(store, settings)
    const stored = look._tag === "found" ? look.token : undefined
    const better = self.keptFor(stored)
    const token = better ?? stored
    const warnings = [...settings.warnings.map(problemOf), ...(yield* kept(self)), ...lookWarnings(look)]
    const place = { store: store.name, lock: store.lock }
    if (token === undefined) {
      const state: State = look._tag === "unreadable" ? "unreadable" : "absent"
      return { state, isValid: false, refreshable: false, ...place, warnings }
    }
    if (better !== undefined) warnings.push("A new token could not be stored. This process keeps it, and tries again.")
    const { mark, warning } = yield* markOf(self, token)
    if (warning !== undefined) warnings.push(warning)
    if (mark?.state === "sent") warnings.push(sentWarning(mark))
    const isValid = (yield* ages.leftOf(token)) > 0
    const ending = mark === undefined || mark.state === "sent" ? undefined : mark.state
    const obstacle = ending === undefined ? yield* Obstacle.obstacle(self, token) : endings[ending]
    return {
      state: ending ?? (isValid ? "valid" : "expired"),
      isValid,
      expiresAt: token.expiresAt,
      refreshable: obstacle === undefined,
      obstacle: obstacle && Wire.sentence(obstacle),
      registrationExpiresAt: token.registrationExpiresAt,
      ...place,
      warnings
    }
  }).pipe(Wire.withSpan("Session.status"))
