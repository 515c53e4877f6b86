import { assert, describe, it } from "@effect/vitest"
import * as Logins from "@sso-oidc/durable/Logins"
import * as Dice from "@sso-oidc/test-kit/dice"
import * as Service from "@sso-oidc/test-kit/scriptedService"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { options, row } from "./support/login.ts"
import { engines, seconds } from "./support/logins.ts"
import * as Processes from "./support/processes.ts"

const hurry = Effect.flatMap(Logins.Logins, (logins) => logins.hurry(options.id))
const take = Effect.flatMap(Logins.Logins, (logins) => logins.take(options.id))

/** What an engine knows of a process that drives logins. */
interface Runner {
  readonly process: Processes.Process
  /** For how many seconds it has been as it is. */
  since: number
  /** After so many seconds it thaws. */
  thawsAfter: number
  isFrozen: boolean
  /** After so many seconds from its thaw the engine has ended what it took away. A process that does nothing more stands for that. */
  endsAfter: number
  isOver: boolean
}

describe.each(Object.entries(engines))("processes with bad luck on %s", (_, engine) => {
  it.effect(
    "processes that freeze, thaw, stop and hurry never poll early, and bring the token in the end (W3, W5, W6, W7)",
    () =>
      Effect.forEach([1, 2, 3, 4], (seed) => {
        const { below, chance } = Dice.dice(7, seed)
        const service = Service.make({
          polls: [
            ...Array.from({ length: 12 + below(10) }, () => ({
              ...(chance(0.2) ? Service.cut("no") : Service.pending),
              delay: `${below(3000)} millis` as const
            })),
            Service.token()
          ]
        })
        return Effect.gen(function*() {
          const client = yield* Processes.make({ service, engine, isClient: true })
          // One engine for all gives a login to its owner alone.
          let at = 0
          const runners = yield* Effect.forEach([0, 1, 2, 3, 4, 5], (index) =>
            Effect.map(
              Processes.make({
                service,
                engine: Processes.failing(engine, () => index !== at),
                random: () => below(1000) / 1000
              }),
              (process): Runner => ({
                process,
                since: 0,
                thawsAfter: 0,
                isFrozen: false,
                endsAfter: 1 + below(12),
                isOver: false
              })
            ))
          const ownerOf = (index: number) => runners[index] ?? assert.fail("there is no such process")
          let owner = ownerOf(0)
          yield* owner.process.run(Processes.start)
          let last = 0
          for (let second = 0; second < 640; second++) {
            const isLucky = second > 250
            for (const runner of runners) {
              runner.since++
              if (runner.isFrozen && runner.since >= runner.thawsAfter && runner.thawsAfter > 0) {
                runner.isFrozen = false
                runner.since = 0
                yield* runner.process.thaw
              } else if (!runner.isFrozen && runner.isOver && runner.since >= runner.endsAfter) {
                runner.isFrozen = true
                runner.thawsAfter = 0
                yield* runner.process.freeze
              }
            }
            // the engine gives the login to another process
            const hasNext = at + 1 < runners.length
            if (owner.isFrozen && owner.since >= 15 && hasNext) {
              owner.isOver = true
              owner = ownerOf(++at)
              yield* owner.process.handOver()
            } else if (!owner.isFrozen && !isLucky && chance(0.06)) {
              owner.isFrozen = true
              owner.since = 0
              owner.thawsAfter = 1 + below(40)
              yield* owner.process.freeze
            } else if (!owner.isFrozen && !isLucky && hasNext && chance(0.02)) {
              yield* owner.process.stop
              yield* seconds(4)
              owner = ownerOf(++at)
              yield* owner.process.handOver()
            }
            if (!owner.isFrozen && chance(0.05)) yield* client.run(hurry)
            yield* seconds(1)
            const times = service.polls()
            for (const time of times.slice(last)) {
              const before = times[last - 1]
              if (before !== undefined) {
                assert.isAtLeast(time - before, 5, `seed ${seed}: ${times.join(" ")}`)
              }
              last++
            }
            if ((yield* row()).state !== "pending") break
          }
          const { state } = yield* row()
          // a process that froze with the token in flight, and did not thaw in time, has lost it
          if (state === "lost") return
          assert.strictEqual(state, "approved", `seed ${seed}: ${service.polls().join(" ")}`)
          assert.strictEqual(Redacted.value((yield* client.run(take)).accessToken), "access-token-1")
        }).pipe(Processes.sharing)
      }, { discard: true }),
    20_000
  )
})
