import { assert, describe, it } from "@effect/vitest"
import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as HttpBody from "effect/http/HttpBody"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Failure from "./support/Failure.ts"
import * as Server from "./support/Server.ts"

const get = (client: HttpClient.HttpClient, url: string) =>
  Effect.flatMap(client.execute(HttpClientRequest.get(url)), (response) => response.text)

/** Reads like core: through the stream, in a scope that aborts when it closes. */
const read = (client: HttpClient.HttpClient, request: HttpClientRequest.HttpClientRequest) =>
  HttpClient.withScope(client).execute(request).pipe(
    Effect.flatMap((response) => Stream.mkUint8Array(response.stream)),
    Effect.map((bytes) => new TextDecoder().decode(bytes)),
    Effect.scoped
  )

describe("NodeTransport: connections (the seam)", () => {
  it.effect("uses one connection for two requests in turn, read as core reads them", () =>
    Effect.gen(function*() {
      const server = yield* Server.tcp(Server.always(Server.response("hello")))
      const client = yield* NodeTransport.make()
      assert.strictEqual(yield* read(client, HttpClientRequest.get(server.origin)), "hello")
      assert.strictEqual(yield* read(client, HttpClientRequest.get(server.origin)), "hello")
      assert.strictEqual(server.connections.length, 1)
    }))

  it.effect("adds no listener to a kept connection with each request", () =>
    Effect.gen(function*() {
      const server = yield* Server.tcp(Server.always(Server.response("hello")))
      const client = yield* NodeTransport.make()
      const warnings: Array<string> = []
      const warned = ({ name }: Error) => warnings.push(name)
      yield* Effect.acquireRelease(
        Effect.sync(() => process.on("warning", warned)),
        () => Effect.sync(() => process.off("warning", warned))
      )
      for (let i = 0; i < 12; i++) yield* read(client, HttpClientRequest.get(server.origin))
      yield* Server.pause(20)
      assert.strictEqual(server.connections.length, 1)
      assert.deepStrictEqual(warnings, [])
    }))

  it.effect("uses one connection for requests read through the stream outside a scope, where Effect aborts after each", () =>
    Effect.gen(function*() {
      const server = yield* Server.tcp(Server.always(Server.response("hello")))
      const client = yield* NodeTransport.make()
      for (let i = 0; i < 3; i++) {
        const response = yield* client.execute(HttpClientRequest.get(server.origin))
        yield* Stream.runDrain(response.stream)
      }
      assert.strictEqual(server.connections.length, 1)
    }))

  it.effect.each(["HTTP/1.1 204 No Content", "HTTP/1.1 304 Not Modified"])(
    "frees the connection of a response without a body, even if it is not read: %s",
    (head) =>
      Effect.gen(function*() {
        const server = yield* Server.tcp(Server.always(`${head}\r\n\r\n`))
        const client = yield* NodeTransport.make()
        const first = yield* client.execute(HttpClientRequest.get(server.origin))
        yield* Server.pause(20)
        yield* client.execute(HttpClientRequest.get(server.origin))
        assert.strictEqual(server.connections.length, 1)
        assert.strictEqual(yield* first.text, "")
      })
  )

  it.effect("frees the connection of an empty body also if its end comes later", () =>
    Effect.gen(function*() {
      const server = yield* Server.tcp((connection) => {
        connection.socket.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        setTimeout(() => connection.socket.write("0\r\n\r\n"), 20)
      })
      const client = yield* NodeTransport.make()
      const first = yield* client.execute(HttpClientRequest.get(server.origin))
      yield* Server.pause(50)
      yield* client.execute(HttpClientRequest.get(server.origin))
      assert.strictEqual(server.connections.length, 1)
      assert.strictEqual(yield* first.text, "")
    }))

  it.effect("reads no body after HEAD, whatever length the response announces", () =>
    Effect.gen(function*() {
      const server = yield* Server.tcp(Server.always("HTTP/1.1 200 OK\r\ncontent-length: 9000\r\n\r\n"))
      const client = yield* NodeTransport.make()
      for (let i = 0; i < 2; i++) {
        const response = yield* client.execute(HttpClientRequest.head(server.origin))
        assert.strictEqual(yield* response.text, "")
      }
      assert.strictEqual(server.connections.length, 1)
    }))

  it.effect("skips 1xx responses", () =>
    Effect.gen(function*() {
      const server = yield* Server.tcp(Server.always(`HTTP/1.1 103 Early Hints\r\n\r\n${Server.response("hello")}`))
      const client = yield* NodeTransport.make()
      assert.strictEqual(yield* get(client, server.origin), "hello")
    }))

  it.effect("keeps no connection if idleTimeout is zero", () =>
    Effect.gen(function*() {
      const server = yield* Server.tcp(Server.always(Server.response("hello")))
      const client = yield* NodeTransport.make({ idleTimeout: 0 })
      yield* get(client, server.origin)
      yield* get(client, server.origin)
      assert.strictEqual(server.connections.length, 2)
      yield* Server.until("both closed", () => server.open() === 0)
    }))

  it.effect("closes an idle connection after idleTimeout", () =>
    Effect.gen(function*() {
      const server = yield* Server.tcp(Server.always(Server.response("hello")))
      const client = yield* NodeTransport.make({ idleTimeout: "50 millis" })
      yield* get(client, server.origin)
      assert.strictEqual(server.open(), 1)
      yield* Server.until("closed", () => server.open() === 0)
    }))

  it.effect("does not apply idleTimeout to the wait for a response", () =>
    Effect.gen(function*() {
      const server = yield* Server.tcp((connection) => {
        setTimeout(() => connection.socket.write(Server.response("late")), 150)
      })
      const client = yield* NodeTransport.make({ idleTimeout: "30 millis" })
      assert.strictEqual(yield* get(client, server.origin), "late")
    }))

  it.effect("does not write to a kept connection after a freeze that was longer than idleTimeout", () =>
    Effect.gen(function*() {
      const server = yield* Server.tcp(Server.always(Server.response("hello")))
      const client = yield* NodeTransport.make({ idleTimeout: "50 millis" })
      yield* get(client, server.origin)
      // the request before the freeze has given its connection back
      yield* Server.pause(10)
      // no timer of this process runs here, and none has run when the next request is made
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 150)
      yield* get(client, server.origin)
      assert.strictEqual(server.connections.length, 2)
    }))

  it.effect("gives concurrent requests their own connections", () =>
    Effect.gen(function*() {
      const server = yield* Server.tcp(Server.always(Server.response("hello")))
      const client = yield* NodeTransport.make()
      yield* Effect.all([get(client, server.origin), get(client, server.origin)], { concurrency: 2 })
      assert.strictEqual(server.connections.length, 2)
    }))
})

