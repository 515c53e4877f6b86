/**
 * The routes of the serverless example, over a service by a script.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Sealer from "@sso-oidc/core/Sealer"
import * as LoginStore from "@sso-oidc/durable/LoginStore"
import * as Routes from "@sso-oidc/example-serverless/Routes"
import * as Service from "@sso-oidc/test-kit/scriptedService"
import * as Clock from "effect/Clock"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/testing/TestClock"
import { readFileSync } from "node:fs"
import { setTimeout } from "node:timers/promises"
import { fileURLToPath } from "node:url"

// -----------------------------------------------------------------------------
// the function
// -----------------------------------------------------------------------------

const sealer = (key: string) =>
  Sealer.layer({ current: key, keys: { [key]: Redacted.make(new Uint8Array(32).fill(7)) } }).pipe(Layer.orDie)

const variables = ConfigProvider.layer(ConfigProvider.fromEnvRecord({ SSO_START_URL: Service.startUrl }))

/** The layers of the function, and what it logs. */
const deployed = (script: Parameters<typeof Service.make>[0], store = LoginStore.layerMemory) => {
  const lines: Array<string> = []
  const logger = Logger.make(({ message }) => void lines.push(String(message)))
  const layers = Layer.mergeAll(
    Service.make(script).layer,
    Layer.fresh(store),
    sealer("key-of-november"),
    Logger.layer([logger])
  )
  return { lines, layers: Layer.provideMerge(layers, variables) }
}

const post = (path: string, body = "") =>
  Effect.map(
    Routes.respond({ method: "POST", path, body: Effect.succeed(body) }),
    ({ body, headers, status }): { status: number; headers: typeof headers; body: Record<string, unknown> } => ({
      status,
      headers,
      body: JSON.parse(body)
    })
  )

const start = post("/logins", "{\"id\":\"a\"}")

const poll = post("/logins/a/poll")

// -----------------------------------------------------------------------------
// tests
// -----------------------------------------------------------------------------

