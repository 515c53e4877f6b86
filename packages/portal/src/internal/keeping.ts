/**
 * Role credentials: given from the cache while they are fresh, else fetched, once for all callers.
 */
import * as Lifetime from "@sso-oidc/core/aws/Lifetime"
import * as UserFunction from "@sso-oidc/core/aws/UserFunction"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type * as CredentialsCache from "../CredentialsCache.ts"
import type { RoleCredentials } from "../RoleCredentials.ts"

/** Credentials with less left are fetched anew. */
const margin = Duration.toMillis("15 minutes")

/** The time between a failed fetch and the next one, while the credentials are valid. */
const pause = Duration.toMillis("1 minute")

/** Whether the credentials need no fetch: they are not in their last 15 minutes, nor in the second half of a shorter life. */
export const isFresh = ({ left, life }: CredentialsCache.Kept): boolean =>
  left > 0 && left >= (life === undefined ? margin : Math.min(margin, life / 2))

/** A cache may be the program's own, and give anything. What is not for this role is not given. */
const checked = (
  key: CredentialsCache.Key,
  kept: CredentialsCache.Kept | undefined
): CredentialsCache.Kept | undefined => {
  const given: unknown = kept
  if (typeof given !== "object" || given === null || kept === undefined) return undefined
  const credentials: Partial<RoleCredentials> | undefined = kept.credentials
  return credentials?.accountId === key.accountId && credentials.roleName === key.roleName &&
      typeof credentials.accessKeyId === "string" && Redacted.isRedacted(credentials.secretAccessKey) &&
      Redacted.isRedacted(credentials.sessionToken) && typeof kept.left === "number" && !Number.isNaN(kept.left)
    ? kept
    : undefined
}

export interface Keeping<E> {
  /** Credentials for the key. `forceRefresh` fetches them even if fresh ones are kept. */
  readonly get: (key: CredentialsCache.Key, forceRefresh: boolean) => Effect.Effect<RoleCredentials, E>
}

/** `fetch` runs in the scope, so that a caller's interruption ends its own wait alone. */
export const make = <E>(
  cache: CredentialsCache.Service,
  scope: Scope.Scope,
  fetch: (key: CredentialsCache.Key) => Effect.Effect<RoleCredentials, E>
): Keeping<E> => {
  const flights = new Map<string, Fiber.Fiber<RoleCredentials, E>>()
  /** When the next fetch may be sent, after a failed one, on the monotonic clock. */
  const retryAt = new Map<string, number>()

  const read = (key: CredentialsCache.Key) =>
    Effect.suspend(() => UserFunction.effectOf("CredentialsCache.read", cache.read(key))).pipe(
      Effect.map((kept) => checked(key, kept))
    )

  const nameOf = ({ accountId, roleName, session }: CredentialsCache.Key): string =>
    JSON.stringify([session, accountId, roleName])

  /** Another caller's fetch may have ended since the cache was read. */
  const fetched = (key: CredentialsCache.Key, forceRefresh: boolean): Effect.Effect<RoleCredentials, E> =>
    Effect.gen(function*() {
      const kept = forceRefresh ? undefined : yield* read(key)
      if (kept !== undefined && isFresh(kept)) return kept.credentials
      return yield* UserFunction.effectOf("CredentialsCache.keep", cache.keep(key, fetch(key)))
    })

  /** The fetch that is in flight, or a new one. */
  const flight = (
    key: CredentialsCache.Key,
    forceRefresh: boolean
  ): Effect.Effect<Fiber.Fiber<RoleCredentials, E>> =>
    Effect.suspend(() => {
      const name = `${forceRefresh ? "forced " : ""}${nameOf(key)}`
      const running = flights.get(name)
      if (running !== undefined) return Effect.succeed(running)
      const ended = Effect.sync(() => void flights.delete(name))
      return Effect.map(Effect.forkIn(Effect.ensuring(fetched(key, forceRefresh), ended), scope), (fiber) => {
        flights.set(name, fiber)
        return fiber
      })
    }).pipe(Effect.uninterruptible)

  return {
    get: Effect.fnUntraced(function*(key, forceRefresh) {
      const name = nameOf(key)
      if (forceRefresh) return yield* Effect.flatMap(flight(key, true), Fiber.join)
      const kept = yield* read(key)
      if (kept !== undefined && isFresh(kept)) return kept.credentials
      const now = yield* Lifetime.monotonic
      if (kept !== undefined && kept.left > 0 && now < (retryAt.get(name) ?? 0)) return kept.credentials
      return yield* Effect.flatMap(flight(key, false), Fiber.join).pipe(
        Effect.tap(() => Effect.sync(() => void retryAt.delete(name))),
        Effect.catch((error) =>
          Effect.gen(function*() {
            // Those that are left may have expired while the fetch ran.
            const left = yield* read(key)
            if (left === undefined || left.left <= 0) return yield* Effect.fail(error)
            retryAt.set(name, (yield* Lifetime.monotonic) + pause)
            yield* Effect.logDebug("Role credentials could not be renewed. Those that are still valid are given")
            return left.credentials
          })
        )
      )
    })
  }
}
