/**
 * Waits between the requests of a session, so that the portal never gets 20 of them in one second.
 */
import * as CacheFile from "@sso-oidc/core/aws/CacheFile"
import type * as Client from "@sso-oidc/core/aws/Client"
import * as UserFunction from "@sso-oidc/core/aws/UserFunction"
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as RateLimiter from "effect/persistence/RateLimiter"

/**
 * 3 requests at once, and 15 a second: at most 18 in any second, where the 20th gets 429. A logout, which does not wait, makes it 19.
 */
const bucket = { algorithm: "token-bucket", limit: 3, window: "200 millis" } as const

/** The key of a session's bucket. A store that is shared may be read by others, so that it has no URL and no name in it. */
export const keyOf = (endpoint: string, session: string): Effect.Effect<string> =>
  Effect.map(CacheFile.hash(JSON.stringify([endpoint, session])), (hash) => `sso-oidc-portal:${hash}`)

// -----------------------------------------------------------------------------
// in this process
// -----------------------------------------------------------------------------

/** The limiter reads the wall clock. If that clock is set back by an hour, its next request would wait for an hour. */
const monotonicOf = (clock: Clock.Clock): Clock.Clock => {
  const currentTimeMillisUnsafe = () => Number(clock.monotonicTimeNanosUnsafe() / 1_000_000n)
  return {
    currentTimeMillisUnsafe,
    currentTimeMillis: Effect.sync(currentTimeMillisUnsafe),
    monotonicTimeNanosUnsafe: () => clock.monotonicTimeNanosUnsafe(),
    monotonicTimeNanos: clock.monotonicTimeNanos,
    currentTimeNanosUnsafe: () => clock.monotonicTimeNanosUnsafe(),
    currentTimeNanos: clock.monotonicTimeNanos,
    sleep: (duration) => clock.sleep(duration)
  }
}

const build: Effect.Effect<RateLimiter.RateLimiter> = /* @__PURE__ */ Effect.provide(
  RateLimiter.make,
  RateLimiter.layerStoreMemory
)

// All layers of a process share it: three clients of one session have three layers, and the portal counts them together. A test with a
// clock of its own has one of its own.
const limiters = new WeakMap<Clock.Clock, RateLimiter.RateLimiter>()

const ofProcess: Effect.Effect<{ readonly limiter: RateLimiter.RateLimiter; readonly clock: Clock.Clock }> = Effect.gen(
  function*() {
    const clock = yield* Clock.Clock
    const limiter = limiters.get(clock) ?? (yield* build)
    limiters.set(clock, limiter)
    return { limiter, clock: monotonicOf(clock) }
  }
)

/** Waits for a place in the bucket of this process. */
export const local = (key: string): Effect.Effect<void> =>
  Effect.flatMap(ofProcess, ({ clock, limiter }) =>
    RateLimiter.sleep(limiter, { ...bucket, key }).pipe(
      Effect.provideService(Clock.Clock, clock),
      // the memory does not fail
      Effect.orDie,
      Effect.asVoid
    ))

/** How long a shared store may take. Past this, it does not work. */
const patience = Duration.seconds(2)

/** Waits for a place in a bucket that is shared. If its store does not work, the bucket of this process takes its place. */
export const shared = (limiter: RateLimiter.RateLimiter) => (key: string): Effect.Effect<void> =>
  Effect.suspend(() =>
    UserFunction.effectOf("RateLimiter.consume", limiter.consume({ ...bucket, key, onExceeded: "delay" }))
  ).pipe(
    Effect.timeout(patience),
    Effect.matchEffect({
      onSuccess: ({ delay }) => Effect.sleep(delay),
      onFailure: (error) =>
        Effect.andThen(Effect.logDebug(`The shared limit does not work. ${Wire.oneLine(error.message)}`), local(key))
    })
  )

// -----------------------------------------------------------------------------
// client
// -----------------------------------------------------------------------------

/** A client whose every attempt waits first. */
export const paced = <
  Self extends { readonly execute: Client.Execute; readonly withExecute: (execute: Client.Execute) => Self }
>(
  client: Self,
  wait: Effect.Effect<void>
): Self => client.withExecute((operation, request) => Effect.andThen(wait, client.execute(operation, request)))
