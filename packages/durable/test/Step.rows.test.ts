import { assert, describe, it } from "@effect/vitest"
import * as Sealer from "@sso-oidc/core/Sealer"
import type * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as LoginStore from "@sso-oidc/durable/LoginStore"
import * as Step from "@sso-oidc/durable/Step"
import * as Leaks from "@sso-oidc/test-kit/leaks"
import * as Recorder from "@sso-oidc/test-kit/recorder"
import * as Service from "@sso-oidc/test-kit/scriptedService"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/testing/TestClock"
import { key, options, row, sealing, start, stepped, using } from "./support/login.ts"

const due = Effect.andThen(start, TestClock.adjust("5 seconds"))

/** Changes the row, whatever its version is. */
const change = (change: Partial<LoginStore.Row>, id = "login-1") =>
  Effect.gen(function*() {
    const store = yield* LoginStore.LoginStore
    const found = yield* row(id)
    assert.isTrue(yield* store.set(id, found.version, { ...found, version: crypto.randomUUID(), ...change }))
  })

const ring = (current: string, ...names: ReadonlyArray<string>) =>
  Sealer.layer({
    current,
    keys: Object.fromEntries(names.map((name) => [name, key(name.charCodeAt(0))]))
  }).pipe(Layer.orDie)

describe("rows that cannot be opened", () => {
  /** The step ends the login with Unsealable, and nothing is sent. */
  const ends = (reason: Sealer.Unsealable["reason"], service: ReturnType<typeof Service.make>) =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Step.step("login-1"))
      assert.strictEqual(error._tag === "Unsealable" && error.reason, reason)
      assert.deepStrictEqual(service.polls(), [])
      const { login } = yield* stepped("Ended")
      assert.strictEqual(login.state === "failed" && login.error._tag, "Unsealable")
      assert.isUndefined((yield* row()).sealed)
    })

  it.effect("a changed text ends the login with Unsealable, and is sent nowhere (W8)", () => {
    const service = Service.make({})
    return Effect.gen(function*() {
      yield* due
      const { sealed = "" } = yield* row()
      yield* change({ sealed: sealed.slice(0, -4) + (sealed.endsWith("AAAA") ? "BBBB" : "AAAA") })
      assert.strictEqual((yield* Effect.flip(Step.get("login-1")))._tag, "Unsealable")
      yield* ends("changed", service)
    }).pipe(using(service, undefined, sealing))
  })

  it.effect("the text of another login, or of an earlier login of the id, opens at no other place (W8)", () => {
    const service = Service.make({})
    return Effect.gen(function*() {
      yield* due
      const first = yield* row()
      yield* Step.start({ ...options, id: "login-2" })
      yield* change({ sealed: first.sealed }, "login-2")
      assert.strictEqual((yield* Effect.flip(Step.step("login-2")))._tag, "Unsealable")
      yield* Step.cancel("login-1")
      yield* Step.start({ ...options, again: true })
      yield* change({ sealed: first.sealed })
      yield* TestClock.adjust("5 seconds")
      yield* ends("changed", service)
    }).pipe(using(service, undefined, sealing))
  })

  it.effect("the text of an id with a slash opens in no row of a shorter id (W8)", () => {
    const service = Service.make({})
    return Effect.gen(function*() {
      yield* Step.start({ ...options, id: "login-1/x" })
      yield* due
      const { attempt, sealed } = yield* row("login-1/x")
      yield* change({ attempt: `x/${attempt}`, sealed })
      const failures = [Effect.flip(Step.step("login-1")), Effect.flip(Step.get("login-1")), Effect.flip(start)]
      for (const failure of failures) {
        const error = yield* failure
        assert.strictEqual(error._tag === "LoginStoreError" && error.reason, "unreadable")
      }
      assert.deepStrictEqual(service.polls(), [])
    }).pipe(using(service, undefined, sealing))
  })

  it.effect("a text that is not sealed, and one of a key that is gone, end the login (W8)", () =>
    Effect.gen(function*() {
      const plain = Service.make({})
      yield* Effect.gen(function*() {
        yield* due
        yield* change({ sealed: JSON.stringify({ version: 1, deviceCode: "device-code-1" }) })
        yield* ends("form", plain)
      }).pipe(using(plain, undefined, sealing))
      const gone = Service.make({})
      yield* Effect.gen(function*() {
        yield* due
        yield* ends("unknownKey", gone).pipe(Effect.provide(ring("b", "b")))
      }).pipe(using(gone, undefined, ring("a", "a")))
    }))

  it.effect("a sealed text of a newer release ends the login, and is sent nowhere (W8)", () => {
    const service = Service.make({})
    return Effect.gen(function*() {
      yield* due
      const { attempt } = yield* row()
      const sealer = yield* Sealer.Sealer
      const newer = Redacted.make(JSON.stringify({ version: 2 }))
      yield* change({ sealed: yield* sealer.seal(`durable/login-1/${attempt}/pending`, newer) })
      yield* ends("form", service)
    }).pipe(using(service, undefined, sealing))
  })

  it.effect("the pending authorization of another region fails with RequestInvalid, and the row stays as it is", () => {
    const service = Service.make({})
    const elsewhere = Service.make({ options: { region: "us-east-1" } })
    return Effect.gen(function*() {
      yield* due
      const before = yield* row()
      const error = yield* Effect.flip(Effect.provide(Step.step("login-1"), elsewhere.layer))
      assert.strictEqual(error._tag, "RequestInvalid")
      assert.deepStrictEqual(yield* row(), before)
      assert.deepStrictEqual(elsewhere.sent, [])
      yield* stepped("Approved")
    }).pipe(using(service))
  })

  it.effect("an error in the row that is no error of this release is unreadable", () => {
    const service = Service.make({})
    return Effect.gen(function*() {
      yield* due
      for (
        const error of [
          // so deep that a walk through it overflows the stack
          `{"_tag":"Unsealable","reason":"form","x":${"[".repeat(100_000)}${"]".repeat(100_000)}}`,
          `{"_tag":"Unsealable","reason":"form","x":${"{\"x\":".repeat(100_000)}1${"}".repeat(100_000)}}`,
          "[".repeat(100_000),
          "no",
          "{}",
          "{\"_tag\":\"Newer\"}",
          JSON.stringify({ _tag: "Unsealable", reason: "form\u001b" }),
          JSON.stringify({ _tag: "RequestInvalid", operation: "CreateToken", detail: "it ends no login" })
        ]
      ) {
        yield* change({ state: "failed", sealed: undefined, error })
        for (const call of [Effect.asVoid(Step.step("login-1")), Effect.asVoid(Step.get("login-1"))]) {
          const failure = yield* Effect.flip(call)
          assert.strictEqual(failure._tag === "LoginStoreError" && failure.reason, "unreadable")
        }
      }
      const escape = { _tag: "InvalidGrantException", error: "x", status: 400, errorDescription: "\u001b[2J" }
      yield* change({ state: "failed", error: JSON.stringify(escape) })
      assert.strictEqual((yield* Effect.flip(Step.get("login-1")))._tag, "LoginStoreError")
    }).pipe(using(service))
  })

  it.effect("a token that cannot be opened stays in the row, and opens again with its key (W8)", () => {
    const service = Service.make({})
    return Effect.gen(function*() {
      yield* due
      yield* stepped("Approved")
      assert.strictEqual((yield* Effect.flip(Effect.provide(Step.take("login-1"), ring("b", "b"))))._tag, "Unsealable")
      const token = yield* Step.take("login-1")
      assert.strictEqual(Redacted.value(token.accessToken), "access-token-1")
    }).pipe(using(service, undefined, ring("a", "a")))
  })

  /** Any change of a row's members, as a person with write access to the store can make it. */
  const mutations = {
    state: Schema.Literals(["pending", "approved", "failed", "lost", "cancelled"]),
    attempt: Schema.UndefinedOr(Schema.String.check(Schema.isMaxLength(45))),
    driver: Schema.Literals(["step", "engine"]),
    holder: Schema.UndefinedOr(Schema.String.check(Schema.isMaxLength(45))),
    heldUntil: Schema.UndefinedOr(Schema.Number),
    error: Schema.UndefinedOr(Schema.String)
  }

  const at = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 300 }))

  /** Any change of the sealed text: another text, a shorter one, or other characters at a place. */
  const texts = Schema.UndefinedOr(
    Schema.Union([Schema.String, at, Schema.Tuple([at, Schema.String.check(Schema.isBetweenLength(1, 3))])])
  )

  const mutate = (sealed: string, change: string | number | readonly [number, string]): string =>
    typeof change === "string"
      ? change
      : typeof change === "number"
      ? sealed.slice(0, change)
      : sealed.slice(0, change[0]) + change[1] + sealed.slice(change[0] + change[1].length)

  it.effect.prop(
    "for any change of the row, what is sent is what was stored, or nothing, and each failure is typed (W8)",
    { ...mutations, text: texts },
    ({ attempt, text, ...rest }) => {
      const service = Service.make({ polls: [Service.pending] })
      return Effect.gen(function*() {
        yield* due
        const { sealed = "" } = yield* row()
        const after = text === undefined ? sealed : mutate(sealed, text)
        yield* change({ ...rest, ...(attempt === undefined ? {} : { attempt }), sealed: after })
        const isKept = after === sealed && attempt === undefined
        const calls: ReadonlyArray<
          Effect.Effect<
            unknown,
            Step.StepError | Step.TakeError,
            LoginStore.LoginStore | Sealer.Sealer | SsoOidc.SsoOidc
          >
        > = [Step.get("login-1"), Step.step("login-1"), Step.take("login-1"), Step.get("login-1")]
        for (const call of calls) {
          const exit = yield* Effect.result(call)
          if (exit._tag === "Failure") assert.isString(exit.failure._tag)
        }
        if (!isKept) assert.deepStrictEqual(service.polls(), [])
        for (const { body, path } of service.sent) {
          if (path === "/token") assert.strictEqual(body["deviceCode"], "device-code-1")
        }
      }).pipe(using(service, undefined, sealing))
    },
    { arbitrary: { runs: 60 } }
  )
})

