/**
 * The home of a user with a profile and a role, and the emulator behind a listener that takes note of each request.
 */
import * as Emulator from "@sso-oidc/emulator/Emulator"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import * as CachedToken from "@sso-oidc/session/CachedToken"
import { folder } from "@sso-oidc/test-kit/child"
import { front } from "@sso-oidc/test-kit/front"
import * as Issued from "@sso-oidc/test-kit/issued"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as References from "effect/References"
import type * as Scope from "effect/Scope"
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { type Around, run } from "./ran.ts"

/** The emulator on loopback. */
export const emulator = (options: EmulatorServer.Options = {}) =>
  Layer.provide(EmulatorServer.layer(options), Layer.succeed(References.MinimumLogLevel, "Warn"))

const startUrl = "https://corp.awsapps.com/start"

/** The role of the profile `dev`. */
export const role = { accountId: "111122223333", roleName: "ReadOnlyAccess" } as const

/** The request for credentials of a role. */
export const getRole = "GET /federation/credentials"

/** The config file, with these settings more in the profile `dev`. */
export const config = (more = `sso_account_id = ${role.accountId}\nsso_role_name = ${role.roleName}\n`): string =>
  `[profile dev]\nsso_session = corp\n${more}\n` +
  `[sso-session corp]\nsso_start_url = ${startUrl}\nsso_region = us-east-1\nsso_registration_scopes = sso:account:access\n`

/** How a token differs from that of a login a moment ago. */
interface Token {
  readonly isRefreshable?: boolean
  readonly secondsLeft?: number
}

/** A token of the emulator, as a login stores it. */
const issued = Effect.fnUntraced(function*({ isRefreshable = true, secondsLeft = 3600 }: Token) {
  const token = yield* Issued.issued({ startUrl, region: "us-east-1" }, secondsLeft)
  return Redacted.value(CachedToken.encode(isRefreshable ? token : { ...token, refreshToken: undefined }))
})

/** Makes the home. `given` is the config file. */
export const make = Effect.fnUntraced(function*(given = config()) {
  const { port } = yield* EmulatorServer.EmulatorServer
  const { seen, url } = yield* front(port)
  const path = yield* folder
  const write = (file: string, content: string) => {
    mkdirSync(dirname(join(path, file)), { recursive: true })
    writeFileSync(join(path, file), content)
  }
  write(".aws/config", given)
  const variables: Readonly<Record<string, string>> = {
    HOME: path,
    PATH: process.env["PATH"] ?? "",
    AWS_ENDPOINT_URL_SSO_OIDC: url,
    AWS_ENDPOINT_URL_SSO: url
  }
  return {
    path,
    url,
    variables,
    write,
    /** The requests since the last look. */
    sent: () => seen.splice(0),
    /** The files of role credentials, with their contents. */
    kept: (): ReadonlyArray<string> => {
      const cache = join(path, ".aws/cli/cache")
      return existsSync(cache) ? readdirSync(cache).map((name) => readFileSync(join(cache, name), "utf8")) : []
    },
    read: (file: string): string => readFileSync(join(path, file), "utf8"),
    /** The next credentials of the portal. */
    plant: (given: { readonly secretAccessKey?: string; readonly minutesLeft?: number }) =>
      Emulator.Emulator.use(({ faults }) =>
        faults.arm({
          _tag: "RawResponse",
          operation: "GetRoleCredentials",
          status: 200,
          contentType: "application/json",
          body: JSON.stringify({
            roleCredentials: {
              accessKeyId: "ASIAPLANTED",
              secretAccessKey: given.secretAccessKey ?? "secret",
              sessionToken: "token",
              expiration: Date.now() + (given.minutesLeft ?? 60) * 60_000
            }
          })
        })
      ),
    /** Whether the home has a file of this name. */
    has: (file: string): boolean => existsSync(join(path, file)),
    /** Stores a token as a login does. */
    login: Effect.fnUntraced(function*(session = "corp", token: Token = {}) {
      const name = createHash("sha1").update(session).digest("hex")
      write(`.aws/sso/cache/${name}.json`, yield* issued(token))
    }),
    /** Runs the command in this process. */
    run: (args: ReadonlyArray<string>, { env, host }: Partial<Around> = {}) =>
      run(args, { env: { ...variables, ...env }, ...host === undefined ? {} : { host } })
  }
})

/** The home of a test. */
export type Home = Effect.Success<ReturnType<typeof make>>

/** Uses a home with an emulator of its own. */
export const within = <A, E>(
  use: (home: Home) => Effect.Effect<A, E, Emulator.Emulator | EmulatorServer.EmulatorServer | Scope.Scope>,
  { config: given = config(), options = {} }: {
    readonly config?: string
    readonly options?: EmulatorServer.Options
  } = {}
) => Effect.flatMap(make(given), use).pipe(Effect.scoped, Effect.provide(emulator(options)))
