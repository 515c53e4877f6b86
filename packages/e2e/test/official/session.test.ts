/**
 * The files of session, against the tools that share them: each reads what the other wrote.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import * as CacheFile from "@sso-oidc/core/aws/CacheFile"
import * as CreateToken from "@sso-oidc/core/CreateToken"
import type * as Registration from "@sso-oidc/core/Registration"
import * as Token from "@sso-oidc/core/Token"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import * as AwsConfig from "@sso-oidc/session/AwsConfig"
import * as CachedRegistration from "@sso-oidc/session/CachedRegistration"
import * as CachedToken from "@sso-oidc/session/CachedToken"
import * as CacheKey from "@sso-oidc/session/CacheKey"
import { folder, run } from "@sso-oidc/test-kit/child"
import { isMissing } from "@sso-oidc/test-kit/tools"
import * as ConfigProvider from "effect/ConfigProvider"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { delimiter, dirname, join } from "node:path"
import { atLeast, awsCli, pythonTokens } from "../support/machine.ts"
import { recipe } from "../support/recipes.ts"

const config = "[profile e2e]\nsso_session = e2e\n\n" +
  "[sso-session e2e]\nsso_start_url = https://emulator.awsapps.com/start\nsso_region = eu-west-1\n" +
  "sso_registration_scopes = sso:account:access\n"

/** A home with a config file, and what the session's own modules make of it. */
const home = Effect.gen(function*() {
  const path = yield* folder
  mkdirSync(join(path, ".aws"))
  writeFileSync(join(path, ".aws/config"), config)
  const settings = yield* AwsConfig.resolve({ profile: "e2e" }).pipe(
    Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnvRecord({ HOME: path })))
  )
  const cache = join(path, ".aws/sso/cache")
  return {
    path,
    cache,
    settings,
    token: join(cache, yield* CacheKey.token(settings)),
    registration: join(cache, yield* CacheKey.registration(settings))
  }
})

type Home = Effect.Success<typeof home>

/** A registration of the emulator, as core keeps one. */
const registered = Effect.gen(function*() {
  const { registerClient } = yield* Emulator.Emulator
  const { url } = yield* EmulatorServer.EmulatorServer
  const scopes = ["sso:account:access"]
  const { clientId, clientSecret, clientSecretExpiresAt } = yield* registerClient({
    clientName: "ours",
    clientType: "public",
    scopes
  })
  const registration: Registration.Registration = {
    clientId,
    clientSecret,
    expiresAt: DateTime.makeUnsafe(clientSecretExpiresAt * 1000),
    scopes,
    region: "eu-west-1",
    endpoint: url
  }
  return registration
})

/** Logs in at the emulator, and writes the token as a session does, with so many seconds left and a member of another tool. */
const written = Effect.fnUntraced(function*(home: Home, secondsLeft: number) {
  const emulator = yield* Emulator.Emulator
  const registration = yield* registered
  const { clientId, clientSecret } = registration
  const { startUrl } = home.settings
  const { deviceCode, userCode } = yield* emulator.startDeviceAuthorization({ clientId, clientSecret, startUrl })
  yield* emulator.authorizations.approve(userCode)
  const response = yield* emulator.createToken({
    clientId,
    clientSecret,
    grantType: CreateToken.deviceCodeGrantType,
    deviceCode
  })
  const now = DateTime.makeUnsafe(Date.now())
  const token = Token.fromResponse({ ...response, expiresIn: secondsLeft }, registration, Date.now())
  const cached = { ...CachedToken.fromToken(token, home.settings, now), others: Redacted.make({ ofAnotherTool: [1] }) }
  yield* CacheFile.write(home.token, Redacted.value(CachedToken.encode(cached)))
  return cached
})

const textOf = (path: string) => readFileSync(path, "utf8")

const valueOf = (secret: Redacted.Redacted<string> | undefined) =>
  secret === undefined ? assert.fail("no secret") : Redacted.value(secret)

/** The token in a file, which has to come back from ours as the tool wrote it. */
const read = (path: string): CachedToken.CachedToken => {
  const token = Result.getOrThrow(CachedToken.decode(Redacted.make(textOf(path))))
  assert.deepStrictEqual(JSON.parse(Redacted.value(CachedToken.encode(token))), withoutMillis(JSON.parse(textOf(path))))
  return token
}