describe("the routes of a function", () => {
  it.effect("never say that a login is approved while its token is dropped (W6)", () => {
    // the row goes away under the poll
    const forgetful = Layer.effect(
      LoginStore.LoginStore,
      Effect.map(LoginStore.LoginStore, (store): LoginStore.Service => {
        let isGone = false
        return {
          ...store,
          get: (id) => isGone ? Effect.undefined : store.get(id),
          end: () => Effect.sync(() => !(isGone = true))
        }
      })
    ).pipe(Layer.provide(LoginStore.layerMemory))
    const { layers, lines } = deployed({}, forgetful)
    return Effect.gen(function*() {
      yield* start
      yield* TestClock.adjust("5 seconds")
      const { body, status } = yield* poll
      assert.strictEqual(status, 500)
      assert.deepStrictEqual([body["state"], body["error"]], ["failed", "TokenNotStored"])
      assert.match(lines.join("\n"), /^TokenNotStored: The token came, but it could not be stored/)
    }).pipe(Effect.provide(layers))
  })

  const cases: ReadonlyArray<readonly [string, number, ReadonlyArray<Service.ScriptedResponse>]> = [
    ["AccessDeniedException", 410, [Service.exception("AccessDeniedException", "access_denied")]],
    ["DeviceCodeExpired", 410, [Service.expired]],
    ["TokenPossiblyLost", 410, [Service.cut("maybe"), Service.invalidGrant]],
    ["InvalidGrantException", 502, [Service.invalidGrant]],
    ["InvalidClientException", 502, [Service.exception("InvalidClientException", "invalid_client")]],
    ["UnauthorizedClientException", 502, [Service.exception("UnauthorizedClientException", "unauthorized_client")]]
  ]
  for (const [name, status, polls] of cases) {
    it.effect(`respond with ${status} to the end of a login with ${name}`, () => {
      const { layers, lines } = deployed({ polls })
      return Effect.gen(function*() {
        yield* start
        for (const _ of polls) {
          yield* TestClock.adjust("30 seconds")
          yield* poll
        }
        // this one sends nothing
        const told = yield* poll
        assert.strictEqual(told.status, status)
        assert.deepStrictEqual(Object.keys(told.body), ["state", "error", "message"])
        assert.deepStrictEqual([told.body["state"], told.body["error"]], ["failed", name])
        // what the service says is no sentence for a person
        assert.notMatch(String(told.body["message"]), /The service says|HTTP|request/)
        assert.strictEqual(lines.some((line) => line.startsWith(`${name}: `)), status >= 500)
      }).pipe(Effect.provide(layers))
    })
  }

  it.effect("log why a text cannot be opened, and respond with 500 and no name of a key (W8)", () => {
    const { layers, lines } = deployed({})
    return Effect.gen(function*() {
      yield* start
      const { body, status } = yield* Effect.provide(poll, sealer("key-of-december"))
      assert.deepStrictEqual([status, body["state"], body["error"]], [500, "failed", "Unsealable"])
      assert.notInclude(JSON.stringify(body), "key-of")
      assert.match(lines.join("\n"), /^Unsealable: .*key-of-november/)
    }).pipe(Effect.provide(layers))
  })

  it.effect("ask for another call after whole seconds, and after at least one", () => {
    const { layers } = deployed({ polls: [Service.pending] })
    const askedFor = (seconds: number) => ({ body, headers }: Effect.Success<typeof poll>) =>
      assert.deepStrictEqual([body["retryIn"], headers["retry-after"]], [seconds, String(seconds)])
    return Effect.gen(function*() {
      askedFor(5)(yield* start)
      yield* TestClock.adjust("700 millis")
      askedFor(5)(yield* poll)
      yield* TestClock.adjust("4299 millis")
      askedFor(1)(yield* poll)
      // its next poll was due long ago
      yield* TestClock.adjust("60 seconds")
      askedFor(1)(yield* start)
    }).pipe(Effect.provide(layers))
  })

  it.effect("respond to a defect with 500, and log it", () => {
    const { layers, lines } = deployed({})
    const broken = ConfigProvider.layer(ConfigProvider.make(() => Effect.die(new Error("a fault of the program"))))
    return Effect.gen(function*() {
      const { body, status } = yield* Effect.provide(start, broken)
      assert.deepStrictEqual([status, body["error"]], [500, "Fault"])
      assert.match(lines.join("\n"), /a fault of the program/)
    }).pipe(Effect.provide(layers))
  })

  it.effect("respond within the 30 seconds of API Gateway, also with a slow service and a slow database", () => {
    for (const name of ["Live", "worker"]) {
      const path = fileURLToPath(import.meta.resolve(`@sso-oidc/example-serverless/${name}`))
      assert.include(readFileSync(path, "utf8"), "requestTimeout: \"8 seconds\"")
    }
    const slow = (response: Service.ScriptedResponse): Service.ScriptedResponse => ({
      ...response,
      delay: "7900 millis"
    })
    const late = <A, E>(effect: Effect.Effect<A, E>) => Effect.delay(effect, "2 seconds")
    const store = Layer.effect(
      LoginStore.LoginStore,
      Effect.map(LoginStore.LoginStore, (store): LoginStore.Service => ({
        ...store,
        get: (id) => late(store.get(id)),
        insert: (id, row) => late(store.insert(id, row)),
        set: (id, version, row) => late(store.set(id, version, row)),
        end: (id, version, outcome) => late(store.end(id, version, outcome)),
        sweep: (before) => late(store.sweep(before))
      }))
    ).pipe(Layer.provide(LoginStore.layerMemory))
    const { layers } = deployed({
      options: { requestTimeout: "8 seconds" },
      register: [slow(Service.registered())],
      // the second start finds that its registration is no longer known
      start: [
        Service.code(),
        slow(Service.exception("InvalidClientException", "invalid_client")),
        slow(Service.code())
      ],
      polls: [slow(Service.token())]
    }, store)
    const timed = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
      Effect.gen(function*() {
        const since = yield* Clock.currentTimeMillis
        const fiber = yield* Effect.forkChild(effect, { startImmediately: true })
        // 100 milliseconds at a time, since the sealer takes a real moment
        while (fiber.pollUnsafe() === undefined) {
          yield* Effect.promise(() => setTimeout(1))
          yield* TestClock.adjust("100 millis")
        }
        assert.isBelow((yield* Clock.currentTimeMillis) - since, 30_000)
        return yield* Fiber.join(fiber)
      })
    return Effect.gen(function*() {
      assert.strictEqual((yield* timed(start)).status, 201)
      assert.strictEqual((yield* timed(post("/logins", "{\"id\":\"b\"}"))).status, 201)
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual((yield* timed(poll)).status, 200)
    }).pipe(Effect.provide(layers))
  })

  it.effect("do not read the body of a poll, and pass on why a body cannot be read", () =>
    Effect.gen(function*() {
      const statusOf = (path: string, body: Effect.Effect<string, Routes.Response>) =>
        Effect.map(Routes.respond({ method: "POST", path, body }), ({ status }) => status)
      assert.strictEqual(yield* statusOf("/logins/a/poll", Effect.die("it was read")), 404)
      assert.strictEqual(yield* statusOf("/logins", Effect.fail(Routes.tooLarge)), 413)
      assert.strictEqual(yield* statusOf("/logins", Effect.succeed("x".repeat(Routes.longest + 1))), 413)
    }).pipe(Effect.provide(deployed({}).layers)))
})
