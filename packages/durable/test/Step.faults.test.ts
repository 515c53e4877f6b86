import { assert, describe, it } from "@effect/vitest"
import * as ClientError from "@sso-oidc/core/aws/ClientError"
import * as Sealer from "@sso-oidc/core/Sealer"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import { LoginEnded } from "@sso-oidc/durable/LoginError"
import * as LoginStore from "@sso-oidc/durable/LoginStore"
import * as Step from "@sso-oidc/durable/Step"
import { unhandled } from "@sso-oidc/test-kit/rejections"
import * as Service from "@sso-oidc/test-kit/scriptedService"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/testing/TestClock"
import { as, instant, options, row, start, stepped, stores, using } from "./support/login.ts"

/** A change of a store, which may give anything, as JavaScript may. */
type Change = (store: LoginStore.Service) => Readonly<Partial<Record<keyof LoginStore.Service, unknown>>>

/** Runs with a store that is changed. */
const changing = (change: Change) => <A, E, R>(effect: Effect.Effect<A, E, R | LoginStore.LoginStore>) =>
  Effect.flatMap(LoginStore.LoginStore, (store) =>
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a store may be wrong in any way
    Effect.provideService(effect, LoginStore.LoginStore, { ...store, ...change(store) } as LoginStore.Service))

const unavailable = new LoginStore.LoginStoreError({
  store: "own",
  operation: "set",
  reason: "unavailable",
  detail: "it is closed"
})

/** A write that is done, and whose response is lost. */
const deaf = (write: Effect.Effect<boolean, LoginStore.LoginStoreError>) =>
  Effect.andThen(write, Effect.fail(unavailable))

/** Fails so many times, and works then. */
const flaky = (times: number) => {
  let left = times
  return <A>(effect: Effect.Effect<A, LoginStore.LoginStoreError>) =>
    Effect.suspend(() => left-- > 0 ? Effect.fail(unavailable) : effect)
}

type Call = Effect.Effect<
  unknown,
  Step.StartError | Step.StepError | Step.TakeError,
  LoginStore.LoginStore | Sealer.Sealer | SsoOidc.SsoOidc
>

const due = Effect.andThen(start, TestClock.adjust("5 seconds"))

/** Steps while the clock moves on, so that pauses between two tries end. */
const patiently = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(effect)
    for (let second = 0; second < 90; second++) yield* TestClock.adjust("1 second")
    return yield* Fiber.join(fiber)
  })

