/**
 * The home of a person with AWS's config file and caches, and the emulator as both services.
 */
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import * as CachedToken from "@sso-oidc/session/CachedToken"
import { folder } from "@sso-oidc/test-kit/child"
import * as Issued from "@sso-oidc/test-kit/issued"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as References from "effect/References"
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"

/** The emulator on a socket. It does not log that a login waits. */
export const emulator = (options: EmulatorServer.Options = {}) =>
  Layer.provide(EmulatorServer.layer(options), Layer.succeed(References.MinimumLogLevel, "Warn"))

const startUrl = "https://corp.awsapps.com/start"

/** The role of the profile `dev`. */
export const role = { accountId: "111122223333", roleName: "ReadOnlyAccess" } as const

/** A config file with the session `corp`, and the profile `dev` with a role in it. */
export const config = `[sso-session corp]
sso_start_url = ${startUrl}
sso_region = eu-west-1
sso_registration_scopes = sso:account:access

[profile dev]
sso_session = corp
sso_account_id = ${role.accountId}
sso_role_name = ${role.roleName}
region = us-east-1
`

/** The name of the token of a session, or of a start URL. */
const fileOf = (key: string): string => `.aws/sso/cache/${createHash("sha1").update(key).digest("hex")}.json`

const tokenFile = fileOf("corp")

/** What a token file has. */
export interface Stored {
  readonly accessToken: string
  readonly refreshToken: string
  readonly expiresAt: string
}

/** A home with that config file. Its environment leads to the emulator. */
export const make = Effect.fnUntraced(function*(text = config) {
  const { url } = yield* EmulatorServer.EmulatorServer
  const path = yield* folder
  const write = (file: string, content: string | Uint8Array) => {
    mkdirSync(dirname(join(path, file)), { recursive: true })
    writeFileSync(join(path, file), content)
  }
  write(".aws/config", text)
  return {
    path,
    env: { HOME: path, AWS_PROFILE: "dev", AWS_ENDPOINT_URL_SSO_OIDC: url, AWS_ENDPOINT_URL_SSO: url },
    /** The path of the token. */
    token: join(path, tokenFile),
    write,
    /** The token, if one is stored. */
    stored: (): Stored | undefined =>
      existsSync(join(path, tokenFile)) ? JSON.parse(readFileSync(join(path, tokenFile), "utf8")) : undefined,
    /** Gives the token to another session. */
    moveToken: (key: string) => renameSync(join(path, tokenFile), join(path, fileOf(key))),
    /** The names in a folder below the home. */
    names: (folder: string) => existsSync(join(path, folder)) ? readdirSync(join(path, folder)).toSorted() : [],
    /** Stores a token of the emulator that reads as valid for so many seconds. */
    logIn: Effect.fnUntraced(function*(secondsLeft: number, more: Readonly<Record<string, unknown>> = {}) {
      const token = yield* Issued.issued({ startUrl, region: "eu-west-1" }, secondsLeft)
      write(tokenFile, JSON.stringify({ ...JSON.parse(Redacted.value(CachedToken.encode(token))), ...more }))
    })
  }
})

export type Home = Effect.Success<ReturnType<typeof make>>
