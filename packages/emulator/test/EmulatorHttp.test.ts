import { assert, describe, it } from "@effect/vitest"
import * as CreateToken from "@sso-oidc/core/CreateToken"
import * as RegisterClient from "@sso-oidc/core/RegisterClient"
import * as StartDeviceAuthorization from "@sso-oidc/core/StartDeviceAuthorization"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import type * as EmulatorError from "@sso-oidc/emulator/EmulatorError"
import * as EmulatorHttp from "@sso-oidc/emulator/EmulatorHttp"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import { Effect, Layer } from "effect"
import { HttpRouter } from "effect/http"
import { TestClock } from "effect/testing"
import { ask, grantType, type HttpResponse, post, registration, startUrl } from "./support.ts"

const provide = (options?: EmulatorServer.Options) => Effect.provide(EmulatorServer.layer(options))

const suffix = ":http://internal.amazon.com/coral/com.amazonaws.sso.oidc/"

const json = (response: HttpResponse): Record<string, unknown> => JSON.parse(response.text)

const typeOf = (response: HttpResponse): string => String(response.headers["x-amzn-errortype"]).replace(suffix, "")

const registered = Effect.fnUntraced(function*(metadata: object = registration) {
  const { clientId, clientSecret } = json(yield* post("/client/register", { ...registration, ...metadata }))
  return { clientId, clientSecret }
})

const start = Effect.fnUntraced(function*(client: object) {
  return json(yield* post("/device_authorization", { ...client, startUrl }))
})

const token = (client: object, code: object) => post("/token", { ...client, grantType, ...code })

describe("the dialect", () => {
  it.effect("responds to RegisterClient as observed: keys in order, nulls, no more members (E2)", () =>
    Effect.gen(function*() {
      const response = yield* post("/client/register", registration)
      assert.strictEqual(response.status, 200)
      assert.deepStrictEqual(Object.keys(json(response)), [
        "authorizationEndpoint",
        "clientId",
        "clientIdIssuedAt",
        "clientSecret",
        "clientSecretExpiresAt",
        "tokenEndpoint"
      ])
      assert.deepInclude(json(response), { authorizationEndpoint: null, tokenEndpoint: null, clientIdIssuedAt: 0 })
      assert.strictEqual(String(json(response)["clientId"]).length, 32)
      assert.strictEqual(response.headers["content-type"], "application/json")
      assert.match(String(response.headers["x-amzn-requestid"]), /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
      assert.strictEqual(Number(response.headers["content-length"]), response.text.length)
    }).pipe(provide()))

  it.effect("responds to StartDeviceAuthorization as observed, with the page on the host of the request (E2)", () =>
    Effect.gen(function*() {
      const { port } = yield* EmulatorServer.EmulatorServer
      const client = yield* registered()
      for (const host of [`127.0.0.1:${port}`, "localhost:4711", "[::1]"]) {
        const response = yield* ask({
          path: "/device_authorization",
          headers: { host },
          body: JSON.stringify({ ...client, startUrl })
        })
        const { deviceCode, userCode, ...rest } = json(response)
        assert.deepStrictEqual(Object.keys(json(response)), Object.keys(json(response)).toSorted())
        assert.isString(deviceCode)
        assert.deepStrictEqual(rest, {
          expiresIn: 600,
          interval: 1,
          verificationUri: `http://${host}/device`,
          verificationUriComplete: `http://${host}/device?user_code=${String(userCode)}`
        })
      }
    }).pipe(provide()))

  it.effect("responds to CreateToken as observed, and no cache stores the response (E2)", () =>
    Effect.gen(function*() {
      const emulator = yield* Emulator.Emulator
      for (const scopes of [["sso:account:access"], []]) {
        const client = yield* registered({ scopes })
        const { deviceCode, userCode } = yield* start(client)
        yield* emulator.authorizations.approve(String(userCode))
        const response = yield* token(client, { deviceCode })
        assert.deepStrictEqual(
          Object.keys(json(response)),
          ["accessToken", "expiresIn", "idToken", "refreshToken", "tokenType"]
        )
        assert.deepInclude(json(response), { idToken: null, tokenType: "Bearer" })
        assert.strictEqual(json(response)["refreshToken"] === null, scopes.length === 0)
        assert.strictEqual(response.headers["cache-control"], "no-store")
      }
    }).pipe(provide()))

  it.effect("responds to a pending poll byte for byte as the service (E2)", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(1_795_494_805_000)
      const client = yield* registered()
      const response = yield* token(client, yield* start(client))
      assert.strictEqual(response.status, 400)
      assert.strictEqual(
        response.text,
        "{\"error\":\"authorization_pending\",\"error_description\":\"Authorization is still pending\"}"
      )
      assert.deepInclude(response.headers, {
        "content-length": "86",
        "content-type": "application/json",
        date: "Tue, 24 Nov 2026 04:33:25 GMT",
        "x-amzn-errortype": "AuthorizationPendingException:http://internal.amazon.com/coral/com.amazonaws.sso.oidc/"
      })
    }).pipe(provide()))

  it.effect.each([
    "/",
    "/nope",
    "/token/",
    "/token/x",
    "/%zz",
    `/${"x".repeat(300)}`,
    "/authorise",
    "/token?aws_iam=f"
  ])(
    "calls POST %s an unknown operation (E2)",
    (path) =>
      Effect.gen(function*() {
        const response = yield* post(path, {})
        // A slash at the end does not change the path
        if (path === "/token/") return assert.strictEqual(typeOf(response), "InvalidRequestException")
        assert.deepStrictEqual([response.status, typeOf(response)], [404, "UnknownOperationException"])
      }).pipe(provide())
  )

  it.effect("calls another method than POST an unknown operation (E2)", () =>
    Effect.gen(function*() {
      for (const { path } of [RegisterClient.operation, StartDeviceAuthorization.operation, CreateToken.operation]) {
        for (const method of ["GET", "PUT", "DELETE", "OPTIONS"]) {
          const response = yield* ask({ method, path })
          assert.deepStrictEqual([response.status, typeOf(response)], [404, "UnknownOperationException"])
        }
      }
    }).pipe(provide()))

  it.effect("responds as a web handler, without Node (E5)", () =>
    Effect.gen(function*() {
      const { dispose, handler } = HttpRouter.toWebHandler(
        EmulatorHttp.layer().pipe(Layer.provide(Emulator.layer())),
        { disableLogger: true }
      )
      yield* Effect.addFinalizer(() => Effect.promise(dispose))
      const body = JSON.stringify(registration)
      const call = (url: string, init: RequestInit) => Effect.promise(() => handler(new Request(url, init)))
      assert.strictEqual((yield* call("http://localhost/client/register", { method: "POST", body })).status, 200)
      assert.strictEqual((yield* call("http://evil.test/client/register", { method: "POST", body })).status, 403)
      const empty = yield* call("http://localhost/client/register", { method: "POST" })
      assert.include(empty.headers.get("x-amzn-errortype"), "InvalidRequestException")
    }))
})

