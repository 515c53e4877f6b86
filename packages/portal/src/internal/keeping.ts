/**
 * Role credentials: given from the cache while they are fresh, else fetched, once for all callers.
 */
import * as Lifetime from "@sso-oidc/core/aws/Lifetime"
import * as UserFunction from "@sso-oidc/core/aws/UserFunction"
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as Cause from "effect/Cause"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import type * as CredentialsCache from "../CredentialsCache.ts"
import type { RoleCredentials } from "../RoleCredentials.ts"

/** Credentials with less left are fetched anew. */
const margin = Duration.toMillis("15 minutes")

/** With less left, a caller waits for the fetch, however long it takes. */
const urgent = Duration.toMillis("5 minutes")

/** How long a caller waits for a fetch that is not urgent. */
const patience = Duration.seconds(5)

/** The time between a failed fetch and the next one, while the credentials are valid. */
const pause = Duration.toMillis("1 minute")

/** A fetch that takes longer hangs in a service of the program. Its callers start another one. */
const longest = Duration.toMillis("2 minutes")

/** Whether the credentials need no fetch: they are not in their last 15 minutes, nor in the second half of a shorter life. */
export const isFresh = ({ left, life }: CredentialsCache.Kept): boolean =>
  left > 0 && left >= (life === undefined ? margin : Math.min(margin, life / 2))

/** A cache may be the program's own, and give anything. */
const areFor = (key: CredentialsCache.Key, given: unknown): boolean =>
  Predicate.hasProperty(given, "accountId") && given.accountId === key.accountId &&
  Predicate.hasProperty(given, "roleName") && given.roleName === key.roleName &&
  Predicate.hasProperty(given, "accessKeyId") && typeof given.accessKeyId === "string" &&
  Predicate.hasProperty(given, "secretAccessKey") && Redacted.isRedacted(given.secretAccessKey) &&
  Predicate.hasProperty(given, "sessionToken") && Redacted.isRedacted(given.sessionToken) &&
  Predicate.hasProperty(given, "expiration") && DateTime.isDateTime(given.expiration)

/** What is not for this role is not given. */
const checked = (
  key: CredentialsCache.Key,
  kept: CredentialsCache.Kept | undefined
): CredentialsCache.Kept | undefined =>
  Predicate.hasProperty(kept, "credentials") && areFor(key, kept.credentials) && typeof kept.left === "number" &&
    !Number.isNaN(kept.left)
    ? kept
    : undefined

const nameOf = ({ accountId, roleName, session }: CredentialsCache.Key): string =>
  JSON.stringify([session, accountId, roleName])

/** Says once a minute that something is wrong, while the program still works. */
const warn = (expiration: DateTime.Utc, error: unknown): Effect.Effect<void> =>
  Effect.logWarning(
    `Role credentials are not renewed: ${
      error instanceof Error ? Wire.oneLine(error.message) : "the portal does not respond."
    } Those that are kept are given until ${DateTime.formatIso(expiration)}.`
  )

export interface Keeping<E> {
  /** Credentials for the key. `forceRefresh` fetches them even if fresh ones are kept. */
  readonly get: (key: CredentialsCache.Key, forceRefresh: boolean) => Effect.Effect<RoleCredentials, E>
}

interface Flight<E> {
  readonly fiber: Fiber.Fiber<RoleCredentials, E>
  readonly isForced: boolean
  readonly since: number
}