describe("NodeTransport: scope (the seam)", () => {
  it.effect("closes idle connections and ends requests when the scope ends, and sends nothing afterwards", () =>
    Effect.gen(function*() {
      const server = yield* Server.tcp((connection) => {
        if (!connection.received.includes("/wait")) connection.socket.write(Server.response("hello"))
      })
      const scope = yield* Scope.make()
      const client = yield* Scope.provide(NodeTransport.make(), scope)
      const waiting = yield* Effect.forkChild(Failure.toldBy(client, `${server.origin}/wait`))
      yield* Server.until("waiting", () => server.connections[0]?.received.includes("/wait") === true)
      yield* get(client, server.origin)
      assert.strictEqual(server.open(), 2)
      yield* Scope.close(scope, Exit.void)
      assert.deepStrictEqual(yield* Fiber.join(waiting), { sent: "maybe", code: "CLIENT_CLOSED", transient: true })
      yield* Server.until("closed", () => server.open() === 0)
      assert.deepStrictEqual(yield* Failure.toldBy(client, server.origin), {
        sent: "no",
        code: "CLIENT_CLOSED",
        transient: false
      })
      yield* Server.pause(20)
      assert.strictEqual(server.connections.length, 2)
    }))

  it.effect("drops an unread body when the scope of its request ends", () =>
    Effect.gen(function*() {
      const server = yield* Server.tcp(Server.always(Server.response("hello")))
      const client = yield* NodeTransport.make()
      yield* Effect.scoped(HttpClient.withScope(client).execute(HttpClientRequest.get(server.origin)))
      yield* Server.until("closed", () => server.open() === 0)
    }))

  it.live("leaves nothing in the process", () =>
    Effect.gen(function*() {
      const server = yield* Server.tcp(Server.always(Server.response("hello")))
      const sockets = () => process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap").length
      const timers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length
      // both counts are taken inside a timer
      yield* Server.pause(1)
      const before = { sockets: sockets(), timers: timers() }
      yield* Effect.scoped(Effect.gen(function*() {
        const client = yield* NodeTransport.make()
        for (let i = 0; i < 3; i++) yield* get(client, server.origin)
        const wait = yield* Effect.forkChild(client.execute(HttpClientRequest.get(server.origin)))
        yield* Fiber.interrupt(wait)
      }))
      yield* Server.until("no socket", () => server.open() === 0 && sockets() <= before.sockets)
      assert.isAtMost(timers(), before.timers)
    }))
})

