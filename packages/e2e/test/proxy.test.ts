import { assert, describe, it } from "@effect/vitest"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as DeviceGrant from "@sso-oidc/device-grant/DeviceGrant"
import type { DeviceGrantEvent } from "@sso-oidc/device-grant/DeviceGrantEvent"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/testing/TestClock"
import { inspect } from "node:util"
import * as Proxied from "./support/proxied.ts"
import * as Certificate from "./support/testOnlyCertificate.ts"

/** A login through a proxy and TLS. The test takes its events one by one. */
const login = (password: string) =>
  Effect.gen(function*() {
    const { port } = yield* EmulatorServer.EmulatorServer
    const emulator = yield* Emulator.Emulator
    const endpoint = yield* Proxied.behindTls(port)
    const proxy = yield* Proxied.proxy("me:right-s3cret")
    const transport = NodeTransport.layer({
      ca: Certificate.cert,
      proxy: { https: Redacted.make(`http://me:${password}@127.0.0.1:${proxy.port}`), loopback: true }
    })
    const client = yield* Layer.build(
      SsoOidc.layer({ region: "us-east-1", endpoint }).pipe(Layer.provide(transport))
    )
    const events = yield* Queue.unbounded<DeviceGrantEvent>()
    const fiber = yield* Effect.forkChild(
      DeviceGrant.login({
        clientName: "e2e",
        startUrl: "https://my.awsapps.com/start",
        onEvent: (event) => Queue.offer(events, event)
      }).pipe(Effect.provide(client))
    )
    const next = <Tag extends DeviceGrantEvent["_tag"]>(tag: Tag) =>
      Effect.gen(function*() {
        const event = yield* Queue.take(events)
        const is = (event: DeviceGrantEvent): event is Extract<DeviceGrantEvent, { readonly _tag: Tag }> =>
          event._tag === tag
        return is(event) ? event : assert.fail(`${tag}, not ${event._tag}`)
      })
    return { emulator, endpoint, fiber, next, proxy }
  })

const layer = EmulatorServer.layer({ expiresIn: "30 seconds" })

describe("a login through a proxy that wants a password, to a service with its own certificate authority", () => {
  it.effect("goes through one tunnel, and the proxy reads none of it", () =>
    Effect.gen(function*() {
      const { emulator, endpoint, fiber, next, proxy } = yield* login("right-s3cret")
      yield* next("Registered")
      const code = yield* next("CodeReady")
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* next("Waiting")).reason, "pending")
      yield* emulator.authorizations.approve(code.userCode)
      yield* TestClock.adjust("1 second")
      yield* next("Approved")
      const token = yield* Fiber.join(fiber)
      assert.match(Redacted.value(token.accessToken), /^aoa/)
      assert.deepStrictEqual(proxy.asked, [`CONNECT ${new URL(endpoint).host}`])
      assert.isAbove(proxy.seen.length, 1000)
      for (const said of ["/token", "device_code", "clientSecret", code.userCode]) assert.notInclude(proxy.seen, said)
    }).pipe(Effect.provide(layer)))

  it.effect("ends at once if the proxy rejects it, and no error has the proxy's password", () =>
    Effect.gen(function*() {
      const { fiber, proxy } = yield* login("wr0ng-s3cret")
      const error = yield* Effect.flip(Fiber.join(fiber))
      assert.include(error, { _tag: "TransportError", sent: "no", code: "PROXY_REFUSED_407", transient: false })
      assert.notMatch(inspect(error, { depth: 20, showHidden: true }), /s3cret|czNjcmV0/)
      assert.strictEqual(proxy.asked.length, 1)
    }).pipe(Effect.provide(layer)))

  it.effect("ends a grant that polls if the proxy begins to reject, because waiting does not help (D5)", () =>
    Effect.gen(function*() {
      const { fiber, next, proxy } = yield* login("right-s3cret")
      yield* next("Registered")
      yield* next("CodeReady")
      proxy.user = "somebody:else"
      proxy.drop()
      // wait until the client has seen its connection end
      yield* Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 50)))
      yield* TestClock.adjust("1 second")
      const error = yield* Effect.flip(Fiber.join(fiber))
      assert.include(error, { _tag: "TransportError", sent: "no", code: "PROXY_REFUSED_407", transient: false })
    }).pipe(Effect.provide(layer)))

  it.effect("waits longer and polls on if the proxy is unreachable (D3)", () =>
    Effect.gen(function*() {
      const { next, proxy } = yield* login("right-s3cret")
      yield* next("Registered")
      yield* next("CodeReady")
      yield* proxy.close
      yield* Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 50)))
      yield* TestClock.adjust("1 second")
      const waiting = yield* next("Waiting")
      assert.strictEqual(waiting.reason, "trouble")
      assert.include(inspect(waiting, { depth: 20 }), "PROXY_ECONNREFUSED")
    }).pipe(Effect.provide(layer)))
})
