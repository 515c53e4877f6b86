/**
 * Waits between the requests of a session, so that the portal never gets 20 of them in one second.
 */
import * as CacheFile from "@sso-oidc/core/aws/CacheFile"
import type * as Client from "@sso-oidc/core/aws/Client"
import * as Lifetime from "@sso-oidc/core/aws/Lifetime"
import * as UserFunction from "@sso-oidc/core/aws/UserFunction"
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as RateLimiter from "effect/persistence/RateLimiter"
import * as Random from "effect/Random"
import * as Semaphore from "effect/Semaphore"

/** 3 requests at once, and 15 a second. */
const bucket = { algorithm: "token-bucket", limit: 3, window: "200 millis" } as const

/**
 * The most requests that are in flight, or ended less than a second ago. The bucket counts when requests leave. They may arrive closer together,
 * after a slow start of a connection, or if the program stood still. A request arrives before it ends, so that no second has more
 * of them than this. With the 3 of a logout, which does not wait, it makes 19: the 20th gets 429.
 */
const most = 16

const second = 1000

/** After so long without a request, a gate is as good as a new one: no wait and no rest of it is longer. */
const idle = 60 * second

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

/** What the requests of one session wait for. */
interface Gate {
  /** One request at a time waits for the bucket: those behind it have taken nothing yet, so that a caller that gives up leaves no debt. */
  readonly turn: Semaphore.Semaphore
  readonly places: Semaphore.Semaphore
  readonly limiter: RateLimiter.RateLimiter
  inFlight: number
  /** When the last requests ended, the oldest first. */
  readonly ended: Array<number>
  /** What other processes leave of the limit: after a 429, requests go further apart, in milliseconds. */
  spacing: number
  /** The earliest time of the next request, after a 429. */
  openAt: number
  /** Until when a shared limit that does not work is left out. */
  localUntil: number
  /** How many callers use the gate, and when the last one left. */
  users: number
  leftAt: number
}

const makeGate = Effect.fnUntraced(function*(now: number): Effect.fn.Return<Gate> {
  const limiter = yield* Effect.provide(RateLimiter.make, RateLimiter.layerStoreMemory)
  return {
    turn: Semaphore.makeUnsafe(1),
    places: Semaphore.makeUnsafe(most),
    limiter,
    inFlight: 0,
    ended: [],
    spacing: 0,
    openAt: 0,
    localUntil: 0,
    users: 0,
    leftAt: now
  }
})

interface Gates {
  readonly byKey: Map<string, Gate>
  /** How many gates there may be before those without a use are removed. */
  sweepAt: number
}

// All layers of a process share the gates: three clients of one session have three layers, and the portal counts them together. A test with a
// clock of its own has gates of its own.
const processGates = new WeakMap<Clock.Clock, Gates>()

const isInUse = ({ leftAt, users }: Gate, now: number): boolean => users > 0 || now - leftAt <= idle

const gateOf = Effect.fnUntraced(function*(clock: Clock.Clock, key: string, now: number): Effect.fn.Return<Gate> {
  const gates = processGates.get(clock) ?? { byKey: new Map<string, Gate>(), sweepAt: 100 }
  processGates.set(clock, gates)
  const inUse = () => {
    const gate = gates.byKey.get(key)
    return gate !== undefined && isInUse(gate, now) ? gate : undefined
  }
  const found = inUse()
  if (found !== undefined) return found
  const made = yield* makeGate(now)
  if (gates.byKey.size >= gates.sweepAt) {
    for (const [key, gate] of gates.byKey) if (!isInUse(gate, now)) gates.byKey.delete(key)
    gates.sweepAt = Math.max(100, 2 * gates.byKey.size)
  }
  // another caller may have made it meanwhile
  const gate = inUse() ?? made
  gates.byKey.set(key, gate)
  return gate
})

/** Waits until fewer than the most requests are in flight, or ended in the last second. A place is free, so that some of them have ended. */
const untilFew = Effect.fnUntraced(function*(gate: Gate): Effect.fn.Return<void> {
  while (true) {
    const now = yield* Lifetime.monotonic
    const { ended } = gate
    while ((ended[0] ?? now) <= now - second) ended.shift()
    const [oldest] = ended
    if (oldest === undefined || gate.inFlight + ended.length < most) return
    yield* Effect.sleep(Math.max(1, Math.ceil(oldest + second - now)))
  }
})

// -----------------------------------------------------------------------------
// buckets
// -----------------------------------------------------------------------------

/** Takes from a bucket, or says when there may be something in it. A caller that gives up while it waits has taken nothing. */
const take = (
  limiter: RateLimiter.RateLimiter,
  key: string
): Effect.Effect<Duration.Duration | undefined, RateLimiter.RateLimiterError> =>
  Effect.suspend(() => UserFunction.effectOf("RateLimiter.consume", limiter.consume({ ...bucket, key }))).pipe(
    Effect.as(undefined),
    Effect.catch((error) =>
      error.reason?._tag === "RateLimitExceeded" ? Effect.succeed(error.reason.retryAfter) : Effect.fail(error)
    )
  )

const shortest = Duration.millis(1)

const local = (gate: Gate, key: string, clock: Clock.Clock): Effect.Effect<void> =>
  // the memory does not fail
  Effect.orDie(take(gate.limiter, key)).pipe(
    Effect.provideService(Clock.Clock, monotonicOf(clock)),
    Effect.flatMap((wait) =>
      wait === undefined
        ? Effect.void
        : Effect.andThen(Effect.sleep(Duration.max(wait, shortest)), local(gate, key, clock))
    )
  )