describe("NodeTransport: interruption (the seam)", () => {
  it.effect("leaves no connection if it comes before the socket", () =>
    Effect.gen(function*() {
      const server = yield* Server.tcp(Server.always(Server.response("hello")))
      const client = yield* NodeTransport.make()
      const fiber = yield* Effect.forkChild(client.execute(HttpClientRequest.get(server.origin)), {
        startImmediately: true
      })
      yield* Fiber.interrupt(fiber)
      yield* Server.pause(50)
      assert.strictEqual(server.open(), 0)
      assert.strictEqual(server.connections.map((connection) => connection.received).join(""), "")
    }))

  it.effect("closes the connection while the request waits for the headers", () =>
    Effect.gen(function*() {
      const server = yield* Server.tcp(() => {})
      const client = yield* NodeTransport.make()
      const fiber = yield* Effect.forkChild(client.execute(HttpClientRequest.get(server.origin)))
      yield* Server.until("sent", () => server.connections[0]?.received !== undefined)
      yield* Fiber.interrupt(fiber)
      yield* Server.until("closed", () => server.open() === 0)
    }))

  it.effect.each([true, false])(
    "closes the connection within the body (scoped: %s)",
    (scoped) =>
      Effect.gen(function*() {
        const server = yield* Server.tcp(Server.always("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\npart"))
        const client = yield* NodeTransport.make()
        let seen = ""
        const program = Effect.flatMap(
          (scoped ? HttpClient.withScope(client) : client).execute(HttpClientRequest.get(server.origin)),
          (response) =>
            Stream.runForEach(response.stream, (chunk) =>
              Effect.sync(() => {
                seen += new TextDecoder().decode(chunk)
              }))
        )
        const fiber = yield* Effect.forkChild(Effect.scoped(program))
        yield* Server.until("part of it", () => seen === "part")
        yield* Fiber.interrupt(fiber)
        yield* Server.until("closed", () => server.open() === 0)
      })
  )

  it.effect("closes the connection of a waiting request when the request's scope ends", () =>
    Effect.gen(function*() {
      const server = yield* Server.tcp(() => {})
      const client = HttpClient.withScope(yield* NodeTransport.make())
      const scope = yield* Scope.make()
      const fiber = yield* Effect.forkChild(
        client.execute(HttpClientRequest.get(server.origin)).pipe(Scope.provide(scope), Effect.flip)
      )
      yield* Server.until("sent", () => server.connections[0]?.received.includes("GET") === true)
      yield* Scope.close(scope, Exit.void)
      const error = yield* Fiber.join(fiber)
      assert.include(error.cause, { sent: "maybe", code: "ABORTED" })
      yield* Server.until("closed", () => server.open() === 0)
    }))
})

