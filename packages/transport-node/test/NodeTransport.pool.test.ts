import { assert, describe, it } from "@effect/vitest"
import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import * as Failure from "./support/Failure.ts"
import * as Proxy from "./support/Proxy.ts"
import * as Server from "./support/Server.ts"
import * as Authority from "./support/testOnlyAuthority.ts"

const get = (client: HttpClient.HttpClient, url: string) =>
  Effect.flatMap(client.execute(HttpClientRequest.get(url)), (response) => response.text)

/** A server that sends nothing until the test lets it. The path tells its requests apart. */
const held = Server.tcp(() => {})

const requests = (server: Server.Server) =>
  server.connections.flatMap(({ received }) => [...received.matchAll(/GET (\S+) /g)].map(([, path]) => path))

const respondToAll = (server: Server.Server) => {
  for (const { closed, received, socket } of server.connections) {
    if (!closed && received !== "") socket.write(Server.response("hello"))
  }
}

/** Waits until everything that can happen has happened. */
const settle = Server.pause(30)

describe("NodeTransport: maxConnections (the seam)", () => {
  it.effect("limits the connections of an origin, and sends the waiting requests in order", () =>
    Effect.gen(function*() {
      let most = 0
      const server = yield* Server.tcp((connection) => {
        most = Math.max(most, server.open())
        setTimeout(() => connection.socket.write(Server.response("hello")), 5)
      })
      const client = yield* NodeTransport.make({ maxConnections: 3 })
      const order: Array<number> = []
      yield* Effect.forEach(
        Array.from({ length: 20 }, (_, index) => index),
        (index) => Effect.tap(get(client, `${server.origin}/${index}`), () => Effect.sync(() => order.push(index))),
        { concurrency: "unbounded" }
      )
      assert.strictEqual(most, 3)
      // the connections are reused, not made anew
      assert.strictEqual(server.connections.length, 3)
      assert.deepStrictEqual(order, order.toSorted((a, b) => a - b))
    }))

  it.effect.each([{ maxConnections: undefined }, { maxConnections: Infinity }])(
    "sets no limit with %j",
    (options) =>
      Effect.gen(function*() {
        const server = yield* held
        const client = yield* NodeTransport.make(options)
        const fibers = yield* Effect.forEach(
          Array.from({ length: 20 }),
          () => Effect.forkChild(get(client, server.origin))
        )
        yield* Server.until("all there", () => requests(server).length === 20)
        respondToAll(server)
        for (const fiber of fibers) assert.strictEqual(yield* Fiber.join(fiber), "hello")
      })
  )

  it.effect("limits each origin separately", () =>
    Effect.gen(function*() {
      const one = yield* held
      const other = yield* held
      const client = yield* NodeTransport.make({ maxConnections: 1 })
      for (const { origin } of [one, one, other]) yield* Effect.forkChild(get(client, origin))
      yield* Server.until("both", () => requests(one).length === 1 && requests(other).length === 1)
      yield* settle
      assert.strictEqual(one.connections.length, 1)
    }))

  it.effect("starts the connect limit when a waiting request gets its place, not before", () =>
    Effect.gen(function*() {
      // speaks no TLS, so the connection of a request that gets a place does not open
      const server = yield* held
      const client = yield* NodeTransport.make({ maxConnections: 1 })
      const url = `https://127.0.0.1:${server.port}`
      const first = yield* Effect.forkChild(Failure.toldBy(client, url))
      yield* Server.until("hello of TLS", () => server.connections[0]?.received !== "")
      const second = yield* Effect.forkChild(Failure.toldBy(client, url))
      yield* settle
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(yield* Fiber.join(first), { sent: "no", code: "CONNECT_TIMEOUT", transient: true })
      yield* Server.until("the second's", () => server.connections.length === 2)
      yield* TestClock.adjust("9999 millis")
      yield* settle
      assert.isUndefined(second.pollUnsafe())
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(yield* Fiber.join(second), { sent: "no", code: "CONNECT_TIMEOUT", transient: true })
    }))

  it.effect("removes a request from the queue on interruption, and sends nothing of it", () =>
    Effect.gen(function*() {
      const server = yield* held
      const client = yield* NodeTransport.make({ maxConnections: 1 })
      const first = yield* Effect.forkChild(get(client, `${server.origin}/first`))
      yield* Server.until("the first", () => requests(server).length === 1)
      const second = yield* Effect.forkChild(get(client, `${server.origin}/second`))
      const third = yield* Effect.forkChild(get(client, `${server.origin}/third`))
      yield* settle
      yield* Fiber.interrupt(second)
      respondToAll(server)
      yield* Fiber.join(first)
      yield* Server.until("the third", () => requests(server).length === 2)
      respondToAll(server)
      yield* Fiber.join(third)
      yield* settle
      assert.deepStrictEqual(requests(server), ["/first", "/third"])
    }))

  it.effect("says `sent: no` for a queued request whose scope or client ends", () =>
    Effect.gen(function*() {
      const server = yield* held
      const scope = yield* Scope.make()
      const client = yield* Scope.provide(NodeTransport.make({ maxConnections: 1 }), scope)
      yield* Effect.forkChild(get(client, `${server.origin}/first`))
      yield* Server.until("the first", () => requests(server).length === 1)
      const requestScope = yield* Scope.make()
      const scoped = yield* Effect.forkChild(
        HttpClient.withScope(client).execute(HttpClientRequest.get(`${server.origin}/second`)).pipe(
          Scope.provide(requestScope),
          Effect.flip
        )
      )
      const queued = yield* Effect.forkChild(Failure.toldBy(client, `${server.origin}/third`))
      yield* settle
      yield* Scope.close(requestScope, Exit.void)
      assert.include((yield* Fiber.join(scoped)).cause, { sent: "no", code: "ABORTED" })
      yield* Scope.close(scope, Exit.void)
      assert.deepStrictEqual(yield* Fiber.join(queued), { sent: "no", code: "CLIENT_CLOSED", transient: false })
      yield* settle
      assert.deepStrictEqual(requests(server), ["/first"])
    }))

  it.effect("frees the place of a request however it ends", () =>
    Effect.gen(function*() {
      const server = yield* Server.tcp((connection) => {
        const path = /GET (\S+) /.exec(connection.received.slice(connection.received.lastIndexOf("GET")))?.[1]
        if (path === "/reset") connection.socket.resetAndDestroy()
        else if (path === "/cut") connection.socket.end("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\npart")
        else if (path === "/close") {
          connection.socket.end(Server.response("bye", ["HTTP/1.1 200 OK", "connection: close"]))
        } else if (path === "/part") connection.socket.write("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\npart")
        else if (path !== "/wait") connection.socket.write(Server.response("hello"))
      })
      const client = yield* NodeTransport.make({ maxConnections: 1 })
      const last = Effect.map(get(client, server.origin), (text) => assert.strictEqual(text, "hello"))
      for (const path of ["/reset", "/cut", "/close"]) {
        yield* Effect.ignore(get(client, server.origin + path))
        yield* last
      }
      // a response whose body is not read
      yield* Effect.scoped(HttpClient.withScope(client).get(`${server.origin}/part`))
      yield* last
      const waiting = yield* Effect.forkChild(get(client, `${server.origin}/wait`))
      yield* Server.until("sent", () => requests(server).includes("/wait"))
      yield* Fiber.interrupt(waiting)
      yield* last
      // a request that cannot be made
      yield* Effect.ignore(client.execute(HttpClientRequest.get(server.origin, { headers: { "x-a": "a\nb" } })))
      yield* last
      // a request whose connection is refused
      const refused = `http://127.0.0.1:${yield* Server.refusedPort}`
      for (let i = 0; i < 2; i++) assert.include(yield* Failure.causeOf(client, refused), { code: "ECONNREFUSED" })
    }))

  it.effect("keeps no place for a request that is interrupted in any turn of its wait", () =>
    Effect.gen(function*() {
      const server = yield* Server.tcp(Server.always(Server.response("hello")))
      const client = yield* NodeTransport.make({ maxConnections: 1 })
      for (let turns = 0; turns < 40; turns++) {
        const first = yield* Effect.forkChild(get(client, server.origin))
        const second = yield* Effect.forkChild(get(client, server.origin))
        for (let i = 0; i < turns % 20; i++) {
          yield* Effect.callback<void>((resume) => void setImmediate(() => resume(Effect.void)))
        }
        yield* Fiber.interrupt(second)
        yield* Fiber.join(first)
        assert.strictEqual(yield* get(client, server.origin), "hello")
      }
    }))

  it.effect("counts tunnels by their target, and a proxy for http by itself", () =>
    Effect.gen(function*() {
      const secret = yield* Server.tls(Authority.server, (connection) => {
        setTimeout(() => connection.socket.write(Server.response("hello")), 5)
      })
      const plain = yield* Effect.all([1, 2].map(() =>
        Server.tcp((connection) => {
          setTimeout(() => connection.socket.write(Server.response("hello")), 5)
        })
      ))
      const forHttps = yield* Proxy.make()
      const forHttp = yield* Proxy.make()
      const client = yield* NodeTransport.make({
        ca: Authority.root,
        maxConnections: 2,
        proxy: { https: forHttps.url, http: forHttp.url, loopback: true }
      })
      const targets = [secret, ...plain].flatMap(({ origin }) => Array<string>(5).fill(origin))
      yield* Effect.forEach(targets, (target) => get(client, target), { concurrency: "unbounded" })
      assert.strictEqual(forHttps.connections(), 2)
      assert.strictEqual(forHttp.most(), 2)
      assert.strictEqual(forHttp.connections(), 10)
    }))

  it.effect.each([0, -1, 1.5, Number.NaN])(
    "dies with a RangeError for %d",
    (maxConnections) =>
      Effect.gen(function*() {
        const exit = yield* Effect.exit(NodeTransport.make({ maxConnections }))
        assert.isTrue(Exit.hasDies(exit))
        assert.include(String(exit), "NodeTransport: maxConnections must be a whole number")
      })
  )
})