/** `fetch` runs in the scope, so that a caller's interruption ends its own wait alone. */
export const make = <E>(
  cache: CredentialsCache.Service,
  scope: Scope.Scope,
  fetch: (key: CredentialsCache.Key) => Effect.Effect<RoleCredentials, E>
): Keeping<E> => {
  const flights = new Map<string, Flight<E>>()
  /** When the next fetch may be sent, after a failed one, on the monotonic clock. */
  const retryAt = new Map<string, number>()

  /** A cache that does not work holds nothing. */
  const orNothing = <A>(effect: Effect.Effect<A>): Effect.Effect<A | undefined> =>
    Effect.catchCause(effect, (cause) =>
      Cause.hasInterruptsOnly(cause)
        ? Effect.interrupt
        : Effect.as(Effect.logDebug("The cache of role credentials does not work"), undefined))

  const read = (key: CredentialsCache.Key): Effect.Effect<CredentialsCache.Kept | undefined> =>
    orNothing(
      Effect.suspend(() => UserFunction.effectOf("CredentialsCache.read", cache.read(key))).pipe(
        Effect.map((kept) => checked(key, kept)),
        Effect.timeoutOrElse({ duration: patience, orElse: () => Effect.die("it takes too long") })
      )
    )

  /** Fetches credentials, and keeps them. Those that were fetched are given, whatever the cache makes of them. */
  const fetchAndKeep = (key: CredentialsCache.Key): Effect.Effect<RoleCredentials, E> =>
    Effect.suspend(() => {
      let result: Exit.Exit<RoleCredentials, E> | undefined
      const once = Effect.onExit(fetch(key), (exit) => Effect.sync(() => void (result = exit)))
      return Effect.suspend(() => UserFunction.effectOf("CredentialsCache.keep", cache.keep(key, once))).pipe(
        Effect.exit,
        Effect.flatMap((exit) => {
          if (result !== undefined) return result
          // it ended without the fetch
          return Exit.isSuccess(exit) && areFor(key, exit.value) ? exit : fetch(key)
        })
      )
    })

  /** Another caller's fetch may have ended since the cache was read. */
  const fetched = (key: CredentialsCache.Key): Effect.Effect<RoleCredentials, E> =>
    Effect.flatMap(
      read(key),
      (kept) => kept !== undefined && isFresh(kept) ? Effect.succeed(kept.credentials) : fetchAndKeep(key)
    )

  /** The fetch that is in flight, or a new one. A forced one comes after a plain one, so that the later credentials are kept. */
  const flight = (
    key: CredentialsCache.Key,
    isForced: boolean
  ): Effect.Effect<Flight<E>> =>
    Effect.flatMap(Lifetime.monotonic, (now) => {
      const name = nameOf(key)
      const last = flights.get(name)
      const running = last !== undefined && last.fiber.pollUnsafe() === undefined && now - last.since < longest
        ? last
        : undefined
      if (running !== undefined && (running.isForced || !isForced)) return Effect.succeed(running)
      if (running === undefined) last?.fiber.interruptUnsafe()
      const first = running === undefined ? Effect.void : Fiber.await(running.fiber)
      return Effect.map(
        Effect.forkIn(isForced ? Effect.andThen(first, fetchAndKeep(key)) : fetched(key), scope),
        (fiber) => {
          const flight = { fiber, isForced, since: now }
          flights.set(name, flight)
          fiber.addObserver(() => {
            if (flights.get(name)?.fiber === fiber) flights.delete(name)
          })
          return flight
        }
      )
    }).pipe(Effect.uninterruptible)

  const joined = (key: CredentialsCache.Key, isForced: boolean): Effect.Effect<RoleCredentials, E> =>
    Effect.gen(function*() {
      const { fiber, since } = yield* flight(key, isForced)
      const rest = since + longest - (yield* Lifetime.monotonic)
      const exit = yield* Effect.timeoutOption(Fiber.await(fiber), Math.max(1, Math.ceil(rest)))
      if (Option.isNone(exit)) return yield* joined(key, isForced)
      return yield* exit.value
    })

  const postpone = (name: string): Effect.Effect<void> =>
    Effect.map(Lifetime.monotonic, (now) => void retryAt.set(name, now + pause))

  return {
    get: Effect.fnUntraced(function*(key, forceRefresh) {
      if (forceRefresh) return yield* joined(key, true)
      const name = nameOf(key)
      const kept = yield* read(key)
      if (kept === undefined || kept.left <= 0) {
        retryAt.delete(name)
        return yield* joined(key, false)
      }
      if (isFresh(kept)) return kept.credentials
      if ((yield* Lifetime.monotonic) < (retryAt.get(name) ?? 0)) return kept.credentials
      const wait = kept.left > urgent ? patience : Duration.infinity
      const result = yield* Effect.timeoutOption(Effect.result(joined(key, false)), wait)
      if (Option.isSome(result) && Result.isSuccess(result.value)) {
        retryAt.delete(name)
        return result.value.success
      }
      // Those that are left may have expired, or may be forgotten, while the fetch ran.
      const left = yield* read(key)
      if (left !== undefined && left.left > 0) {
        yield* postpone(name)
        yield* warn(left.credentials.expiration, Option.getOrUndefined(Option.flatMap(result, Result.getFailure)))
        return left.credentials
      }
      return Option.isSome(result) ? yield* Effect.fromResult(result.value) : yield* joined(key, false)
    })
  }
}
