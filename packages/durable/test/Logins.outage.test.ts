import { assert, describe, it } from "@effect/vitest"
import * as Logins from "@sso-oidc/durable/Logins"
import * as LoginStore from "@sso-oidc/durable/LoginStore"
import * as Service from "@sso-oidc/test-kit/scriptedService"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import { options, row } from "./support/login.ts"
import { engines, seconds } from "./support/logins.ts"
import * as Processes from "./support/processes.ts"

const down = Effect.fail(
  new LoginStore.LoginStoreError({ store: "test", operation: "get", reason: "unavailable", detail: "it is away" })
)

/** A store that is away while the clock of the test is between two times, in seconds. */
const awayBetween = (from: number, to: number) => (store: Processes.Store): Processes.Store => {
  const may = <A>(effect: Effect.Effect<A, LoginStore.LoginStoreError>) =>
    Effect.flatMap(Clock.currentTimeMillis, (now) => now >= from * 1000 && now < to * 1000 ? down : effect)
  return {
    name: store.name,
    get: (id) => may(store.get(id)),
    insert: (id, row) => may(store.insert(id, row)),
    set: (id, version, row) => may(store.set(id, version, row)),
    end: (id, version, row) => may(store.end(id, version, row)),
    pending: (before) => may(store.pending(before)),
    sweep: (before) => may(store.sweep(before))
  }
}

describe.each(Object.entries(engines))("a fault of what is around a login, on %s", (_, engine) => {
  it.effect("a token that came while the store is away is stored, also if the engine interrupts its run (W6)", () => {
    const service = Service.make({
      start: [Service.code({ interval: 1 })],
      polls: [Service.pending, Service.token(), Service.invalidGrant]
    })
    return Effect.gen(function*() {
      const one = yield* Processes.make({ service, engine, store: awayBetween(1.5, 45), random: () => 0 })
      yield* one.run(Processes.start)
      yield* seconds(13)
      yield* Effect.forkDetach(one.interrupt(), { startImmediately: true })
      yield* seconds(60)
      assert.strictEqual(yield* Processes.state, "approved")
      // its next run waits for the token that this process has
      assert.deepStrictEqual(service.polls(), [1, 2])
    }).pipe(Processes.sharing)
  })

  it.effect("a process that stops waits for a store that is away, to write a token that has come (W6, W7)", () => {
    const service = Service.make({ polls: [Service.token()] })
    return Effect.gen(function*() {
      const one = yield* Processes.make({ service, engine, store: awayBetween(4, 30) })
      yield* one.run(Processes.start)
      yield* seconds(8)
      const stop = yield* one.stop
      yield* seconds(10)
      assert.isUndefined(stop.pollUnsafe())
      yield* seconds(40)
      assert.strictEqual(yield* Processes.state, "approved")
      assert.isDefined(stop.pollUnsafe())
    }).pipe(Processes.sharing)
  })

  it.effect("a take-over counts its interval from the end of its write (W3)", () => {
    const [first, second] = [Service.make({ polls: [Service.pending] }), Service.make({ polls: [Service.pending] })]
    return Effect.gen(function*() {
      let takenAt = 0
      const one = yield* Processes.make({ service: first, engine })
      const two = yield* Processes.make({
        service: second,
        engine,
        random: () => 0,
        store: (store) => ({
          ...store,
          set: (...all) =>
            Effect.sleep("4500 millis").pipe(
              Effect.andThen(store.set(...all)),
              Effect.tap(Effect.map(Clock.currentTimeMillis, (now) => takenAt ||= now / 1000))
            )
        })
      })
      yield* one.run(Processes.start)
      yield* seconds(16)
      yield* two.handOver()
      yield* seconds(20)
      assert.isAbove(takenAt, 16)
      assert.isAtLeast(second.polls()[0] ?? 0, takenAt + 5)
    }).pipe(Processes.sharing)
  })

  it.effect("a logger of the program that throws ends no execution before its row (W2)", () => {
    const service = Service.make({ polls: [Service.pending] })
    return Effect.gen(function*() {
      const one = yield* Processes.make({ service, engine, oidc: Processes.throwing })
      yield* one.run(Processes.start)
      yield* seconds(10)
      assert.strictEqual(yield* Processes.state, "lost")
    }).pipe(
      Processes.sharing,
      Effect.provide(Logger.layer([
        Logger.make(() => {
          throw new Error("the logger")
        })
      ]))
    )
  })

  it.effect("a start in the place of an ended login forgets the execution of that login (W9)", () => {
    const service = Service.make({ polls: [Service.exception("AccessDeniedException", "access_denied")] })
    return Effect.gen(function*() {
      const forgotten: Array<string> = []
      const one = yield* Processes.make({
        service,
        engine,
        storage: {
          transaction: (effect) => effect,
          forget: (_, ids) => Effect.sync(() => void forgotten.push(...ids))
        }
      })
      const again = Effect.flatMap(Logins.Logins, (logins) => logins.start({ ...options, again: true }))
      yield* one.run(again)
      yield* seconds(6)
      assert.strictEqual((yield* row()).state, "failed")
      yield* one.run(again)
      assert.strictEqual(forgotten.length, 1)
    }).pipe(Processes.sharing)
  })
})

