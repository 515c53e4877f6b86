/**
 * The Lambda function of the example, with the events of API Gateway and of function URLs.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Sealer from "@sso-oidc/core/Sealer"
import * as LoginStore from "@sso-oidc/durable/LoginStore"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import * as Lambda from "@sso-oidc/example-serverless/handler"
import * as Live from "@sso-oidc/example-serverless/Live"
import * as Routes from "@sso-oidc/example-serverless/Routes"
import * as Postgres from "@sso-oidc/test-kit/postgres"
import * as Service from "@sso-oidc/test-kit/scriptedService"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { connect, createServer, type Socket } from "node:net"
import { type Event, functionUrl, httpApi, others, restApi, staged } from "./support/lambdaEvents.ts"

// -----------------------------------------------------------------------------
// the function
// -----------------------------------------------------------------------------

/** A function over a layer, which is disposed of at the end of the test. */
const made = <E>(layer: Parameters<typeof Lambda.make<E>>[0]) =>
  Effect.acquireRelease(Effect.sync(() => Lambda.make(layer)), ({ dispose }) => Effect.promise(dispose))

/** Layers without a database. */
const layers = Layer.mergeAll(
  Service.make({}).layer,
  LoginStore.layerMemory,
  Sealer.layer({ current: "one", keys: { one: Redacted.make(new Uint8Array(32).fill(7)) } }).pipe(Layer.orDie)
)

/** The function with these variables, and what it responds to an event. */
const deployed = (database: string) =>
  Effect.gen(function*() {
    const { url } = yield* EmulatorServer.EmulatorServer
    const variables = ConfigProvider.layer(ConfigProvider.fromEnvRecord({
      SSO_REGION: "us-east-1",
      SSO_START_URL: "https://my.awsapps.com/start",
      AWS_ENDPOINT_URL_SSO_OIDC: url,
      DATABASE_URL: database,
      SEALER_CURRENT: "2026-11",
      SEALER_KEYS: `2026-11=${Buffer.alloc(32, 7).toString("base64")}`
    }))
    const { handler } = yield* made(Layer.provideMerge(Live.layer, variables))
    return (event: Event) =>
      Effect.map(Effect.promise(() => handler(event)), ({ body = "", headers = {}, statusCode }) => ({
        status: statusCode,
        headers,
        body: JSON.parse(body)
      }))
  })

/** The response to something that is no event or has no body of text, without the function's variables. */
const refused = (event: unknown) => {
  const request = Lambda.requestOf(event)
  const response = "status" in request ? request : Effect.runSync(Effect.flip(request.body))
  return { status: response.status, body: JSON.parse(response.body) }
}

/** What stands between the function and its database, so that a test can take the database away. */
const forwarded = (database: string) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.promise(() => {
        const to = new URL(database)
        const sockets = new Set<Socket>()
        let isOpen = false
        const server = createServer((socket) => {
          if (!isOpen) return socket.destroy()
          const onward = connect(Number(to.port), to.hostname)
          for (const one of [socket, onward]) {
            sockets.add(one)
            one.on("error", () => {}).on("close", () => [socket, onward].forEach((both) => both.destroy()))
          }
          return socket.pipe(onward).pipe(socket)
        })
        const open = (is: boolean) =>
          Effect.sync(() => {
            isOpen = is
            if (!is) { for (const socket of sockets) socket.destroy() }
          })
        return new Promise<{ url: string; open: typeof open; close: () => void }>((resolve) =>
          server.listen(0, "127.0.0.1", () => {
            const address = server.address()
            const url = new URL(database)
            url.port = String(typeof address === "object" && address !== null ? address.port : 0)
            resolve({
              url: url.href,
              open,
              close: () => {
                server.close()
                for (const socket of sockets) socket.destroy()
              }
            })
          })
        )
      }),
      ({ close }) => Effect.sync(close)
    ),
    ({ open, url }) => ({ open, url })
  )

// -----------------------------------------------------------------------------
// tests
// -----------------------------------------------------------------------------

