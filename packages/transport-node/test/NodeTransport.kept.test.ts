/** The transport writes no request to a connection whose end has already arrived. */
import { assert, describe, it } from "@effect/vitest"
import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Stream from "effect/Stream"
import type * as Net from "node:net"
import { vi } from "vitest"
import * as Child from "./support/Child.ts"
import * as Failure from "./support/Failure.ts"
import * as Proxy from "./support/Proxy.ts"
import * as Server from "./support/Server.ts"
import * as Authority from "./support/testOnlyAuthority.ts"

/** Reads like core: a body to its end, in a scope that closes with it. */
const post = (client: HttpClient.HttpClient, url: string) =>
  HttpClient.withScope(client).execute(HttpClientRequest.bodyText(HttpClientRequest.post(url), "once")).pipe(
    Effect.flatMap((response) => Stream.mkUint8Array(response.stream)),
    Effect.map((bytes) => new TextDecoder().decode(bytes)),
    Effect.scoped
  )

const bodies = (server: Server.Server) =>
  server.connections.flatMap(({ received }) => [...received.matchAll(/POST (\S+) /g)].map(([, path]) => path))

const hello = Server.response("hello")

/** The ways in which a server ends a connection without announcing it. */
const ends: ReadonlyArray<{ readonly how: string; readonly end: (socket: Net.Socket) => void }> = [
  { how: "with its response", end: (socket) => socket.end(hello) },
  {
    how: "right after it",
    end: (socket) => {
      socket.write(hello)
      setImmediate(() => socket.end())
    }
  }
]

const ways = ["directly", "over TLS", "through a tunnel", "through a tunnel with a proxy of TLS"] as const

/** A server that is reached in this way, and the client for it. */
const reach = Effect.fnUntraced(function*(way: (typeof ways)[number], onData: Parameters<typeof Server.tcp>[0]) {
  if (way === "directly") {
    const server = yield* Server.tcp(onData)
    return { server, client: yield* NodeTransport.make({ maxConnections: 1 }) }
  }
  const server = yield* Server.tls(Authority.server, onData)
  const options = { ca: Authority.root, maxConnections: 1 }
  if (way === "over TLS") return { server, client: yield* NodeTransport.make(options) }
  const proxy = yield* Proxy.make(way === "through a tunnel" ? {} : { certificate: Authority.server })
  return { server, client: yield* NodeTransport.make({ ...options, proxy: { https: proxy.url, loopback: true } }) }
})