// Ordinary requests that cause each exception that the model lists for an operation. No request can cause
// `InternalServerException`, so it is not here.
type Reach = Effect.Effect<
  HttpResponse,
  Error | EmulatorError.DecisionError,
  EmulatorServer.EmulatorServer | Emulator.Emulator
>

const device = Effect.fnUntraced(function*(metadata: object = {}) {
  const client = yield* registered(metadata)
  const code = yield* start(client)
  return { client, code, poll: token(client, { deviceCode: code["deviceCode"] }), userCode: String(code["userCode"]) }
})

const register = (metadata: object): Reach => post("/client/register", { ...registration, ...metadata })

const reach: Record<string, Record<string, ReadonlyArray<Reach>>> = {
  RegisterClient: {
    InvalidClientMetadataException: [register({ clientType: "confidential" }), register({ clientName: " " })],
    InvalidRedirectUriException: [
      "/callback",
      "http://example.com/",
      "https://x.test/#a",
      "javascript:alert(1)",
      "data:text/html,x",
      "https://user@x.test/"
    ].map((uri) => register({ redirectUris: ["http://127.0.0.1/oauth/callback", uri] })),
    InvalidRequestException: [
      post("/client/register", { clientType: "public" }),
      post("/client/register", { clientName: null, clientType: "public" }),
      register({ scopes: "sso:account:access" }),
      register({ issuerUrl: "http://example.com/start" }),
      ask({ path: "/client/register", body: "{" }),
      ask({ path: "/client/register", body: "[]" }),
      ask({ path: "/client/register", body: "" }),
      ask({ path: "/client/register", body: JSON.stringify({ ...registration, clientName: "x".repeat(65_536) }) })
    ],
    InvalidScopeException: [
      register({ scopes: ["two words"] }),
      register({ scopes: [""] }),
      register({ scopes: ["a\"b"] }),
      register({ grantTypes: ["authorization_code", "refresh_token"], scopes: [] }),
      register({ grantTypes: ["authorization_code", grantType] })
    ],
    SlowDownException: [Effect.gen(function*() {
      const emulator = yield* Emulator.Emulator
      yield* Effect.ignore(Effect.repeat(emulator.registerClient(registration), { times: 499 }))
      return yield* register({})
    })],
    UnsupportedGrantTypeException: [register({ grantTypes: ["password"] })]
  },
  StartDeviceAuthorization: {
    InvalidClientException: [
      post("/device_authorization", { clientId: "no", clientSecret: "no", startUrl }),
      Effect.flatMap(registered(), (client) => start({ ...client, clientSecret: "no" })).pipe(
        Effect.andThen(registered()),
        Effect.flatMap((client) => post("/device_authorization", { ...client, clientSecret: "no", startUrl }))
      )
    ],
    InvalidRequestException: [
      ...["x", "http://example.com/start", "ftp://x.test", "https://user:pass@x.test/start"].map((url) =>
        Effect.flatMap(registered(), (client) => post("/device_authorization", { ...client, startUrl: url }))
      ),
      Effect.flatMap(registered(), (client) => post("/device_authorization", client)),
      ask({ path: "/device_authorization", body: "no" })
    ],
    SlowDownException: [Effect.gen(function*() {
      const client = yield* registered()
      for (let n = 0; n < 500; n++) yield* start(client)
      return yield* post("/device_authorization", { ...client, startUrl })
    })],
    UnauthorizedClientException: [
      Effect.flatMap(
        registered({ grantTypes: ["authorization_code", "refresh_token"] }),
        (client) => post("/device_authorization", { ...client, startUrl })
      )
    ]
  },
  CreateToken: {
    AccessDeniedException: [Effect.gen(function*() {
      const { poll, userCode } = yield* device()
      yield* Emulator.Emulator.use((emulator) => emulator.authorizations.deny(userCode))
      return yield* poll
    })],
    AuthorizationPendingException: [Effect.flatMap(device(), ({ poll }) => poll)],
    ExpiredTokenException: [
      Effect.flatMap(device(), ({ poll }) => Effect.andThen(TestClock.adjust("600 seconds"), poll))
    ],
    InvalidClientException: [
      token({ clientId: "no", clientSecret: "no" }, { deviceCode: "no" }),
      Effect.flatMap(device(), ({ client, code }) => token({ ...client, clientSecret: "no" }, code))
    ],
    InvalidGrantException: [
      Effect.flatMap(registered(), (client) => token(client, { deviceCode: "no" })),
      Effect.flatMap(registered(), (client) => token(client, { grantType: "refresh_token", refreshToken: "no" })),
      Effect.flatMap(
        registered({ grantTypes: ["authorization_code"] }),
        (client) =>
          token(client, { grantType: "authorization_code", code: "no", redirectUri: "http://127.0.0.1:1/callback" })
      )
    ],
    InvalidRequestException: [
      Effect.flatMap(registered(), (client) => token(client, {})),
      Effect.flatMap(registered(), (client) => token(client, { deviceCode: 1 })),
      Effect.flatMap(registered(), (client) => token(client, { grantType: "refresh_token" })),
      Effect.flatMap(registered(), (client) => token(client, { grantType: "authorization_code", code: "x" })),
      Effect.flatMap(registered(), (client) => token(client, { grantType: null })),
      post("/token", { grantType, deviceCode: "x" }),
      ask({ path: "/token", body: "\"x\"" }),
      ask({ path: "/token", body: "grant_type=x", headers: { "content-type": "application/x-www-form-urlencoded" } })
    ],
    InvalidScopeException: [
      Effect.flatMap(device(), ({ client, code }) => token(client, { ...code, scope: ["two words"] }))
    ],
    SlowDownException: [Effect.flatMap(device(), ({ poll }) => Effect.andThen(poll, poll))],
    UnauthorizedClientException: [
      Effect.flatMap(
        registered(),
        (client) => token(client, { grantType: "authorization_code", code: "x", redirectUri: "http://127.0.0.1" })
      ),
      Effect.flatMap(
        registered({ grantTypes: [grantType] }),
        (client) => token(client, { grantType: "refresh_token", refreshToken: "x" })
      )
    ],
    UnsupportedGrantTypeException: [
      Effect.flatMap(registered(), (client) => token(client, { grantType: "password" }))
    ]
  }
}

