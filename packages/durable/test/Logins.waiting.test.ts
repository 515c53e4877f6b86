import { assert, describe, it } from "@effect/vitest"
import type { Login } from "@sso-oidc/durable/Login"
import * as Logins from "@sso-oidc/durable/Logins"
import * as LoginStore from "@sso-oidc/durable/LoginStore"
import * as Service from "@sso-oidc/test-kit/scriptedService"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { options } from "./support/login.ts"
import { engines, seconds } from "./support/logins.ts"
import * as Processes from "./support/processes.ts"

const logins = <A, E>(f: (logins: Logins.Service) => Effect.Effect<A, E>) => Effect.flatMap(Logins.Logins, f)

const tokenOf = (id = options.id) =>
  logins((logins) => Effect.map(logins.token(id), ({ accessToken }) => Redacted.value(accessToken)))

const forked = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.forkChild(effect, { startImmediately: true })

/** The events of a login so far, and whether they have ended. */
const following = (process: Processes.Process, id = options.id) =>
  Effect.gen(function*() {
    const seen: Array<Login> = []
    const fiber = yield* forked(
      process.run(
        logins((logins) => Stream.runForEach(logins.events(id), (login) => Effect.sync(() => seen.push(login))))
      )
    )
    return { fiber, seen, states: () => seen.map(({ state }) => state) }
  })

const unavailable = new LoginStore.LoginStoreError({
  store: "own",
  operation: "get",
  reason: "unavailable",
  detail: "it is closed"
})

const hostile: ReadonlyArray<string> = ["", "x".repeat(201), "a\u0000b", "a\nb", "__proto__", "../a", "\u202eid"]