describe("NodeTransport: what is sent (the seam)", () => {
  it.effect("sends one request with only its own headers and accept-encoding: identity", () =>
    Effect.gen(function*() {
      const server = yield* Server.tcp(Server.always(Server.response("hello")))
      const client = yield* NodeTransport.make()
      yield* read(
        client,
        HttpClientRequest.post(`${server.origin}/token`, { headers: { "user-agent": "me" } }).pipe(
          HttpClientRequest.bodyJsonUnsafe({ grantType: "refresh_token" })
        )
      ).pipe(Effect.provideService(HttpClient.TracerPropagationEnabled, false))
      const [head, body] = server.connections[0]?.received.split("\r\n\r\n") ?? []
      assert.deepStrictEqual(head?.split("\r\n").toSorted(), [
        "Connection: keep-alive",
        `Host: 127.0.0.1:${server.port}`,
        "POST /token HTTP/1.1",
        "accept-encoding: identity",
        "content-length: 29",
        "content-type: application/json",
        "user-agent: me"
      ])
      assert.strictEqual(body, `{"grantType":"refresh_token"}`)
    }))

  it.effect("sends the request's accept-encoding, and decodes nothing", () =>
    Effect.gen(function*() {
      const server = yield* Server.tcp(
        Server.always(Server.response("zzz", ["HTTP/1.1 200 OK", "content-encoding: gzip"]))
      )
      const client = yield* NodeTransport.make()
      const request = HttpClientRequest.get(server.origin, { headers: { "accept-encoding": "gzip" } })
      assert.strictEqual(yield* read(client, request), "zzz")
      assert.include(server.connections[0]?.received, "accept-encoding: gzip")
      assert.notInclude(server.connections[0]?.received, "identity")
    }))

  it.effect.each([
    { name: "a string", body: HttpBody.raw("a body") },
    { name: "bytes", body: HttpBody.raw(new TextEncoder().encode("a body")) },
    { name: "a buffer", body: HttpBody.raw(new TextEncoder().encode("a body").buffer) },
    {
      name: "a stream",
      body: HttpBody.stream(Stream.make(new TextEncoder().encode("a "), new TextEncoder().encode("body")))
    }
  ])("sends $name with its length", ({ body }) =>
    Effect.gen(function*() {
      const server = yield* Server.tcp(Server.always(Server.response("hello")))
      const client = yield* NodeTransport.make()
      yield* read(client, HttpClientRequest.post(server.origin).pipe(HttpClientRequest.setBody(body)))
      assert.match(server.connections[0]?.received ?? "", /content-length: 6\r\n.*\r\n\r\na body$/s)
    }))

  it.effect.each(["GET", "DELETE", "POST"] as const)(
    "lets no %s body become a second request",
    (method) =>
      Effect.gen(function*() {
        const server = yield* Server.tcp(Server.always(Server.response("hello")))
        const client = yield* NodeTransport.make()
        yield* read(
          client,
          HttpClientRequest.make(method)(server.origin).pipe(
            HttpClientRequest.bodyText("GET /smuggled HTTP/1.1\r\n\r\n"),
            HttpClientRequest.setHeaders({ "content-length": "0", "transfer-encoding": "chunked" })
          )
        )
        assert.include(server.connections[0]?.received, "content-length: 26\r\n")
        assert.notInclude(server.connections[0]?.received, "transfer-encoding")
      })
  )

  it.effect("sends nothing if the stream of a body fails, and fails with an EncodeError", () =>
    Effect.gen(function*() {
      const server = yield* Server.tcp(Server.always(Server.response("hello")))
      const client = yield* NodeTransport.make()
      const body = Stream.concat(Stream.make(new Uint8Array(4)), Stream.fail("broken"))
      const request = HttpClientRequest.post(server.origin).pipe(HttpClientRequest.bodyStream(body))
      const error = yield* Effect.flip(client.execute(request))
      assert.strictEqual(error.reason._tag, "EncodeError")
      assert.strictEqual(server.connections.length, 0)
    }))

  it.effect.each([
    { name: "form data", body: HttpBody.formData(new FormData()) },
    { name: "an object", body: HttpBody.raw({ a: 1 }) }
  ])(
    "fails with an EncodeError for $name",
    ({ body }) =>
      Effect.gen(function*() {
        const client = yield* NodeTransport.make()
        const request = HttpClientRequest.post("http://127.0.0.1:9").pipe(HttpClientRequest.setBody(body))
        assert.strictEqual((yield* Effect.flip(client.execute(request))).reason._tag, "EncodeError")
      })
  )

  it.effect("gives a redirect as a response", () =>
    Effect.gen(function*() {
      const server = yield* Server.tcp(
        Server.always(Server.response("", ["HTTP/1.1 307 Temporary Redirect", "location: /elsewhere"]))
      )
      const client = yield* NodeTransport.make()
      const response = yield* client.execute(HttpClientRequest.post(`${server.origin}/token#part`))
      assert.strictEqual(response.status, 307)
      assert.strictEqual(response.url, `${server.origin}/token`)
      yield* Server.pause(20)
      assert.notInclude(server.connections.map((connection) => connection.received).join(""), "elsewhere")
    }))

  it.effect("sends no cookie back", () =>
    Effect.gen(function*() {
      const server = yield* Server.tcp(
        Server.always(Server.response("", ["HTTP/1.1 200 OK", "set-cookie: a=1; Path=/"]))
      )
      const client = yield* NodeTransport.make()
      const response = yield* client.execute(HttpClientRequest.get(server.origin))
      assert.strictEqual(response.cookies.cookies["a"]?.value, "1")
      yield* get(client, server.origin)
      assert.notInclude(server.connections[0]?.received.toLowerCase(), "cookie")
    }))
})