describe("a store that is wrong", () => {
  const wrongs: ReadonlyArray<readonly [string, unknown, LoginStore.LoginStoreError["reason"]]> = [
    ["throws", () => {
      throw new Error("device-code-1")
    }, "unavailable"],
    ["gives no Effect", () => true, "wrongResult"],
    ["gives a Promise", () => Promise.reject(new Error("device-code-1")), "wrongResult"],
    ["gives nothing", () => undefined, "wrongResult"],
    ["has a defect", () => Effect.die(new Error("device-code-1")), "unavailable"],
    ["interrupts itself", () => Effect.interrupt, "unavailable"],
    ["fails with another error", () => Effect.fail(new Error("device-code-1")), "unavailable"],
    ["gives a number", () => Effect.succeed(1), "wrongResult"],
    ["gives a text", () => Effect.succeed("yes"), "wrongResult"],
    ["never responds", () => Effect.never, "timeout"],
    ["never responds and cannot be interrupted", () => Effect.uninterruptible(Effect.never), "timeout"]
  ]

  it.effect.each(wrongs)("if its get %s, a step fails with LoginStoreError, and sends nothing", ([, get, reason]) => {
    const service = Service.make({})
    return Effect.gen(function*() {
      yield* due
      const calls: ReadonlyArray<Call> = [
        Step.step("login-1"),
        start,
        Step.get("login-1"),
        Step.take("login-1"),
        Step.cancel("login-1")
      ]
      for (const call of calls) {
        const fiber = yield* Effect.forkChild(Effect.flip(call.pipe(changing(() => ({ get })))))
        yield* TestClock.adjust("10 seconds")
        const error = yield* Fiber.join(fiber)
        assert.strictEqual(error._tag, "LoginStoreError")
        assert.strictEqual(error._tag === "LoginStoreError" && error.reason, reason)
        assert.notInclude(JSON.stringify(error), "device-code-1")
      }
      assert.deepStrictEqual(service.polls(), [])
    }).pipe(using(service))
  })

  it.effect.each(wrongs)("if its set %s, a step fails with LoginStoreError, and sends nothing", ([, set, reason]) => {
    const service = Service.make({})
    return Effect.gen(function*() {
      yield* due
      const error = yield* patiently(Effect.flip(Step.step("login-1").pipe(changing(() => ({ set })))))
      assert.strictEqual(error._tag === "LoginStoreError" && error.reason, reason)
      assert.deepStrictEqual(service.polls(), [])
      assert.strictEqual((yield* row()).state, "pending")
    }).pipe(using(service))
  })

  it.effect.each(wrongs)(
    "if its end %s, the token is given, and the step says that it is not stored (W6)",
    ([, end]) => {
      const service = Service.make({})
      return Effect.gen(function*() {
        yield* due
        const result = as(yield* patiently(Step.step("login-1").pipe(changing(() => ({ end })))), "Approved")
        assert.isFalse(result.isStored)
        assert.strictEqual(Redacted.value(result.token.accessToken), "access-token-1")
        assert.strictEqual((yield* row()).state, "pending")
      }).pipe(using(service))
    }
  )

  it.effect("if its Effect does not wait for an async function, its error says so, and a rejection of it has a handler", () => {
    const service = Service.make({})
    const wrong = () => Effect.sync(() => Promise.reject(new Error("device-code-1")))
    return Effect.gen(function*() {
      yield* due
      const rejections = yield* unhandled(Effect.gen(function*() {
        const error = yield* Effect.flip(Step.step("login-1").pipe(changing(() => ({ get: wrong }))))
        assert.strictEqual(error._tag === "LoginStoreError" && error.reason, "wrongResult")
        assert.include(
          error.message,
          ": its Effect did not wait for an async function, so use Effect.tryPromise in its method. Hold the"
        )
        assert.notInclude(JSON.stringify(error), "device-code-1")
        yield* patiently(Effect.flip(Step.step("login-1").pipe(changing(() => ({ set: wrong })))))
        yield* Effect.flip(Step.step("login-1").pipe(changing(() => ({ get: () => Promise.reject(new Error("x")) }))))
      }))
      assert.deepStrictEqual(rejections, [])
    }).pipe(using(service))
  })

  /** What a step of an id fails with, if a read of the store fails with this detail. */
  const failureOf = (id: string, detail: string, code: string) =>
    Effect.flip(
      Step.step(id).pipe(changing(() => ({
        get: () => {
          const own = new LoginStore.LoginStoreError({
            store: "own",
            operation: "get",
            reason: "unavailable",
            detail,
            code
          })
          return Effect.fail(Object.defineProperty(own, "cause", { value: new Error(detail) }))
        }
      })))
    )

  it.effect("its errors are made anew, and name no login", () =>
    Effect.gen(function*() {
      for (const id of ["login-of-ann", "login".repeat(40), "a".repeat(9), "$& 'login'"]) {
        for (const pad of [0, 100, 290, 299, 400]) {
          const error = yield* failureOf(id, `${"y".repeat(pad)}no row ${id} in the\ntable of ${id}`, `E${id}`)
          assert.notInclude(JSON.stringify(error) + error.message, id.slice(0, 9))
          assert.strictEqual(error._tag === "LoginStoreError" && error.code, undefined)
          assert.isUndefined(error.cause)
          if (pad === 0) assert.include(error.message, "the login: no row [id] in the table of [id]. Check the store")
        }
      }
    }).pipe(using(Service.make({}))))

  it.effect("its errors keep their words, if the id is so short that it may be in any sentence", () =>
    Effect.gen(function*() {
      for (const id of ["a", "e", "database", "no"]) {
        const error = yield* failureOf(id, "there is no connection to the database", "ECONNREFUSED")
        assert.include(error.message, ": there is no connection to the database (ECONNREFUSED). Check the store")
      }
      assert.include((yield* failureOf("a", "", "E")).message, ": it gave no reason (E). Check the store")
    }).pipe(using(Service.make({}))))

  it.effect("rows of another form are unreadable, and nothing of them is used", () => {
    const service = Service.make({})
    return Effect.gen(function*() {
      yield* due
      const good = yield* row()
      const bad: ReadonlyArray<Readonly<Record<string, unknown>>> = [
        { version: "" },
        { version: 1 },
        { version: "x".repeat(41) },
        { version: "a\n" },
        { attempt: "x/y" },
        { attempt: "a b" },
        { holder: "h/" },
        { attempt: undefined },
        { state: "done" },
        { driver: "cron" },
        { holder: 7 },
        { heldUntil: "soon" },
        { heldUntil: Number.NaN },
        { heldUntil: 1e300 },
        { sealed: undefined },
        { sealed: 1 },
        { sealed: "" },
        { error: 1 },
        { error: "{}" },
        { writtenAt: "now" },
        { removeAt: undefined },
        { removeAt: Infinity },
        { state: "failed" },
        { state: "lost", sealed: undefined },
        { state: "approved", error: "{}" }
      ]
      for (const change of bad) {
        const get = () => Effect.succeed({ ...good, ...change })
        const error = yield* Effect.flip(Step.step("login-1").pipe(changing(() => ({ get }))))
        assert.strictEqual(error._tag === "LoginStoreError" && error.reason, "unreadable", JSON.stringify(change))
      }
      const throwing = Object.defineProperty({ ...good }, "state", {
        get: () => {
          throw new Error("no")
        }
      })
      const error = yield* Effect.flip(
        Step.step("login-1").pipe(changing(() => ({ get: () => Effect.succeed(throwing) })))
      )
      assert.strictEqual(error._tag === "LoginStoreError" && error.reason, "wrongResult")
      // null means that a member is absent, and unknown members do not matter
      const lenient = { ...good, holder: null, heldUntil: null, error: null, more: 1 }
      yield* Step.step("login-1").pipe(changing(() => ({ get: () => Effect.succeed(lenient) })))
      assert.strictEqual(service.polls().length, 1)
    }).pipe(using(service))
  })
})

