/**
 * A herd whose holder is killed, and that shares a Redis.
 */
import * as Effect from "effect/Effect"
import * as Redis from "../redis.ts"
import type * as Kill from "./kill.ts"
import { redis } from "./redis.ts"

/** The points of a refresh that a store without files has. */
export const points = ["request sent", "response arrived"] as const satisfies ReadonlyArray<Kill.Point>

/** The shared Redis of this process, with keys of its own for each run. */
export const ground: Effect.Effect<Kill.Ground> = Effect.map(Redis.shared, (place) => ({
  store: redis,
  place: Effect.map(Redis.prefix, (prefix) => ({ place, prefix })),
  // A lease lasts for 3 seconds.
  patience: 3000,
  hasFiles: false
}))