describe("NodeTransport: a kept connection that has ended (the seam)", () => {
  it.effect.each(ends.flatMap((one) => ways.map((way) => ({ ...one, way }))))(
    "gets no request if the server ends it $how: $way",
    ({ end, way }) =>
      Effect.gen(function*() {
        const { client, server } = yield* reach(way, ({ socket }) => end(socket))
        for (let i = 0; i < 6; i++) assert.strictEqual(yield* post(client, `${server.origin}/${i}`), "hello")
        assert.deepStrictEqual(bodies(server), ["/0", "/1", "/2", "/3", "/4", "/5"])
      })
  )

  it.live.each(
    [
      { how: "end", secure: "" },
      { how: "reset", secure: "" },
      { how: "end", secure: "secure" },
      { how: "reset", secure: "secure" }
    ]
  )("gets no request from a process that was frozen during its $how $secure", (
    { how, secure }
  ) =>
    Effect.gen(function*() {
      const { port, said } = yield* Child.start("closes.ts", how, secure)
      const client = yield* NodeTransport.make({ ca: Authority.root })
      const url = `${secure === "" ? "http" : "https"}://127.0.0.1:${port}`
      for (let i = 0; i < 4; i++) {
        assert.strictEqual(yield* post(client, `${url}/${i}`), "hello")
        yield* Child.freeze(150)
      }
      yield* Server.until("said", () => said().filter((line) => line !== "").length === 4)
      assert.deepStrictEqual(said().filter((line) => line !== ""), ["/0", "/1", "/2", "/3"])
    }))

  it.live("gets no request through a tunnel either", () =>
    Effect.gen(function*() {
      const { port, said } = yield* Child.start("closes.ts", "end", "secure")
      const proxy = yield* Proxy.make()
      const client = yield* NodeTransport.make({ ca: Authority.root, proxy: { https: proxy.url, loopback: true } })
      for (let i = 0; i < 3; i++) {
        assert.strictEqual(yield* post(client, `https://localhost:${port}/${i}`), "hello")
        // the proxy is in this process, and has to pass the end on
        yield* Server.pause(100)
        yield* Child.freeze(20)
      }
      assert.deepStrictEqual(said().filter((line) => line !== ""), ["/0", "/1", "/2"])
      assert.strictEqual(proxy.asked.length, 3)
    }))

  it.live("gets no request and fails as CONNECTION_CLOSED if it is new and ended before its use", () =>
    Effect.gen(function*() {
      const { port } = yield* Child.start("closes.ts", "greet")
      const client = yield* NodeTransport.make()
      const net = process.getBuiltinModule("node:net")
      const { connect } = net
      yield* Effect.acquireRelease(
        Effect.sync(() =>
          vi.spyOn(net, "connect").mockImplementation((...args: ReadonlyArray<unknown>) => {
            // the platform begins to connect one tick from now
            process.nextTick(() => process.nextTick(() => Child.freezeNow(150)))
            return Reflect.apply(connect, net, args)
          })
        ),
        (spy) => Effect.sync(() => spy.mockRestore())
      )
      assert.deepStrictEqual(yield* Failure.toldBy(client, `http://127.0.0.1:${port}`), {
        sent: "no",
        code: "CONNECTION_CLOSED",
        transient: true
      })
    }))

  it.effect("is dropped with all others that ended, and one new connection opens", () =>
    Effect.gen(function*() {
      let held: Array<Net.Socket> = []
      const server = yield* Server.tcp(({ received, socket }) => {
        if (received.includes("/held")) held.push(socket)
        else socket.write(hello)
      })
      const client = yield* NodeTransport.make()
      const fibers = yield* Effect.forEach(
        Array.from({ length: 20 }),
        () => Effect.forkChild(post(client, `${server.origin}/held`))
      )
      yield* Server.until("all there", () => held.length === 20)
      for (const socket of held) socket.write(hello)
      for (const fiber of fibers) yield* Fiber.join(fiber)
      assert.strictEqual(server.open(), 20)
      for (const socket of held) socket.end()
      held = []
      assert.strictEqual(yield* post(client, `${server.origin}/next`), "hello")
      assert.strictEqual(server.connections.length, 21)
      yield* Server.until("closed", () => server.open() === 1)
    }))

  it.effect("gets no late request after interruption in any turn of the check, and frees its place", () =>
    Effect.gen(function*() {
      for (const end of [false, true]) {
        const server = yield* Server.tcp(({ socket }) => end ? socket.end(hello) : socket.write(hello))
        const client = yield* NodeTransport.make({ maxConnections: 1 })
        for (let turns = 0; turns < 12; turns++) {
          assert.strictEqual(yield* post(client, `${server.origin}/kept`), "hello")
          const fiber = yield* Effect.forkChild(post(client, `${server.origin}/interrupted`))
          for (let i = 0; i < turns; i++) {
            yield* Effect.callback<void>((resume) => void setImmediate(() => resume(Effect.void)))
          }
          yield* Fiber.interrupt(fiber)
        }
        assert.strictEqual(yield* post(client, `${server.origin}/last`), "hello")
        assert.strictEqual(bodies(server).filter((path) => path === "/kept").length, 12)
        assert.strictEqual(bodies(server).at(-1), "/last")
      }
    }))

  it.effect.each([
    { what: "a whole response", end: false },
    { what: "that it has waited long enough", end: true }
  ])(
    "gives no unrequested message to the next request as its response: $what",
    ({ end }) =>
      Effect.gen(function*() {
        const server = yield* Server.tcp(({ socket }) => {
          socket.write(hello)
          setImmediate(() =>
            end
              ? socket.end(Server.response("late", ["HTTP/1.1 408 Request Timeout", "connection: close"]))
              : socket.write(Server.response("smuggled"))
          )
        })
        const client = yield* NodeTransport.make()
        for (let i = 0; i < 4; i++) assert.strictEqual(yield* post(client, `${server.origin}/${i}`), "hello")
        assert.deepStrictEqual(bodies(server), ["/0", "/1", "/2", "/3"])
      })
  )
})
