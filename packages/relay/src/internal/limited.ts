/** The rate limit, with the operator's key and store. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as RateLimit from "../RateLimit.ts"
import * as Typed from "./typed.ts"

/** Takes a request from its bucket. `undefined` if a function of the operator failed. */
export type Take = (
  request: Request,
  remoteAddress: string | undefined
) => Effect.Effect<RateLimit.Taken | undefined>

const isTaken = (value: unknown): value is RateLimit.Taken =>
  typeof value === "object" && value !== null && "allowed" in value &&
  (value.allowed === true ||
    (value.allowed === false && "retryAfter" in value && Duration.isDuration(value.retryAfter)))

const pass: RateLimit.Taken = { allowed: true }

export const make = (options: RateLimit.Options, limit: RateLimit.Limit): Take => {
  if (limit.limit === Infinity) return () => Effect.succeed(pass)
  const store = options.store ?? RateLimit.makeMemoryStore()
  const key = options.key ?? (() => "")
  return (request, remoteAddress) =>
    Effect.suspend(() => {
      const held = Typed.call(() => key(request, remoteAddress), Typed.isString, "a string")
      if ("wrong" in held) {
        return refused("rateLimit.key", held.wrong, "Give the name of a bucket, as a string, at once.")
      }
      return Effect.flatMap(
        Typed.effect(
          () => store.take(held.value.slice(0, 256), limit),
          isTaken,
          "{ allowed: true } or { allowed: false, retryAfter }"
        ),
        (taken) =>
          "wrong" in taken
            ? refused(
              "rateLimit.store.take",
              taken.wrong,
              "Check the store; retryAfter is a Duration. Log a failure inside take to see its reason."
            )
            : Effect.succeed(taken.value)
      )
    })
}

// without a count there would be no limit, and the relay would be open
const refused = (name: string, wrong: string, hint: string): Effect.Effect<undefined> =>
  Effect.as(Typed.log(name, wrong, hint), undefined)
