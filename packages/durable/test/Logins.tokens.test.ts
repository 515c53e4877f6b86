import { assert, describe, it } from "@effect/vitest"
import * as Logins from "@sso-oidc/durable/Logins"
import * as LoginStore from "@sso-oidc/durable/LoginStore"
import * as Service from "@sso-oidc/test-kit/scriptedService"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import { options, row, slow } from "./support/login.ts"
import { engines, seconds } from "./support/logins.ts"
import * as Processes from "./support/processes.ts"

const take = Effect.flatMap(Logins.Logins, (logins) => logins.take(options.id))
const cancel = Effect.flatMap(Logins.Logins, (logins) => logins.cancel(options.id))
const again = Effect.flatMap(Logins.Logins, (logins) => logins.start({ ...options, again: true }))

const accessToken = Effect.map(take, (token) => Redacted.value(token.accessToken))

const unavailable = new LoginStore.LoginStoreError({
  store: "own",
  operation: "end",
  reason: "unavailable",
  detail: "it is closed"
})

/** Changes the row, whatever its version is. */
const change = (change: Partial<LoginStore.Row>) =>
  Effect.gen(function*() {
    const store = yield* LoginStore.LoginStore
    const found = yield* row()
    assert.isTrue(yield* store.set(options.id, found.version, { ...found, version: "changed", ...change }))
  })

const lost: Partial<LoginStore.Row> = {
  state: "lost",
  sealed: undefined,
  holder: undefined,
  error: JSON.stringify({ _tag: "DeviceCodeExpired", detectedBy: "clock", responseLost: true, failures: 0 })
}

