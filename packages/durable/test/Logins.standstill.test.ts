import { assert, describe, it } from "@effect/vitest"
import * as Logins from "@sso-oidc/durable/Logins"
import * as Clocks from "@sso-oidc/test-kit/clocks"
import * as Service from "@sso-oidc/test-kit/scriptedService"
import type * as Clock from "effect/Clock"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { row, slow } from "./support/login.ts"
import { engines, seconds } from "./support/logins.ts"
import * as Processes from "./support/processes.ts"

const clockOf = (provide: (effect: Effect.Effect<Clock.Clock>) => Effect.Effect<Clock.Clock>) =>
  provide(Effect.clockWith(Effect.succeed))

const hurry = Effect.flatMap(Logins.Logins, (logins) => logins.hurry("login-1"))

/** A process that has its row, on a clock. */
const made = (
  service: ReturnType<typeof Service.make>,
  engine: Processes.Engine,
  more: Partial<Processes.Settings> = {}
) =>
  Effect.gen(function*() {
    const { oidc, since, store } = Processes.journal()
    const process = yield* Processes.make({ service, engine, oidc, store, ...more })
    yield* process.run(Processes.start)
    yield* seconds(7)
    assert.deepStrictEqual(since(), ["insert", "set", "poll"])
    return { ...process, since }
  })

