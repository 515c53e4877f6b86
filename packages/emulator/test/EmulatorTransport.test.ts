import { assert, describe, it } from "@effect/vitest"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import * as EmulatorTransport from "@sso-oidc/emulator/EmulatorTransport"
import { Effect, Fiber, Layer } from "effect"
import { HttpClient, HttpClientRequest } from "effect/http"
import { TestClock } from "effect/testing"
import { exchange, grantType, registration, startUrl, tagOf } from "./support.ts"

const provide = (options?: Emulator.Options) =>
  Effect.provide(
    SsoOidc.layer({ region: "eu-west-1" }).pipe(Layer.provideMerge(EmulatorTransport.layer(options)))
  )

const started = Effect.fnUntraced(function*() {
  const oidc = yield* SsoOidc.SsoOidc
  const { clientId, clientSecret } = yield* oidc.registerClient(registration)
  const code = yield* oidc.startDeviceAuthorization({ clientId, clientSecret, startUrl })
  const poll = oidc.createToken({ clientId, clientSecret, grantType, deviceCode: code.deviceCode })
  return { clientId, clientSecret, code, oidc, poll }
})

describe("EmulatorTransport", () => {
  it.effect("lets core's client log in without a socket, at the service's own host, by the test's clock (E5)", () =>
    Effect.gen(function*() {
      const { code, poll } = yield* started()
      assert.strictEqual(code.verificationUri, "https://oidc.eu-west-1.amazonaws.com/device")
      assert.strictEqual(yield* tagOf(poll), "AuthorizationPendingException")
      yield* TestClock.adjust("500 millis")
      assert.strictEqual(yield* tagOf(poll), "SlowDownException")
      yield* Emulator.Emulator.use(({ authorizations }) => authorizations.approve(code.userCode))
      yield* TestClock.adjust("6 seconds")
      assert.strictEqual((yield* poll).expiresIn, 3600)
    }).pipe(provide()))

  it.effect("responds as the server does: status, headers and body, byte for byte where nothing is random (E5)", () =>
    Effect.gen(function*() {
      const { url } = yield* EmulatorServer.EmulatorServer
      const inside = yield* HttpClient.HttpClient
      const sent: ReadonlyArray<{ method: "GET" | "POST" | "DELETE"; path: string; body?: string }> = [
        { method: "POST", path: "/client/register", body: JSON.stringify({ clientName: "", clientType: "public" }) },
        { method: "POST", path: "/client/register", body: "[" },
        { method: "POST", path: "/client/register" },
        { method: "POST", path: "/token", body: JSON.stringify({ grantType: "password" }) },
        { method: "POST", path: "/token?aws_iam=t", body: "{}" },
        { method: "GET", path: "/token" },
        { method: "GET", path: "/nowhere" },
        { method: "DELETE", path: "/" },
        { method: "GET", path: "/" },
        { method: "GET", path: "/device" },
        { method: "GET", path: "/device?user_code=%3Cb%3E" },
        { method: "POST", path: "/device", body: "user_code=BCDF-GHJK&action=allow" }
      ]
      for (const { body, method, path } of sent) {
        const outer = yield* exchange(url, { method, path, ...(body === undefined ? {} : { body }) })
        const response = yield* inside.execute(
          HttpClientRequest.make(method)(`https://any.example${path}`).pipe(
            body === undefined ? (request) => request : HttpClientRequest.bodyText(body)
          )
        )
        assert.strictEqual(response.status, outer.status, path)
        assert.strictEqual(yield* response.text, outer.text, path)
        const random = new Set(["x-amzn-requestid", "connection", "keep-alive", "transfer-encoding", "content-length"])
        const comparable = (headers: Iterable<[string, unknown]>) =>
          Object.fromEntries(
            [...headers].filter(([name]) => !random.has(name)).map(([name, value]) => [name, String(value)])
          )
        const ofServer = comparable(Object.entries(outer.headers))
        const ofTransport = comparable(Object.entries(response.headers))
        // A server of Node adds a date to each response, even if the emulator does not
        assert.deepStrictEqual({ ...ofTransport, date: ofServer["date"] ?? "none" }, ofServer, path)
      }
    }).pipe(
      Effect.provide(Layer.merge(EmulatorServer.layer(), EmulatorTransport.layer()))
    ))

  it.effect("follows no redirect (E5)", () =>
    Effect.gen(function*() {
      const response = yield* HttpClient.get("https://any.example/")
      assert.strictEqual(response.status, 303)
      assert.strictEqual(response.headers["location"], "/device")
    }).pipe(provide()))

  it.effect("ends an interrupted request at once, and responds to the next one (E5)", () =>
    Effect.gen(function*() {
      const emulator = yield* Emulator.Emulator
      const { poll } = yield* started()
      yield* emulator.faults.arm({ _tag: "Delay", duration: "60 seconds" })
      const fiber = yield* Effect.forkChild(poll)
      yield* TestClock.adjust("1 second")
      yield* Fiber.interrupt(fiber)
      assert.strictEqual(yield* tagOf(poll), "AuthorizationPendingException")
    }).pipe(provide()))

  it.effect("gives a TransportError with sent maybe when the emulator closes the connection (E5)", () =>
    Effect.gen(function*() {
      const emulator = yield* Emulator.Emulator
      const { code, poll } = yield* started()
      yield* emulator.authorizations.approve(code.userCode)
      for (const [handled, after] of [[false, "approved"], [true, "used"]] as const) {
        yield* emulator.faults.arm({ _tag: "ConnectionReset", carriedOut: handled })
        const error = yield* Effect.flip(poll)
        assert(error._tag === "TransportError")
        assert.strictEqual(error.sent, "maybe")
        assert.strictEqual((yield* emulator.authorizations.lookup(code.userCode)).status, after)
        yield* TestClock.adjust("10 seconds")
      }
      assert.strictEqual(yield* tagOf(poll), "InvalidGrantException")
    }).pipe(provide()))

  it.effect("serves the page, which decides (E4)", () =>
    Effect.gen(function*() {
      const { code, poll } = yield* started()
      const page = yield* HttpClient.get(code.verificationUriComplete ?? "")
      assert.include(yield* page.text, code.userCode)
      yield* HttpClientRequest.post(code.verificationUri).pipe(
        HttpClientRequest.bodyUrlParams({ user_code: code.userCode, action: "deny" }),
        HttpClient.execute
      )
      assert.strictEqual(yield* tagOf(poll), "AccessDeniedException")
    }).pipe(provide()))

  it.effect("keeps the state of two emulators apart (E5)", () =>
    Effect.gen(function*() {
      const { clientId, clientSecret } = yield* started()
      const elsewhere = SsoOidc.SsoOidc.use((oidc) =>
        oidc.startDeviceAuthorization({ clientId, clientSecret, startUrl })
      )
      assert.strictEqual(yield* tagOf(elsewhere.pipe(provide())), "InvalidClientException")
    }).pipe(provide()))
})