describe("responses of the store that are lost", () => {
  it.effect("a mark that was written although the store failed leads to a poll", () => {
    const service = Service.make({ polls: [Service.pending] })
    return Effect.gen(function*() {
      yield* due
      const result = yield* Step.step("login-1").pipe(changing((store) => ({
        set: (id: string, version: string, next: LoginStore.Row) => deaf(store.set(id, version, next))
      })))
      as(result, "Waiting")
      assert.isUndefined((yield* row()).holder)
    }).pipe(using(service))
  })

  it.effect("a token is stored by a store that fails for twenty seconds when it came (W6)", () => {
    const service = Service.make({})
    return Effect.gen(function*() {
      yield* due
      const often = flaky(8)
      const result = yield* patiently(
        Step.step("login-1").pipe(changing((store) => ({
          end: (id: string, version: string, next: LoginStore.Outcome) => often(store.end(id, version, next))
        })))
      )
      assert.isTrue(as(result, "Approved").isStored)
    }).pipe(using(service))
  })

  it.effect("a token that was stored although the store failed is stored (W6)", () => {
    const service = Service.make({})
    return Effect.gen(function*() {
      yield* due
      const result = yield* patiently(
        Step.step("login-1").pipe(changing((store) => ({
          end: (id: string, version: string, next: LoginStore.Outcome) => deaf(store.end(id, version, next))
        })))
      )
      assert.isTrue(as(result, "Approved").isStored)
    }).pipe(using(service))
  })

  it.effect("a row that was inserted although the store failed is the login (W1)", () => {
    const service = Service.make({})
    return Effect.gen(function*() {
      const login = yield* start.pipe(changing((store) => ({
        insert: (id: string, next: LoginStore.Row) => deaf(store.insert(id, next))
      })))
      assert.strictEqual(login.userCode, "BRCJ-PDVT")
      assert.deepStrictEqual(yield* start, login)
    }).pipe(using(service))
  })

  it.effect("a token that was removed although the store failed is given by take", () => {
    const service = Service.make({})
    return Effect.gen(function*() {
      yield* due
      yield* stepped("Approved")
      const token = yield* Step.take("login-1").pipe(changing((store) => ({
        set: (id: string, version: string, next: LoginStore.Row) => deaf(store.set(id, version, next))
      })))
      assert.strictEqual(Redacted.value(token.accessToken), "access-token-1")
      assert.strictEqual((yield* Effect.flip(Step.take("login-1")))._tag, "LoginUnknown")
    }).pipe(using(service))
  })

  it.effect("a cancelled login whose write failed is cancelled", () => {
    const service = Service.make({})
    return Effect.gen(function*() {
      yield* due
      const cancel = Step.cancel("login-1").pipe(changing((store) => ({
        end: (id: string, version: string, next: LoginStore.Outcome) => deaf(store.end(id, version, next))
      })))
      assert.isTrue(yield* cancel)
    }).pipe(using(service))
  })

  it.effect("a store that fails three times while a token is stored is tried a fourth time (W6)", () => {
    const service = Service.make({})
    const fails = flaky(3)
    return Effect.gen(function*() {
      yield* due
      const result = yield* patiently(
        Step.step("login-1").pipe(changing((store) => ({
          end: (id: string, version: string, next: LoginStore.Outcome) => fails(store.end(id, version, next))
        })))
      )
      assert.isTrue(as(result, "Approved").isStored)
    }).pipe(using(service))
  })

  it.effect("a store that fails after a poll without a token leaves the row held, and nothing polls too early (W3)", () => {
    const service = Service.make({ polls: [Service.pending] })
    let writes = 0
    return Effect.gen(function*() {
      yield* due
      const error = yield* patiently(Effect.flip(
        Step.step("login-1").pipe(changing((store) => ({
          set: (id: string, version: string, next: LoginStore.Row) =>
            writes++ === 0 ? store.set(id, version, next) : Effect.fail(unavailable)
        })))
      ))
      assert.strictEqual(error._tag, "LoginStoreError")
      assert.isDefined((yield* row()).holder)
      yield* stepped("Waiting")
    }).pipe(using(service))
  })
})

