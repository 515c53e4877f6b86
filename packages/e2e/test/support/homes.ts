/**
 * A home with AWS's files, which several tools share.
 */
import { assert } from "@effect/vitest"
import * as CacheFile from "@sso-oidc/core/aws/CacheFile"
import * as AwsConfig from "@sso-oidc/session/AwsConfig"
import * as CachedToken from "@sso-oidc/session/CachedToken"
import * as CacheKey from "@sso-oidc/session/CacheKey"
import type * as SessionSettings from "@sso-oidc/session/SessionSettings"
import { folder } from "@sso-oidc/test-kit/child"
import * as ConfigProvider from "effect/ConfigProvider"
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
