/**
 * Warnings about logins. Many logins may have the same fault at once, such as a database that is down. A log of one line for each of them helps
 * no person, so one is told now and then.
 */
import * as Effect from "effect/Effect"
import * as Holding from "./holding.ts"

// In milliseconds
const every = 10_000

export const make = (): (id: string, sentence: string) => Effect.Effect<void> => {
  let next = Number.NEGATIVE_INFINITY
  let untold = 0
  return (id, sentence) =>
    Effect.clockWith((clock) => {
      const { monotonic } = Holding.moment(clock)
      if (monotonic < next) {
        untold++
        return Effect.void
      }
      next = monotonic + every
      const more = untold === 0 ? {} : { "sso_oidc.warnings.untold": untold }
      untold = 0
      // A logger of the program that fails must not end a login.
      return Effect.ignoreCause(Effect.annotateLogs(Effect.logWarning(sentence), { "sso_oidc.login.id": id, ...more }))
    })
}
