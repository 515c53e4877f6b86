import { assert, describe, it } from "@effect/vitest"
import * as Sealer from "@sso-oidc/core/Sealer"
import type * as EngineStorage from "@sso-oidc/durable/EngineStorage"
import * as Logins from "@sso-oidc/durable/Logins"
import * as LoginStore from "@sso-oidc/durable/LoginStore"
import * as Leaks from "@sso-oidc/test-kit/leaks"
import * as Recorder from "@sso-oidc/test-kit/recorder"
import * as Service from "@sso-oidc/test-kit/scriptedService"
import * as ClusterWorkflowEngine from "effect/cluster/ClusterWorkflowEngine"
import * as MessageStorage from "effect/cluster/MessageStorage"
import * as TestRunner from "effect/cluster/TestRunner"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/testing/TestClock"
import * as WorkflowEngine from "effect/workflow/WorkflowEngine"
import * as Login from "../src/internal/login.ts"
import { instant, key, options, row, sealing } from "./support/login.ts"
import { engines, seconds } from "./support/logins.ts"
import * as Processes from "./support/processes.ts"

const take = Effect.flatMap(Logins.Logins, (logins) => logins.take(options.id))
const startOf = (id: string, more: Partial<Logins.StartOptions> = {}) =>
  Effect.flatMap(Logins.Logins, (logins) => logins.start({ ...options, id, ...more }))

