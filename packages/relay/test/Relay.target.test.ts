import { assert, describe, it } from "@effect/vitest"
import type * as Relay from "@sso-oidc/relay/Relay"
import { registerResponse } from "@sso-oidc/test-kit/fixtures"
import { asked, make, origin, relayUrl } from "@sso-oidc/test-kit/relay"
import * as Wire from "@sso-oidc/test-kit/wire"
import * as Effect from "effect/Effect"

const path = "/sso-oidc/eu-west-1/client/register"

const statusOf = (connection: Relay.Connection | undefined, request = asked()) =>
  Effect.gen(function*() {
    const wire = Wire.responding(() => Wire.json(registerResponse))
    const relay = yield* make(wire)
    const response = yield* relay(request, connection)
    assert.strictEqual(response.headers.get("access-control-allow-origin"), origin)
    assert.strictEqual(wire.sent.length, response.status === 200 ? 1 : 0)
    return response.status
  })

describe("Relay: the path of a request is compared as it was sent", () => {
  it.effect.each([
    "/sso-oidc/x/../eu-west-1/client/register",
    "/x/../sso-oidc/eu-west-1/client/register",
    "/../sso-oidc/eu-west-1/client/register",
    "/sso-oidc/./eu-west-1/client/register",
    "/sso-oidc/x/%2e%2e/eu-west-1/client/register",
    "/sso-oidc/x/%2E%2e/eu-west-1/client/register",
    "/sso-oidc/x/.%2e/eu-west-1/client/register",
    "/sso-oidc/x/%2e./eu-west-1/client/register",
    "/sso-oidc/%2e/eu-west-1/client/register",
    "/sso-oidc/x/..\\eu-west-1/client/register",
    "/sso-oidc\\eu-west-1\\client\\register",
    "\\sso-oidc/eu-west-1/client/register",
    "//sso-oidc/eu-west-1/client/register",
    "/sso-oidc//eu-west-1/client/register",
    "/sso-oidc/eu-west-1/client//register",
    "/sso-oidc/eu-west-1/client/register/",
    "/sso-oidc/eu-west-1/client/register/.",
    "/sso-oidc/eu-west-1/client/register?",
    "/sso-oidc/eu-west-1/client/register?aws_iam=t",
    "/sso-oidc/eu-west-1/client/register#",
    "/sso-oidc/eu-west-1/client/register%20",
    "/sso-oidc/eu-west-1/client/reg\tister",
    " /sso-oidc/eu-west-1/client/register",
    "/sso-oidc/eu-west-1/client/register ",
    "/sso-oidc/eu-west-1/client%2fregister",
    "/sso-oidc/%65u-west-1/client/register",
    "sso-oidc/eu-west-1/client/register",
    "https://relay.example",
    "https:/sso-oidc/eu-west-1/client/register",
    "*",
    ""
  ])(
    "rejects another spelling that leads to the same path: %j",
    (requestTarget) => Effect.map(statusOf({ requestTarget }), (status) => assert.strictEqual(status, 404))
  )

  it.effect.each([
    path,
    // a whole URL, which a client may send (RFC 9112, section 3.2.2)
    `https://relay.example${path}`,
    `HTTP://relay.example:8080${path}`
  ])(
    "passes on the exact path: %s",
    (requestTarget) => Effect.map(statusOf({ requestTarget }), (status) => assert.strictEqual(status, 200))
  )

  it.effect.each([null, 7, {}, ["/a"]])("rejects a target that is no text: %j", (requestTarget) =>
    Effect.map(
      statusOf(Object({ given: { requestTarget } }).given),
      (status) => assert.strictEqual(status, 404)
    ))

  it.effect("compares the URL of the Request as it is written if there is no target", () =>
    Effect.gen(function*() {
      // Deno gives the URL of a Request as it was sent
      const written = (url: string) => Object.defineProperty(asked(), "url", { value: url })
      assert.strictEqual(yield* statusOf(undefined, written(`${relayUrl}/eu-west-1/client/register`)), 200)
      assert.strictEqual(yield* statusOf(undefined, written(`${relayUrl}/x/../eu-west-1/client/register`)), 404)
      assert.strictEqual(yield* statusOf({}, written(`${relayUrl}/%2e/eu-west-1/client/register`)), 404)
      assert.strictEqual(yield* statusOf({}, written(`${relayUrl}/eu-west-1/client/register?`)), 404)
    }))

  it.effect.each([null, "env", 7, { remoteAddress: 7 }])(
    "ignores a platform's second argument unless it is a connection: %j",
    (given) =>
      Effect.gen(function*() {
        const seen: Array<unknown> = []
        const relay = yield* make(Wire.responding(() => Wire.json(registerResponse)), {
          rateLimit: {
            key: (_request, remoteAddress) => {
              seen.push(remoteAddress)
              return ""
            }
          }
        })
        const [response] = [yield* relay(asked(), ...Object([given]))]
        assert.strictEqual(response.status, 200)
        assert.deepStrictEqual(seen, [undefined])
      })
  )

  it.effect("gives the address of the connection to the rate limit's key", () =>
    Effect.gen(function*() {
      const seen: Array<unknown> = []
      const relay = yield* make(Wire.responding(() => Wire.json(registerResponse)), {
        rateLimit: {
          key: (_request, remoteAddress) => {
            seen.push(remoteAddress)
            return remoteAddress ?? ""
          }
        }
      })
      yield* relay(asked(), { remoteAddress: "192.0.2.1" })
      yield* relay(asked())
      assert.deepStrictEqual(seen, ["192.0.2.1", undefined])
    }))
})
