/**
 * Passes each request on once, also when the page's browser sends it twice.
 *
 * A browser sends a request again by itself, a POST too, when a kept connection turned out dead before a response came.
 * The second one would find the code or the refresh token used, and the page would read `invalid_grant` where its token
 * was lost. The page's transport gives every request an id; a request that its browser sends again has the same.
 *
 * An id is recorded right before its request is passed on. A refused request records nothing, so it cannot push the id of
 * another out. While an id is held, no other id is forgotten early: at the bound, new requests are refused instead.
 */
import * as RelayVerdict from "@sso-oidc/core/aws/RelayVerdict"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as RateLimit from "../RateLimit.ts"
import * as Typed from "./typed.ts"

/**
 * - `"first"`: the id is recorded, and its request may be passed on;
 * - `"again"`: a request of this id was passed on before;
 * - `"unknown"`: the shared store cannot tell;
 * - `"full"`: there is no room for another id.
 */
export type Taken = "first" | "again" | "unknown" | "full"

export interface Once {
  /** Whether other processes can have passed the id on, which only the shared store knows. */
  readonly isShared: boolean
  /** Whether this process has passed the id on. It records nothing. */
  readonly isKnown: (id: string) => Effect.Effect<boolean>
  /** Records the id. */
  readonly take: (id: string) => Effect.Effect<Taken>
}

/** 300 ids a second for as long as each is held; some 15 MB. */
const most = 100_000

/** A page waits for its response for 30 seconds by default, and its browser sends again within that time alone. */
const least = Duration.minutes(5)

/** The id of a request: `undefined` for none, `false` for what no page's transport writes. */
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
  // until when each is held: each is held for the same time, so the map is in the order of its ends
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
        // the shared store decides; what this process holds only saves a question
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
          "Give true for an id that was not recorded before, else false. Redis' SET NX gives \"OK\" or null: give reply === \"OK\"."
        ),
        "unknown" as const
      )
      : Effect.succeed(held.value ? "first" : "again"))
