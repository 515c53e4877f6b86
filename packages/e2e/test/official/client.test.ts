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
import { folder, run } from "@sso-oidc/test-kit/child"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { join } from "node:path"
import { recipe } from "../support/recipes.ts"

const grantType = "urn:ietf:params:oauth:grant-type:device_code"

/** The official client at the emulator, without a retry of its own. */
const official = Effect.gen(function*() {
  const { url } = yield* EmulatorServer.EmulatorServer
  return yield* Effect.acquireRelease(
    Effect.sync(() => new SSOOIDCClient({ region: "us-east-1", endpoint: url, maxAttempts: 1 })),
    (client) => Effect.sync(() => client.destroy())
  )
})

const failure = (promise: () => Promise<unknown>): Effect.Effect<unknown> =>
  Effect.flip(Effect.tryPromise({ try: promise, catch: (error) => error })).pipe(Effect.orDie)

/** A new client with a device code, ready to poll. */
const started = Effect.fnUntraced(function*(client: SSOOIDCClient, scopes?: Array<string>) {
  const { clientId, clientSecret } = yield* Effect.promise(() =>
    client.send(new RegisterClientCommand({ clientName: "official", clientType: "public", scopes }))
  )
  const code = yield* Effect.promise(() =>
    client.send(
      new StartDeviceAuthorizationCommand({ clientId, clientSecret, startUrl: "https://my.awsapps.com/start" })
    )
  )
  const poll = () =>
    client.send(new CreateTokenCommand({ clientId, clientSecret, grantType, deviceCode: code.deviceCode }))
  return { clientId, clientSecret, code, poll }
})

describe("the official JavaScript client (E1)", () => {
  it.effect("registers, starts, waits and gets its token (E1)", () =>
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

      yield* emulator.authorizations.approve(code.userCode ?? "")
      // the interval that the service gave, and the seconds that slow_down added
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

  it.effect("waits 5 s longer after each slow_down, and is not slowed down again if it does (E1, E3)", () =>
    Effect.gen(function*() {
      const client = yield* official
      const emulator = yield* Emulator.Emulator
      const { code, poll } = yield* started(client, ["sso:account:access"])
      assert.instanceOf(yield* failure(poll), AuthorizationPendingException)
      for (const wait of [1, 6, 11]) {
        yield* TestClock.adjust(`${wait} seconds`)
        assert.instanceOf(yield* failure(poll), AuthorizationPendingException, `after ${wait} s`)
        yield* TestClock.adjust(`${wait - 1} seconds`)
        const hurried = yield* failure(poll)
        assert.instanceOf(hurried, SlowDownException, `after ${wait - 1} s`)
        if (hurried instanceof SlowDownException) assert.strictEqual(hurried.error, "slow_down")
      }
      yield* emulator.authorizations.approve(code.userCode ?? "")
      yield* TestClock.adjust("16 seconds")
      assert.match((yield* Effect.promise(poll)).accessToken ?? "", /^aoa/)
    }).pipe(Effect.provide(EmulatorServer.layer())))

  it.effect("can use a refresh token once, and its session ends after 8 hours (E1, E3)", () =>
    Effect.gen(function*() {
      const client = yield* official
      const emulator = yield* Emulator.Emulator
      const { clientId, clientSecret, code, poll } = yield* started(client, ["sso:account:access"])
      yield* emulator.authorizations.approve(code.userCode ?? "")
      const refresh = (refreshToken: string | undefined) => () =>
        client.send(new CreateTokenCommand({ clientId, clientSecret, grantType: "refresh_token", refreshToken }))

      let token = yield* Effect.promise(poll)
      for (let hour = 1; hour < 8; hour++) {
        yield* TestClock.adjust("1 hour")
        const before = token.refreshToken
        token = yield* Effect.promise(refresh(before))
        assert.strictEqual(token.expiresIn, 3600)
        assert.notStrictEqual(token.refreshToken, before)
        assert.instanceOf(yield* failure(refresh(before)), InvalidGrantException)
      }
      yield* TestClock.adjust("1 hour")
      const over = yield* failure(refresh(token.refreshToken))
      assert.instanceOf(over, InvalidGrantException)
      if (over instanceof InvalidGrantException) {
        assert.strictEqual(over.error_description, "Invalid refresh token provided")
      }
    }).pipe(Effect.provide(EmulatorServer.layer())))

  it.effect("gets its whole session at once without scopes, and no refresh token (E1, E2)", () =>
    Effect.gen(function*() {
      const client = yield* official
      const emulator = yield* Emulator.Emulator
      const { code, poll } = yield* started(client)
      yield* emulator.authorizations.approve(code.userCode ?? "")
      const token = yield* Effect.promise(poll)
      assert.strictEqual(token.expiresIn, 28_800)
      assert.isUndefined(token.refreshToken)
    }).pipe(Effect.provide(EmulatorServer.layer())))

  it.live("logs in with the recipe of docs/emulator.md, by its endpoint and by AWS_ENDPOINT_URL_SSO_OIDC (E1)", () =>
    Effect.gen(function*() {
      const { url } = yield* EmulatorServer.EmulatorServer
      const HOME = yield* folder
      const code = recipe("ts", "new SSOOIDCClient(", url)
      const signsIn = Effect.fnUntraced(function*(input: string, env: Readonly<Record<string, string>>) {
        const program = yield* run(process.execPath, {
          args: ["--input-type=module-typescript", "-"],
          // the folder in which the program's imports are found
          cwd: join(import.meta.dirname, "../.."),
          env: { HOME, ...env },
          input
        })
        const { code, stderr, stdout } = yield* program.ended
        assert.strictEqual(code, 0, stderr)
        assert.match(
          stdout,
          /^open http:\/\/127\.0\.0\.1:\d+\/device\?user_code=[A-Z]{4}-[A-Z]{4}\nlogged in for 3600 s\n$/
        )
      })
      yield* Effect.all([
        signsIn(code, {}),
        signsIn(code.replace(/, endpoint: "[^"]*"/, ""), { AWS_ENDPOINT_URL_SSO_OIDC: url })
      ], { concurrency: 2 })
    }).pipe(Effect.provide(EmulatorServer.layer({ autoApprove: "2 seconds" }))))
})