describe.each(Object.entries(engines))("waiting for a login on %s", (_, engine) => {
  it.effect("token waits here and in other processes, and gives each waiter the token at once or in a second (W2)", () => {
    const service = Service.make({ polls: [Service.pending, Service.token()] })
    return Effect.gen(function*() {
      const one = yield* Processes.make({ service, engine })
      const two = yield* Processes.make({ service, engine, isClient: true })
      yield* one.run(Processes.start)
      const here = yield* Effect.forEach([1, 2, 3], () => forked(one.run(tokenOf())))
      const there = yield* Effect.forEach([1, 2, 3], () => forked(two.run(tokenOf())))
      yield* seconds(9)
      for (const fiber of [...here, ...there]) assert.isUndefined(fiber.pollUnsafe())
      yield* seconds(1)
      for (const fiber of here) assert.strictEqual(fiber.pollUnsafe()?._tag, "Success")
      yield* seconds(1)
      for (const fiber of there) assert.strictEqual(yield* Fiber.join(fiber), "access-token-1")
      // and after the end too, as often as it is asked
      assert.strictEqual(yield* two.run(tokenOf()), "access-token-1")
      assert.strictEqual(yield* one.run(tokenOf()), "access-token-1")
      assert.deepStrictEqual(service.polls(), [5, 10])
    }).pipe(Processes.sharing)
  })

  it.effect("token fails with LoginUnknown for an unknown id, a hostile one, and a token that was taken (W2)", () => {
    const service = Service.make({})
    return Effect.gen(function*() {
      const one = yield* Processes.make({ service, engine })
      for (const id of ["unknown", ...hostile]) {
        const error = yield* Effect.flip(one.run(tokenOf(id)))
        assert.isTrue(error._tag === "LoginUnknown" && error.reason === "absent")
      }
      yield* one.run(Processes.start)
      yield* seconds(6)
      yield* one.run(logins((logins) => logins.take(options.id)))
      const taken = yield* Effect.flip(one.run(tokenOf()))
      assert.isTrue(taken._tag === "LoginUnknown" && taken.reason === "taken")
    }).pipe(Processes.sharing)
  })

  it.effect("the methods of a hostile id send nothing, and find nothing (W1)", () => {
    const service = Service.make({})
    return Effect.gen(function*() {
      const one = yield* Processes.make({ service, engine })
      for (const id of hostile) {
        assert.deepStrictEqual(yield* one.run(logins((logins) => logins.get(id))), { state: "unknown", id })
        assert.strictEqual((yield* Effect.flip(one.run(logins((logins) => logins.take(id)))))._tag, "LoginUnknown")
        assert.isFalse(yield* one.run(logins((logins) => logins.cancel(id))))
        yield* one.run(logins((logins) => logins.hurry(id)))
        const { states } = yield* following(one, id)
        assert.deepStrictEqual(states(), ["unknown"])
      }
      assert.deepStrictEqual(service.paths(), [])
    }).pipe(Processes.sharing)
  })

  it.effect("a waiter learns of a cancel at once in the same process, and in a second in another one (W2)", () => {
    const service = Service.make({ polls: [Service.pending] })
    return Effect.gen(function*() {
      const one = yield* Processes.make({ service, engine })
      const two = yield* Processes.make({ service, engine })
      yield* one.run(Processes.start)
      yield* seconds(2)
      const here = yield* forked(Effect.flip(two.run(tokenOf())))
      const there = yield* forked(Effect.flip(one.run(tokenOf())))
      assert.isTrue(yield* two.run(logins((logins) => logins.cancel(options.id))))
      assert.isFalse(yield* one.run(logins((logins) => logins.cancel(options.id))))
      yield* seconds(0)
      yield* Effect.yieldNow
      assert.strictEqual((yield* Fiber.join(here))._tag, "LoginCancelled")
      yield* seconds(15)
      assert.strictEqual((yield* Fiber.join(there))._tag, "LoginCancelled")
    }).pipe(Processes.sharing)
  })

  it.effect("token waits for a store that fails for 20 seconds, and fails with its error after 30 (W2)", () => {
    const service = Service.make({ polls: [Service.pending] })
    let isClosed = false
    return Effect.gen(function*() {
      const one = yield* Processes.make({ service, engine })
      const two = yield* Processes.make({
        service,
        engine,
        isClient: true,
        store: (store) => ({ ...store, get: (id) => isClosed ? Effect.fail(unavailable) : store.get(id) })
      })
      yield* one.run(Processes.start)
      const fiber = yield* forked(Effect.flip(two.run(tokenOf())))
      yield* seconds(2)
      isClosed = true
      yield* seconds(20)
      isClosed = false
      yield* seconds(10)
      assert.isUndefined(fiber.pollUnsafe())
      isClosed = true
      yield* seconds(35)
      assert.strictEqual((yield* Fiber.join(fiber))._tag, "LoginStoreError")
      // the login goes on
      assert.strictEqual((yield* one.run(Processes.get)).state, "pending")
    }).pipe(Processes.sharing)
  })

  it.effect("token ends a login that no process ended a minute after its deadline (W2)", () => {
    const service = Service.make({ polls: [Service.pending] })
    return Effect.gen(function*() {
      const one = yield* Processes.make({ service, engine })
      const two = yield* Processes.make({ service, engine, isClient: true })
      yield* one.run(Processes.start)
      yield* seconds(2)
      yield* one.freeze
      const fiber = yield* forked(Effect.flip(two.run(tokenOf())))
      yield* seconds(600 + 57)
      assert.isUndefined(fiber.pollUnsafe())
      yield* seconds(3)
      const error = yield* Fiber.join(fiber)
      assert.isTrue(error._tag === "DeviceCodeExpired" && error.responseLost)
      assert.strictEqual(yield* Processes.state, "lost")
    }).pipe(Processes.sharing)
  })

  it.effect("events give the state at first, then each change, and end after the outcome (W2)", () => {
    const service = Service.make({ polls: [Service.pending, Service.cut("no"), Service.pending, Service.token()] })
    return Effect.gen(function*() {
      const one = yield* Processes.make({ service, engine })
      const two = yield* Processes.make({ service, engine, isClient: true })
      yield* one.run(Processes.start)
      yield* seconds(1)
      const here = yield* following(one)
      const there = yield* following(two)
      assert.deepStrictEqual(here.states(), ["pending"])
      yield* seconds(40)
      for (const { fiber, seen, states } of [here, there]) {
        // the trouble, its end, and the token
        assert.deepStrictEqual(states(), ["pending", "pending", "pending", "approved"])
        const troubles = seen.map((login) => login.state === "pending" ? login.lastTrouble?.error : undefined)
        assert.deepStrictEqual(troubles, [undefined, "TransportError", undefined, undefined])
        assert.strictEqual(fiber.pollUnsafe()?._tag, "Success")
      }
      const late = yield* following(two)
      assert.deepStrictEqual(late.states(), ["approved"])
      assert.strictEqual(late.fiber.pollUnsafe()?._tag, "Success")
    }).pipe(Processes.sharing)
  })

  it.effect("events end at once for an unknown id, and when the row is removed (W2, W9)", () => {
    const service = Service.make({ polls: [Service.pending] })
    return Effect.gen(function*() {
      const store = yield* LoginStore.LoginStore
      const one = yield* Processes.make({ service, engine })
      const unknown = yield* following(one, "unknown")
      assert.deepStrictEqual(unknown.seen, [{ state: "unknown", id: "unknown" }])
      assert.strictEqual(unknown.fiber.pollUnsafe()?._tag, "Success")
      const two = yield* Processes.make({ service, engine, isClient: true })
      yield* one.run(Processes.start)
      yield* seconds(1)
      const { fiber, states } = yield* following(two)
      yield* store.sweep(1e15)
      yield* seconds(2)
      assert.deepStrictEqual(states(), ["pending", "unknown"])
      assert.strictEqual(fiber.pollUnsafe()?._tag, "Success")
    }).pipe(Processes.sharing)
  })

  it.effect("a waiter that is interrupted leaves nothing behind, and the login goes on (W2)", () => {
    const service = Service.make({ polls: [Service.pending, Service.pending, Service.token()] })
    return Effect.gen(function*() {
      const one = yield* Processes.make({ service, engine })
      yield* one.run(Processes.start)
      const waiters = yield* Effect.forEach(Array.from({ length: 20 }), () => forked(one.run(tokenOf())))
      yield* seconds(3)
      yield* Fiber.interruptAll(waiters)
      yield* seconds(12)
      assert.deepStrictEqual(service.polls(), [5, 10, 15])
      assert.strictEqual(yield* one.run(tokenOf()), "access-token-1")
    }).pipe(Processes.sharing)
  })
})