const turn = Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))

describe("a start over old rows", () => {
  const engine = engines["the memory engine"]

  it.effect("a start that is interrupted forgets the executions of the rows that it removed (W9)", () => {
    const service = Service.make({ polls: [Service.token()] })
    return Effect.gen(function*() {
      const forgotten: Array<string> = []
      let pause = 0
      const one = yield* Processes.make({
        service,
        engine,
        store: (store) => ({
          ...store,
          sweep: (before) => Effect.tap(store.sweep(before), () => pause === 0 ? Effect.void : Effect.sleep(pause))
        }),
        storage: {
          transaction: (effect) => effect,
          forget: (_, ids) => Effect.sync(() => void forgotten.push(...ids))
        },
        isClient: true
      })
      const store = yield* LoginStore.LoginStore
      yield* one.run(Processes.start)
      const old = yield* row()
      yield* store.set(options.id, old.version, { ...old, removeAt: 0 })
      yield* seconds(1)
      pause = 1000
      const start = yield* Effect.forkChild(
        one.run(Effect.flatMap(Logins.Logins, (logins) => logins.start({ ...options, id: "other" }))),
        { startImmediately: true }
      )
      // WebCrypto, which names the execution, takes real turns
      while ((yield* store.get(options.id)) !== undefined) yield* turn
      start.interruptUnsafe()
      yield* seconds(5)
      assert.strictEqual(forgotten.length, 1)
    }).pipe(Processes.sharing)
  })
})

describe.each(Object.entries(engines))("turns under a limit, on %s", (_, engine) => {
  const ids = Array.from({ length: 100 }, (_, at) => `login-${at}`)
  const startOf = (id: string) => Effect.flatMap(Logins.Logins, (logins) => logins.start({ ...options, id }))

  it.effect("a login that was cancelled takes no turn of others (W11)", () => {
    const service = Service.make({ start: [Service.code({ interval: 1 })], polls: [Service.pending] })
    return Effect.gen(function*() {
      const one = yield* Processes.make({ service, engine, options: { pace: 1 } })
      yield* Effect.forkChild(Effect.forEach(ids, (id) => one.run(startOf(id)), { concurrency: "unbounded" }))
      yield* seconds(250)
      for (const id of ids) yield* one.run(Effect.flatMap(Logins.Logins, (logins) => logins.cancel(id)))
      yield* seconds(2)
      const start = yield* Effect.forkChild(one.run(startOf("late")), { startImmediately: true })
      yield* seconds(3)
      assert.isDefined(start.pollUnsafe())
      const before = service.polls().length
      yield* seconds(4)
      assert.isAbove(service.polls().length, before)
    }).pipe(Processes.sharing)
  })

  it.effect("many starts at once leave turns for polls, and a login ends at its deadline without a turn (W11)", () => {
    const service = Service.make({
      start: [Service.code({ interval: 1, expiresIn: 60 })],
      polls: [Service.pending]
    })
    return Effect.gen(function*() {
      const one = yield* Processes.make({ service, engine, options: { pace: 1 } })
      yield* Effect.forkChild(Effect.forEach(ids, (id) => one.run(startOf(id)), { concurrency: "unbounded" }))
      yield* seconds(100)
      assert.isAtLeast(service.polls().length, 40)
      yield* seconds(220)
      const store = yield* LoginStore.LoginStore
      const rows = yield* Effect.forEach(ids, (id) => store.get(id))
      assert.strictEqual(rows.filter((row) => row?.state === "pending").length, 0)
    }).pipe(Processes.sharing)
  })
})