describe("writes that are sent twice", () => {
  /** A store whose transport sends each write a second time, and gives the second response. */
  const twice: Change = (store) => ({
    insert: (id: string, next: LoginStore.Row) => Effect.andThen(store.insert(id, next), store.insert(id, next)),
    set: (id: string, version: string, next: LoginStore.Row) =>
      Effect.andThen(store.set(id, version, next), store.set(id, version, next)),
    end: (id: string, version: string, next: LoginStore.Outcome) =>
      Effect.andThen(store.end(id, version, next), store.end(id, version, next))
  })

  it.effect("a row that was inserted by the first one is the login, and its code is shown (W1)", () => {
    const service = Service.make({})
    return Effect.gen(function*() {
      yield* start.pipe(changing(twice))
      yield* start.pipe(changing(twice))
      assert.deepStrictEqual(service.paths(), ["/client/register", "/device_authorization"])
      yield* Step.cancel("login-1").pipe(changing(twice))
      yield* Step.start({ ...options, again: true }).pipe(changing(twice))
      assert.strictEqual(service.paths().length, 3)
    }).pipe(using(service))
  })

  it.effect("a login takes no longer, and its token is given once (W3, W6)", () => {
    const service = Service.make({ polls: [Service.pending, Service.token()] })
    return Effect.gen(function*() {
      yield* due
      as(yield* Step.step("login-1").pipe(changing(twice)), "Waiting")
      yield* TestClock.adjust("5 seconds")
      assert.isTrue(as(yield* Step.step("login-1").pipe(changing(twice)), "Approved").isStored)
      const token = yield* Step.take("login-1").pipe(changing(twice))
      assert.strictEqual(Redacted.value(token.accessToken), "access-token-1")
      assert.strictEqual((yield* Effect.flip(Step.take("login-1")))._tag, "LoginUnknown")
      assert.deepStrictEqual(service.polls(), [5, 10])
    }).pipe(using(service))
  })

  it.effect("an error that ends a login is the error of the step, and a cancel says that it was one", () => {
    const service = Service.make({ polls: [Service.exception("AccessDeniedException", "access_denied")] })
    return Effect.gen(function*() {
      yield* due
      const error = yield* Effect.flip(Step.step("login-1").pipe(changing(twice)))
      assert.strictEqual(error._tag, "AccessDeniedException")
      yield* Step.start({ ...options, again: true })
      assert.isTrue(yield* Step.cancel("login-1").pipe(changing(twice)))
    }).pipe(using(service))
  })
})

