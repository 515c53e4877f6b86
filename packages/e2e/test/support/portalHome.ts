/**
 * The home of a user with AWS's config file, and the emulator as OIDC service and portal, behind a listener that takes note of each request.
 */
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import * as CachedToken from "@sso-oidc/session/CachedToken"
import { folder } from "@sso-oidc/test-kit/child"
import { front } from "@sso-oidc/test-kit/front"
import * as Issued from "@sso-oidc/test-kit/issued"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import type * as Session from "sso-oidc/Session"

export const startUrl = "https://corp.awsapps.com/start"

const tokenFile = `.aws/sso/cache/${createHash("sha1").update("corp").digest("hex")}.json`

/** The role of the profile `dev`. */
export const role = { accountId: "111122223333", roleName: "ReadOnlyAccess" } as const

export const config = (more = `sso_account_id = ${role.accountId}\nsso_role_name = ${role.roleName}\n`): string =>
  `[profile dev]\nsso_session = corp\n${more}\n` +
  `[sso-session corp]\nsso_start_url = ${startUrl}\nsso_region = us-east-1\nsso_registration_scopes = sso:account:access\n`

/** The files of a folder below the home, with their contents. */
const filesIn = (path: string): Readonly<Record<string, string>> =>
  existsSync(path)
    ? Object.fromEntries(readdirSync(path).sort().map((name) => [name, readFileSync(join(path, name), "utf8")]))
    : {}

/** Makes the home. `given` is the config file. */
export const make = Effect.fnUntraced(function*(given = config(), env: Readonly<Record<string, string>> = {}) {
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
    AWS_ENDPOINT_URL_SSO_OIDC: url,
    AWS_ENDPOINT_URL_SSO: url,
    ...env
  }
  const provider = ConfigProvider.layer(ConfigProvider.fromEnvRecord(variables))
  return {
    path,
    url,
    /** The requests since the last look. */
    sent: () => seen.splice(0),
    variables,
    write,
    /** Gives the home to a layer. */
    at: <A, E>(layer: Layer.Layer<A, E>) => Layer.provide(layer, provider),
    /** The files of the CLI's cache of tokens, and those of role credentials. */
    tokens: () => filesIn(join(path, ".aws/sso/cache")),
    credentials: () => filesIn(join(path, ".aws/cli/cache")),
    /** Stores a token of the emulator, as a login does. */
    login: Effect.gen(function*() {
      const token = yield* Issued.issued({ startUrl, region: "us-east-1" }, 3600)
      write(tokenFile, Redacted.value(CachedToken.encode(token)))
    }),
    /** Stores a token that no service has issued. */
    store: (region = "us-east-1") => {
      const token = {
        startUrl,
        region,
        accessToken: "no-service-issued-it",
        expiresAt: new Date(Date.now() + 3_600_000).toISOString().replace(/\.\d+Z$/, "Z")
      }
      write(tokenFile, JSON.stringify(token))
    }
  }
})

export type Home = Effect.Success<ReturnType<typeof make>>

/** Logs in with a browser that approves at once: the page of the emulator leads back to the listener. */
export const codeLogin = (session: Session.Service) =>
  session.login({
    grant: "code",
    openBrowser: false,
    onEvent: (event) =>
      event._tag === "UrlReady"
        ? Effect.promise(() => fetch(event.url)).pipe(Effect.delay("20 millis"), Effect.forkDetach)
        : Effect.void
  })

/** Sets variables of this process, and puts them back. No other variable of AWS is there meanwhile. */
export const inEnvironment = <A, E, R>(
  variables: Readonly<Record<string, string>>,
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  Effect.acquireUseRelease(
    Effect.sync(() => {
      const before = { ...process.env }
      for (const name of Object.keys(before)) if (name.startsWith("AWS_")) delete process.env[name]
      Object.assign(process.env, variables)
      return before
    }),
    () => effect,
    (before) =>
      Effect.sync(() => {
        for (const name of Object.keys(process.env)) delete process.env[name]
        Object.assign(process.env, before)
      })
  )
