import { assert, describe, it } from "@effect/vitest"
import * as Registration from "@sso-oidc/core/Registration"
import * as DeviceGrant from "@sso-oidc/device-grant/DeviceGrant"
import * as DeviceGrantStream from "@sso-oidc/device-grant/DeviceGrantStream"
import * as Clocks from "@sso-oidc/test-kit/clocks"
import * as Service from "@sso-oidc/test-kit/scriptedService"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/testing/TestClock"

const kept: Registration.Registration = {
  clientId: "kept-client",
  clientSecret: Redacted.make("kept-secret"),
  expiresAt: DateTime.makeUnsafe(86_400_000),
  scopes: ["sso:account:access"],
  region: Service.region,
  endpoint: Service.endpoint
}

const start = (registration: Registration.Registration | undefined, more: Partial<DeviceGrant.StartOptions> = {}) =>
  DeviceGrant.start({ clientName: "test", startUrl: Service.startUrl, registration, ...more })

describe("the registration of a login", () => {
  it.effect("a new registration sends no grant types, and the scope sso:account:access by default (D10)", () =>
    Effect.gen(function*() {
      const service = Service.make({})
      yield* DeviceGrant.start({ clientName: "my-tool", startUrl: Service.startUrl }).pipe(
        Effect.provide(service.layer)
      )
      assert.deepStrictEqual(service.sent[0]?.body, {
        clientName: "my-tool",
        clientType: "public",
        scopes: ["sso:account:access"]
      })
    }))

  it.effect("a new registration sends no scopes if the scopes are empty (D10)", () =>
    Effect.gen(function*() {
      const service = Service.make({})
      yield* DeviceGrant.start({ clientName: "my-tool", startUrl: Service.startUrl, scopes: [] }).pipe(
        Effect.provide(service.layer)
      )
      assert.deepStrictEqual(service.sent[0]?.body, { clientName: "my-tool", clientType: "public" })
    }))

  it.effect("onRegistration gets the new registration, with its place, scopes and expiry, even if the login fails (D10)", () =>
    Effect.gen(function*() {
      const service = Service.make({ start: [Service.exception("InvalidRequestException", "invalid_request")] })
      const seen: Array<Registration.Registration> = []
      const error = yield* DeviceGrant.login({
        clientName: "my-tool",
        startUrl: Service.startUrl,
        onRegistration: (registration) => Effect.sync(() => seen.push(registration))
      }).pipe(Effect.provide(service.layer), Effect.flip)
      assert.strictEqual(error._tag, "InvalidRequestException")
      assert.strictEqual(seen.length, 1)
      const [made] = seen
      assert.deepInclude(made, { region: Service.region, endpoint: Service.endpoint, scopes: ["sso:account:access"] })
      assert.strictEqual(made?.expiresAt && DateTime.toEpochMillis(made.expiresAt), 7_776_000_000)
    }))

  it.effect("the login fails with the error of onRegistration (D10)", () =>
    Effect.gen(function*() {
      const service = Service.make({})
      const error = yield* DeviceGrant.login({
        clientName: "my-tool",
        startUrl: Service.startUrl,
        onRegistration: () => Effect.fail("disk full" as const)
      }).pipe(Effect.provide(service.layer), Effect.flip)
      assert.strictEqual(error, "disk full")
    }))

  it.effect("a kept registration is used again, and onRegistration is not called (D10)", () =>
    Effect.gen(function*() {
      const service = Service.make({})
      const pending = yield* start(kept, { onRegistration: () => Effect.die("must not be called") }).pipe(
        Effect.provide(service.layer)
      )
      assert.deepStrictEqual(service.paths(), ["/device_authorization"])
      assert.strictEqual(service.sent[0]?.body["clientId"], "kept-client")
      assert.strictEqual(pending.registration, kept)
    }))

  it.effect.each(
    [
      ["of another region", { region: "us-east-1" }],
      ["of another endpoint", { endpoint: "https://elsewhere.example" }],
      ["of fewer scopes", { scopes: [] }],
      ["of more scopes", { scopes: ["sso:account:access", "codewhisperer:completions"] }],
      ["with less than 15 minutes left", { expiresAt: DateTime.makeUnsafe(15 * 60_000 - 1) }],
      ["that has expired", { expiresAt: DateTime.makeUnsafe(-1) }]
    ] as const
  )("a kept registration %s is replaced (D10)", ([, change]) =>
    Effect.gen(function*() {
      const service = Service.make({})
      yield* start({ ...kept, ...change }).pipe(Effect.provide(service.layer))
      assert.deepStrictEqual(service.paths(), ["/client/register", "/device_authorization"])
    }))

  it.effect("a kept registration with 15 minutes left is used, and the order of its scopes does not matter (D10)", () =>
    Effect.gen(function*() {
      const service = Service.make({})
      yield* TestClock.setTime(1_000_000)
      yield* start({ ...kept, scopes: ["b", "a"], expiresAt: DateTime.makeUnsafe(1_000_000 + 15 * 60_000) }, {
        scopes: ["a", "b"]
      }).pipe(Effect.provide(service.layer))
      assert.deepStrictEqual(service.paths(), ["/device_authorization"])
    }))

  it.effect("a registration that never expires is used again, also after it was stored (C4, D10)", () =>
    Effect.gen(function*() {
      const service = Service.make({ register: [Service.registered({ clientSecretExpiresAt: 0 })] })
      const made = (yield* start(undefined).pipe(Effect.provide(service.layer))).registration
      assert.isUndefined(made.expiresAt)
      const stored = yield* Registration.decode(yield* Registration.encode(made))
      assert.isFalse("expiresAt" in stored)
      yield* TestClock.setTime(4e12)
      for (const registration of [made, stored]) yield* start(registration).pipe(Effect.provide(service.layer))
      assert.strictEqual(service.paths().filter((path) => path === "/client/register").length, 1)
    }))

  it.effect("a kept registration whose region is in capitals is used again (C7, D10)", () =>
    Effect.gen(function*() {
      const service = Service.make({})
      yield* start({ ...kept, region: "EU-WEST-1" }).pipe(Effect.provide(service.layer))
      assert.deepStrictEqual(service.paths(), ["/device_authorization"])
    }))

  it.effect("a kept registration that the service rejects at start is replaced once (D10)", () =>
    Effect.gen(function*() {
      const refused = Service.exception("InvalidClientException", "invalid_client", { status: 401 })
      const once = Service.make({ start: [refused, Service.code()] })
      const pending = yield* start(kept).pipe(Effect.provide(once.layer))
      assert.deepStrictEqual(once.paths(), ["/device_authorization", "/client/register", "/device_authorization"])
      assert.strictEqual(pending.registration.clientId, "client-1")

      const always = Service.make({ start: [refused] })
      const error = yield* start(kept).pipe(Effect.provide(always.layer), Effect.flip)
      assert.strictEqual(error._tag, "InvalidClientException")
      assert.strictEqual(always.paths().length, 3)
    }))

  it.effect("a new registration that the service rejects is not replaced (D10)", () =>
    Effect.gen(function*() {
      const service = Service.make({
        start: [Service.exception("InvalidClientException", "invalid_client", { status: 401 })]
      })
      const exit = yield* DeviceGrant.login({ clientName: "test", startUrl: Service.startUrl }).pipe(
        Effect.provide(service.layer),
        Clocks.within(5)
      )
      assert.isTrue(exit !== "still running" && Exit.isFailure(exit))
      assert.deepStrictEqual(service.paths(), ["/client/register", "/device_authorization"])
    }))

  it.effect("other failures at start do not replace the kept registration (D10)", () =>
    Effect.gen(function*() {
      const service = Service.make({ start: [Service.exception("UnauthorizedClientException", "unauthorized_client")] })
      yield* start(kept).pipe(Effect.provide(service.layer), Effect.flip)
      assert.deepStrictEqual(service.paths(), ["/device_authorization"])
    }))

  it.effect("an expiry beyond the last possible date is no defect", () =>
    Effect.gen(function*() {
      const service = Service.make({ register: [Service.registered({ clientSecretExpiresAt: 1e300 })] })
      yield* DeviceGrant.start({ clientName: "test", startUrl: Service.startUrl }).pipe(Effect.provide(service.layer))
    }))
})

describe("a login (D7)", () => {
  it.effect("reads its options only when it runs (D7)", () =>
    Effect.gen(function*() {
      let reads = 0
      const options = {
        clientName: "test",
        get startUrl() {
          reads++
          return Service.startUrl
        }
      }
      const start = DeviceGrant.start(options)
      const login = DeviceGrant.login(options)
      const stream = DeviceGrantStream.login(options)
      assert.strictEqual(reads, 0)
      const service = Service.make({ polls: [] })
      yield* start.pipe(Effect.provide(service.layer))
      assert.isAbove(reads, 0)
      assert.isDefined(login)
      assert.isDefined(stream)
    }))
})