describe("a sealer that is wrong", () => {
  const with_ = (sealer: Partial<Record<keyof Sealer.Service, unknown>>) => <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.flatMap(Sealer.Sealer, (inner) =>
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a sealer may be wrong in any way
      Effect.provideService(effect, Sealer.Sealer, { ...inner, ...sealer } as Sealer.Service))

  const wrongs: ReadonlyArray<readonly [string, unknown]> = [
    ["throws", () => {
      throw new Error("device-code-1")
    }],
    ["gives no Effect", () => "device-code-1"],
    ["has a defect", () => Effect.die("device-code-1")],
    ["fails with another error", () => Effect.fail("device-code-1")],
    ["gives another value", () => Effect.succeed(17)],
    ["is out of reach", () => Effect.fail(new Sealer.SealerUnavailable({ action: "seal", reason: "failed" }))],
    ["never responds", () => Effect.never]
  ]

  it.effect.each(wrongs)("if unseal %s, nothing is sent, and the login does not end", ([, unseal]) => {
    const service = Service.make({})
    return Effect.gen(function*() {
      yield* due
      const calls: ReadonlyArray<Call> = [Step.step("login-1"), start, Step.get("login-1")]
      for (const call of calls) {
        const error = yield* patiently(Effect.flip(call.pipe(with_({ unseal }))))
        assert.strictEqual(error._tag, "SealerUnavailable")
        assert.notInclude(JSON.stringify(error), "device-code-1")
      }
      assert.deepStrictEqual(service.polls(), [])
      yield* stepped("Approved")
    }).pipe(using(service, Layer.fresh(stores), instant))
  })

  it.effect.each(wrongs)("if seal %s, no poll is sent, and the login does not end", ([, seal]) => {
    const service = Service.make({})
    return Effect.gen(function*() {
      yield* due
      const error = yield* patiently(Effect.flip(Step.step("login-1").pipe(with_({ seal }))))
      assert.strictEqual(error._tag, "SealerUnavailable")
      assert.deepStrictEqual(service.polls(), [])
      yield* stepped("Approved")
    }).pipe(using(service))
  })

  it.effect("if it fails when the token came, the token is given, and is not stored (W6)", () => {
    const service = Service.make({})
    let seals = 0
    return Effect.gen(function*() {
      yield* due
      const sealer = yield* Sealer.Sealer
      const seal: Sealer.Service["seal"] = (place, secret) =>
        seals++ === 0
          ? sealer.seal(place, secret)
          : Effect.fail(new Sealer.SealerUnavailable({ action: "seal", reason: "failed" }))
      const result = yield* patiently(Step.step("login-1").pipe(with_({ seal })))
      assert.isFalse(as(result, "Approved").isStored)
    }).pipe(using(service))
  })
})

describe("a client of the program's own", () => {
  it.effect("an error that cannot be stored ends the login with an error that says so", () => {
    const service = Service.make({})
    return Effect.gen(function*() {
      yield* due
      const oidc = yield* SsoOidc.SsoOidc
      const odd = new ClientError.RequestInvalid({ operation: "CreateToken", detail: "x" })
      Object.defineProperty(odd, "_tag", { value: "UnauthorizedClientException" })
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a client may fail with anything
      const createToken = () => Effect.fail(odd as never)
      const exit = yield* Effect.exit(
        Effect.provideService(Step.step("login-1"), SsoOidc.SsoOidc, { ...oidc, createToken })
      )
      assert.strictEqual(exit._tag, "Failure")
      const login = yield* Step.get("login-1")
      assert.strictEqual(login.state === "failed" && login.error._tag, "UnexpectedResponse")
      assert.include(login.state === "failed" ? login.error.message : "", "cannot be stored")
    }).pipe(using(service))
  })

  it.effect("a defect in a poll leaves the row held, and the next poll waits for the end of the hold (W3)", () => {
    const service = Service.make({ polls: [Service.pending] })
    return Effect.gen(function*() {
      yield* due
      const oidc = yield* SsoOidc.SsoOidc
      const exit = yield* Effect.exit(Effect.provideService(Step.step("login-1"), SsoOidc.SsoOidc, {
        ...oidc,
        createToken: () => Effect.die(new Error("broken"))
      }))
      assert.strictEqual(exit._tag, "Failure")
      yield* stepped("Busy")
      yield* TestClock.adjust("45 seconds")
      yield* stepped("Waiting")
    }).pipe(using(service))
  })
})

it("an error of a start encodes without a secret", () => {
  assert.deepStrictEqual(Schema.encodeSync(LoginEnded)(new LoginEnded({ state: "failed" })), {
    _tag: "LoginEnded",
    state: "failed"
  })
  assert.include(options.id, "login")
})
