import { assert, describe, it } from "@effect/vitest"
import * as Logins from "@sso-oidc/durable/Logins"
import * as LoginStore from "@sso-oidc/durable/LoginStore"
import * as Step from "@sso-oidc/durable/Step"
import * as Service from "@sso-oidc/test-kit/scriptedService"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { options, row, slow, using as usingStep } from "./support/login.ts"
import { engines, seconds } from "./support/logins.ts"
import * as Processes from "./support/processes.ts"

const codes = [
  Service.code({ userCode: "AAAA-AAAA", deviceCode: "device-code-a" }),
  Service.code({ userCode: "BBBB-BBBB", deviceCode: "device-code-b" }),
  Service.code({ userCode: "CCCC-CCCC", deviceCode: "device-code-c" })
]

const started = (more: Partial<Logins.StartOptions> = {}) =>
  Effect.flatMap(Logins.Logins, (logins) => logins.start({ ...options, ...more }))

/** The device codes that were polled for. */
const polled = (service: ReturnType<typeof Service.make>) =>
  new Set(service.sent.filter(({ path }) => path === "/token").map(({ body }) => body["deviceCode"]))

const starts = (service: ReturnType<typeof Service.make>) =>
  service.paths().filter((path) => path === "/device_authorization").length

describe.each(Object.entries(engines))("starting logins on %s", (_, engine) => {
  it.effect("of two processes that start one id at once, both show the code of one, and only that one is polled for (W1)", () => {
    const service = Service.make({ start: codes.map((code) => slow(code, "1 second")), polls: [Service.pending] })
    return Effect.gen(function*() {
      const [one, two] = [yield* Processes.make({ service, engine }), yield* Processes.make({ service, engine })]
      const fiber = yield* Effect.forkChild(
        Effect.all([one.run(started()), two.run(started())], { concurrency: "unbounded" })
      )
      yield* seconds(2)
      const [first, second] = yield* Fiber.join(fiber)
      assert.strictEqual(starts(service), 2)
      assert.strictEqual(first.userCode, second.userCode)
      yield* seconds(20)
      assert.deepStrictEqual([...polled(service)], [
        first.userCode === "AAAA-AAAA" ? "device-code-a" : "device-code-b"
      ])
      assert.deepStrictEqual(service.polls(), [6, 11, 16, 21])
    }).pipe(Processes.sharing)
  })

  it.effect("a start of a pending id gives its login again, and sends nothing (W1)", () => {
    const service = Service.make({ start: codes, polls: [Service.pending] })
    return Effect.gen(function*() {
      const [one, two] = [yield* Processes.make({ service, engine }), yield* Processes.make({ service, engine })]
      const first = yield* one.run(started())
      yield* seconds(12)
      for (const { run } of [one, two]) {
        for (const again of [false, true]) {
          const login = yield* run(started({ again }))
          assert.strictEqual(login.userCode, "AAAA-AAAA")
          assert.deepStrictEqual(login.expiresAt, first.expiresAt)
          assert.isAtLeast(DateTime.toEpochMillis(login.nextPollAt), 12_000)
        }
      }
      assert.strictEqual(starts(service), 1)
    }).pipe(Processes.sharing)
  })

  it.effect("an id that has ended gives LoginEnded, and a new login with again: true, which is polled for (W1)", () => {
    const service = Service.make({ start: codes, polls: [Service.pending] })
    return Effect.gen(function*() {
      const one = yield* Processes.make({ service, engine })
      yield* one.run(started())
      assert.isTrue(yield* one.run(Effect.flatMap(Logins.Logins, (logins) => logins.cancel(options.id))))
      const ended = yield* Effect.flip(one.run(started()))
      assert.strictEqual(ended._tag === "LoginEnded" && ended.state, "cancelled")
      assert.strictEqual(starts(service), 1)
      assert.strictEqual((yield* one.run(started({ again: true }))).userCode, "BBBB-BBBB")
      yield* seconds(6)
      assert.deepStrictEqual([...polled(service)], ["device-code-b"])
    }).pipe(Processes.sharing)
  })

  it.effect("of two processes that use an ended id again at once, both show the code of one (W1)", () => {
    const service = Service.make({ start: codes.map((code) => slow(code, "1 second")), polls: [Service.pending] })
    return Effect.gen(function*() {
      const [one, two] = [yield* Processes.make({ service, engine }), yield* Processes.make({ service, engine })]
      const first = yield* Effect.forkChild(one.run(started()))
      yield* seconds(2)
      yield* Fiber.join(first)
      yield* one.run(Effect.flatMap(Logins.Logins, (logins) => logins.cancel(options.id)))
      const fiber = yield* Effect.forkChild(
        Effect.all([one.run(started({ again: true })), two.run(started({ again: true }))], { concurrency: "unbounded" })
      )
      yield* seconds(2)
      const [b, c] = yield* Fiber.join(fiber)
      assert.strictEqual(b.userCode, c.userCode)
      assert.notStrictEqual(b.userCode, "AAAA-AAAA")
      yield* seconds(20)
      assert.strictEqual(polled(service).size, 1)
      assert.isFalse(polled(service).has("device-code-a"))
    }).pipe(Processes.sharing)
  })

  it.effect.each(
    [["approved", Service.token()], ["failed", Service.exception("AccessDeniedException", "access_denied")]] as const
  )("a login that ended as %s is not started again unasked (W1)", ([state, response]) => {
    const service = Service.make({ start: codes, polls: [response] })
    return Effect.gen(function*() {
      const one = yield* Processes.make({ service, engine })
      yield* one.run(started())
      yield* seconds(6)
      const ended = yield* Effect.flip(one.run(started()))
      assert.strictEqual(ended._tag === "LoginEnded" && ended.state, state)
      assert.strictEqual(starts(service), 1)
    }).pipe(Processes.sharing)
  })

  it.effect("a start with again: true replaces no login that began while it requested its code, even if that has ended (W1)", () => {
    const service = Service.make({ start: [codes[0] ?? {}, slow(codes[1] ?? {}, "5 seconds"), codes[2] ?? {}] })
    return Effect.gen(function*() {
      const [one, two] = [yield* Processes.make({ service, engine }), yield* Processes.make({ service, engine })]
      const cancel = Effect.flatMap(Logins.Logins, (logins) => logins.cancel(options.id))
      yield* one.run(started())
      yield* one.run(cancel)
      const late = yield* Effect.forkChild(Effect.flip(one.run(started({ again: true }))), { startImmediately: true })
      yield* seconds(1)
      assert.strictEqual((yield* two.run(started({ again: true }))).userCode, "CCCC-CCCC")
      assert.isTrue(yield* two.run(cancel))
      const { attempt } = yield* row()
      yield* seconds(5)
      assert.strictEqual((yield* Fiber.join(late))._tag, "LoginEnded")
      assert.strictEqual((yield* row()).attempt, attempt)
    }).pipe(Processes.sharing)
  })

  it.effect("processes register once for one set of scopes (W1)", () => {
    const service = Service.make({ polls: [Service.pending] })
    return Effect.gen(function*() {
      const one = yield* Processes.make({ service, engine })
      for (const id of ["a", "b", "c"]) yield* one.run(started({ id }))
      assert.strictEqual(service.paths().filter((path) => path === "/client/register").length, 1)
      assert.strictEqual(starts(service), 3)
    }).pipe(Processes.sharing)
  })

  it.effect("an id that cannot name a login fails, and nothing is sent or stored (W1)", () => {
    const service = Service.make({})
    let writes = 0
    return Effect.gen(function*() {
      const one = yield* Processes.make({
        service,
        engine,
        store: (store) => ({
          ...store,
          insert: (id, row) => {
            writes++
            return store.insert(id, row)
          }
        })
      })
      for (const id of ["", "x".repeat(201), "a\u0000b", "a\nb", "\u202e"]) {
        assert.strictEqual((yield* Effect.flip(one.run(started({ id }))))._tag, "LoginIdInvalid")
      }
      assert.deepStrictEqual(service.paths(), [])
      assert.strictEqual(writes, 0)
    }).pipe(Processes.sharing)
  })

  it.effect("a start over a row that Step drives gives its login, and no process polls for it (W1)", () => {
    const service = Service.make({ start: codes, polls: [Service.pending] })
    return Effect.gen(function*() {
      const store = yield* LoginStore.LoginStore
      yield* Step.start(options)
      const before = yield* row()
      const one = yield* Processes.make({ service, engine, store: () => store })
      assert.strictEqual((yield* one.run(started())).userCode, "AAAA-AAAA")
      yield* one.run(Effect.flatMap(Logins.Logins, (logins) => logins.hurry(options.id)))
      yield* seconds(60)
      assert.deepStrictEqual(service.polls(), [])
      assert.deepStrictEqual(yield* row(), before)
    }).pipe(usingStep(service))
  })

  it.effect("a login that no process drives stays pending until a minute after its deadline, and can then be used again (W1)", () => {
    const service = Service.make({ start: codes, polls: [slow(Service.token(), "10 seconds")] })
    return Effect.gen(function*() {
      const [one, two] = [
        yield* Processes.make({ service, engine }),
        yield* Processes.make({ service, engine, isClient: true })
      ]
      yield* one.run(started())
      yield* seconds(8)
      // its poll is in flight, and brings the token
      yield* one.freeze
      yield* seconds(600 - 8 + 59)
      assert.strictEqual((yield* two.run(started({ again: true }))).userCode, "AAAA-AAAA")
      yield* seconds(1)
      const ended = yield* Effect.flip(two.run(started()))
      assert.strictEqual(ended._tag === "LoginEnded" && ended.state, "failed")
      const error = yield* two.run(Processes.failure)
      assert.isTrue(error._tag === "DeviceCodeExpired" && error.responseLost, "a token may have been lost (W6)")
      assert.strictEqual(yield* Processes.state, "lost")
      assert.strictEqual((yield* two.run(started({ again: true }))).userCode, "BBBB-BBBB")
    }).pipe(Processes.sharing)
  })
})
