/**
 * Keeps the credentials that a function gives until shortly before they expire, and shares one call of it among concurrent requests.
 */
import * as Lifetime from "@sso-oidc/core/aws/Lifetime"
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
    })
  )

  /** The call that runs, or a new one. */
  const joined: Effect.Effect<Credentials.Identity, IamError.CredentialsError> = Effect.suspend(() => {
    if (flight !== undefined) return Fiber.join(flight)
    return Effect.uninterruptibleMask((restore) =>
      Effect.flatMap(Effect.forkIn(ask, scope), (fiber) => {
        flight = fiber
        fiber.addObserver(() => {
          if (flight === fiber) flight = undefined
        })
        return restore(Fiber.join(fiber))
      })
    )
  })

  return {
    get: Effect.gen(function*() {
      const now = kept
      const left = now === undefined ? 0 : yield* Lifetime.leftOf(now.seen)
      if (now !== undefined && left > margin) return now.identity
      const exit = yield* Effect.exit(joined)
      if (Exit.isSuccess(exit) || now === undefined) return yield* exit
      // the credentials that are kept may have expired while the function ran
      return (yield* Lifetime.leftOf(now.seen)) > 0 ? now.identity : yield* exit
    })
  }
})