describe("the Lambda function", () => {
  it.live("runs logins by its two routes, and no response has a secret (W1, W6)", () =>
    Effect.gen(function*() {
      const { authorizations } = yield* Emulator.Emulator
      const { url } = yield* EmulatorServer.EmulatorServer
      const invoke = yield* deployed(yield* Postgres.database)
      const started = yield* invoke(httpApi("/logins"))
      const { code, id, retryIn } = started.body
      assert.deepStrictEqual([started.status, started.headers["retry-after"]], [201, "1"])
      assert.deepStrictEqual(started.body, { id, code, open: `${url}/device`, retryIn })
      assert.match(id, /^[0-9a-f]{8}-/)
      assert.match(code, /^[A-Z]{4}-[A-Z]{4}$/)
      assert.isAtMost(retryIn, 1)

      // a body may be in base64, and the same id shows the same code
      const body = Buffer.from(JSON.stringify({ id: "device-17" })).toString("base64")
      const other = yield* invoke(functionUrl("/logins", { body, isBase64Encoded: true }))
      const again = yield* invoke(httpApi("/logins", { body: "{\"id\":\"device-17\"}" }))
      assert.deepStrictEqual([again.status, again.body.code], [201, other.body.code])

      const poll = invoke(httpApi(`/logins/${id}/poll`))
      const pollOther = invoke(functionUrl("/logins/device-17/poll"))
      const early = yield* poll
      assert.deepStrictEqual([early.status, early.headers["retry-after"], early.body.state], [202, "1", "waiting"])

      yield* authorizations.approve(code)
      yield* authorizations.deny(other.body.code)
      yield* Effect.sleep("1100 millis")
      const approved = { status: 200, body: { state: "approved" } }
      const { headers, ...first } = yield* poll
      assert.deepStrictEqual(first, approved)
      assert.strictEqual(headers["cache-control"], "no-store")
      const { body: afterwards } = yield* poll
      assert.deepStrictEqual(afterwards, approved.body)

      const denied = yield* pollOther
      assert.strictEqual(denied.status, 410)
      assert.deepStrictEqual(Object.keys(denied.body), ["state", "error", "message"])
      assert.deepStrictEqual([denied.body.state, denied.body.error], ["failed", "AccessDeniedException"])
      // a later invocation says the same
      assert.deepStrictEqual((yield* pollOther).body, denied.body)

      const ended = yield* invoke(httpApi("/logins", { body: JSON.stringify({ id }) }))
      assert.deepStrictEqual([ended.status, ended.body.error], [409, "LoginEnded"])
      assert.strictEqual((yield* invoke(httpApi(`/logins/${crypto.randomUUID()}/poll`))).status, 404)
      for (const wrong of ["", "x".repeat(101), "line\nbreak", "a/b", "50%", "ä"]) {
        const { body, status } = yield* invoke(httpApi("/logins", { body: JSON.stringify({ id: wrong }) }))
        assert.deepStrictEqual([status, body.error], [400, "BadRequest"])
      }
    }).pipe(Effect.scoped, Effect.provide(EmulatorServer.layer())))

  it("responds to each event that is none of an HTTP API with 400 and a sentence", () => {
    for (const [name, event] of Object.entries({ ...others, "a REST API": restApi("/logins") })) {
      const { body, status } = refused(event)
      assert.strictEqual(status, 400, name)
      assert.match(body.message, /^This is no event of an HTTP API/, name)
    }
    const broken = { body: "%%%", isBase64Encoded: true }
    assert.strictEqual(refused(httpApi("/logins", broken)).status, 400)
    // bytes that are no UTF-8
    assert.strictEqual(refused(httpApi("/logins", { ...broken, body: "/w==" })).status, 400)
    // a long body is not decoded
    assert.strictEqual(refused(httpApi("/logins", { ...broken, body: "%".repeat(20_000) })).status, 413)
  })

  it("counts a body of null as absent", () => {
    const request = Lambda.requestOf({ ...httpApi("/logins"), body: null })
    assert.strictEqual("status" in request ? request.status : Effect.runSync(request.body), "")
  })

  it("decodes a body in base64 of each character up to the longest", () => {
    const text = "\uffff".repeat(Routes.longest)
    const body = Buffer.from(text).toString("base64")
    const request = Lambda.requestOf(httpApi("/logins", { body, isBase64Encoded: true }))
    assert.strictEqual("status" in request ? request.status : Effect.runSync(request.body), text)
  })

  it.live("finds its routes below a stage, and nothing else", () =>
    Effect.gen(function*() {
      const invoke = yield* deployed(yield* Postgres.database)
      const statusOf = (event: Event) => Effect.map(invoke(event), ({ status }) => status)
      assert.strictEqual(yield* statusOf(staged("prod", "/logins")), 201)
      assert.strictEqual(yield* statusOf(staged("prod", "/logins/a/poll/")), 404)
      for (
        const path of [
          "/",
          "",
          "/login",
          "/logins/a",
          "/logins//poll",
          "/logins/a/b/poll",
          "/logins/%61/poll",
          "/x/logins"
        ]
      ) {
        const { body, status } = yield* invoke(httpApi(path))
        assert.deepStrictEqual([status, body.error], [404, "NotFound"], path)
      }
      for (const path of ["/logins", "/logins/a/poll"]) {
        const { headers, status } = yield* invoke(httpApi(path, { method: "GET" }))
        assert.deepStrictEqual([status, headers["allow"]], [405, "POST"])
      }
      for (const body of ["{", "[]", "7", "{\"id\":7}", "{\"id\":null}", "{}", "x".repeat(4096)]) {
        assert.strictEqual(yield* statusOf(httpApi("/logins", { body })), 400, body.slice(0, 20))
      }
      assert.strictEqual(yield* statusOf(httpApi("/logins", { body: "x".repeat(100_000) })), 413)
    }).pipe(Effect.scoped, Effect.provide(EmulatorServer.layer())))

  it.live("works again in the same instance when its database is back", () =>
    Effect.gen(function*() {
      const { open, url } = yield* forwarded(yield* Postgres.database)
      const invoke = yield* deployed(url)
      const away = {
        status: 503,
        retry: "5",
        message: "The function cannot reach what it needs. Try again."
      }
      const start = Effect.map(invoke(httpApi("/logins")), ({ body, headers, status }) => ({
        status,
        retry: headers["retry-after"],
        message: body.message
      }))
      assert.deepStrictEqual(yield* start, away)
      yield* open(true)
      assert.strictEqual((yield* start).status, 201)
      yield* open(false)
      assert.deepStrictEqual(yield* start, away)
      yield* open(true)
      assert.strictEqual((yield* start).status, 201)
    }).pipe(Effect.scoped, Effect.provide(EmulatorServer.layer())))

  it.live("keeps what it has built after a defect", () =>
    Effect.gen(function*() {
      let builds = 0
      const broken = ConfigProvider.layer(ConfigProvider.make(() => Effect.die(new Error("a fault of the program"))))
      const { handler } = yield* made(Layer.tap(
        Layer.merge(layers, broken),
        () => Effect.sync(() => builds++)
      ))
      for (const _ of [1, 2]) {
        const { statusCode } = yield* Effect.promise(() => handler(httpApi("/logins")))
        assert.strictEqual(statusCode, 500)
      }
      assert.strictEqual(builds, 1)
    }).pipe(Effect.scoped))

  it.live("gives up a layer that failed once, however many invocations waited for it", () =>
    Effect.gen(function*() {
      let builds = 0
      const closed: Array<number> = []
      // the first one fails after the second is built
      const flaky = Layer.unwrap(Effect.gen(function*() {
        const build = ++builds
        yield* Effect.acquireRelease(Effect.void, () => Effect.sync(() => closed.push(build)))
        yield* Effect.sleep("50 millis")
        return build === 1 ? Layer.effectDiscard(Effect.fail("no database")).pipe(Layer.provideMerge(layers)) : layers
      }))
      const { dispose, handler } = yield* made(flaky)
      const statusOf = Effect.map(Effect.promise(() => handler(httpApi("/logins/a/poll"))), ({ statusCode }) =>
        statusCode)
      assert.deepStrictEqual(yield* Effect.all([statusOf, statusOf], { concurrency: 2 }), [503, 503])
      assert.strictEqual(yield* statusOf, 404)
      assert.strictEqual(yield* statusOf, 404)
      assert.deepStrictEqual([builds, closed], [2, [1]])
      yield* Effect.promise(dispose)
      assert.deepStrictEqual(closed, [1, 2])
    }).pipe(Effect.scoped))
})
