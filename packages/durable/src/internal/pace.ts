/**
 * The limit for requests. It makes a request later, and drops none.
 */
import * as Wire from "@sso-oidc/core/aws/Wire"
import type * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { ClientOptions, SharedPace } from "../Logins.ts"
import * as Holding from "./holding.ts"
import * as Within from "./within.ts"

/** What a request is for. */
export type Kind = "start" | "poll"

export interface Pace {
  /** Asks for a turn, and gives what leaves the queue again. `granted` is called when the turn comes: at once without a limit. */
  readonly enter: (kind: Kind, granted: () => void) => () => void
  /** How many requests may be sent in a second. Infinite without a limit. */
  readonly perSecond: number
}

const unlimited: Pace = {
  enter: (_, granted) => {
    granted()
    return () => {}
  },
  perSecond: Number.POSITIVE_INFINITY
}

const option = "pace"

const checked = (perSecond: unknown): number => {
  if (typeof perSecond === "number" && perSecond > 0) return perSecond
  throw new RangeError(`Logins: ${option} must be a number above 0, such as 50 for 50 requests per second`)
}

// A program in JavaScript may give anything.
const isLimiter = (limiter: unknown): boolean => typeof Wire.memberOf(limiter, "consume") === "function"

/** Takes the next turn, and gives how many milliseconds it is away. */
type Ticket = Effect.Effect<number>

/** Turns of this process, with the same time between each two. */
const own = (perSecond: number): Ticket => {
  let next = Number.NEGATIVE_INFINITY
  return Effect.clockWith((clock) =>
    Effect.sync(() => {
      const now = Number(clock.monotonicTimeNanosUnsafe()) / 1e6
      const mine = Math.max(now, next)
      next = mine + 1000 / perSecond
      return mine - now
    })
  )
}

// A limiter that gives an endless delay stops nothing for ever. In milliseconds.
const longest = 60_000

/**
 * Gives the turns to those who wait. A start and a poll take turns, so that neither waits for all of the other kind: a code that no poll
 * follows is of no use. What leaves the queue takes no turn.
 */
const queue = (ticket: Ticket, run: (loop: Effect.Effect<void>) => void): Pace["enter"] => {
  const waiting = { start: new Set<() => void>(), poll: new Set<() => void>() }
  let last: Kind = "poll"
  let isRunning = false

  const grant = (): void => {
    const other = last === "start" ? "poll" : "start"
    const kind = waiting[other].size > 0 ? other : last
    for (const granted of waiting[kind]) {
      waiting[kind].delete(granted)
      last = kind
      return granted()
    }
  }

  const loop = Effect.gen(function*() {
    while (waiting.start.size + waiting.poll.size > 0) {
      const millis = yield* ticket
      if (millis > 0) yield* Effect.sleep(Duration.millis(Math.ceil(Math.min(millis, longest))))
      grant()
    }
    isRunning = false
  })

  return (kind, granted) => {
    waiting[kind].add(granted)
    if (!isRunning) {
      isRunning = true
      run(loop)
    }
    return () => waiting[kind].delete(granted)
  }
}

// A limiter that does not respond makes no request late for ever.
const patience = 10_000

// How long a limiter that failed is not asked. In milliseconds.
const pause = 60_000

/** The turns of a limit that several processes share. */
const shared = ({ key = "sso-oidc/logins", limiter, perSecond }: SharedPace): Ticket => {
  const fallback = own(perSecond)
  const limit = Math.max(1, Math.floor(perSecond))
  const consume = Effect.suspend(() =>
    limiter.consume({
      algorithm: "token-bucket",
      onExceeded: "delay",
      limit,
      window: Duration.millis(limit / perSecond * 1000),
      key
    })
  )
  let until = Number.NEGATIVE_INFINITY
  return Effect.clockWith((clock) => {
    const { monotonic } = Holding.moment(clock)
    if (monotonic < until) return fallback
    return Within.within(consume, patience, Effect.fail(undefined)).pipe(
      Effect.map(({ delay }) => Duration.toMillis(delay)),
      // Not without any limit, and not asked again at once: the limiter's store may be down for long.
      Effect.catchCause(() => {
        until = monotonic + pause
        return fallback
      })
    )
  })
}

/** Dies with a `RangeError` for a limit that is none. */
export const make = (pace: ClientOptions["pace"]): Effect.Effect<Pace> =>
  Effect.contextWith((context: Context.Context<never>) =>
    Effect.sync(() => {
      if (pace === undefined) return unlimited
      const isOwn = typeof pace === "number"
      const perSecond = checked(isOwn ? pace : pace.perSecond)
      if (!isOwn && !isLimiter(pace.limiter)) {
        throw new RangeError(`Logins: ${option} must be a number, or have a limiter, which is a RateLimiter of Effect`)
      }
      if (!Number.isFinite(perSecond)) return unlimited
      const ticket = isOwn ? own(perSecond) : shared(pace)
      return { perSecond, enter: queue(ticket, (loop) => void Effect.runForkWith(context)(loop)) }
    })
  )
