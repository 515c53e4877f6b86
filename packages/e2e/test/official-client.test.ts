import {
  AuthorizationPendingException,
  CreateTokenCommand,
  InvalidGrantException,
  RegisterClientCommand,
  SlowDownException,
  SSOOIDCClient,
  StartDeviceAuthorizationCommand
} from "@aws-sdk/client-sso-oidc"
import { assert, describe, it } from "@effect/vitest"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"

const grantType = "urn:ietf:params:oauth:grant-type:device_code"

/** The official client, pointed at the emulator and without a retry of its own. */
const official = Effect.gen(function*() {
  const { url } = yield* EmulatorServer.EmulatorServer
  return yield* Effect.acquireRelease(
    Effect.sync(() => new SSOOIDCClient({ region: "us-east-1", endpoint: url, maxAttempts: 1 })),
    (client) => Effect.sync(() => client.destroy())
  )
})

const failure = (promise: () => Promise<unknown>): Effect.Effect<unknown> =>
  Effect.flip(Effect.tryPromise({ try: promise, catch: (error) => error })).pipe(Effect.orDie)

describe("E1: the official JavaScript client", () => {
  it.effect("E1: registers, authorizes, waits and gets its token", () =>
    Effect.gen(function*() {
      const client = yield* official
      const emulator = yield* Emulator.Emulator
      const registration = yield* Effect.promise(() =>
        client.send(
          new RegisterClientCommand({ clientName: "official", clientType: "public", scopes: ["sso:account:access"] })
        )
      )
      assert.isString(registration.clientId)
      assert.strictEqual(
        (registration.clientSecretExpiresAt ?? 0) - (registration.clientIdIssuedAt ?? 0),
        90 * 24 * 60 * 60
      )
      const { clientId, clientSecret } = registration
      const code = yield* Effect.promise(() =>
        client.send(
          new StartDeviceAuthorizationCommand({ clientId, clientSecret, startUrl: "https://my.awsapps.com/start" })
        )
      )
      assert.strictEqual(code.expiresIn, 600)
      assert.strictEqual(code.interval, 1)
      const poll = () =>
        client.send(new CreateTokenCommand({ clientId, clientSecret, grantType, deviceCode: code.deviceCode }))

      const pending = yield* failure(poll)
      assert.instanceOf(pending, AuthorizationPendingException)
      if (pending instanceof AuthorizationPendingException) {
        assert.strictEqual(pending.error, "authorization_pending")
        assert.strictEqual(pending.error_description, "Authorization is still pending")
        assert.strictEqual(pending.$metadata.httpStatusCode, 400)
        assert.match(pending.$metadata.requestId ?? "", /^[0-9a-f-]{36}$/)
      }

      assert.instanceOf(yield* failure(poll), SlowDownException)

      yield* emulator.approve(code.userCode ?? "")
      // the interval that was handed out, and what slow_down added to it
      yield* TestClock.adjust("6 seconds")
      const token = yield* Effect.promise(poll)
      assert.match(token.accessToken ?? "", /^aoa/)
      assert.match(token.refreshToken ?? "", /^aor/)
      assert.strictEqual(token.tokenType, "Bearer")
      assert.strictEqual(token.expiresIn, 3600)
      assert.isUndefined(token.idToken)

      yield* TestClock.adjust("6 seconds")
      assert.instanceOf(yield* failure(poll), InvalidGrantException)

      const refreshed = yield* Effect.promise(() =>
        client.send(
          new CreateTokenCommand({
            clientId,
            clientSecret,
            grantType: "refresh_token",
            refreshToken: token.refreshToken
          })
        )
      )
      assert.match(refreshed.accessToken ?? "", /^aoa/)
      assert.notStrictEqual(refreshed.accessToken, token.accessToken)
    }).pipe(Effect.provide(EmulatorServer.layer())))
})
