import { assert, describe, it } from "@effect/vitest"
import * as Sealer from "@sso-oidc/core/Sealer"
import * as LoginStore from "@sso-oidc/durable/LoginStore"
import * as Step from "@sso-oidc/durable/Step"
import * as Service from "@sso-oidc/test-kit/scriptedService"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/testing/TestClock"
import { as, polling, row, slow, start, stepped, stores, using } from "./support/login.ts"

describe("tokens of Step", () => {
  const accessToken = (result: Step.Step) => Redacted.value(as(result, "Approved").token.accessToken)

  it.effect("an interruption waits until the response of a poll in flight is stored (W6)", () => {
    const service = Service.make({ polls: [slow(Service.token())] })
    return Effect.gen(function*() {
      yield* start
      yield* TestClock.adjust("5 seconds")
      const fiber = yield* polling
      const interruption = yield* Effect.forkChild(Fiber.interrupt(fiber), { startImmediately: true })
      yield* TestClock.adjust("1 second")
      assert.isUndefined(interruption.pollUnsafe())
      yield* TestClock.adjust("2 seconds")
      yield* Fiber.join(interruption)
      assert.deepStrictEqual(service.polls(), [5])
      assert.strictEqual(Redacted.value((yield* Step.take("login-1")).accessToken), "access-token-1")
    }).pipe(using(service))
  })

  it.effect("a poll that takes longer than the hold is given up, and its response counts as lost (W6)", () => {
    const service = Service.make({
      polls: [{ silent: true }, Service.invalidGrant],
      options: { requestTimeout: "5 minutes" }
    })
    return Effect.gen(function*() {
      yield* start
      yield* TestClock.adjust("5 seconds")
      const fiber = yield* polling
      yield* TestClock.adjust("39 seconds")
      const waiting = as(yield* Fiber.join(fiber), "Waiting")
      assert.strictEqual(Duration.toSeconds(waiting.left), 5)
      assert.strictEqual(service.count.inFlight, 0)
      yield* stepped("NotDue")
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual((yield* Effect.flip(Step.step("login-1")))._tag, "TokenPossiblyLost")
    }).pipe(using(service))
  })

  /** Runs `meanwhile` on the row while the poll that brings the token is in flight. */
  const meanwhile = <A, E, R>(change: Effect.Effect<A, E, R>) =>
    Effect.gen(function*() {
      yield* start
      yield* TestClock.adjust("5 seconds")
      const fiber = yield* polling
      yield* change
      yield* TestClock.adjust("2 seconds")
      return yield* Fiber.join(fiber)
    })

  const changed = (change: (row: LoginStore.Row) => Partial<LoginStore.Row>) =>
    Effect.gen(function*() {
      const store = yield* LoginStore.LoginStore
      const found = yield* row()
      assert.isTrue(yield* store.set("login-1", found.version, { ...found, version: "changed", ...change(found) }))
    })

  const outcome = (state: LoginStore.State) => ({ state, sealed: undefined, holder: undefined, heldUntil: undefined })

  const lostError = JSON.stringify({
    _tag: "DeviceCodeExpired",
    detectedBy: "clock",
    responseLost: true,
    failures: 1
  })

  it.effect("a token is stored although another invocation took the row meanwhile (W6)", () => {
    const service = Service.make({ polls: [slow(Service.token())] })
    return Effect.gen(function*() {
      const result = yield* meanwhile(changed(() => ({ holder: "other" })))
      assert.strictEqual(accessToken(result), "access-token-1")
      assert.isTrue(as(result, "Approved").isStored)
      assert.strictEqual((yield* row()).state, "approved")
    }).pipe(using(service))
  })

  it.effect("a token replaces the outcome lost of its own login (W6)", () => {
    const service = Service.make({ polls: [slow(Service.token())] })
    return Effect.gen(function*() {
      const result = yield* meanwhile(changed(() => ({ ...outcome("lost"), error: lostError })))
      assert.isTrue(as(result, "Approved").isStored)
      assert.deepStrictEqual(yield* Step.get("login-1"), { state: "approved", id: "login-1", isTaken: false })
    }).pipe(using(service))
  })

  it.effect("a token of a login that was replaced is dropped, and replaces nothing of the new one (W6)", () =>
    Effect.forEach([
      changed(() => ({ ...outcome("lost"), error: lostError, attempt: "another" })),
      changed(() => ({ attempt: "another" }))
    ], (change) => {
      const service = Service.make({ polls: [slow(Service.token())] })
      return Effect.gen(function*() {
        const result = yield* meanwhile(change)
        assert.deepStrictEqual(as(result, "Ended").login, { state: "cancelled", id: "login-1" })
        const store = yield* LoginStore.LoginStore
        assert.notStrictEqual((yield* store.get("login-1"))?.state, "approved")
      }).pipe(using(service, Layer.fresh(stores)))
    }))

  it.effect("a token replaces no other outcome, but it is given (W6)", () => {
    const changes: ReadonlyArray<Effect.Effect<unknown, unknown, LoginStore.LoginStore>> = [
      changed(() => ({ ...outcome("failed"), error: lostError })),
      Effect.flatMap(LoginStore.LoginStore, (store) => store.sweep(1e15))
    ]
    return Effect.forEach(changes, (change) => {
      const service = Service.make({ polls: [slow(Service.token())] })
      return Effect.gen(function*() {
        const result = yield* meanwhile(change)
        assert.strictEqual(accessToken(result), "access-token-1")
        assert.isFalse(as(result, "Approved").isStored)
        const store = yield* LoginStore.LoginStore
        assert.notStrictEqual((yield* store.get("login-1"))?.state, "approved")
      }).pipe(using(service, Layer.fresh(stores)))
    })
  })

  it.effect("a start that cannot open the row of a poll in flight fails, and ends nothing (W6, W8)", () => {
    const service = Service.make({ polls: [slow(Service.token())] })
    const closed = Layer.succeed(Sealer.Sealer, {
      isOld: () => false,
      seal: () => Effect.die("unused"),
      unseal: () => Effect.fail(new Sealer.Unsealable({ reason: "unknownKey" }))
    })
    return Effect.gen(function*() {
      const result = yield* meanwhile(
        Effect.map(
          Effect.flip(Effect.provide(start, closed)),
          (error) => assert.strictEqual(error._tag, "LoginStoreError")
        )
      )
      assert.isTrue(as(result, "Approved").isStored)
    }).pipe(using(service))
  })

  it.effect("a token that comes after cancel is dropped, and the login stays cancelled (W6)", () => {
    const service = Service.make({ polls: [slow(Service.token())] })
    return Effect.gen(function*() {
      const result = yield* meanwhile(Effect.map(Step.cancel("login-1"), (done) => assert.isTrue(done)))
      assert.deepStrictEqual(as(result, "Ended").login, { state: "cancelled", id: "login-1" })
      assert.deepStrictEqual(yield* Step.get("login-1"), { state: "cancelled", id: "login-1" })
      assert.strictEqual((yield* Effect.flip(Step.take("login-1")))._tag, "LoginCancelled")
      assert.isFalse(yield* Step.cancel("login-1"))
    }).pipe(using(service))
  })

  it.effect("an error ends no row that another invocation holds meanwhile", () => {
    const service = Service.make({ polls: [slow(Service.exception("AccessDeniedException", "access_denied"))] })
    return Effect.gen(function*() {
      const result = yield* meanwhile(changed(() => ({ holder: "other" })))
      as(result, "Busy")
      assert.strictEqual((yield* row()).state, "pending")
    }).pipe(using(service))
  })

  /** A login whose token is in its row, and a take over a store whose `set` is changed. */
  const taking = (set: (store: LoginStore.Service) => LoginStore.Service["set"]) =>
    Effect.gen(function*() {
      yield* start
      yield* TestClock.adjust("5 seconds")
      yield* stepped("Approved")
      const store = yield* LoginStore.LoginStore
      return Effect.provideService(Step.take("login-1"), LoginStore.LoginStore, { ...store, set: set(store) })
    })

  const taken = (result: Effect.Success<ReturnType<typeof Step.take>>) => Redacted.value(result.accessToken)

  const writes: ReadonlyArray<readonly [string, (store: LoginStore.Service) => LoginStore.Service["set"]]> = [
    ["before the write is done", (store) => (...args) => Effect.andThen(Effect.sleep("3 seconds"), store.set(...args))],
    ["after the write is done", (store) => (...args) => Effect.tap(store.set(...args), Effect.sleep("3 seconds"))],
    ["while a store fails after the write", (store) => {
      let calls = 0
      return (...args) =>
        ++calls > 3
          ? store.set(...args)
          : Effect.andThen(
            calls === 1 ? Effect.andThen(store.set(...args), Effect.sleep("3 seconds")) : Effect.void,
            Effect.fail(
              new LoginStore.LoginStoreError({ store: "own", operation: "set", reason: "timeout", detail: "late" })
            )
          )
    }]
  ]

  it.effect.each(writes)("a take that is interrupted %s loses no token, and another take gives it (W6)", ([, set]) => {
    const service = Service.make({})
    return Effect.gen(function*() {
      const take = yield* taking(set)
      const fiber = yield* Effect.forkChild(Effect.timeoutOption(take, "2 seconds"))
      for (let second = 0; second < 20; second++) yield* TestClock.adjust("1 second")
      assert.isTrue(Option.isNone(yield* Fiber.join(fiber)))
      assert.strictEqual(taken(yield* Step.take("login-1")), "access-token-1")
      assert.strictEqual((yield* Effect.flip(Step.take("login-1")))._tag, "LoginUnknown")
    }).pipe(using(service))
  })

  it.effect("a take that is interrupted puts nothing back after another take gave the token (W6)", () => {
    const service = Service.make({})
    return Effect.gen(function*() {
      const take = yield* taking((store) => (...args) => Effect.andThen(Effect.sleep("3 seconds"), store.set(...args)))
      const fiber = yield* Effect.forkChild(Effect.timeoutOption(take, "2 seconds"), { startImmediately: true })
      yield* TestClock.adjust("1 second")
      assert.strictEqual(taken(yield* Step.take("login-1")), "access-token-1")
      yield* TestClock.adjust("10 seconds")
      assert.isTrue(Option.isNone(yield* Fiber.join(fiber)))
      assert.strictEqual((yield* Effect.flip(Step.take("login-1")))._tag, "LoginUnknown")
    }).pipe(using(service))
  })
})