describe.each(Object.entries(engines))("tokens that come at a bad moment on %s", (_, engine) => {
  /** A login whose poll is in flight, and brings the token after 10 seconds. */
  const polling = (
    response: Service.ScriptedResponse = Service.token(),
    more: Partial<Processes.Settings> = {}
  ) =>
    Effect.gen(function*() {
      const service = Service.make({ polls: [slow(response, "10 seconds"), Service.invalidGrant] })
      const process = yield* Processes.make({ service, engine, ...more })
      yield* process.run(Processes.start)
      yield* seconds(6)
      assert.deepStrictEqual(service.polls(), [5])
      return { ...process, service }
    })

  it.effect("an execution that is interrupted in a poll stores the token that it brings (W6)", () =>
    Effect.gen(function*() {
      const one = yield* polling()
      yield* Effect.forkChild(one.interrupt(), { startImmediately: true })
      yield* seconds(12)
      assert.strictEqual(one.service.count.aborted, 0)
      assert.deepStrictEqual(one.service.polls(), [5])
      assert.strictEqual(yield* one.run(accessToken), "access-token-1")
    }).pipe(Processes.sharing))

  it.effect("an execution that is interrupted in a poll without a token polls on, at the right time (W6)", () =>
    Effect.gen(function*() {
      const service = Service.make({ polls: [slow(Service.slowDown(), "10 seconds"), Service.token()] })
      const one = yield* Processes.make({ service, engine })
      yield* one.run(Processes.start)
      yield* seconds(6)
      yield* Effect.forkChild(one.interrupt(), { startImmediately: true })
      yield* seconds(40)
      // the response came at 15, and it asked for 10 seconds
      assert.deepStrictEqual(service.polls(), [5, 25])
      assert.strictEqual(yield* one.run(accessToken), "access-token-1")
    }).pipe(Processes.sharing))

  it.effect("a process that stops in a poll stores the token that it brings (W6, W7)", () =>
    Effect.gen(function*() {
      const one = yield* polling()
      yield* one.stop
      yield* seconds(12)
      assert.strictEqual(one.service.count.aborted, 0)
      assert.strictEqual(yield* Processes.state, "approved")
      const two = yield* Processes.make({ service: one.service, engine, isClient: true })
      assert.strictEqual(yield* two.run(accessToken), "access-token-1")
    }).pipe(Processes.sharing))

  it.effect.each(["interrupted", "stopped"] as const)(
    "while a process is %s, a store that fails for 8 seconds gets the token (W6)",
    (how) => {
      let isClosed = true
      return Effect.gen(function*() {
        const one = yield* polling(Service.token(), {
          store: (store) => ({ ...store, end: (...all) => isClosed ? Effect.fail(unavailable) : store.end(...all) })
        })
        yield* how === "stopped" ? one.stop : Effect.forkChild(one.interrupt(), { startImmediately: true })
        yield* seconds(17)
        assert.strictEqual(yield* Processes.state, "pending")
        isClosed = false
        yield* seconds(5)
        assert.strictEqual(yield* Processes.state, "approved")
        assert.deepStrictEqual(one.service.polls(), [5])
      }).pipe(Processes.sharing)
    }
  )

  it.effect("the late token of a frozen process replaces the outcome lost of another one (W6)", () =>
    Effect.gen(function*() {
      const one = yield* polling()
      yield* one.freeze
      yield* seconds(10)
      const two = yield* Processes.make({ service: one.service, engine })
      yield* two.handOver()
      yield* seconds(12)
      assert.strictEqual((yield* two.run(Processes.failure))._tag, "TokenPossiblyLost")
      yield* one.thaw
      yield* seconds(1)
      assert.strictEqual(yield* two.run(accessToken), "access-token-1")
    }).pipe(Processes.sharing))

  it.effect("the late token of a frozen process is stored in a pending row of another holder, who stops polling (W6)", () =>
    Effect.gen(function*() {
      const one = yield* polling()
      yield* one.freeze
      yield* seconds(10)
      const second = Service.make({ polls: [Service.pending] })
      const two = yield* Processes.make({ service: second, engine, random: () => 0 })
      yield* two.handOver()
      yield* seconds(6)
      yield* one.thaw
      yield* seconds(1)
      assert.strictEqual(yield* two.run(accessToken), "access-token-1")
      yield* seconds(60)
      assert.isAtMost(second.polls().length, 14)
      assert.strictEqual(yield* Processes.state, "approved")
    }).pipe(Processes.sharing))

  it.effect.each(
    [
      ["failed", { state: "failed", error: lost.error, sealed: undefined, holder: undefined }],
      ["cancelled", { state: "cancelled", sealed: undefined, holder: undefined }],
      ["approved", { state: "approved", sealed: undefined, holder: undefined }]
    ] as const
  )("a late token does not replace the outcome %s (W6)", ([, outcome]) =>
    Effect.gen(function*() {
      const one = yield* polling()
      yield* change(outcome)
      const before = yield* row()
      yield* seconds(30)
      assert.deepStrictEqual(yield* row(), before)
      assert.deepStrictEqual(one.service.polls(), [5])
    }).pipe(Processes.sharing))

  it.effect("a late error replaces no outcome, not even lost (W6)", () =>
    Effect.gen(function*() {
      yield* polling(Service.exception("AccessDeniedException", "access_denied"))
      yield* change(lost)
      const before = yield* row()
      yield* seconds(30)
      assert.deepStrictEqual(yield* row(), before)
    }).pipe(Processes.sharing))

  it.effect("a late error of a frozen process ends no login that another process drives (W6)", () =>
    Effect.gen(function*() {
      const one = yield* polling(Service.exception("AccessDeniedException", "access_denied"))
      yield* one.freeze
      yield* seconds(10)
      const second = Service.make({ polls: [Service.pending] })
      const two = yield* Processes.make({ service: second, engine })
      yield* two.handOver()
      yield* seconds(1)
      yield* one.thaw
      yield* seconds(2)
      assert.strictEqual(yield* Processes.state, "pending")
      assert.deepStrictEqual(one.service.polls(), [5])
    }).pipe(Processes.sharing))

  it.effect("the token of a login that was cancelled in its poll is dropped (W6)", () =>
    Effect.gen(function*() {
      const one = yield* polling()
      assert.isTrue(yield* one.run(cancel))
      yield* seconds(20)
      assert.strictEqual(yield* Processes.state, "cancelled")
      assert.isUndefined((yield* row()).sealed)
      assert.strictEqual((yield* Effect.flip(one.run(take)))._tag, "LoginCancelled")
    }).pipe(Processes.sharing))

  it.effect("the token of an earlier login of an id is not stored in the next one (W6)", () =>
    Effect.gen(function*() {
      const one = yield* polling()
      yield* one.run(cancel)
      yield* one.run(again)
      yield* seconds(4)
      const { attempt, state } = yield* row()
      assert.strictEqual(state, "pending")
      yield* seconds(8)
      const next = yield* row()
      assert.strictEqual(next.attempt, attempt)
      assert.notStrictEqual(next.state, "approved")
    }).pipe(Processes.sharing))

  it.effect.each(
    [
      ["a response without a token", { ...Service.token(), body: { tokenType: "Bearer", expiresIn: 1 } }],
      ["a connection that breaks, then invalid_grant", Service.cut("maybe")]
    ] as const
  )("%s is not an ordinary exception in the row (W6)", ([, response]) =>
    Effect.gen(function*() {
      const one = yield* polling(response)
      yield* seconds(40)
      assert.strictEqual((yield* one.run(Processes.failure))._tag, "TokenPossiblyLost")
      assert.strictEqual(yield* Processes.state, "lost")
    }).pipe(Processes.sharing))

  it.effect("take gives a token once, also to many callers in two processes at once (W6)", () =>
    Effect.gen(function*() {
      const one = yield* polling()
      const two = yield* Processes.make({ service: one.service, engine, isClient: true })
      yield* seconds(11)
      const takes = Array.from({ length: 10 }, (_, at) => Effect.result((at % 2 === 0 ? one : two).run(accessToken)))
      const results = yield* Fiber.join(yield* Effect.forkChild(Effect.all(takes, { concurrency: "unbounded" })))
      assert.strictEqual(results.filter(({ _tag }) => _tag === "Success").length, 1)
      const login = yield* one.run(Processes.get)
      assert.isTrue(login.state === "approved" && login.isTaken)
    }).pipe(Processes.sharing))
})