describe.each(Object.entries(engines))("rest on %s", (_, engine) => {
  const secrets = {
    device: "QX7-device-9431-kdjwqp",
    client: "ZZP-client-2275-mvnbtr",
    user: "WQKX-MZRT",
    access: "aoal-access-6689-pqowie",
    refresh: "aorr-refresh-5514-zmxnvb"
  }
  const service = () =>
    Service.make({
      register: [Service.registered({ clientSecret: secrets.client })],
      start: [Service.code({
        deviceCode: secrets.device,
        userCode: secrets.user,
        verificationUriComplete: `https://device.sso.eu-west-1.amazonaws.com/?user_code=${secrets.user}`
      })],
      polls: [
        Service.pending,
        Service.exception("SlowDownException", "slow_down", {
          body: { error_description: `slow ${secrets.device}` }
        }),
        Service.cut("maybe"),
        Service.token({ accessToken: secrets.access, refreshToken: secrets.refresh })
      ]
    })

  /** An engine whose messages a test can see. */
  const seen = (drivers: Array<unknown>): Processes.Engine =>
    engine === engines["the memory engine"] ? engine : Layer.effect(
      WorkflowEngine.WorkflowEngine,
      Effect.gen(function*() {
        const { journal, requests } = yield* MessageStorage.MemoryDriver
        drivers.push(journal, requests)
        return yield* WorkflowEngine.WorkflowEngine
      })
    ).pipe(Layer.provide(ClusterWorkflowEngine.layer.pipe(Layer.provideMerge(TestRunner.layer))))

  it.effect("no row, message, log or span has a code, a secret or a token (W8)", () => {
    const recorder = Recorder.make()
    const stored: Array<unknown> = []
    const drivers: Array<unknown> = []
    const noted = (store: Processes.Store): Processes.Store => ({
      ...store,
      insert: (id, row) => Effect.andThen(Effect.sync(() => stored.push(row)), store.insert(id, row)),
      set: (id, version, row) => Effect.andThen(Effect.sync(() => stored.push(row)), store.set(id, version, row)),
      end: (id, version, row) => Effect.andThen(Effect.sync(() => stored.push(row)), store.end(id, version, row))
    })
    return Effect.gen(function*() {
      const made = (oidc: (oidc: Processes.Oidc) => Processes.Oidc = (oidc) => oidc) =>
        Processes.make({ service: service(), engine: seen(drivers), sealer: sealing, store: noted, oidc })
      const one = yield* made()
      yield* one.run(Processes.start)
      yield* seconds(120)
      assert.strictEqual(yield* Processes.state, "approved")
      const token = yield* one.run(take)
      assert.strictEqual(Redacted.value(token.accessToken), secrets.access)
      yield* one.run(startOf("cancelled"))
      yield* one.run(Effect.flatMap(Logins.Logins, (logins) => logins.cancel("cancelled")))
      const two = yield* made((oidc) => ({
        ...oidc,
        createToken: ({ clientSecret, ...rest }) =>
          Effect.die(new Error(`${Redacted.value(clientSecret)} ${JSON.stringify(rest)} ${secrets.device}`))
      }))
      yield* two.run(startOf("defect"))
      yield* seconds(10)
      assert.strictEqual((yield* row("defect")).state, "lost")
      yield* one.stop
      yield* seconds(20)
      const all = {
        stored,
        drivers,
        lines: recorder.lines,
        spans: recorder.spans.map(({ attributes, events, name, status }) => ({ attributes, events, name, status }))
      }
      if (engine !== engines["the memory engine"]) assert.include(JSON.stringify(drivers), options.id)
      assert.isAbove(stored.length, 8)
      assert.isAbove(recorder.spans.length, 10)
      assert.isAbove(recorder.lines.length, 0)
      const find = Leaks.search(Object.values(secrets))
      for (const [place, value] of Object.entries(all)) {
        for (const text of Leaks.textsOf(value)) {
          const found = find(text)
          if (found !== undefined) {
            assert.fail(`${place}: ${text.slice(Math.max(0, text.indexOf(found) - 200), text.indexOf(found) + 20)}`)
          }
        }
      }
    }).pipe(recorder.record, Processes.sharing)
  })

  it.effect("the payload of an execution has the version, the id and the attempt, and nothing else (W8)", () => {
    const drivers: Array<unknown> = []
    return Effect.gen(function*() {
      const payload = { version: 1, id: "a", attempt: "b" }
      assert.deepStrictEqual(Login.Login.payloadSchema.make(payload), payload)
      assert.deepStrictEqual(Object.keys(Login.Login.payloadSchema.fields).toSorted(), ["attempt", "id", "version"])
      const one = yield* Processes.make({ service: service(), engine: seen(drivers) })
      yield* one.run(Processes.start)
      yield* seconds(1)
      if (engine === engines["the memory engine"]) return
      const { attempt } = yield* row()
      const texts = JSON.stringify(drivers[0])
      assert.include(texts, JSON.stringify({ version: 1, id: options.id, attempt }))
    }).pipe(Processes.sharing)
  })

  const change = (change: Partial<LoginStore.Row>) =>
    Effect.gen(function*() {
      const store = yield* LoginStore.LoginStore
      const found = yield* row()
      assert.isTrue(yield* store.set(options.id, found.version, { ...found, version: "changed", ...change }))
    })

  it.effect.each(["held", "new"] as const)(
    "a text of a %s row that cannot be opened ends the login, and is sent nowhere (W8)",
    (kind) => {
      const service = Service.make({ polls: [Service.pending] })
      return Effect.gen(function*() {
        const one = yield* Processes.make({
          service,
          engine: Processes.failing(engine, () => kind === "new")
        })
        yield* one.run(Processes.start)
        yield* seconds(1)
        yield* one.freeze
        assert.strictEqual((yield* row()).holder === undefined, kind === "new")
        yield* change({ sealed: JSON.stringify(["elsewhere", "{}"]) })
        const two = yield* Processes.make({ service, engine })
        yield* two.handOver()
        yield* seconds(20)
        assert.strictEqual((yield* two.run(Processes.failure))._tag, "Unsealable")
        assert.strictEqual(yield* Processes.state, "lost")
        assert.isFalse(yield* two.isRunning())
        const ended = yield* Effect.flip(two.run(Effect.flatMap(Logins.Logins, (logins) => logins.token(options.id))))
        assert.strictEqual(ended._tag, "Unsealable")
        assert.deepStrictEqual(service.polls(), [])
      }).pipe(Processes.sharing)
    }
  )

  it.effect("a sealer that does not respond ends no login: a process sends nothing until it can open the row (W8)", () => {
    const service = Service.make({ polls: [Service.token()] })
    let isDown = true
    const flaky = Layer.effect(
      Sealer.Sealer,
      Effect.map(Sealer.Sealer, (sealer): Sealer.Service => ({
        ...sealer,
        seal: (place, secret) =>
          isDown && place.endsWith("token")
            ? Effect.fail(new Sealer.SealerUnavailable({ action: "seal", reason: "failed" }))
            : sealer.seal(place, secret),
        unseal: (place, text) =>
          isDown
            ? Effect.fail(new Sealer.SealerUnavailable({ action: "unseal", reason: "timeout" }))
            : sealer.unseal(place, text)
      }))
    ).pipe(Layer.provide(instant))
    return Effect.gen(function*() {
      const one = yield* Processes.make({ service, engine, sealer: flaky })
      yield* one.run(Processes.start)
      yield* seconds(100)
      assert.strictEqual(yield* Processes.state, "pending")
      assert.deepStrictEqual(service.polls(), [])
      isDown = false
      yield* seconds(5)
      assert.strictEqual(service.polls().length, 1)
      assert.strictEqual(yield* Processes.state, "approved")
      // the same for a token that cannot be sealed
      isDown = false
      yield* one.run(startOf("login-2"))
      yield* seconds(2)
      isDown = true
      yield* seconds(60)
      assert.strictEqual((yield* row("login-2")).state, "pending")
      isDown = false
      yield* seconds(10)
      assert.strictEqual((yield* row("login-2")).state, "approved")
      assert.strictEqual(service.polls().length, 2)
    }).pipe(Processes.sharing)
  })

  it.effect("old keys open rows, and the current key seals them again (W8)", () => {
    const service = Service.make({ polls: [Service.slowDown(), Service.token()] })
    const ring = (current: string, ...names: ReadonlyArray<string>) =>
      Sealer.layer({ current, keys: Object.fromEntries(names.map((name) => [name, key(name.length)])) }).pipe(
        Layer.orDie
      )
    return Effect.gen(function*() {
      const one = yield* Processes.make({ service, engine, sealer: ring("old", "old") })
      yield* one.run(Processes.start)
      yield* seconds(2)
      yield* one.stop
      yield* seconds(2)
      const two = yield* Processes.make({ service, engine, sealer: ring("newer", "old", "newer") })
      yield* two.handOver()
      yield* seconds(8)
      const three = yield* Processes.make({ service, engine, sealer: ring("newer", "newer") })
      // after the slow_down the row is sealed by the new key
      assert.strictEqual((yield* three.run(Processes.get)).state, "pending")
      yield* seconds(10)
      assert.strictEqual(Redacted.value((yield* three.run(take)).accessToken), "access-token-1")
    }).pipe(Processes.sharing)
  })

  it.effect("a process with a client of another region sends nothing and says so, and the right one goes on (W8)", () => {
    const here = Service.make({ polls: [Service.pending] })
    const elsewhere = Service.make({ options: { region: "us-east-1" } })
    return Effect.gen(function*() {
      const one = yield* Processes.make({ service: here, engine })
      const two = yield* Processes.make({ service: elsewhere, engine, random: () => 0 })
      yield* one.run(Processes.start)
      yield* seconds(7)
      yield* one.stop
      yield* seconds(1)
      yield* two.handOver()
      yield* seconds(60)
      const login = yield* two.run(Processes.get)
      assert.strictEqual(login.state === "pending" && login.lastTrouble?.error, "RequestInvalid")
      assert.deepStrictEqual(elsewhere.paths(), [])
      yield* two.stop
      yield* seconds(1)
      const three = yield* Processes.make({ service: here, engine })
      yield* three.handOver()
      yield* seconds(11)
      assert.isAbove(here.polls().length, 2)
    }).pipe(Processes.sharing)
  })

  it.effect("a login that only a client of another region drives ends at its deadline (W8)", () => {
    const here = Service.make({ polls: [Service.pending] })
    const elsewhere = Service.make({ options: { region: "us-east-1" } })
    return Effect.gen(function*() {
      const one = yield* Processes.make({ service: here, engine: Processes.failing(engine, () => true) })
      const two = yield* Processes.make({ service: elsewhere, engine })
      yield* one.run(Processes.start)
      yield* one.freeze
      yield* two.handOver()
      yield* seconds(590)
      assert.strictEqual(yield* Processes.state, "pending")
      yield* seconds(12)
      const error = yield* two.run(Processes.failure)
      assert.isTrue(error._tag === "DeviceCodeExpired" && !error.responseLost)
      assert.strictEqual(error._tag === "DeviceCodeExpired" && error.lastTrouble?.error, "RequestInvalid")
      assert.deepStrictEqual(elsewhere.paths(), [])
    }).pipe(Processes.sharing)
  })

  it.effect("a row is removed one hour after its deadline, and the engine's messages of its execution with it (W9)", () => {
    const service = Service.make({ polls: [Service.token()] })
    const forgotten: Array<readonly [string, ReadonlyArray<string>]> = []
    const storage: EngineStorage.Service = {
      transaction: (effect) => effect,
      forget: (workflow, ids) => Effect.sync(() => void forgotten.push([workflow, ids]))
    }
    return Effect.gen(function*() {
      const store = yield* LoginStore.LoginStore
      const one = yield* Processes.make({ service, engine, storage })
      yield* one.run(Processes.start)
      yield* one.run(startOf("pending", { clientName: "other" }))
      yield* seconds(6)
      const { attempt, removeAt } = yield* row()
      assert.strictEqual(removeAt, 4_200_000)
      yield* one.run(take)
      assert.isUndefined((yield* row()).sealed)
      yield* TestClock.adjust("4100 seconds")
      yield* seconds(93)
      assert.isDefined(yield* store.get(options.id))
      assert.deepStrictEqual(forgotten, [])
      yield* seconds(80)
      assert.isUndefined(yield* store.get(options.id))
      const executions = forgotten.flatMap(([, ids]) => ids)
      assert.include(executions, yield* Login.executionIdOf({ id: options.id, attempt }))
      assert.strictEqual(executions.length, 2)
      assert.strictEqual(forgotten[0]?.[0], "sso-oidc/Login")
      assert.strictEqual((yield* one.run(Processes.get)).state, "unknown")
    }).pipe(Processes.sharing)
  })

  it.effect("an outcome that comes late keeps its row for one hour more (W9)", () => {
    const service = Service.make({ polls: [Service.pending] })
    return Effect.gen(function*() {
      const store = yield* LoginStore.LoginStore
      const dead = yield* Processes.make({ service, engine })
      yield* dead.run(Processes.start)
      yield* dead.freeze
      yield* TestClock.adjust("2000 seconds")
      const one = yield* Processes.make({ service, engine, isClient: true })
      const ended = yield* Effect.flip(one.run(Effect.flatMap(Logins.Logins, (logins) => logins.token(options.id))))
      assert.strictEqual(ended._tag, "DeviceCodeExpired")
      assert.strictEqual((yield* row()).removeAt, 5_600_000)
      yield* Processes.make({ service, engine })
      yield* TestClock.adjust("3599 seconds")
      assert.isDefined(yield* store.get(options.id))
      yield* TestClock.adjust("80 seconds")
      assert.isUndefined(yield* store.get(options.id))
    }).pipe(Processes.sharing)
  })

  it.effect("a storage that fails to forget keeps no row and no sweep from its end (W9)", () => {
    const service = Service.make({ polls: [Service.token()] })
    return Effect.gen(function*() {
      const store = yield* LoginStore.LoginStore
      const one = yield* Processes.make({
        service,
        engine,
        storage: { transaction: (effect) => effect, forget: () => Effect.die("down") }
      })
      yield* one.run(startOf("a"))
      yield* TestClock.adjust("200 seconds")
      yield* one.run(startOf("b"))
      yield* TestClock.adjust("4300 seconds")
      yield* seconds(3)
      for (const id of ["a", "b"]) assert.isUndefined(yield* store.get(id))
    }).pipe(Processes.sharing)
  })

  it.effect("a store that says without an end that it removes rows is asked 20 times a minute at most (W9)", () => {
    const service = Service.make({ polls: [Service.pending] })
    return Effect.gen(function*() {
      let sweeps = 0
      yield* Processes.make({
        service,
        engine,
        random: () => 0,
        store: (store) => ({
          ...store,
          sweep: () =>
            Effect.sync(() => {
              sweeps++
              return [{ id: "login-1", attempt: "a" }]
            })
        })
      })
      // WebCrypto, which names the executions, takes real turns
      yield* seconds(85)
      assert.isAbove(sweeps, 1)
      assert.isAtMost(sweeps, 20)
    }).pipe(Processes.sharing)
  })
})