describe("keys", () => {
  it.effect("keys rotate without a pause: old keys open, the current key seals, and the next write reseals (W8)", () => {
    const service = Service.make({ polls: [Service.pending, Service.pending, Service.token()] })
    const keyOf = Effect.map(row(), ({ sealed = "" }) => sealed.split(".")[1])
    return Effect.gen(function*() {
      // the new key is on each process before the first one seals with it
      yield* due.pipe(Effect.provide(ring("a", "a")))
      assert.strictEqual(yield* keyOf, "a")
      yield* stepped("Waiting").pipe(Effect.provide(ring("a", "a", "b")))
      assert.strictEqual(yield* keyOf, "a")
      yield* TestClock.adjust("5 seconds")
      yield* stepped("Waiting").pipe(Effect.provide(ring("b", "a", "b")))
      assert.strictEqual(yield* keyOf, "b")
      yield* TestClock.adjust("5 seconds")
      yield* stepped("Approved").pipe(Effect.provide(ring("b", "b")))
      const token = yield* Step.take("login-1").pipe(Effect.provide(ring("b", "b")))
      assert.strictEqual(Redacted.value(token.accessToken), "access-token-1")
    }).pipe(using(service, undefined, ring("a", "a")))
  })
})

describe("secrets", () => {
  const secrets = ["client-secret-1", "device-code-1", "access-token-1", "refresh-token-1", "BRCJ-PDVT"]

  it.effect("no row, span, log, error or result shows a secret (W8)", () => {
    const service = Service.make({
      polls: [
        Service.slowDown(),
        Service.cut("maybe"),
        Service.token(),
        Service.exception("InvalidGrantException", "invalid_grant", { body: { error_description: "device-code-1" } })
      ]
    })
    const recorder = Recorder.make()
    const seen: Array<unknown> = []
    return Effect.gen(function*() {
      const inner = yield* LoginStore.LoginStore
      const keep = <A>(row: A): A => {
        seen.push(row)
        return row
      }
      const store: LoginStore.Service = {
        ...inner,
        insert: (id, row) => inner.insert(id, keep(row)),
        set: (id, version, row) => inner.set(id, version, keep(row)),
        end: (id, version, outcome) => inner.end(id, version, keep(outcome))
      }
      yield* Effect.gen(function*() {
        yield* start
        for (let second = 0; second < 60; second++) {
          yield* TestClock.adjust("1 second")
          const result = yield* Step.step("login-1")
          if (result._tag === "Approved") {
            // a result shows the code for the person, and no other secret
            assert.isUndefined(
              secrets.find((secret) => Leaks.textsOf(result).some((text) => Leaks.leakIn(text, secret)))
            )
          }
        }
        yield* Step.start({ ...options, id: "login-2" })
        yield* TestClock.adjust("5 seconds")
        seen.push(yield* Effect.flip(Step.step("login-2")))
        seen.push(yield* Effect.flip(Step.take("login-2")))
        yield* Step.take("login-1")
      }).pipe(Effect.provideService(LoginStore.LoginStore, store), recorder.record)
      assert.isAbove(seen.length, 8)
      assert.include(recorder.spans.map(({ name }) => name), "Step.step")
      const texts = [...seen, ...recorder.lines, ...recorder.spans].flatMap(Leaks.textsOf)
      const find = Leaks.search(secrets)
      for (const text of texts) assert.isUndefined(find(text), text)
    }).pipe(using(service, undefined, sealing))
  })
})