describe("the exceptions", () => {
  for (const operation of [RegisterClient.operation, StartDeviceAuthorization.operation, CreateToken.operation]) {
    it("every exception is in the table: ".concat(operation.name, " (E3)"), () => {
      assert.deepStrictEqual(
        Object.keys(reach[operation.name] ?? {}).toSorted(),
        operation.exceptions.map(({ type }) => type).filter((type) => type !== "InternalServerException").toSorted()
      )
    })
    for (const { error, status, type } of operation.exceptions) {
      for (const [n, request] of (reach[operation.name]?.[type] ?? []).entries()) {
        it.effect(`${operation.name} responds with ${type} to an ordinary request (${n + 1}) (E3)`, () =>
          Effect.gen(function*() {
            const response = yield* request
            assert.deepStrictEqual([response.status, typeOf(response), json(response)["error"]], [status, type, error])
            assert.include(String(response.headers["x-amzn-errortype"]), suffix)
            assert.deepStrictEqual(Object.keys(json(response)), ["error", "error_description"])
            assert.isNotEmpty(json(response)["error_description"])
          }).pipe(provide()))
      }
    }
  }

  it.effect("have the service's own texts where these were observed (E2)", () =>
    Effect.gen(function*() {
      const client = yield* registered()
      const description = (response: HttpResponse) => json(response)["error_description"]
      assert.strictEqual(description(yield* token(client, { deviceCode: "no" })), "Invalid grant provided")
      assert.strictEqual(
        (yield* token(client, { grantType: "refresh_token", refreshToken: "no" })).text,
        "{\"error\":\"invalid_grant\",\"error_description\":\"Invalid refresh token provided\"}"
      )
      assert.strictEqual(
        description(yield* token({ clientId: "no", clientSecret: "no" }, { deviceCode: "no" })),
        "Invalid client provided"
      )
    }).pipe(provide()))

  it.effect("repeat no value of the request (E3)", () =>
    Effect.gen(function*() {
      const responses = [
        yield* post("/token", { clientId: "canary", clientSecret: "canary", grantType, deviceCode: 12_345_678 }),
        yield* post("/token", { clientId: "canary", clientSecret: ["canary"], grantType, deviceCode: "canary" }),
        yield* post("/token", { clientId: "canary", clientSecret: "canary", grantType: "canary" })
      ]
      for (const { text } of responses) assert.notMatch(text, /canary|12345678/)
    }).pipe(provide()))

  it.effect("a member named __proto__, null members and unknown members change nothing (E3)", () =>
    Effect.gen(function*() {
      const body = `{"__proto__":{"clientName":"x"},"clientName":"a","clientType":"public","scopes":null,"more":1}`
      assert.strictEqual((yield* ask({ path: "/client/register", body })).status, 200)
      const poisoned = `{"__proto__":{"clientName":"x","clientType":"public"}}`
      assert.strictEqual(typeOf(yield* ask({ path: "/client/register", body: poisoned })), "InvalidRequestException")
    }).pipe(provide()))

  it.effect("the emulator reads a body just below the limit, whatever its chunks (E3)", () =>
    Effect.gen(function*() {
      const rest = JSON.stringify({ ...registration, unknown: "" }).length
      const body = JSON.stringify({ ...registration, unknown: "x".repeat(65_536 - rest) })
      assert.strictEqual(body.length, 65_536)
      assert.strictEqual((yield* ask({ path: "/client/register", body })).status, 200)
      assert.strictEqual((yield* ask({ path: "/client/register", body: `${body} ` })).status, 400)
    }).pipe(provide()))

  it.effect("the emulator reads a body of many small pieces, and refuses it as soon as it is too large (E6)", () =>
    Effect.gen(function*() {
      const { dispose, handler } = HttpRouter.toWebHandler(
        EmulatorHttp.layer().pipe(Layer.provide(Emulator.layer())),
        { disableLogger: true }
      )
      yield* Effect.addFinalizer(() => Effect.promise(dispose))
      const send = (bytes: Uint8Array, pieces: number) =>
        Effect.promise(() => {
          let at = 0
          const body = new ReadableStream({
            pull: (controller) => {
              const end = Math.min(bytes.length, at + Math.ceil(bytes.length / pieces))
              if (at < end) controller.enqueue(bytes.slice(at, end))
              else controller.close()
              at = end
            }
          })
          // The types of Node do not have this member
          const init: RequestInit & { readonly duplex: "half" } = { method: "POST", body, duplex: "half" }
          return handler(new Request("http://localhost/client/register", init))
        })
      const text = (length: number) => {
        const rest = JSON.stringify({ ...registration, unknown: "" }).length
        return new TextEncoder().encode(JSON.stringify({ ...registration, unknown: "x".repeat(length - rest) }))
      }
      for (const pieces of [1, 2, 1000]) {
        assert.strictEqual((yield* send(text(65_536), pieces)).status, 200, String(pieces))
        assert.strictEqual((yield* send(text(65_537), pieces)).status, 400, String(pieces))
      }
    }))

  it.effect("the emulator accepts what official clients register (E3)", () =>
    Effect.gen(function*() {
      for (
        const metadata of [
          { clientName: "botocore-client-my-session", scopes: undefined },
          {
            grantTypes: ["authorization_code", "refresh_token"],
            redirectUris: ["http://127.0.0.1/oauth/callback"],
            issuerUrl: startUrl
          },
          { redirectUris: ["com.example.app:/callback", "https://x.test/cb", "http://[::1]:8080/cb"] },
          { grantTypes: [] }
        ]
      ) {
        assert.strictEqual((yield* post("/client/register", { ...registration, ...metadata })).status, 200)
      }
    }).pipe(provide()))
})
