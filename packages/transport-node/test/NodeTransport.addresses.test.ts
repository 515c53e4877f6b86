/** Names with several addresses, of which some are slow or dead. A slow address is a server whose queue is full. */
import { assert, describe, it } from "@effect/vitest"
import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as HttpClient from "effect/http/HttpClient"
import { vi } from "vitest"
import * as Child from "./support/Child.ts"
import * as Failure from "./support/Failure.ts"
import * as Server from "./support/Server.ts"
import * as Authority from "./support/testOnlyAuthority.ts"

/** Resolves each name of `.test` to these addresses until the test ends. */
const resolving = (...addresses: ReadonlyArray<string>) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const dns = process.getBuiltinModule("node:dns")
      const found = addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }))
      return vi.spyOn(dns, "lookup").mockImplementation((...args: ReadonlyArray<unknown>) => {
        const done = args.at(-1)
        if (typeof done === "function") process.nextTick(done, null, found)
      })
    }),
    (spy) => Effect.sync(() => spy.mockRestore())
  )

const get = (client: HttpClient.HttpClient, url: string) => Effect.flatMap(client.get(url), (response) => response.text)

/** A server that accepts no connection for this many ms after its queue is full. */
const full = (host: string, port: number, wait: number) =>
  Effect.tap(
    Child.start("full.ts", host, String(port), String(wait)),
    ({ said }) => Server.until("full", () => said().includes("full"))
  )

// each address needs one second; Node's own way failed with ETIMEDOUT after 250 ms in each of these cases
const orders = [
  { name: "the slow one first", addresses: ["127.0.0.1", "::1"] },
  { name: "the slow one last", addresses: ["::1", "127.0.0.1"] }
]

describe("NodeTransport: names of several addresses (the seam)", () => {
  it.live.each(orders)(
    "connects in a second beside a dead address, directly and through a proxy: $name",
    ({ addresses }) =>
      Effect.gen(function*() {
        const secret = yield* Server.tls(Authority.server, Server.always(Server.response("hello")))
        yield* resolving(...addresses)
        // nothing listens on [::1] at this port
        const { port } = yield* full("127.0.0.1", 0, 800)
        const direct = yield* NodeTransport.make({ connectTimeout: "5 seconds" })
        const through = yield* NodeTransport.make({
          ca: Authority.root,
          connectTimeout: "5 seconds",
          proxy: { https: `http://proxy.test:${port}`, http: `http://proxy.test:${port}`, loopback: true }
        })
        const texts = yield* Effect.all([
          get(direct, `http://server.test:${port}/`),
          get(through, "http://server.test/"),
          get(through, `https://localhost:${secret.port}/`)
        ], { concurrency: "unbounded" })
        assert.deepStrictEqual(texts, ["late", "late", "hello"])
      })
  )

  it.live("leaves the other addresses enough time if one never responds, also under a short limit", () =>
    Effect.gen(function*() {
      const server = yield* Server.tcp(Server.always(Server.response("hello")))
      // a dead family, with as many addresses as a load balancer has
      yield* full("::1", server.port, 0)
      yield* resolving(...Array<string>(9).fill("::1"), "127.0.0.1")
      for (const connectTimeout of ["400 millis", "10 seconds", "Infinity"] as const) {
        const client = yield* NodeTransport.make({ connectTimeout })
        const began = performance.now()
        assert.strictEqual(yield* get(client, `http://server.test:${server.port}/`), "hello")
        assert.isBelow(performance.now() - began, 1_500)
      }
    }))

  it.live("applies the limit to all addresses together, and closes their connections", () =>
    Effect.gen(function*() {
      const { port } = yield* full("::1", 0, 0)
      yield* resolving("::1", "::1", "::1")
      for (const connectTimeout of ["1 millis", "50 millis"] as const) {
        const client = yield* NodeTransport.make({ connectTimeout })
        assert.deepStrictEqual(yield* Failure.toldBy(client, `http://server.test:${port}/`), {
          sent: "no",
          code: "CONNECT_TIMEOUT",
          transient: true
        })
      }
    }))

  it.live("gives a single address the whole limit", () =>
    Effect.gen(function*() {
      const { port } = yield* full("127.0.0.1", 0, 800)
      const client = yield* NodeTransport.make({ connectTimeout: "3 seconds" })
      assert.strictEqual(yield* get(client, `http://127.0.0.1:${port}/`), "late")
    }))

  it.effect("fails with ECONNREFUSED if all addresses of a name refuse", () =>
    Effect.gen(function*() {
      const port = yield* Server.refusedPort
      yield* resolving("::1", "127.0.0.1")
      const client = yield* NodeTransport.make()
      const cause = yield* Failure.causeOf(client, `http://server.test:${port}/`)
      assert.include(cause, { sent: "no", code: "ECONNREFUSED", syscall: "connect", transient: true })
    }))

  it.effect("closes the connections to all racing addresses on interruption", () =>
    Effect.gen(function*() {
      // accepts connections, but its TLS handshake does not end
      const server = yield* Server.tcp(() => {})
      yield* resolving("127.0.0.1", "127.0.0.1")
      const client = yield* NodeTransport.make()
      const fiber = yield* Effect.forkChild(client.get(`https://server.test:${server.port}/`))
      yield* Server.until("hello of TLS", () => (server.connections[0]?.received.length ?? 0) > 0)
      yield* Fiber.interrupt(fiber)
      yield* Server.until("closed", () => server.open() === 0)
    }))

  it.effect("uses one of the racing connections, and closes the others", () =>
    Effect.gen(function*() {
      const server = yield* Server.tcp(Server.always(Server.response("hello")))
      yield* resolving("127.0.0.1", "127.0.0.1", "::1")
      const client = yield* NodeTransport.make()
      assert.strictEqual(yield* get(client, `http://server.test:${server.port}/`), "hello")
      assert.strictEqual(server.open(), 1)
      assert.strictEqual(server.connections.filter(({ received }) => received !== "").length, 1)
    }))
})
