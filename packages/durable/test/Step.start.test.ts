import { assert, describe, it } from "@effect/vitest"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import type * as DeviceGrant from "@sso-oidc/device-grant/DeviceGrant"
import * as LoginStore from "@sso-oidc/durable/LoginStore"
import * as Step from "@sso-oidc/durable/Step"
import * as Service from "@sso-oidc/test-kit/scriptedService"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/testing/TestClock"
import { options, row, start, stepped, using } from "./support/login.ts"

const code = (at: number, more: object = {}) =>
  Service.code({ deviceCode: `device-code-${at}`, userCode: `CODE-${at}`, ...more })

/** Codes that differ, so that a test sees which one is shown. */
const codes = (count: number, more: object = {}) => Array.from({ length: count }, (_, at) => code(at, more))

const starts = (service: ReturnType<typeof Service.make>) =>
  service.paths().filter((path) => path === "/device_authorization").length

const registers = (service: ReturnType<typeof Service.make>) =>
  service.paths().filter((path) => path === "/client/register").length

const deny = Service.exception("AccessDeniedException", "access_denied")

describe("Step.start", () => {
  it.effect("a pending id gives its login again, and sends nothing (W1)", () => {
    const service = Service.make({ start: codes(2) })
    return Effect.gen(function*() {
      const first = yield* start
      assert.deepStrictEqual(yield* start, first)
      assert.strictEqual(starts(service), 1)
      assert.strictEqual(first.userCode, "CODE-0")
    }).pipe(using(service))
  })

  it.effect("of several starts at the same moment, one code is shown (W1)", () => {
    const service = Service.make({ start: codes(8).map((code) => ({ ...code, delay: "1 second" })) })
    return Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(
        Effect.all(Array.from({ length: 8 }, () => start), { concurrency: "unbounded" })
      )
      yield* TestClock.adjust("10 seconds")
      const shown = yield* Effect.map(Fiber.join(fiber), (logins) => logins.map(({ userCode }) => userCode))
      assert.strictEqual(starts(service), 8)
      assert.strictEqual(new Set(shown).size, 1)
      yield* TestClock.adjust("5 seconds")
      yield* stepped("Approved")
      const at = Number(shown[0]?.slice(5))
      assert.strictEqual(service.sent.at(-1)?.body["deviceCode"], `device-code-${at}`)
    }).pipe(using(service))
  })

  it.effect("an ended id fails with LoginEnded, and nothing is sent (W1)", () => {
    const service = Service.make({ polls: [deny] })
    return Effect.gen(function*() {
      yield* start
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual((yield* Effect.flip(Step.step("login-1")))._tag, "AccessDeniedException")
      const error = yield* Effect.flip(start)
      assert.strictEqual(error._tag === "LoginEnded" && error.state, "failed")
      assert.strictEqual(starts(service), 1)
    }).pipe(using(service))
  })

  it.effect("with again: true, an ended id begins a new login, and several at once show one code (W1)", () => {
    const service = Service.make({ start: codes(9).map((code) => ({ ...code, delay: "1 second" })) })
    return Effect.gen(function*() {
      const first = yield* Effect.forkChild(start)
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(first)
      assert.isTrue(yield* Step.cancel("login-1"))
      const { attempt } = yield* row()
      const again = Step.start({ ...options, again: true })
      const fiber = yield* Effect.forkChild(
        Effect.all(Array.from({ length: 8 }, () => again), { concurrency: "unbounded" })
      )
      yield* TestClock.adjust("10 seconds")
      const shown = yield* Effect.map(Fiber.join(fiber), (logins) => logins.map(({ userCode }) => userCode))
      assert.strictEqual(new Set(shown).size, 1)
      assert.notInclude(shown, "CODE-0")
      assert.notStrictEqual((yield* row()).attempt, attempt)
      assert.strictEqual((yield* Step.get("login-1")).state, "pending")
    }).pipe(using(service))
  })

  it.effect.each(
    [["an ended login", Step.cancel("login-1")], ["a login that expired", TestClock.adjust("600 seconds")]] as const
  )("a slow start that saw %s replaces no login that began and ended since (W1)", ([, end]) => {
    const service = Service.make({ start: [code(0), { ...code(1), delay: "20 seconds" }, code(2)] })
    return Effect.gen(function*() {
      yield* start
      yield* end
      const again = Step.start({ ...options, again: true })
      const slow = yield* Effect.forkChild(Effect.flip(again))
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* again).userCode, "CODE-2")
      yield* TestClock.adjust("5 seconds")
      yield* stepped("Approved")
      yield* TestClock.adjust("20 seconds")
      const error = yield* Fiber.join(slow)
      assert.strictEqual(error._tag === "LoginEnded" && error.state, "approved")
      assert.strictEqual(Redacted.value((yield* Step.take("login-1")).accessToken), "access-token-1")
    }).pipe(using(service))
  })

  it.effect("a slow start that saw no login replaces none, also with again: true (W1)", () => {
    const service = Service.make({ start: [{ ...code(0), delay: "20 seconds" }, code(1)] })
    return Effect.gen(function*() {
      const again = Step.start({ ...options, again: true })
      const slow = yield* Effect.forkChild(Effect.flip(again))
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* again).userCode, "CODE-1")
      assert.isTrue(yield* Step.cancel("login-1"))
      yield* TestClock.adjust("20 seconds")
      const error = yield* Fiber.join(slow)
      assert.strictEqual(error._tag === "LoginEnded" && error.state, "cancelled")
    }).pipe(using(service))
  })

  it.effect("a pending login past its deadline ends as expired, so that its id can be used again (W1)", () => {
    const service = Service.make({ start: codes(2, { expiresIn: 60 }) })
    return Effect.gen(function*() {
      yield* start
      yield* TestClock.adjust("60 seconds")
      assert.strictEqual((yield* Step.get("login-1")).state, "pending", "get ends nothing")
      const early = yield* Effect.flip(Step.take("login-1"))
      assert.include(early.message, "Wait until it is approved")
      assert.notInclude(early.message, "has not approved")
      const error = yield* Effect.flip(start)
      assert.strictEqual(error._tag === "LoginEnded" && error.state, "failed")
      const login = yield* Step.get("login-1")
      assert.strictEqual(login.state === "failed" && login.error._tag, "DeviceCodeExpired")
      assert.strictEqual((yield* Step.start({ ...options, again: true })).userCode, "CODE-1")
    }).pipe(using(service))
  })

  it.effect.each(
    [
      ["", "empty"],
      ["x".repeat(201), "longer than 200 characters"],
      ["a\u0000b", "with a zero byte"],
      ["a\ud800", "with half of a character"],
      ["a\u202eb", "with a character that cannot be seen"]
    ] as const
  )("an id that is %s is refused, and the store is not asked", ([id]) => {
    const service = Service.make({})
    return Effect.gen(function*() {
      assert.strictEqual((yield* Effect.flip(Step.start({ ...options, id })))._tag, "LoginIdInvalid")
      assert.deepStrictEqual(yield* Step.get(id), { state: "unknown", id })
      assert.deepStrictEqual(yield* Step.step(id), { _tag: "Ended", login: { state: "unknown", id } })
      assert.isFalse(yield* Step.cancel(id))
      const error = yield* Effect.flip(Step.take(id))
      assert.strictEqual(error._tag === "LoginUnknown" && error.reason, "absent")
      assert.deepStrictEqual(service.sent, [])
    }).pipe(using(service, Layer.succeed(LoginStore.LoginStore, untouched)))
  })

  it.effect("a row is removed one hour after its deadline or its outcome, whichever is later (W9)", () => {
    const service = Service.make({ start: codes(9), polls: [Service.pending, Service.token()] })
    return Effect.gen(function*() {
      const store = yield* LoginStore.LoginStore
      yield* start
      assert.strictEqual((yield* row()).removeAt, 600_000 + 3_600_000)
      yield* TestClock.adjust("10 seconds")
      yield* stepped("Waiting")
      assert.strictEqual((yield* row()).removeAt, 600_000 + 3_600_000)
      yield* TestClock.adjust("5 seconds")
      yield* stepped("Approved")
      // the deadline is later than the outcome
      assert.strictEqual((yield* row()).removeAt, 600_000 + 3_600_000)
      yield* TestClock.adjust("4184 seconds")
      yield* Step.start({ ...options, id: "login-2" })
      assert.isDefined(yield* store.get("login-1"))
      yield* TestClock.adjust("2 seconds")
      yield* Step.start({ ...options, id: "login-3" })
      assert.isUndefined(yield* store.get("login-1"))
      assert.deepStrictEqual((yield* stepped("Ended")).login, { state: "unknown", id: "login-1" })
      // an outcome after the deadline
      yield* TestClock.adjust("1000 seconds")
      yield* Effect.flip(Step.step("login-2"))
      assert.strictEqual((yield* row("login-2")).removeAt, (15 + 4186 - 2 + 1002) * 1000 + 3_600_000)
    }).pipe(using(service))
  })

  it.effect("a store that fails to sweep, or is slow at it, fails no start (W9)", () => {
    const service = Service.make({})
    const broken = Layer.effect(
      LoginStore.LoginStore,
      Effect.map(LoginStore.LoginStore, (store) => ({ ...store, sweep: () => Effect.never }))
    ).pipe(Layer.provide(LoginStore.layerMemory))
    return Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(start)
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual((yield* Fiber.join(fiber)).state, "pending")
    }).pipe(using(service, broken))
  })
})