/** A shared limit that does not work is tried again after this time. */
const rest = Duration.toMillis("30 seconds")

/** How long a shared store may take, and how long it may make one request wait. Past this, it does not work. */
const patience = Duration.seconds(2)
const longest = Duration.toMillis("5 seconds")

/** Waits by a limiter that processes share. The result is `false` if it does not work, whatever it does. */
const shared = (limiter: RateLimiter.RateLimiter, key: string): Effect.Effect<boolean> =>
  Effect.gen(function*() {
    const until = (yield* Lifetime.monotonic) + longest
    while (true) {
      const wait = yield* take(limiter, key).pipe(Effect.timeout(patience))
      if (wait === undefined) return true
      if ((yield* Lifetime.monotonic) + Duration.toMillis(wait) > until) return false
      yield* Effect.sleep(Duration.max(wait, shortest))
    }
  }).pipe(
    Effect.catchCause((cause) => Cause.hasInterruptsOnly(cause) ? Effect.interrupt : Effect.succeed(false))
  )

/** Waits by the shared limiter if it works, else by that of this process. */
const byBucket = Effect.fnUntraced(function*(
  gate: Gate,
  key: string,
  clock: Clock.Clock,
  limiter: RateLimiter.RateLimiter | undefined
): Effect.fn.Return<void> {
  if (limiter !== undefined && (yield* Lifetime.monotonic) >= gate.localUntil) {
    if (yield* shared(limiter, key)) return
    gate.localUntil = (yield* Lifetime.monotonic) + rest
    yield* Effect.logDebug("The shared limit does not work, so that the limit of this process takes its place")
  }
  yield* local(gate, key, clock)
})

// -----------------------------------------------------------------------------
// 429
// -----------------------------------------------------------------------------

/** The bucket alone sends a request each 67 milliseconds. */
const narrow = 134
const wide = 2000

/**
 * Another process uses the same session. All requests of this one wait for a second or two, until the portal has forgotten the last second, and
 * then go half as fast. With each success they go a little faster again. Without this, two processes together would get 429 for ever, because a
 * refused request counts too.
 */
const slowDown = (gate: Gate, retryAfter: number | undefined): Effect.Effect<void> =>
  Effect.gen(function*() {
    const now = yield* Lifetime.monotonic
    // The other requests in flight get 429 for the same reason.
    if (now < gate.openAt) return
    gate.spacing = Math.min(wide, Math.max(narrow, 2 * gate.spacing))
    gate.openAt = now + Math.max(second * (1 + (yield* Random.next)), Math.min(20, retryAfter ?? 0) * second)
  })

const speedUp = (gate: Gate): void => {
  gate.spacing = gate.spacing * 0.97 < narrow / 2 ? 0 : gate.spacing * 0.97
}

const untilOpen = Effect.fnUntraced(function*(gate: Gate): Effect.fn.Return<void> {
  while (true) {
    const wait = gate.openAt - (yield* Lifetime.monotonic)
    if (wait <= 0) break
    yield* Effect.sleep(Math.ceil(wait))
  }
  if (gate.spacing > 0) yield* Effect.sleep(Math.ceil(gate.spacing * (0.75 + 0.5 * (yield* Random.next))))
})

// -----------------------------------------------------------------------------
// client
// -----------------------------------------------------------------------------

const isTooMany = (error: unknown): boolean => Wire.memberOf(error, "status") === 429

const retryAfterOf = (error: unknown): number | undefined => {
  const seconds = Wire.memberOf(error, "retryAfter")
  return typeof seconds === "number" ? seconds : undefined
}

/** Runs a request of the session with this key when it may be sent. */
const limited = <A, E, R>(
  key: string,
  limiter: RateLimiter.RateLimiter | undefined,
  request: Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  Effect.gen(function*() {
    const clock = yield* Clock.Clock
    const gate = yield* gateOf(clock, key, yield* Lifetime.monotonic)
    const turn = gate.turn.withPermit(
      Effect.andThen(Effect.andThen(untilOpen(gate), untilFew(gate)), byBucket(gate, key, clock, limiter))
    )
    const ended = Effect.map(Lifetime.monotonic, (now) => {
      gate.inFlight--
      gate.ended.push(now)
    })
    const left = Effect.map(Lifetime.monotonic, (now) => {
      gate.users--
      gate.leftAt = now
    })
    gate.users++
    return yield* gate.places.withPermit(
      Effect.uninterruptibleMask((restore) =>
        Effect.flatMap(restore(turn), () => {
          gate.inFlight++
          return Effect.ensuring(restore(request), ended).pipe(
            Effect.tapError((error) => isTooMany(error) ? slowDown(gate, retryAfterOf(error)) : Effect.void),
            Effect.tap(() => Effect.sync(() => speedUp(gate)))
          )
        })
      )
    ).pipe(Effect.ensuring(left))
  })

/** A client whose every attempt waits first: by the limiter, if there is one, else in this process alone. */
export const client = <
  Self extends { readonly execute: Client.Execute; readonly withExecute: (execute: Client.Execute) => Self }
>(
  self: Self,
  key: string,
  limiter?: RateLimiter.RateLimiter
): Self => self.withExecute((operation, request) => limited(key, limiter, self.execute(operation, request)))
