/**
 * Keeps the credentials that a function gives until shortly before they expire, and shares one call of it among concurrent requests.
 */
import * as Lifetime from "@sso-oidc/core/aws/Lifetime"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type * as Credentials from "../Credentials.ts"
import * as IamError from "../IamError.ts"
import * as Check from "./check.ts"
import * as Words from "./words.ts"

/** Credentials with less left are asked for anew, as the AWS SDK does. */
const margin = Duration.toMillis("5 minutes")

/** How long a request waits for a call of the function while the credentials that are kept are valid. */
const patience = Duration.seconds(5)

/** The time between a failed call of the function and the next one, while the credentials that are kept are valid. */
const pause = Duration.toMillis("1 minute")

const expired = (expiration: DateTime.Utc) =>
  new IamError.CredentialsError({ problem: "expired", detail: `They expired at ${DateTime.formatIso(expiration)}` })

/** Fails if the credentials have expired by the wall clock. */
export const unexpired = (
  identity: Credentials.Identity
): Effect.Effect<Credentials.Identity, IamError.CredentialsError> => {
  const { expiration } = identity
  return expiration === undefined
    ? Effect.succeed(identity)
    : Effect.flatMap(
      Clock.currentTimeMillis,
      (now) => DateTime.toEpochMillis(expiration) > now ? Effect.succeed(identity) : Effect.fail(expired(expiration))
    )
}

const closed = () => failed("The layer of the credentials has ended")

const failed = (detail: string) => new IamError.CredentialsError({ problem: "provider", detail })

const timeoutOf = (input: Duration.Input): Duration.Duration => {
  const duration = Duration.fromInput(input)
  if (Option.isNone(duration) || !(Duration.toMillis(duration.value) > 0)) {
    throw new RangeError("Credentials: timeout must be longer than zero")
  }
  return duration.value
}

interface Kept {
  readonly identity: Credentials.Identity
  readonly seen: Lifetime.Seen
}

export const make = Effect.fnUntraced(function*(
  provider: Credentials.Provider,
  options: Credentials.ProviderOptions
): Effect.fn.Return<Credentials.Service, never, Scope.Scope> {
  const timeout = timeoutOf(options.timeout ?? "30 seconds")
  const scope = yield* Effect.scope
  let kept: Kept | undefined
  /** When the function may be called again after it failed, on the monotonic clock. */
  let retryAt = 0
  /** The secrets that the function gave last. Its next error may repeat them. */
  let secrets: ReadonlyArray<string> = []
  let flight: Fiber.Fiber<Credentials.Identity, IamError.CredentialsError> | undefined

  const ask = Effect.tryPromise({
    try: async () => await provider(),
    catch: (error) => failed(Words.wordsOf(error, secrets))
  }).pipe(
    Effect.timeoutOrElse({
      duration: timeout,
      orElse: () => Effect.fail(failed(`It took longer than ${Duration.format(timeout)}`))
    }),
    Effect.flatMap((given) => Effect.fromResult(Check.identityOf(given))),
    Effect.tap((identity) => Effect.sync(() => void (secrets = Check.secretsOf(identity)))),
    Effect.flatMap(unexpired),
    Effect.tap((identity) => {
      if (identity.expiration === undefined) return Effect.sync(() => void (kept = undefined))
      return Effect.map(Lifetime.see(identity.expiration), (seen) => void (kept = { identity, seen }))
    }),
    Effect.tap(() => Effect.sync(() => void (retryAt = 0))),
    Effect.tapError(() => Effect.map(Lifetime.monotonic, (now) => void (retryAt = now + pause)))
  )

  /** The call that runs, or a new one. */
  const joined: Effect.Effect<Credentials.Identity, IamError.CredentialsError> = Effect.uninterruptibleMask((restore) =>
    Effect.gen(function*() {
      let fiber = flight
      if (fiber === undefined) {
        const started = fiber = flight = yield* Effect.forkIn(ask, scope)
        started.addObserver(() => {
          if (flight === started) flight = undefined
        })
      }
      const exit = yield* restore(Fiber.await(fiber))
      // only the end of the layer interrupts the call
      return yield* Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause) ? Effect.fail(closed()) : exit
    })
  )

  /** What is kept, if it is valid. */
  const valid: Effect.Effect<{ readonly identity: Credentials.Identity; readonly left: number } | undefined> = Effect
    .suspend(() => {
      const now = kept
      if (now === undefined) return Effect.undefined
      return Effect.map(
        Lifetime.leftOf(now.seen),
        (left) => left > 0 ? { identity: now.identity, left } : undefined
      )
    })

  return {
    forget: (identity) =>
      Effect.sync(() => {
        if (kept?.identity === identity) kept = undefined
      }),
    get: Effect.gen(function*() {
      const now = yield* valid
      if (now === undefined) return yield* joined
      if (now.left > margin || (yield* Lifetime.monotonic) < retryAt) return now.identity
      const exit = yield* Effect.timeoutOption(Effect.exit(joined), patience)
      if (Option.isSome(exit) && Exit.isSuccess(exit.value)) return exit.value.value
      // the credentials that are kept may have expired, or may be others, after the wait
      const then = yield* valid
      if (then !== undefined) {
        if (Option.isNone(exit)) retryAt = (yield* Lifetime.monotonic) + pause
        return then.identity
      }
      return yield* Option.isSome(exit) ? exit.value : joined
    })
  }
})
