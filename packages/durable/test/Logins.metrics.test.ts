import { assert, describe, it } from "@effect/vitest"
import * as LoginMetrics from "@sso-oidc/durable/LoginMetrics"
import * as Logins from "@sso-oidc/durable/Logins"
import * as Service from "@sso-oidc/test-kit/scriptedService"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import { options } from "./support/login.ts"
import { engines, seconds } from "./support/logins.ts"
import * as Processes from "./support/processes.ts"

/** Runs a test with metrics of its own. */
const alone = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.provideService(effect, Metric.MetricRegistry, new Map())

const counted = Effect.gen(function*() {
  const approvals = yield* Metric.value(LoginMetrics.approvalTime)
  return {
    pending: (yield* Metric.value(LoginMetrics.pending)).value,
    polls: (yield* Metric.value(LoginMetrics.polls)).count,
    backOffs: (yield* Metric.value(LoginMetrics.backOffs)).count,
    lost: (yield* Metric.value(LoginMetrics.lost)).count,
    approvals: approvals.count,
    seconds: approvals.sum
  }
})

const startOf = (id: string) => Effect.flatMap(Logins.Logins, (logins) => logins.start({ ...options, id }))

describe.each(Object.entries(engines))("metrics on %s", (_, engine) => {
  it.effect("count pending logins, polls, back-offs and the time to the token (W2, W4)", () => {
    const service = Service.make({
      polls: [Service.pending, Service.slowDown(), Service.cut("no"), Service.pending, Service.token()]
    })
    return Effect.gen(function*() {
      const one = yield* Processes.make({ service, engine })
      assert.strictEqual((yield* counted).pending, 0)
      yield* one.run(Processes.start)
      yield* seconds(7)
      assert.deepStrictEqual(yield* counted, { pending: 1, polls: 1, backOffs: 0, lost: 0, approvals: 0, seconds: 0 })
      yield* seconds(100)
      assert.deepStrictEqual(service.polls(), [5, 10, 20, 40, 50])
      assert.deepStrictEqual(yield* counted, { pending: 0, polls: 5, backOffs: 2, lost: 0, approvals: 1, seconds: 50 })
    }).pipe(alone, Processes.sharing)
  })

  it.effect("count a login whose token may be lost, after a take-over and after a defect (W6)", () => {
    const service = Service.make({ polls: [Service.invalidGrant] })
    return Effect.gen(function*() {
      const one = yield* Processes.make({ service, engine })
      yield* one.run(Processes.start)
      yield* seconds(1)
      yield* one.freeze
      const two = yield* Processes.make({ service, engine })
      yield* two.handOver()
      yield* seconds(12)
      assert.strictEqual((yield* counted).lost, 1)
      const three = yield* Processes.make({
        service,
        engine,
        oidc: (oidc) => ({ ...oidc, createToken: () => Effect.die("no") })
      })
      yield* three.run(startOf("defect"))
      yield* seconds(6)
      const { approvals, lost, pending } = yield* counted
      // the frozen process still counts its login
      assert.deepStrictEqual({ approvals, lost, pending }, { approvals: 0, lost: 2, pending: 1 })
    }).pipe(alone, Processes.sharing)
  })

  it.effect("a login that was cancelled, released or taken away is pending here no more (W7)", () => {
    const service = Service.make({ polls: [Service.pending] })
    return Effect.gen(function*() {
      const one = yield* Processes.make({ service, engine })
      for (const id of ["a", "b", "c"]) yield* one.run(startOf(id))
      yield* seconds(6)
      assert.strictEqual((yield* counted).pending, 3)
      yield* one.run(Effect.flatMap(Logins.Logins, (logins) => logins.cancel("a")))
      yield* seconds(1)
      assert.strictEqual((yield* counted).pending, 2)
      yield* one.stop
      yield* seconds(20)
      const { lost, pending } = yield* counted
      assert.deepStrictEqual({ lost, pending }, { lost: 0, pending: 0 })
    }).pipe(alone, Processes.sharing)
  })
})
