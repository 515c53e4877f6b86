/**
 * A home with AWS's files, which several tools share.
 */
import { assert } from "@effect/vitest"
import * as CacheFile from "@sso-oidc/core/aws/CacheFile"
import * as CreateToken from "@sso-oidc/core/CreateToken"
import type * as Registration from "@sso-oidc/core/Registration"
import * as Token from "@sso-oidc/core/Token"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import * as AwsConfig from "@sso-oidc/session/AwsConfig"
import * as CachedToken from "@sso-oidc/session/CachedToken"
import * as CacheKey from "@sso-oidc/session/CacheKey"
import type * as SessionSettings from "@sso-oidc/session/SessionSettings"
import { folder } from "@sso-oidc/test-kit/child"
import * as ConfigProvider from "effect/ConfigProvider"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import type * as Path from "effect/Path"
import type { PlatformError } from "effect/PlatformError"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"

const configOf = (name: string): string =>
  `[profile ${name}]\nsso_session = ${name}\nsso_account_id = 123456789012\nsso_role_name = Reader\n\n` +
  `[sso-session ${name}]\nsso_start_url = https://emulator.awsapps.com/start\nsso_region = eu-west-1\n` +
  "sso_registration_scopes = sso:account:access\n\n"

/** A session in the home, by the name of its profile. */
export interface Session {
  readonly settings: SessionSettings.SessionSettings
  /** The path of its token. */
  readonly token: string
  /** The path of its registration. */
  readonly registration: string
}

export interface Home {
  readonly path: string
  /** The folder of the cache. */
  readonly cache: string
  readonly session: (name: string) => Session
}

/** A home with a config file that has these profiles, and what the session's own modules make of it. */
export const make = Effect.fnUntraced(function*(names: ReadonlyArray<string>) {
  const path = yield* folder
  mkdirSync(join(path, ".aws"))
  writeFileSync(join(path, ".aws/config"), names.map(configOf).join(""))
  const cache = join(path, ".aws/sso/cache")
  const sessions = yield* Effect.forEach(names, (name) =>
    Effect.gen(function*() {
      const settings = yield* AwsConfig.resolve({ profile: name }).pipe(
        Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnvRecord({ HOME: path })))
      )
      const token = join(cache, yield* CacheKey.token(settings))
      return [name, { settings, token, registration: join(cache, yield* CacheKey.registration(settings)) }] as const
    }))
  const byName = new Map<string, Session>(sessions)
  const home: Home = { path, cache, session: (name) => byName.get(name) ?? assert.fail(`no profile ${name}`) }
  return home
})

/** A registration of the emulator, as core keeps one. */
export const registered = Effect.gen(function*() {
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

/** What another tool put into the token files. */
export const others = { ofAnotherTool: [1] }

/** Logs in at the emulator. The token has so many seconds left, and a member of another tool. */
export const issued = Effect.fnUntraced(function*(
  settings: Pick<SessionSettings.SessionSettings, "startUrl" | "region">,
  secondsLeft: number
) {
  const emulator = yield* Emulator.Emulator
  const registration = yield* registered
  const { clientId, clientSecret } = registration
  const { startUrl } = settings
  const { deviceCode, userCode } = yield* emulator.startDeviceAuthorization({ clientId, clientSecret, startUrl })
  yield* emulator.authorizations.approve(userCode)
  const response = yield* emulator.createToken({
    clientId,
    clientSecret,
    grantType: CreateToken.deviceCodeGrantType,
    deviceCode
  })
  const now = DateTime.makeUnsafe(Date.now())
  const token = Token.fromResponse(response, registration, Date.now())
  const cached: CachedToken.CachedToken = {
    ...CachedToken.fromToken(token, settings, now),
    expiresAt: DateTime.add(now, { seconds: secondsLeft }),
    others: Redacted.make(others)
  }
  return cached
})

/** Writes a token as a session does. */
export const write = (
  { token }: Session,
  cached: CachedToken.CachedToken
): Effect.Effect<void, PlatformError, FileSystem.FileSystem | Path.Path> =>
  CacheFile.write(token, Redacted.value(CachedToken.encode(cached)))

export const textOf = (path: string): string => readFileSync(path, "utf8")

/** The token in a file, which has to come back from ours as the tool wrote it. */
export const read = (path: string): CachedToken.CachedToken => {
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
