/**
 * Passes each request on once, even if the page's browser sends it twice.
 *
 * A browser may send a request again by itself, a POST too, if a kept connection turned out dead before a response came. The
 * second one would find the code or the refresh token used. The page would then read `invalid_grant` although its token was
 * lost. So the page's transport gives each request an id, and a repeated request has the same id.
 *
 * An id is recorded right before its request is passed on. A rejected request records nothing, so it cannot push out another
 * id. No id is forgotten early: when the room is full, new requests are rejected instead.
 */
import * as RelayVerdict from "@sso-oidc/core/aws/RelayVerdict"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as RateLimit from "../RateLimit.ts"
import * as Typed from "./typed.ts"

/**
 * The outcome of recording an id.
 *
 * - `"first"`: the id is recorded, and its request may be passed on.
 * - `"again"`: a request of this id was passed on before.
 * - `"unknown"`: the shared store failed.
 * - `"full"`: there is no room for another id.
 */
export type Taken = "first" | "again" | "unknown" | "full"

export interface Once {
  /** Whether other processes may have passed the id on. Only the shared store knows that. */
  readonly isShared: boolean
  /** Whether this process has passed the id on. It records nothing. */
  readonly isKnown: (id: string) => Effect.Effect<boolean>
  /** Records the id. */
  readonly take: (id: string) => Effect.Effect<Taken>
}

/** The most ids at a time: 333 a second for 5 minutes, in some 15 MB. */
const most = 100_000

/** A page waits 30 seconds for a response by default, and its browser repeats a request only within that time. */
const least = Duration.minutes(5)

/** The id of a request. `undefined` if there is none, and `false` for a value that no page's transport writes. */
export const idOf = (request: Request): string | false | undefined => {
  const id = request.headers.get(RelayVerdict.idHeader)
  if (id === null) return undefined
  return /^[0-9a-f]{32}$/.test(id) ? id : false
}

export const make = (
  isFirst: RateLimit.Store["isFirst"],
  requestTimeout: Duration.Duration,
  room = most
): Once => {
  const within = Duration.max(Duration.times(requestTimeout, 2), least)
  const millis = Duration.toMillis(within)
  // The time at which each id expires. All are held equally long, so the map is in the order of expiry.
  const ends = new Map<string, number>()
  const now = Effect.map(Clock.monotonicTimeNanos, (nanos) => {
    const now = Number(nanos) / 1_000_000
    for (const [id, end] of ends) {
      if (end > now) break
      ends.delete(id)
    }
    return now
  })
  const record = (id: string) =>
    Effect.map(now, (now): Taken => {
      if (ends.has(id)) return "again"
      if (ends.size >= room) return "full"
      ends.set(id, now + millis)
      return "first"
    })
  return {
    isShared: isFirst !== undefined,
    isKnown: (id) => Effect.map(now, () => ends.has(id)),
    take: (id) =>
      isFirst === undefined ? record(id) : Effect.flatMap(isFirstOf(() => isFirst(id, within)), (taken) =>
        // the shared store decides; the record in this process only saves a call to it
        taken === "first" ? Effect.as(record(id), taken) : Effect.succeed(taken))
  }
}

const isFirstOf = (isFirst: () => unknown): Effect.Effect<Taken> =>
  Effect.flatMap(Typed.effect(isFirst, Typed.isBoolean, "true or false"), (held) =>
    "wrong" in held
      ? Effect.as(
        Typed.log(
          "rateLimit.store.isFirst",
          held.wrong,
          "Give true for an id that was not recorded before, else false. Redis' SET NX gives \"OK\" or null: give result === \"OK\"."
        ),
        "unknown" as const
      )
      : Effect.succeed(held.value ? "first" : "again"))
