import { assert, describe, it } from "@effect/vitest"
import * as Retry from "@sso-oidc/core/aws/Retry"
import { TransportCause } from "@sso-oidc/core/aws/TransportCause"
import * as CreateToken from "@sso-oidc/core/CreateToken"
import * as Refresh from "@sso-oidc/core/Refresh"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"

/** A client of the emulator in the context. */
const client = Layer.unwrap(
  Effect.map(EmulatorServer.EmulatorServer, ({ url }) => SsoOidc.layer({ region: "us-east-1", endpoint: url }))
)

const emulated = <A, E>(effect: Effect.Effect<A, E, SsoOidc.SsoOidc | Emulator.Emulator | HttpClient.HttpClient>) =>
  effect.pipe(
    Effect.provide(client),
    Effect.provide(Layer.merge(NodeTransport.layer(), EmulatorServer.layer()))
  )

/** A session after its login. */
const session = Effect.gen(function*() {
  const oidc = yield* SsoOidc.SsoOidc
  const emulator = yield* Emulator.Emulator
  const { clientId, clientSecret } = yield* oidc.registerClient({
    clientName: "e2e",
    clientType: "public",
    scopes: ["sso:account:access"]
  })
  const startUrl = "https://my.awsapps.com/start"
  const { deviceCode, userCode } = yield* oidc.startDeviceAuthorization({ clientId, clientSecret, startUrl })
  yield* emulator.authorizations.approve(userCode)
  const grantType = CreateToken.deviceCodeGrantType
  const { refreshToken } = yield* oidc.createToken({ clientId, clientSecret, grantType, deviceCode })
  return { clientId, clientSecret, refreshToken: refreshToken ?? assert.fail("no refresh token") }
})

/** The transport in the context, which loses the response to the first request. */
const losingTheFirstResponse = Effect.map(HttpClient.HttpClient, (transport) => {
  let sent = 0
  return {
    sent: () => sent,
    transport: HttpClient.transform(
      transport,
      (response, request) =>
        Effect.suspend(() =>
          ++sent > 1 ? response : Effect.andThen(
            response,
            Effect.fail(
              new HttpClientError.HttpClientError({
                reason: new HttpClientError.TransportError({
                  request,
                  cause: new TransportCause({ sent: "maybe", code: "ECONNRESET", transient: true })
                })
              })
            )
          )
        )
    )
  }
})

/** A client of the same emulator over another transport. */
const over = (transport: HttpClient.HttpClient) =>
  Effect.flatMap(
    SsoOidc.SsoOidc,
    ({ endpoint, region }) =>
      Effect.provideService(SsoOidc.make({ region, endpoint }), HttpClient.HttpClient, transport)
  )

describe("Refresh over a real socket, at a service that rotates refresh tokens", () => {
  it.effect("each refresh gives the token for the next refresh, and the old token stops working", () =>
    Effect.gen(function*() {
      const first = yield* session
      const second = yield* Refresh.refresh(first)
      assert.match(Redacted.value(second.accessToken), /^aoa/)
      assert.notStrictEqual(Redacted.value(second.refreshToken), Redacted.value(first.refreshToken))
      const third = yield* Refresh.refresh({ ...first, refreshToken: second.refreshToken })
      assert.notStrictEqual(Redacted.value(third.refreshToken), Redacted.value(second.refreshToken))
      for (const { refreshToken } of [first, second]) {
        const error = yield* Effect.flip(Refresh.refresh({ ...first, refreshToken }))
        assert.strictEqual(error._tag, "InvalidGrantException")
      }
    }).pipe(emulated))

  it.effect("if the response is lost, a retry of the operation says so after one request (C8)", () =>
    Effect.gen(function*() {
      const request = yield* session
      const { sent, transport } = yield* losingTheFirstResponse
      const oidc = Retry.make(yield* over(transport))
      const error = yield* Effect.flip(Effect.provideService(Refresh.refresh(request), SsoOidc.SsoOidc, oidc))
      assert.deepInclude(error, { _tag: "TransportError", sent: "maybe", code: "ECONNRESET" })
      assert.strictEqual(sent(), 1)
    }).pipe(emulated))

  it.effect("a retry below the client sends the used token again, and hides that a new token was lost", () =>
    Effect.gen(function*() {
      const request = yield* session
      const { sent, transport } = yield* losingTheFirstResponse
      const oidc = yield* over(HttpClient.retryTransient(transport, { times: 1 }))
      const error = yield* Effect.flip(Effect.provideService(Refresh.refresh(request), SsoOidc.SsoOidc, oidc))
      assert.strictEqual(error._tag, "InvalidGrantException")
      assert.strictEqual(sent(), 2)
    }).pipe(emulated))
})