/** Some tools write milliseconds, which ours cuts. */
const withoutMillis = (members: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(
    Object.entries(members).map(([name, value]) => [
      name,
      typeof value === "string" && name.endsWith("At") ? value.replace(/\.\d+Z$/, "Z") : value
    ])
  )

interface Provided {
  readonly token?: string
  readonly expiration?: string
  readonly message?: string
}

/** Runs a program in the home, with the endpoint as its argument, and gives the JSON that it prints. */
const provided = (program: string, file: string, { path }: Home) =>
  Effect.gen(function*() {
    const { url } = yield* EmulatorServer.EmulatorServer
    const running = yield* run(program, {
      args: [join(import.meta.dirname, "../support", file), url],
      env: { HOME: path, AWS_CONFIG_FILE: join(path, ".aws/config") },
      input: ""
    })
    const { code, stderr, stdout } = yield* running.ended
    assert.strictEqual(code, 0, stderr)
    const found: Provided = JSON.parse(stdout)
    return found
  })

const python = pythonTokens()

const readers = [
  {
    tool: "@aws-sdk/token-providers",
    skip: false,
    program: process.execPath,
    file: "from-sso.ts",
    keepsOthers: true
  },
  {
    tool: python.title,
    skip: isMissing(python),
    program: python.found?.path ?? "",
    file: "sso_token.py",
    keepsOthers: false
  }
]

const provide = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  effect.pipe(
    Effect.scoped,
    Effect.provide(NodeServices.layer),
    Effect.provide(EmulatorServer.layer({ autoApprove: 0 }))
  )

describe.each(readers)("the token file, and $tool", ({ file, keepsOthers, program, skip }) => {
  it.live.skipIf(skip)("takes a fresh token that we wrote, as it is (S5)", () =>
    Effect.gen(function*() {
      const at = yield* home
      const { accessToken, expiresAt } = yield* written(at, 3600)
      const before = textOf(at.token)
      const { expiration = "", token } = yield* provided(program, file, at)
      assert.strictEqual(token, Redacted.value(accessToken))
      assert.closeTo(Date.parse(expiration), DateTime.toEpochMillis(expiresAt), 1000)
      assert.strictEqual(textOf(at.token), before)
    }).pipe(provide), 60_000)

  it.live.skipIf(skip)(
    "refreshes a token that we wrote, and we read what it writes (S5)",
    () =>
      Effect.gen(function*() {
        const at = yield* home
        const before = yield* written(at, 60)
        const { token } = yield* provided(program, file, at)
        assert.notStrictEqual(token, Redacted.value(before.accessToken))
        const after = read(at.token)
        assert.strictEqual(Redacted.value(after.accessToken), token)
        assert.strictEqual(after.clientId, before.clientId)
        assert.notStrictEqual(valueOf(after.refreshToken), valueOf(before.refreshToken))
        assert.isTrue(CachedToken.isOf(after, at.settings))
        assert.isTrue(CachedToken.isRefreshable(after, DateTime.makeUnsafe(Date.now())))
        assert.closeTo(DateTime.toEpochMillis(after.expiresAt) - Date.now(), 3_600_000, 60_000)
        assert.deepStrictEqual(Redacted.value(after.others), keepsOthers ? { ofAnotherTool: [1] } : {})
        // what it wrote is good for the next refresh, which is ours
        const { clientId = "", clientSecret = Redacted.make(""), refreshToken = Redacted.make("") } = after
        const { createToken } = yield* Emulator.Emulator
        yield* createToken({ clientId, clientSecret, grantType: "refresh_token", refreshToken })
      }).pipe(provide),
    60_000
  )
})

const aws = awsCli()
const { path, version } = aws.found ?? { path: "", version: "" }

/** Logs in with the AWS CLI in the home, as the README of the emulator says. */
const loggedIn = Effect.fnUntraced(function*(at: Home) {
  const { url } = yield* EmulatorServer.EmulatorServer
  const old = atLeast(version, "2.13.0") ? "" : recipe("sh", "AWS_DATA_PATH=", url)
  const device = atLeast(version, "2.22.0") ? " --use-device-code" : ""
  const shell = yield* run("bash", {
    env: {
      HOME: at.path,
      PATH: `${dirname(path)}${delimiter}${process.env["PATH"]}`,
      ...(old === "" ? { AWS_ENDPOINT_URL_SSO_OIDC: url } : {})
    },
    input: `set -euo pipefail\n${old}\naws sso login --sso-session e2e --no-browser${device}\n`
  })
  const { code, stderr, stdout } = yield* shell.ended
  assert.strictEqual(code, 0, `${stdout}${stderr}`)
})

describe.skipIf(isMissing(aws))(`the cache's files, and ${aws.title}`, () => {
  it.live("writes a token and a registration under our names, and we read both (S5)", () =>
    Effect.gen(function*() {
      const at = yield* home
      yield* loggedIn(at)
      assert.deepStrictEqual(
        readdirSync(at.cache).map((name) => join(at.cache, name)).sort(),
        [at.token, at.registration].sort()
      )
      const token = read(at.token)
      assert.isTrue(CachedToken.isOf(token, at.settings))
      assert.isTrue(CachedToken.isRefreshable(token, DateTime.makeUnsafe(Date.now())))
      const text = textOf(at.registration)
      const registration = Result.getOrThrow(CachedRegistration.decode(Redacted.make(text)))
      assert.deepStrictEqual(JSON.parse(Redacted.value(CachedRegistration.encode(registration))), JSON.parse(text))
      assert.strictEqual(registration.clientId, token.clientId)
      assert.isTrue(
        CachedRegistration.isUsable(registration, {
          grant: "device",
          scopes: at.settings.scopes ?? [],
          now: DateTime.makeUnsafe(Date.now())
        })
      )
    }).pipe(provide), 90_000)

  it.live(
    "logs in with a registration that we wrote, and over a token that we wrote (S5)",
    () =>
      Effect.gen(function*() {
        const at = yield* home
        const before = yield* written(at, 3600)
        const registration = yield* registered
        const cached = CachedRegistration.fromRegistration(registration, "device")
        const text = Redacted.value(CachedRegistration.encode(cached))
        yield* CacheFile.write(at.registration, text)
        yield* loggedIn(at)
        assert.strictEqual(textOf(at.registration), text)
        const after = read(at.token)
        assert.strictEqual(after.clientId, registration.clientId)
        assert.notStrictEqual(Redacted.value(after.accessToken), Redacted.value(before.accessToken))
      }).pipe(provide),
    90_000
  )
})
