import { assert, describe, it } from "@effect/vitest"
import * as Logins from "@sso-oidc/durable/Logins"
import * as Service from "@sso-oidc/test-kit/scriptedService"
import * as Effect from "effect/Effect"
import { options, row, slow } from "./support/login.ts"
import { engines, seconds } from "./support/logins.ts"
import * as Processes from "./support/processes.ts"

const startOf = (id: string) => Effect.flatMap(Logins.Logins, (logins) => logins.start({ ...options, id }))

/** The process has released the row, and sends nothing more. */
const released = Effect.map(row(), ({ heldUntil, holder, state }) => {
  assert.deepStrictEqual({ heldUntil, holder, state }, { heldUntil: undefined, holder: undefined, state: "pending" })
})

describe.each(Object.entries(engines))("stopping a process on %s", (_, engine) => {
  it.effect("polls in flight are completed and stored, and the next process adds no wait (W7)", () => {
    const service = Service.make({ polls: [slow(Service.slowDown(), "8 seconds"), Service.pending] })
    return Effect.gen(function*() {
      const one = yield* Processes.make({ service, engine })
      const two = yield* Processes.make({ service, engine })
      yield* one.run(Processes.start)
      yield* seconds(7)
      yield* one.stop
      yield* seconds(1)
      assert.isDefined((yield* row()).holder)
      yield* seconds(6)
      yield* released
      assert.strictEqual(service.count.aborted, 0)
      yield* two.handOver()
      yield* seconds(20)
      // the response came at 13, and it asked for 10 seconds
      assert.deepStrictEqual(service.polls(), [5, 23, 33])
      assert.strictEqual(service.count.mostInFlight, 1)
    }).pipe(Processes.sharing)
  })

  it.effect("each of many logins is released as it stands, and none waits longer for it (W7)", () => {
    const service = Service.make({ polls: [Service.pending] })
    return Effect.gen(function*() {
      const one = yield* Processes.make({ service, engine })
      const two = yield* Processes.make({ service, engine })
      const ids = Array.from({ length: 40 }, (_, at) => `login-${at}`)
      for (const id of ids) {
        yield* one.run(startOf(id))
        if (id.endsWith("0")) yield* seconds(1)
      }
      yield* seconds(20)
      const before = service.polls().length
      yield* one.stop
      yield* seconds(1)
      for (const id of ids) assert.isUndefined((yield* row(id)).holder, id)
      for (const id of ids) yield* two.handOver(id)
      yield* seconds(9)
      // 10 seconds with two polls of each login
      assert.approximately(service.polls().length - before, 80, 10)
    }).pipe(Processes.sharing)
  })

  it.effect.each(
    [
      ["the wait for its interval", {}, [], 2],
      ["the wait of its gap", { gap: { share: 1 } }, [Service.pending], 12],
      ["the wait for its turn", { pace: 0.05 }, [Service.pending], 6],
      ["the wait after failures", {}, [Service.cut("no")], 40]
    ] as const
  )("a login in %s is released at once (W7)", ([, options, polls, moment]) => {
    const service = Service.make({ polls: polls.length === 0 ? [Service.pending] : polls })
    return Effect.gen(function*() {
      const one = yield* Processes.make({ service, engine, options })
      yield* one.run(Processes.start)
      yield* seconds(moment)
      assert.isDefined((yield* row()).holder)
      const before = service.polls()
      yield* one.stop
      yield* seconds(1)
      yield* released
      yield* seconds(60)
      assert.deepStrictEqual(service.polls(), before)
    }).pipe(Processes.sharing)
  })

  it.effect("a back-off that the stopped process had reached is kept by the next one (W7, W3)", () => {
    const service = Service.make({ polls: [Service.cut("no"), Service.cut("no"), Service.pending] })
    return Effect.gen(function*() {
      const one = yield* Processes.make({ service, engine })
      const two = yield* Processes.make({ service, engine })
      yield* one.run(Processes.start)
      yield* seconds(17)
      yield* one.stop
      yield* seconds(1)
      const login = yield* two.run(Processes.get)
      assert.strictEqual(login.state === "pending" && login.lastTrouble?.error, "TransportError")
      yield* two.handOver()
      yield* seconds(40)
      assert.deepStrictEqual(service.polls(), [5, 15, 35, 40, 45, 50, 55])
    }).pipe(Processes.sharing)
  })

  it.effect("a process that stops while it takes a row polls for no login, and the next process goes on (W7)", () => {
    const [first, second] = [Service.make({ polls: [Service.pending] }), Service.make({ polls: [Service.pending] })]
    return Effect.gen(function*() {
      const one = yield* Processes.make({
        service: first,
        engine,
        store: (store) => ({
          ...store,
          set: (...all) => Effect.andThen(Effect.sleep("4 seconds"), store.set(...all))
        })
      })
      yield* one.run(Processes.start)
      yield* seconds(2)
      yield* one.stop
      yield* seconds(20)
      yield* released
      assert.deepStrictEqual(first.polls(), [])
      const two = yield* Processes.make({ service: second, engine })
      yield* two.handOver()
      yield* seconds(10)
      assert.isAbove(second.polls().length, 0)
    }).pipe(Processes.sharing)
  })

  it.effect("a login that ends while its process stops has its outcome, and is not released (W7, W6)", () => {
    const service = Service.make({ polls: [slow(Service.exception("AccessDeniedException", "access_denied"))] })
    return Effect.gen(function*() {
      const one = yield* Processes.make({ service, engine })
      yield* one.run(Processes.start)
      yield* seconds(6)
      yield* one.stop
      yield* seconds(5)
      assert.strictEqual(yield* Processes.state, "failed")
    }).pipe(Processes.sharing)
  })

  it.effect("a process that waits for its last polls takes no other login (W7)", () => {
    const service = Service.make({ polls: [slow(Service.pending, "8 seconds")] })
    return Effect.gen(function*() {
      const dead = yield* Processes.make({ service, engine })
      const one = yield* Processes.make({ service, engine })
      yield* dead.run(startOf("login-2"))
      yield* seconds(1)
      yield* dead.freeze
      const before = yield* row("login-2")
      yield* one.run(Processes.start)
      yield* seconds(6)
      yield* one.stop
      yield* one.handOver("login-2")
      yield* seconds(20)
      assert.deepStrictEqual(yield* row("login-2"), before)
    }).pipe(Processes.sharing)
  })

  it.effect("a stopped process takes no row again, and its polls have ended when its stop has ended (W7)", () => {
    const service = Service.make({ polls: [slow(Service.pending, "8 seconds")] })
    return Effect.gen(function*() {
      const one = yield* Processes.make({ service, engine })
      yield* one.run(Processes.start)
      yield* seconds(6)
      const stop = yield* one.stop
      yield* seconds(30)
      assert.isDefined(stop.pollUnsafe())
      assert.strictEqual(service.count.inFlight, 0)
      yield* seconds(60)
      assert.deepStrictEqual(service.polls(), [5])
      yield* released
    }).pipe(Processes.sharing)
  })

  it.effect("a process that took a row back from another one stops as well, and can be interrupted (W7)", () => {
    const [first, second] = [Service.make({ polls: [Service.pending] }), Service.make({ polls: [Service.pending] })]
    return Effect.gen(function*() {
      const one = yield* Processes.make({ service: first, engine })
      const two = yield* Processes.make({ service: second, engine })
      yield* one.run(Processes.start)
      yield* seconds(7)
      yield* two.handOver()
      yield* seconds(2)
      yield* two.stop
      yield* seconds(20)
      assert.isAbove(first.polls().length, 2)
      yield* Effect.forkChild(one.interrupt(), { startImmediately: true })
      const before = (yield* row()).holder
      yield* seconds(2)
      const after = (yield* row()).holder
      assert.isDefined(after)
      assert.notStrictEqual(after, before, "the execution began anew")
      const stop = yield* one.stop
      yield* seconds(30)
      assert.isDefined(stop.pollUnsafe())
      yield* released
    }).pipe(Processes.sharing)
  })

  it.effect("a hurry at the moment of a stop does not keep the row from being released (W7)", () => {
    const service = Service.make({ polls: [Service.pending] })
    return Effect.gen(function*() {
      const one = yield* Processes.make({ service, engine })
      const client = yield* Processes.make({ service, engine, isClient: true })
      yield* one.run(Processes.start)
      yield* seconds(7)
      yield* client.run(Effect.flatMap(Logins.Logins, (logins) => logins.hurry(options.id)))
      yield* one.stop
      yield* seconds(1)
      yield* released
      const two = yield* Processes.make({ service, engine })
      yield* two.handOver()
      yield* seconds(5)
      assert.deepStrictEqual(service.polls(), [5, 10])
    }).pipe(Processes.sharing)
  })
})
