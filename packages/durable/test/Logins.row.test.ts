import { assert, describe, it } from "@effect/vitest"
import * as Logins from "@sso-oidc/durable/Logins"
import * as LoginStore from "@sso-oidc/durable/LoginStore"
import * as Leaks from "@sso-oidc/test-kit/leaks"
import * as Recorder from "@sso-oidc/test-kit/recorder"
import * as Service from "@sso-oidc/test-kit/scriptedService"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import { options, row, slow } from "./support/login.ts"
import { engines, seconds } from "./support/logins.ts"
import * as Processes from "./support/processes.ts"

const token = Effect.flatMap(Logins.Logins, (logins) => logins.token(options.id))
const take = Effect.flatMap(Logins.Logins, (logins) => logins.take(options.id))
const again = Effect.flatMap(Logins.Logins, (logins) => logins.start({ ...options, again: true }))
const cancel = Effect.flatMap(Logins.Logins, (logins) => logins.cancel(options.id))

const unavailable = new LoginStore.LoginStoreError({
  store: "own",
  operation: "end",
  reason: "unavailable",
  detail: "it is closed"
})

describe.each(Object.entries(engines))("rows and executions on %s", (_, engine) => {
  it.effect("a row that the engine did not take is handed over again, also after the id was used again (W2)", () => {
    const service = Service.make({ polls: [Service.pending] })
    let isDown = true
    return Effect.gen(function*() {
      const one = yield* Processes.make({ service, engine: Processes.failing(engine, () => isDown) })
      assert.strictEqual((yield* one.run(Processes.start)).userCode, "BRCJ-PDVT")
      yield* seconds(30)
      assert.deepStrictEqual(service.polls(), [])
      isDown = false
      yield* seconds(30)
      assert.isAbove(service.polls().length, 0)
      assert.isTrue(yield* one.run(cancel))
      isDown = true
      yield* one.run(again)
      const before = service.polls().length
      yield* seconds(10)
      assert.strictEqual(service.polls().length, before)
      isDown = false
      yield* seconds(40)
      assert.isAbove(service.polls().length, before)
    }).pipe(Processes.sharing)
  })

  it.effect("an engine that hangs keeps a person waiting for the code for 5 seconds only (W2)", () => {
    const service = Service.make({ polls: [Service.pending] })
    return Effect.gen(function*() {
      const hanging = Processes.failing(engine, () => true, Effect.never)
      const one = yield* Processes.make({ service, engine: hanging })
      const fiber = yield* Effect.forkChild(one.run(Processes.start), { startImmediately: true })
      yield* seconds(4)
      assert.isUndefined(fiber.pollUnsafe())
      yield* seconds(1)
      assert.strictEqual((yield* Fiber.join(fiber)).userCode, "BRCJ-PDVT")
    }).pipe(Processes.sharing)
  })

  it.effect("where a row and its hand-over are one transaction, a start that the engine does not take leaves no row (W2)", () => {
    const service = Service.make({})
    return Effect.gen(function*() {
      const store = yield* LoginStore.LoginStore
      const one = yield* Processes.make({
        service,
        engine: Processes.failing(engine, () => true),
        storage: {
          transaction: (effect) => Effect.tapError(effect, () => store.sweep(1e15)),
          forget: () => Effect.void
        }
      })
      const error = yield* Effect.flip(one.run(Processes.start))
      assert.strictEqual(error._tag === "LoginStoreError" && error.operation, "insert")
      assert.include(error.message, "the engine did not take the login")
      assert.isUndefined(yield* store.get(options.id))
    }).pipe(Processes.sharing)
  })

  it.effect("get, token and take report the row, and not what the execution does (W2)", () => {
    const service = Service.make({ polls: [slow(Service.token())] })
    return Effect.gen(function*() {
      const store = yield* LoginStore.LoginStore
      const one = yield* Processes.make({ service, engine })
      yield* one.run(Processes.start)
      yield* seconds(6)
      // the poll that brings the token is in flight, and another program ends the row
      const { sealed: _sealed, holder: _holder, ...found } = yield* row()
      const outcome = { ...found, version: "another", state: "cancelled" } as const
      assert.isTrue(yield* store.end(options.id, found.version, outcome))
      for (const moment of [0, 10]) {
        yield* seconds(moment)
        assert.strictEqual((yield* one.run(Processes.get)).state, "cancelled")
        assert.strictEqual((yield* Effect.flip(one.run(token)))._tag, "LoginCancelled")
        assert.strictEqual((yield* Effect.flip(one.run(take)))._tag, "LoginCancelled")
      }
      assert.strictEqual((yield* row()).version, "another")
      assert.isFalse(yield* one.isRunning())
    }).pipe(Processes.sharing)
  })

  const secret = "secret-text-of-a-defect-0123456789"

  const defects: ReadonlyArray<readonly [string, () => unknown, LoginStore.State?]> = [
    ["throws", () => {
      throw new Error(secret)
    }],
    ["dies", () => Effect.die(new Error(secret))],
    ["gives no Effect", () => ({ secret })],
    ["gives nothing", () => undefined],
    ["gives a Promise", () => Promise.resolve(secret)],
    ["succeeds with a text", () => Effect.succeed(secret)],
    // an error of the client, and not a defect: it says that no token came
    ["fails with a text", () => Effect.fail(secret), "failed"]
  ]

  it.effect.each(defects)(
    "if the client %s, the row ends with a sentence, and the execution after it (W2, W8)",
    ([, createToken, state = "lost"]) => {
      const service = Service.make({})
      const recorder = Recorder.make()
      return Effect.gen(function*() {
        const one = yield* Processes.make({
          service,
          engine,
          // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a program's own client may be wrong in any way
          oidc: (oidc) => ({ ...oidc, createToken: createToken as Processes.Oidc["createToken"] })
        })
        yield* one.run(Processes.start)
        yield* seconds(6)
        const error = yield* one.run(Processes.failure)
        assert.strictEqual(error._tag, "UnexpectedResponse")
        // the poll may have been sent, and may have brought a token
        assert.strictEqual(yield* Processes.state, state)
        assert.isFalse(yield* one.isRunning())
        assert.strictEqual((yield* Effect.flip(one.run(token)))._tag, "UnexpectedResponse")
        const texts = [JSON.stringify(yield* row()), ...recorder.lines, ...Leaks.textsOf(error)]
        for (const text of texts) assert.isUndefined(Leaks.leakIn(text, secret), text)
        // the others go on
        yield* one.run(Effect.flatMap(Logins.Logins, (logins) => logins.start({ ...options, id: "login-2" })))
        yield* seconds(6)
        assert.strictEqual((yield* row("login-2")).state, state)
      }).pipe(recorder.record, Processes.sharing)
    }
  )

  it.effect.each(
    [
      ["a token", Service.token(), "approved"],
      ["an error", Service.exception("AccessDeniedException", "access_denied"), "failed"]
    ] as const
  )(
    "while the store does not write %s, the execution goes on, until the row says it (W2, W6)",
    ([, response, state]) => {
      const service = Service.make({ polls: [response] })
      let isClosed = true
      return Effect.gen(function*() {
        const one = yield* Processes.make({
          service,
          engine,
          store: (store) => ({
            ...store,
            end: (id, version, outcome) => isClosed ? Effect.fail(unavailable) : store.end(id, version, outcome)
          })
        })
        yield* one.run(Processes.start)
        yield* seconds(90)
        assert.strictEqual(yield* Processes.state, "pending")
        assert.isTrue(yield* one.isRunning())
        assert.deepStrictEqual(service.polls(), [5])
        isClosed = false
        yield* seconds(10)
        assert.strictEqual(yield* Processes.state, state)
        assert.isFalse(yield* one.isRunning())
        assert.deepStrictEqual(service.polls(), [5])
      }).pipe(Processes.sharing)
    }
  )

  it.effect("a defect while a row is taken over ends nothing, and it is taken over after it (W2)", () => {
    const service = Service.make({ polls: [Service.token()] })
    let isBroken = false
    return Effect.gen(function*() {
      const one = yield* Processes.make({ service, engine })
      yield* one.run(Processes.start)
      yield* seconds(1)
      yield* one.freeze
      const two = yield* Processes.make({
        service,
        engine,
        random: () => {
          if (isBroken) throw new Error("no random numbers")
          return 0.5
        }
      })
      yield* seconds(1)
      isBroken = true
      yield* two.handOver()
      yield* seconds(20)
      assert.isTrue(yield* two.isRunning())
      assert.strictEqual(yield* Processes.state, "pending")
      isBroken = false
      yield* seconds(20)
      assert.strictEqual(yield* Processes.state, "approved")
    }).pipe(Processes.sharing)
  })

  it.effect("while the store cannot be read, a login waits, and goes on after it (W2)", () => {
    const service = Service.make({ polls: [Service.token()] })
    let isClosed = true
    return Effect.gen(function*() {
      const one = yield* Processes.make({
        service,
        engine,
        store: (store) => ({ ...store, set: (...all) => isClosed ? Effect.fail(unavailable) : store.set(...all) })
      })
      yield* one.run(Processes.start)
      yield* seconds(60)
      assert.deepStrictEqual(service.polls(), [])
      isClosed = false
      yield* seconds(10)
      assert.strictEqual(Redacted.value((yield* one.run(take)).accessToken), "access-token-1")
    }).pipe(Processes.sharing)
  })
})
