import { assert, describe, it } from "@effect/vitest"
import * as DirectTransport from "@sso-oidc/transport-node/DirectTransport"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as HttpClient from "effect/http/HttpClient"
import * as Failure from "./support/Failure.ts"
import * as Server from "./support/Server.ts"
import * as Authority from "./support/testOnlyAuthority.ts"

const hello = Server.always(Server.response("hello"))

// Its connections are those of `NodeTransport`, whose tests cover them.
describe("DirectTransport (the seam)", () => {
  it.effect("sends a request, and keeps the connection for the next one", () =>
    Effect.gen(function*() {
      const server = yield* Server.tcp(hello)
      const client = yield* DirectTransport.make()
      for (let n = 0; n < 2; n++) {
        assert.strictEqual(yield* Effect.flatMap(client.get(server.origin), ({ text }) => text), "hello")
      }
      assert.strictEqual(server.connections.length, 1)
    }))

  it.effect("is a layer whose connections close with it", () =>
    Effect.gen(function*() {
      const server = yield* Server.tcp(hello)
      const client = yield* Effect.provide(
        Effect.tap(HttpClient.HttpClient, (client) => Effect.flatMap(client.get(server.origin), ({ text }) => text)),
        DirectTransport.layer({ maxConnections: 1 })
      )
      assert.include(yield* Failure.causeOf(client, server.origin), { sent: "no", code: "CLIENT_CLOSED" })
    }))

  it.effect("trusts only the platform's authorities", () =>
    Effect.gen(function*() {
      const server = yield* Server.tls(Authority.server, hello)
      const client = yield* DirectTransport.make()
      const cause = yield* Failure.causeOf(client, server.origin)
      assert.include(cause, { sent: "no", transient: false })
      assert.strictEqual(server.connections.map(({ received }) => received).join(""), "")
    }))

  it.effect.each([{ connectTimeout: 0 }, { idleTimeout: -1 }, { maxConnections: 0 }])(
    "dies with the option's name for %j",
    (options) =>
      Effect.gen(function*() {
        const exit = yield* Effect.exit(DirectTransport.make(options))
        assert.include(
          Exit.isFailure(exit) ? Cause.pretty(exit.cause) : "",
          `RangeError: DirectTransport: ${Object.keys(options)[0]}`
        )
      })
  )
})
