import { assert, describe, it } from "@effect/vitest"
import * as Logins from "@sso-oidc/durable/Logins"
import * as Dice from "@sso-oidc/test-kit/dice"
import * as Service from "@sso-oidc/test-kit/scriptedService"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import { options, row } from "./support/login.ts"
import { engines, seconds } from "./support/logins.ts"
import * as Processes from "./support/processes.ts"

const startOf = (id: string) => Effect.flatMap(Logins.Logins, (logins) => logins.start({ ...options, id }))

describe.each(Object.entries(engines))("holders of a row on %s", (_, engine) => {
  it.effect("after a holder was killed, the next poll comes one to two intervals after the take-over (W3)", () =>
    Effect.forEach([1, 2, 3, 4, 5], (seed) => {
      const { below, chance } = Dice.dice(21, seed)
      const part = chance(0.2) ? 0 : chance(0.2) ? 0.999_999 : below(1000) / 1000
      const isSlower = chance(0.5)
      const interval = isSlower ? 10 : 5
      const first = Service.make({ polls: [isSlower ? Service.slowDown() : Service.pending, Service.pending] })
      const second = Service.make({ polls: [Service.pending] })
      return Effect.gen(function*() {
        const one = yield* Processes.make({ service: first, engine })
        const two = yield* Processes.make({ service: second, engine, random: () => part })
        yield* one.run(Processes.start)
        yield* seconds(6 + below(30))
        yield* one.freeze
        yield* seconds(below(20))
        yield* two.handOver()
        yield* seconds(1)
        const { writtenAt } = yield* row()
        yield* seconds(60)
        const [poll = 0, next = 0] = second.polls()
        const wait = poll - writtenAt / 1000
        assert.isAtLeast(wait, interval)
        assert.isBelow(wait, 2 * interval)
        assert.approximately(wait, interval * (1 + part), 0.002)
        assert.approximately(next - poll, interval, 0.001)
        assert.strictEqual(Math.max(first.count.mostInFlight, second.count.mostInFlight), 1)
      }).pipe(Processes.sharing)
    }))

  /** A process that has the login of another one, which was killed. */
  const takenOver = (service: ReturnType<typeof Service.make>) =>
    Effect.gen(function*() {
      const one = yield* Processes.make({ service, engine })
      const two = yield* Processes.make({ service, engine })
      yield* one.run(Processes.start)
      yield* seconds(1)
      yield* one.freeze
      yield* two.handOver()
      return two
    })

  it.effect("a process with many logins spreads take-overs as far as its limit asks for (W3, W11)", () => {
    const service = Service.make({ polls: [Service.pending] })
    return Effect.gen(function*() {
      const one = yield* Processes.make({ service, engine })
      const two = yield* Processes.make({ service, engine, options: { pace: 1 }, random: () => 0.5 })
      yield* one.run(Processes.start)
      yield* seconds(1)
      yield* Effect.forkChild(
        Effect.forEach(Array.from({ length: 20 }, (_, at) => `other-${at}`), (id) => two.run(startOf(id)), {
          concurrency: "unbounded"
        })
      )
      yield* seconds(60)
      yield* one.freeze
      yield* two.handOver()
      yield* seconds(1)
      const { writtenAt } = yield* row()
      const login = yield* two.run(Processes.get)
      if (login.state !== "pending") return assert.fail(login.state)
      // one interval, and a half of the 20 seconds that 20 polls need
      assert.strictEqual(DateTime.toEpochMillis(login.nextPollAt) - writtenAt, 15_000)
    }).pipe(Processes.sharing)
  })

  it.effect("a take-over is no failure of the service, and keeps the failures before it (W3)", () =>
    Effect.forEach([0, 1, 2], (failures) => {
      const first = Service.make({ polls: failures === 0 ? [Service.pending] : [Service.cut("no")] })
      const second = Service.make({ polls: [Service.cut("no")] })
      return Effect.gen(function*() {
        const one = yield* Processes.make({ service: first, engine })
        const two = yield* Processes.make({ service: second, engine, random: () => 0 })
        yield* one.run(Processes.start)
        yield* seconds(failures === 2 ? 16 : 6)
        yield* one.freeze
        yield* two.handOver()
        yield* seconds(200)
        const [poll = 0, next = 0] = second.polls()
        assert.strictEqual(first.polls().length, Math.max(1, failures))
        assert.strictEqual(next - poll, Math.min(60, 5 * 2 ** (failures + 1)))
      }).pipe(Processes.sharing)
    }))

  it.effect("a slow_down counts for each later holder (W3)", () => {
    const [first, second, third] = [
      Service.make({ polls: [Service.slowDown(), Service.pending] }),
      Service.make({ polls: [Service.slowDown(), Service.pending] }),
      Service.make({ polls: [Service.pending] })
    ]
    return Effect.gen(function*() {
      const random = () => 0
      const one = yield* Processes.make({ service: first, engine, random })
      const two = yield* Processes.make({ service: second, engine, random })
      const three = yield* Processes.make({ service: third, engine, random })
      yield* one.run(Processes.start)
      yield* seconds(7)
      yield* one.freeze
      yield* two.handOver()
      yield* seconds(11)
      assert.deepStrictEqual(second.polls(), [17])
      yield* two.stop
      yield* seconds(1)
      yield* three.handOver()
      yield* seconds(39)
      assert.deepStrictEqual(third.polls(), [32, 47])
    }).pipe(Processes.sharing)
  })

  it.effect("after a take-over, invalid_grant is TokenPossiblyLost, and the row says lost (W3, W6)", () => {
    const service = Service.make({ polls: [Service.invalidGrant] })
    return Effect.gen(function*() {
      const two = yield* takenOver(service)
      yield* seconds(12)
      assert.strictEqual((yield* two.run(Processes.failure))._tag, "TokenPossiblyLost")
      assert.strictEqual(yield* Processes.state, "lost")
    }).pipe(Processes.sharing)
  })

  it.effect("after a take-over and a response that the login is pending, invalid_grant is an ordinary error (W3)", () => {
    const service = Service.make({ polls: [Service.pending, Service.invalidGrant] })
    return Effect.gen(function*() {
      const two = yield* takenOver(service)
      yield* seconds(20)
      assert.strictEqual((yield* two.run(Processes.failure))._tag, "InvalidGrantException")
      assert.strictEqual(yield* Processes.state, "failed")
    }).pipe(Processes.sharing)
  })

  it.effect("a code that expires after a take-over says that a response was lost (W3, W6)", () => {
    const service = Service.make({ start: [Service.code({ expiresIn: 63 })], polls: [Service.pending] })
    return Effect.gen(function*() {
      const one = yield* Processes.make({ service, engine })
      // its first poll would come after the deadline
      const two = yield* Processes.make({ service, engine, random: () => 0.9 })
      yield* one.run(Processes.start)
      yield* seconds(57)
      yield* one.freeze
      yield* two.handOver()
      yield* seconds(20)
      const error = yield* two.run(Processes.failure)
      assert.isTrue(error._tag === "DeviceCodeExpired" && error.responseLost)
      assert.strictEqual(yield* Processes.state, "lost")
      assert.isBelow(Math.max(...service.polls()), 57)
    }).pipe(Processes.sharing)
  })

  it.effect("a process that takes over a released row polls at the stored time, with no wait of its own (W3, W7)", () => {
    const service = Service.make({ polls: [Service.pending] })
    return Effect.gen(function*() {
      const one = yield* Processes.make({ service, engine })
      const two = yield* Processes.make({ service, engine })
      yield* one.run(Processes.start)
      yield* seconds(12)
      yield* one.stop
      yield* seconds(1)
      assert.isUndefined((yield* row()).holder)
      yield* two.handOver()
      yield* seconds(9)
      assert.deepStrictEqual(service.polls(), [5, 10, 15, 20])
    }).pipe(Processes.sharing)
  })

  it.effect("a process whose write finds another holder sends nothing more, until the row is free (W3)", () => {
    const first = Service.make({ polls: [Service.pending, Service.slowDown(), Service.pending] })
    const second = Service.make({ polls: [Service.pending] })
    return Effect.gen(function*() {
      const one = yield* Processes.make({ service: first, engine })
      const two = yield* Processes.make({ service: second, engine, random: () => 0 })
      yield* one.run(Processes.start)
      yield* seconds(7)
      yield* two.handOver()
      yield* seconds(53)
      // it learns it when it stores the slow_down, and the row stays that of the other process
      assert.deepStrictEqual(first.polls(), [5, 10])
      assert.deepStrictEqual(second.polls().slice(0, 3), [12, 17, 22])
      yield* two.stop
      yield* seconds(30)
      assert.isAbove(first.polls().length, 2)
    }).pipe(Processes.sharing)
  })

  it.effect("of two processes that take a row at once, one compare-and-set wins, and the row has one holder (W3)", () => {
    const service = Service.make({ polls: [Service.pending] })
    return Effect.gen(function*() {
      const slowly = Processes.journal()
      const one = yield* Processes.make({ service, engine })
      const two = yield* Processes.make({
        service,
        engine,
        store: (store) => {
          const told = slowly.store(store)
          return { ...told, set: (...all) => Effect.andThen(Effect.sleep("2 seconds"), told.set(...all)) }
        }
      })
      const three = yield* Processes.make({ service, engine })
      yield* one.run(Processes.start)
      yield* seconds(1)
      yield* one.freeze
      yield* two.handOver()
      yield* seconds(1)
      yield* three.handOver()
      yield* seconds(1)
      const { holder } = yield* row()
      assert.deepStrictEqual(slowly.since(), ["set: lost"])
      assert.isDefined(holder)
    }).pipe(Processes.sharing)
  })
})
