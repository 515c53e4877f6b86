/**
 * A process that holds a refresh is killed, or stands still, and others ask for the token.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Kill from "@sso-oidc/test-kit/sessions/kill"
import * as Service from "@sso-oidc/test-kit/sessions/service"
import * as Workers from "@sso-oidc/test-kit/sessions/workers"
import * as Effect from "effect/Effect"

const seed = 15

const start = Effect.flatMap(Workers.bundle("files"), Workers.startNode)

/** What the survivors told, in one word if they told the same. */
const toldIn = ({ told }: Kill.Run): string => [...new Set(told.map(({ _tag }) => _tag))].join(", ")

const outcome = (run: Kill.Run) => ({
  left: run.left,
  told: toldIn(run),
  requests: run.requests,
  violations: run.violations
})

const killed = Effect.fnUntraced(function*(plan: Kill.Plan, rotation: Service.Rotation) {
  const service = yield* Service.make(rotation)
  return yield* Kill.run(plan, service, rotation, Kill.files, yield* start)
}, Effect.scoped)

/** What the process leaves at each point, how many requests are sent in all, and what the survivors tell under strict rotation. */
const expected: ReadonlyArray<readonly [Kill.Point, Kill.Left, requests: number, strict: string]> = [
  ["room made", "mark", 1, "Token"],
  ["request sent", "mark", 2, "SessionPossiblyLost"],
  ["response arrived", "mark", 2, "SessionPossiblyLost"],
  ["written", "response", 1, "Token"],
  ["synced", "response", 1, "Token"],
  ["renamed", "token", 1, "Token"]
]

describe("a process that is killed during its refresh", () => {
  it.live.each(expected)("at the point \"%s\": nothing is lost that was written (S10)", ([point, left, requests, strict]) =>
    Effect.gen(function*() {
      const plan: Kill.Plan = { moment: point, before: 0, after: 0 }
      const run = yield* killed(plan, "strict")
      assert.deepStrictEqual(outcome(run), { left, told: strict, requests, violations: [] })
      if (strict === "Token") return
      const lenient = yield* killed(plan, "lenient")
      assert.deepStrictEqual(outcome(lenient), { left, told: "Token", requests, violations: [] })
    }))

  it.live(`at ten random times of the seed ${seed}: the file is whole, and all others tell the same (S10)`, () =>
    Effect.gen(function*() {
      const rotations = ["strict", "lenient"] as const
      const runs = yield* Effect.forEach(Array.from({ length: 10 }, (_, n) => n), (n) =>
        killed(Kill.random(seed, n), rotations[n % 2] ?? "strict"), { concurrency: 3 })
      assert.deepStrictEqual(runs.flatMap(({ violations }) => violations), [])
    }))
})
