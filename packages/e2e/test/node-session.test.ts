/**
 * The session of a program on Node in one layer, from the config file to the stored token.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import { folder } from "@sso-oidc/test-kit/child"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as TestConsole from "effect/testing/TestConsole"
import { mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type * as LoginEvent from "sso-oidc/LoginEvent"
import * as LoginView from "sso-oidc/LoginView"
import * as Node from "sso-oidc/node"
import * as Session from "sso-oidc/Session"
import { behindTls } from "./support/proxied.ts"
import * as Certificate from "./support/testOnlyCertificate.ts"

const config = (more = "") =>
  `[profile dev]\nsso_session = corp\n${more}\n` +
  "[sso-session corp]\nsso_start_url = https://corp.awsapps.com/start\nsso_region = us-east-1\n" +
  "sso_registration_scopes = sso:account:access\n"

/** A home with a config file, and a session of its own for each call. */
const home = Effect.fnUntraced(function*(
  options: { readonly more?: string; readonly env?: Readonly<Record<string, string>>; readonly url?: string } = {}
) {
  const { url } = yield* EmulatorServer.EmulatorServer
  const path = yield* folder
  mkdirSync(join(path, ".aws"))
  writeFileSync(join(path, ".aws/config"), config(options.more))
  const variables = { HOME: path, AWS_ENDPOINT_URL_SSO_OIDC: options.url ?? url, ...options.env }
  const provider = ConfigProvider.layer(ConfigProvider.fromEnvRecord(variables))
  return {
    cache: join(path, ".aws/sso/cache"),
    using: <A, E>(use: (session: Session.Service) => Effect.Effect<A, E>) =>
      Session.Session.use(use).pipe(Effect.provide(Node.session({ profile: "dev" }).pipe(Layer.provide(provider))))
  }
})

/** How many clients and sessions the service has. */
const counts = Effect.map(
  Emulator.Emulator.use(({ state }) => state.snapshot),
  ({ registrations, sessions }) => [registrations.length, sessions.length]
)

const plain = (token: { readonly accessToken: Redacted.Redacted<string> }): string => Redacted.value(token.accessToken)

const approving = EmulatorServer.layer({ autoApprove: 0 })

describe("Node.session", () => {
  it.live("logs in when it must, and a second program with the same home needs no person (S14, S17, S18)", () =>
    Effect.gen(function*() {
      const { cache, using } = yield* home({ env: { SSH_CONNECTION: "10.0.0.1 1 10.0.0.2 22" } })
      const ensure = using((session) => session.ensure({ onEvent: LoginView.terminal }))
      const token = yield* ensure
      const said = (yield* TestConsole.errorLines).map(String)
      assert.strictEqual(said.length, 3)
      assert.strictEqual(said[0], "Logging in with a code (device grant), because this is an SSH session.")
      assert.match(
        said[1] ?? "",
        /^Open http:\/\/127\.0\.0\.1:\d+\/device\?user_code=(\S+) and .+ code \1\nOr open .+ \1\n/
      )
      assert.match(said[2] ?? "", /^Logged in\. The token is valid until \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\.$/)
      assert.strictEqual(plain(yield* ensure), plain(token))
      assert.strictEqual((yield* TestConsole.errorLines).length, 3)
      assert.deepStrictEqual(yield* counts, [1, 1])
      const files = readdirSync(cache).filter((name) => name.endsWith(".json"))
      // the token, the registration, and which login was the last
      assert.strictEqual(files.length, 3)
      for (const file of files) assert.strictEqual(statSync(join(cache, file)).mode & 0o777, 0o600)
    }).pipe(Effect.provide(approving), Effect.provide(TestConsole.layer), Effect.scoped))

  it.live("logs in with a browser on this machine, and keeps the registration for the next login (S16, S17)", () =>
    Effect.gen(function*() {
      const { using } = yield* home()
      const events: Array<LoginEvent.LoginEvent["_tag"]> = []
      const login = using((session) =>
        session.login({
          grant: "code",
          openBrowser: false,
          onEvent: (event) =>
            Effect.gen(function*() {
              events.push(event._tag)
              if (event._tag !== "UrlReady") return
              assert.isFalse(event.opensBrowser)
              // the page of the emulator approves at once, and leads back to the listener
              yield* Effect.promise(() => fetch(event.url)).pipe(Effect.delay("100 millis"), Effect.forkDetach)
            })
        })
      )
      const [first, second] = [yield* login, yield* login]
      assert.notStrictEqual(plain(first), plain(second))
      assert.deepStrictEqual(events, [
        "GrantChosen",
        "Registered",
        "UrlReady",
        "Approved",
        "GrantChosen",
        "UrlReady",
        "Approved"
      ])
      assert.strictEqual(plain(yield* using((session) => session.token())), plain(second))
      assert.deepStrictEqual(yield* counts, [1, 2])
    }).pipe(Effect.provide(approving), Effect.scoped))

  it.live("trusts the authorities of the profile's `ca_bundle`, and only with it", () =>
    Effect.gen(function*() {
      const { port } = yield* EmulatorServer.EmulatorServer
      const url = yield* behindTls(port)
      const bundle = join(yield* folder, "ca.pem")
      writeFileSync(bundle, Certificate.cert)
      const login = (session: Session.Service) => session.login({ grant: "device" })
      const without = yield* home({ url })
      assert.include(yield* Effect.flip(without.using(login)), { _tag: "TransportError", sent: "no" })
      const { using } = yield* home({ url, more: `ca_bundle = ${bundle}\n` })
      assert.match(plain(yield* using(login)), /^aoa/)
    }).pipe(Effect.provide(approving), Effect.scoped))
})