describe.each(Object.entries(engines))("processes that stood still on %s", (_, engine) => {
  it.effect.each([[6, true], [4, false], [-7, true], [-4, false]] as const)(
    "after the wall clock jumps by %s seconds, the row is confirmed before the poll if that is over 5 (W5)",
    ([jump, isConfirmed]) => {
      const service = Service.make({ polls: [Service.pending] })
      return Effect.gen(function*() {
        const clock = yield* Clocks.jumping
        const one = yield* made(service, engine, { clock: yield* clockOf(clock.provide) })
        yield* clock.jump(jump)
        yield* seconds(13)
        const since = one.since()
        if (isConfirmed) assert.strictEqual(since[since.indexOf("poll") - 1], "set")
        else assert.deepStrictEqual(since, Array<string>(since.length).fill("poll"))
        assert.include(since, "poll")
      }).pipe(Processes.sharing)
    }
  )

  it.effect.each([[6, true], [4, false]] as const)(
    "after the monotonic clock shows %s seconds more, the row is confirmed before the poll if that is over 5 (W5)",
    ([move, isConfirmed]) => {
      const service = Service.make({ polls: [Service.pending] })
      return Effect.gen(function*() {
        const clock = yield* Clocks.unsteady
        const one = yield* made(service, engine, { clock: yield* clockOf(clock.provide) })
        yield* clock.move(move)
        yield* seconds(13)
        const since = one.since()
        assert.strictEqual(since[0], isConfirmed ? "set" : "poll")
        assert.include(since, "poll")
      }).pipe(Processes.sharing)
    }
  )

  it.effect("a process confirms each poll for a minute after a standstill, and none after it (W5)", () => {
    const service = Service.make({ polls: [Service.pending] })
    return Effect.gen(function*() {
      const one = yield* made(service, engine)
      yield* one.freeze
      yield* seconds(13)
      yield* one.thaw
      yield* seconds(50)
      const during = one.since()
      assert.strictEqual(during.length % 2, 0)
      during.forEach((event, at) => assert.strictEqual(event, at % 2 === 0 ? "set" : "poll"))
      assert.isAbove(during.length, 10)
      yield* seconds(20)
      one.since()
      yield* seconds(100)
      assert.deepStrictEqual(one.since(), Array<string>(20).fill("poll"))
    }).pipe(Processes.sharing)
  })

  it.effect.each(["3 seconds", "12 seconds"] as const)(
    "a process with a limit of %s confirms after a longer standstill alone (W5)",
    (standstill: Duration.Input) => {
      const service = Service.make({ polls: [Service.pending] })
      return Effect.gen(function*() {
        const one = yield* made(service, engine, { options: { standstill } })
        yield* one.freeze
        yield* seconds(8)
        yield* one.thaw
        yield* seconds(2)
        assert.deepStrictEqual(one.since(), standstill === "3 seconds" ? ["set", "poll"] : ["poll"])
      }).pipe(Processes.sharing)
    }
  )

  /** A process that polls and is then frozen for 15 seconds, and another one. */
  const frozen = (first: ReturnType<typeof Service.make>, second: ReturnType<typeof Service.make>) =>
    Effect.gen(function*() {
      const one = yield* made(first, engine)
      const two = yield* Processes.make({ service: second, engine, random: () => 0 })
      yield* one.freeze
      yield* seconds(15)
      return { one, two }
    })

  it.effect("a process that thaws after another one took its row sends nothing, and waits (W5)", () => {
    const [first, second] = [Service.make({ polls: [Service.pending] }), Service.make({ polls: [Service.pending] })]
    return Effect.gen(function*() {
      const { one, two } = yield* frozen(first, second)
      yield* two.handOver()
      yield* seconds(3)
      const { version } = yield* row()
      yield* one.thaw
      yield* seconds(60)
      assert.deepStrictEqual(one.since(), ["set: lost"])
      assert.deepStrictEqual(first.polls(), [5])
      assert.deepStrictEqual(second.polls().slice(0, 3), [27, 32, 37])
      // it left the row to the other
      assert.strictEqual((yield* row()).version, version)
    }).pipe(Processes.sharing)
  })

  it.effect("a process that thaws before another one takes its row sends nothing after it did (W5)", () => {
    const [first, second] = [Service.make({ polls: [Service.pending] }), Service.make({ polls: [Service.pending] })]
    return Effect.gen(function*() {
      const { one, two } = yield* frozen(first, second)
      yield* one.thaw
      yield* seconds(1)
      assert.deepStrictEqual(first.polls(), [5, 22])
      yield* two.handOver()
      yield* seconds(30)
      assert.deepStrictEqual(first.polls(), [5, 22])
      assert.deepStrictEqual(second.polls().slice(0, 2), [28, 33])
    }).pipe(Processes.sharing)
  })

  it.effect("after a standstill, the engine has 15 seconds before a row is taken from another process (W5)", () => {
    const [first, second] = [Service.make({ polls: [Service.pending] }), Service.make({ polls: [Service.pending] })]
    return Effect.gen(function*() {
      const one = yield* Processes.make({ service: first, engine })
      const two = yield* Processes.make({ service: second, engine, random: () => 0 })
      yield* one.run(Processes.start)
      yield* seconds(2)
      yield* two.freeze
      yield* seconds(8)
      yield* two.thaw
      yield* seconds(6)
      const { holder } = yield* row()
      yield* two.handOver()
      yield* seconds(8)
      assert.strictEqual((yield* row()).holder, holder)
      // not 15 seconds more: another process may have been killed meanwhile
      yield* seconds(3)
      assert.notStrictEqual((yield* row()).holder, holder)
    }).pipe(Processes.sharing)
  })

  /** A frozen process, another process that has taken its login, and a client of both. */
  const takenWhileFrozen = (first: ReturnType<typeof Service.make>, second: ReturnType<typeof Service.make>) =>
    Effect.gen(function*() {
      const { one, two } = yield* frozen(first, second)
      const client = yield* Processes.make({ service: second, engine, isClient: true })
      yield* two.handOver()
      yield* seconds(6)
      return { client, one, two }
    })

  it.effect("a process that thaws takes a hurry that was meant for another holder for no permission to poll at once (W3, W5)", () => {
    const [first, second] = [Service.make({ polls: [Service.pending] }), Service.make({ polls: [Service.pending] })]
    return Effect.gen(function*() {
      const { client, one, two } = yield* takenWhileFrozen(first, second)
      assert.deepStrictEqual(second.polls(), [27])
      yield* client.run(hurry)
      yield* two.freeze
      yield* one.thaw
      yield* seconds(60)
      assert.isAtLeast(first.polls()[1] ?? 0, 28 + 5)
    }).pipe(Processes.sharing)
  })

  it.effect("of a thawed process and a holder that is asked to hurry, the holder alone polls on (W3, W5)", () => {
    const [first, second] = [Service.make({ polls: [Service.pending] }), Service.make({ polls: [Service.pending] })]
    return Effect.gen(function*() {
      const { client, one, two } = yield* takenWhileFrozen(first, second)
      // the holder is a second late, which is no standstill
      yield* two.freeze
      yield* client.run(hurry)
      yield* one.thaw
      yield* seconds(1)
      yield* two.thaw
      yield* seconds(30)
      assert.deepStrictEqual(first.polls(), [5])
      assert.deepStrictEqual(second.polls().slice(0, 3), [27, 32, 37])
    }).pipe(Processes.sharing)
  })

  it.effect("a process that waits for a free row does not take the row of a holder that is asked to hurry (W3)", () => {
    const first = Service.make({ polls: [Service.pending, Service.slowDown()] })
    const second = Service.make({ polls: [Service.pending] })
    return Effect.gen(function*() {
      yield* made(first, engine)
      const two = yield* Processes.make({ service: second, engine, random: () => 0 })
      const client = yield* Processes.make({ service: second, engine, isClient: true })
      yield* two.handOver()
      yield* seconds(17)
      assert.deepStrictEqual(first.polls(), [5, 10])
      yield* two.freeze
      yield* client.run(hurry)
      // it looks at 25 seconds, 15 after it lost the row
      yield* seconds(2)
      yield* two.thaw
      yield* seconds(13)
      assert.deepStrictEqual(first.polls(), [5, 10])
      assert.isAbove(second.polls().length, 4)
    }).pipe(Processes.sharing)
  })

  it.effect("a standstill while the row is confirmed makes the process confirm it again (W5)", () => {
    const service = Service.make({ polls: [Service.pending] })
    return Effect.gen(function*() {
      const clock = yield* Clocks.jumping
      const { oidc, since, store } = Processes.journal()
      let stands = 0
      const one = yield* Processes.make({
        service,
        engine,
        oidc,
        clock: yield* clockOf(clock.provide),
        store: (inner) => {
          const told = store(inner)
          return {
            ...told,
            set: (...all) => Effect.tap(told.set(...all), () => stands-- > 0 ? clock.jump(6) : Effect.void)
          }
        }
      })
      yield* one.run(Processes.start)
      yield* seconds(7)
      assert.deepStrictEqual(since(), ["insert", "set", "poll"])
      stands = 2
      yield* clock.jump(6)
      yield* seconds(4)
      assert.deepStrictEqual(since(), ["set", "set", "set", "poll"])
    }).pipe(Processes.sharing)
  })

  it.effect("a process that stood still in a poll stores its response, and confirms the next poll (W5, W6)", () => {
    const service = Service.make({ polls: [Service.pending, slow(Service.slowDown(), "1 second"), Service.pending] })
    return Effect.gen(function*() {
      const one = yield* made(service, engine)
      yield* seconds(3)
      yield* one.freeze
      yield* seconds(20)
      yield* one.thaw
      yield* seconds(11)
      assert.deepStrictEqual(one.since(), ["poll", "set", "set", "poll", "set"])
    }).pipe(Processes.sharing)
  })

  it.effect.each(["99 millis", "61 seconds", Number.NaN, -1, "soon"])(
    "a standstill of %s is a mistake in the program",
    (standstill) => {
      const service = Service.make({})
      return Effect.gen(function*() {
        const exit = yield* Effect.exit(
          // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- JavaScript may give any text
          Processes.make({ service, engine, options: { standstill: standstill as Duration.Input } })
        )
        assert.include(String(exit), "standstill must be a duration from 100 milliseconds to 1 minute")
      }).pipe(Processes.sharing)
    }
  )

  it.effect("a process without a standstill confirms nothing, however many logins it has (W5)", () => {
    const service = Service.make({ polls: [Service.pending] })
    return Effect.gen(function*() {
      const { oidc, since, store } = Processes.journal()
      const one = yield* Processes.make({ service, engine, oidc, store })
      for (let at = 0; at < 30; at++) {
        yield* one.run(
          Effect.flatMap(
            Logins.Logins,
            (logins) => logins.start({ id: `login-${at}`, clientName: "test", startUrl: Service.startUrl })
          )
        )
      }
      yield* seconds(1)
      since()
      yield* seconds(60)
      assert.deepStrictEqual(since(), Array<string>(360).fill("poll"))
    }).pipe(Processes.sharing)
  })
})
