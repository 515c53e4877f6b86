import { CreateTokenCommand, InvalidGrantException, SSOOIDCClient } from "@aws-sdk/client-sso-oidc"
import { assert, describe, it } from "@effect/vitest"
import * as CreateToken from "@sso-oidc/core/CreateToken"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import { folder, run } from "@sso-oidc/test-kit/child"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { createHash } from "node:crypto"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"

const startUrl = "https://emulator.awsapps.com/start"
const session = "e2e"

interface Cached {
  readonly accessToken: string
  readonly expiresAt: string
  readonly refreshToken: string
  readonly clientId: string
  readonly clientSecret: string
}

/** A home as `aws sso login` leaves it, logged in at the emulator, with a token that expires in the given number of seconds. */
const signedIn = Effect.fnUntraced(function*(secondsLeft: number) {
  const emulator = yield* Emulator.Emulator
  const { clientId, clientSecret, clientSecretExpiresAt } = yield* emulator.registerClient({
    clientName: `botocore-client-${session}`,
    clientType: "public",
    scopes: ["sso:account:access"]
  })
  const { deviceCode, userCode } = yield* emulator.startDeviceAuthorization({ clientId, clientSecret, startUrl })
  yield* emulator.authorizations.approve(userCode)
  const token = yield* emulator.createToken({
    clientId,
    clientSecret,
    grantType: CreateToken.deviceCodeGrantType,
    deviceCode
  })
  const home = yield* folder
  const cache = join(home, ".aws/sso/cache")
  mkdirSync(cache, { recursive: true })
  writeFileSync(
    join(home, ".aws/config"),
    `[profile ${session}]\nsso_session = ${session}\n\n` +
      `[sso-session ${session}]\nsso_start_url = ${startUrl}\nsso_region = eu-west-1\n`
  )
  const before: Cached = {
    accessToken: Redacted.value(token.accessToken),
    expiresAt: seconds(Date.now() + secondsLeft * 1000),
    refreshToken: token.refreshToken === undefined
      ? assert.fail("no refresh token")
      : Redacted.value(token.refreshToken),
    clientId,
    clientSecret: Redacted.value(clientSecret)
  }
  const file = join(cache, `${createHash("sha1").update(session).digest("hex")}.json`)
  const registrationExpiresAt = seconds(clientSecretExpiresAt * 1000)
  writeFileSync(file, JSON.stringify({ startUrl, region: "eu-west-1", ...before, registrationExpiresAt }))
  return { home, before, after: Effect.sync((): Cached => JSON.parse(readFileSync(file, "utf8"))) }
})

const seconds = (time: number): string => new Date(time).toISOString().replace(/\.\d+Z$/, "Z")

interface Provided {
  readonly token?: string
  readonly expiration?: string
  readonly name?: string
  readonly message?: string
}

/** The result of the provider in a process with that home. */
const provided = (home: string, { endpoint, env = {} }: {
  readonly endpoint?: string
  readonly env?: Readonly<Record<string, string>>
}) =>
  Effect.gen(function*() {
    const program = yield* run(process.execPath, {
      args: [join(import.meta.dirname, "../support/sso-tokens.ts")],
      env: { HOME: home, AWS_CONFIG_FILE: join(home, ".aws/config"), ...env },
      input: `${JSON.stringify({ profile: session, endpoint })}\n`
    })
    const { code, stderr, stdout } = yield* program.ended
    assert.strictEqual(code, 0, stderr)
    const response: Provided = JSON.parse(stdout.split("\n")[1] ?? "")
    return response
  }).pipe(Effect.scoped)

/** A refresh with the official client. */
const refresh = Effect.fnUntraced(function*({ clientId, clientSecret }: Cached, refreshToken: string) {
  const { url } = yield* EmulatorServer.EmulatorServer
  const client = yield* Effect.acquireRelease(
    Effect.sync(() => new SSOOIDCClient({ region: "eu-west-1", endpoint: url, maxAttempts: 1 })),
    (client) => Effect.sync(() => client.destroy())
  )
  return yield* Effect.tryPromise({
    try: () =>
      client.send(new CreateTokenCommand({ clientId, clientSecret, grantType: "refresh_token", refreshToken })),
    catch: (error) => error
  })
})

describe("fromSso of @aws-sdk/token-providers (E1)", () => {
  it.live.each([
    { by: "AWS_ENDPOINT_URL_SSO_OIDC", pointed: (url: string) => ({ env: { AWS_ENDPOINT_URL_SSO_OIDC: url } }) },
    { by: "clientConfig.endpoint", pointed: (url: string) => ({ endpoint: url }) }
  ])("refreshes a token that expires soon, by $by (E1, E3)", ({ pointed }) =>
    Effect.gen(function*() {
      const { url } = yield* EmulatorServer.EmulatorServer
      const { after, before, home } = yield* signedIn(60)
      const { expiration = "", token } = yield* provided(home, pointed(url))
      const cached = yield* after
      assert.match(token ?? "", /^aoa/)
      assert.notStrictEqual(token, before.accessToken)
      assert.strictEqual(cached.accessToken, token)
      assert.strictEqual(cached.expiresAt, expiration)
      assert.closeTo(Date.parse(expiration) - Date.now(), 3_600_000, 30_000)
      assert.match(cached.refreshToken, /^aor/)
      assert.notStrictEqual(cached.refreshToken, before.refreshToken)
      assert.deepInclude(cached, { clientId: before.clientId, clientSecret: before.clientSecret })

      // the old refresh token is used up, and the refresh token on disk works
      assert.instanceOf(yield* Effect.flip(refresh(before, before.refreshToken)), InvalidGrantException)
      const next = yield* refresh(cached, cached.refreshToken)
      assert.match(next.accessToken ?? "", /^aoa/)
    }).pipe(Effect.provide(EmulatorServer.layer())))

  it.live("gives a refreshed token unchanged to the next process (E1)", () =>
    Effect.gen(function*() {
      const { url } = yield* EmulatorServer.EmulatorServer
      const { after, home } = yield* signedIn(60)
      const env = { AWS_ENDPOINT_URL_SSO_OIDC: url }
      const first = yield* provided(home, { env })
      const cached = yield* after
      assert.deepStrictEqual(yield* provided(home, { env }), first)
      assert.deepStrictEqual(yield* after, cached)
    }).pipe(Effect.provide(EmulatorServer.layer())))

  it.live("keeps its token after a used refresh token, and has none when that token expires (E1, E3)", () =>
    Effect.gen(function*() {
      const { url } = yield* EmulatorServer.EmulatorServer
      const env = { AWS_ENDPOINT_URL_SSO_OIDC: url }
      const alive = yield* signedIn(60)
      yield* refresh(alive.before, alive.before.refreshToken)
      assert.strictEqual((yield* provided(alive.home, { env })).token, alive.before.accessToken)
      assert.deepInclude(yield* alive.after, { ...alive.before })

      const over = yield* signedIn(-60)
      yield* refresh(over.before, over.before.refreshToken)
      const { message, name } = yield* provided(over.home, { env })
      assert.strictEqual(name, "TokenProviderError")
      assert.match(message ?? "", /expired/)
    }).pipe(Effect.provide(EmulatorServer.layer())))
})