/** A store that no test may reach. */
const untouched: LoginStore.Service = {
  name: "untouched",
  insert: () => Effect.die("insert"),
  get: () => Effect.die("get"),
  set: () => Effect.die("set"),
  end: () => Effect.die("end"),
  pending: () => Effect.die("pending"),
  sweep: () => Effect.die("sweep")
}

describe("registrations of Step.start", () => {
  const starting = (id: string, more: Partial<DeviceGrant.StartOptions> = {}) => Step.start({ ...options, ...more, id })

  it.effect("a process registers once for each name and set of scopes (D10)", () => {
    const service = Service.make({})
    return Effect.gen(function*() {
      yield* starting("a")
      yield* starting("b")
      yield* starting("c", { scopes: ["sso:account:access"] })
      assert.strictEqual(registers(service), 1)
      yield* starting("d", { scopes: ["x", "y"] })
      yield* starting("e", { scopes: ["y", "x", "y"] })
      assert.strictEqual(registers(service), 2)
      yield* starting("f", { clientName: "other" })
      assert.strictEqual(registers(service), 3)
    }).pipe(using(service))
  })

  it.effect("starts at the same moment share one registration (D10)", () => {
    const service = Service.make({ register: [{ ...Service.registered(), delay: "1 second" }] })
    return Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(
        Effect.all(["a", "b", "c", "d"].map((id) => starting(id)), { concurrency: "unbounded" })
      )
      yield* TestClock.adjust("2 seconds")
      yield* Fiber.join(fiber)
      assert.strictEqual(registers(service), 1)
      assert.strictEqual(starts(service), 4)
    }).pipe(using(service))
  })

  it.effect("starts at the same moment share the failure to register too, and the next start registers (D10)", () => {
    const fails = { ...Service.gateway(503), delay: "8 seconds" } as const
    const service = Service.make({ register: [fails, Service.registered()] })
    return Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(
        Effect.all(["a", "b", "c"].map((id) => Effect.flip(starting(id))), { concurrency: "unbounded" })
      )
      yield* TestClock.adjust("8 seconds")
      const errors = yield* Fiber.join(fiber)
      assert.deepStrictEqual(errors.map(({ _tag }) => _tag), Array<string>(3).fill("UnexpectedResponse"))
      assert.strictEqual(registers(service), 1)
      yield* starting("d")
      assert.strictEqual(registers(service), 2)
    }).pipe(using(service))
  })

  it.effect("if the start that registers is interrupted, the others register at once (D10)", () => {
    const slow = { ...Service.registered(), delay: "8 seconds" } as const
    const service = Service.make({ register: [slow, Service.registered()] })
    return Effect.gen(function*() {
      const first = yield* Effect.forkChild(starting("a"), { startImmediately: true })
      const fiber = yield* Effect.forkChild(Effect.all([starting("b"), starting("c")], { concurrency: "unbounded" }), {
        startImmediately: true
      })
      yield* TestClock.adjust("1 second")
      yield* Fiber.interrupt(first)
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* Fiber.join(fiber)).length, 2)
    }).pipe(using(service))
  })

  it.effect("a slow onRegistration delays no other start (D10)", () => {
    const service = Service.make({ register: [{ ...Service.registered(), delay: "1 second" }] })
    return Effect.gen(function*() {
      const slow = yield* Effect.forkChild(
        Step.start({ ...options, id: "a", onRegistration: () => Effect.sleep("8 seconds") }),
        { startImmediately: true }
      )
      const others = yield* Effect.forkChild(Effect.all([starting("b"), starting("c")], { concurrency: "unbounded" }), {
        startImmediately: true
      })
      yield* TestClock.adjust("1 second")
      assert.strictEqual(others.pollUnsafe()?._tag, "Success")
      assert.isUndefined(slow.pollUnsafe())
      yield* TestClock.adjust("8 seconds")
      yield* Fiber.join(slow)
      assert.strictEqual(registers(service), 1)
    }).pipe(using(service))
  })

  it.effect("a registration that onRegistration did not keep is forgotten (D10)", () => {
    const service = Service.make({
      register: [Service.registered({ clientId: "client-1" }), Service.registered({ clientId: "client-2" })]
    })
    const kept: Array<string> = []
    return Effect.gen(function*() {
      const failing = Step.start({ ...options, id: "a", onRegistration: () => Effect.fail("closed" as const) })
      assert.strictEqual(yield* Effect.flip(failing), "closed")
      const onRegistration = ({ clientId }: { readonly clientId: string }) => Effect.sync(() => kept.push(clientId))
      yield* Step.start({ ...options, id: "b", onRegistration })
      yield* Step.start({ ...options, id: "c", onRegistration })
      assert.deepStrictEqual(kept, ["client-2"])
    }).pipe(using(service))
  })

  it.effect("starts whose registration the service rejects share one new registration (D10)", () => {
    const rejects = {
      ...Service.exception("InvalidClientException", "invalid_client", { status: 401 }),
      delay: "1 second"
    } as const
    const registered = [{ ...Service.registered({ clientId: "client-2" }), delay: "1 second" } as const]
    const service = Service.make({
      register: [Service.registered({ clientId: "client-1" }), ...registered],
      start: [Service.code(), rejects, rejects, rejects, { ...rejects, delay: "5 seconds" }, Service.code()]
    })
    const kept: Array<string> = []
    const onRegistration = ({ clientId }: { readonly clientId: string }) => Effect.sync(() => kept.push(clientId))
    return Effect.gen(function*() {
      yield* Step.start({ ...options, id: "a", onRegistration })
      const fiber = yield* Effect.forkChild(
        Effect.all(["b", "c", "d", "e"].map((id) => Step.start({ ...options, id, onRegistration })), {
          concurrency: "unbounded"
        })
      )
      yield* TestClock.adjust("10 seconds")
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(kept, ["client-1", "client-2"])
      assert.strictEqual(registers(service), 2)
    }).pipe(using(service))
  })

  it.effect("a start does not wait for ever for a registration of another one (D10)", () => {
    const silent = { silent: true }
    const service = Service.make({ register: [silent, Service.registered()] })
    return Effect.gen(function*() {
      yield* Effect.forkChild(starting("a"))
      const fiber = yield* Effect.forkChild(starting("b"))
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual((yield* Fiber.join(fiber)).state, "pending")
    }).pipe(using(service))
  })

  it.effect("a registration that the service rejects is replaced, and onRegistration gets the new one (D10)", () => {
    const service = Service.make({
      register: [Service.registered(), Service.registered({ clientId: "client-2", clientSecret: "client-secret-2" })],
      start: [
        Service.code(),
        Service.exception("InvalidClientException", "invalid_client", { status: 401 }),
        Service.code()
      ]
    })
    const kept: Array<string> = []
    const onRegistration = ({ clientId }: { readonly clientId: string }) => Effect.sync(() => kept.push(clientId))
    return Effect.gen(function*() {
      yield* Step.start({ ...options, id: "a", onRegistration })
      yield* Step.start({ ...options, id: "b", onRegistration })
      yield* Step.start({ ...options, id: "c", onRegistration })
      assert.deepStrictEqual(kept, ["client-1", "client-2"])
      assert.strictEqual(service.sent.at(-1)?.body["clientId"], "client-2")
    }).pipe(using(service))
  })

  it.effect("a registration that you kept is used (D10)", () => {
    const service = Service.make({})
    return Effect.gen(function*() {
      const { endpoint, region } = yield* SsoOidc.SsoOidc
      const other = yield* SsoOidc.SsoOidc.use((oidc) =>
        oidc.registerClient({ clientName: "test", clientType: "public" })
      )
      const { clientId, clientSecret } = other
      const registration = { clientId, clientSecret, scopes: ["sso:account:access"], region, endpoint }
      yield* starting("a", { registration })
      assert.strictEqual(registers(service), 1)
    }).pipe(using(service))
  })
})
