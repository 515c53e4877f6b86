/**
 * The portal of a program on Node in one layer, from the config file to credentials.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import * as CredentialsCache from "@sso-oidc/portal/CredentialsCache"
import * as Portal from "@sso-oidc/portal/Portal"
import { folder } from "@sso-oidc/test-kit/child"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as References from "effect/References"
import * as Stream from "effect/Stream"
import { readdirSync, statSync, writeFileSync } from "node:fs"
import * as Http from "node:http"
import { join } from "node:path"
import * as Node from "sso-oidc/node"
import * as Session from "sso-oidc/Session"
import * as TokenStore from "sso-oidc/TokenStore"
import * as PortalHome from "./support/portalHome.ts"
import { behindTls } from "./support/proxied.ts"
import * as Certificate from "./support/testOnlyCertificate.ts"

const dev = { profile: "dev" } as const

const approving = Layer.provide(
  EmulatorServer.layer({ autoApprove: 0 }),
  Layer.succeed(References.MinimumLogLevel, "Warn")
)

const credentials = Portal.Portal.use((portal) => portal.credentials())

const roles = Portal.Portal.use(({ allRoles }) =>
  Effect.map(
    Stream.runCollect(allRoles),
    (all) =>
      all.map((each) =>
        each._tag === "AccountRole" ? `${each.account.accountName} ${each.roleName}` : String(each.error)
      )
  )
)

const getRole = "GET /federation/credentials"

describe("Node.portal", () => {
  it.live("gives the accounts, the roles, and credentials for the role of the profile, over one session (P3, P5, P6)", () =>
    Effect.gen(function*() {
      const home = yield* PortalHome.make()
      yield* home.login
      const all = Effect.all([roles, credentials, credentials])
      const [listed, one, two] = yield* Effect.provide(all, home.at(Node.portal(dev)))
      assert.deepStrictEqual(listed, [
        "Development AdministratorAccess",
        "Development ReadOnlyAccess",
        "Production ReadOnlyAccess"
      ])
      assert.include(one, PortalHome.role)
      assert.match(one.accessKeyId, /^ASIA/)
      assert.strictEqual(one.accessKeyId, two.accessKeyId)
      assert.deepStrictEqual(home.sent(), [
        "GET /assignment/accounts",
        "GET /assignment/roles",
        "GET /assignment/roles",
        getRole
      ])
      // by default nothing of it is on disk
      assert.deepStrictEqual(home.credentials(), {})
    }).pipe(Effect.provide(approving), Effect.scoped))

  it.live("takes the role of the option instead of the profile's, and that of the call instead of both (P6)", () =>
    Effect.gen(function*() {
      const home = yield* PortalHome.make()
      yield* home.login
      const role = { accountId: "444455556666", roleName: "ReadOnlyAccess" }
      const admin = { accountId: "111122223333", roleName: "AdministratorAccess" }
      const both = Portal.Portal.use((portal) => Effect.all([portal.credentials(), portal.credentials(admin)]))
      const [one, two] = yield* Effect.provide(both, home.at(Node.portal({ ...dev, role })))
      assert.include(one, role)
      assert.include(two, admin)
      assert.notStrictEqual(one.accessKeyId, two.accessKeyId)
    }).pipe(Effect.provide(approving), Effect.scoped))

  it.live("lists without a role of the profile, and asks for one only when credentials are asked for (S2)", () =>
    Effect.gen(function*() {
      const without = yield* PortalHome.make(PortalHome.config("sso_account_id = 12345\nsso_role_name = r\n"))
      yield* without.login
      const [listed, error] = yield* Effect.provide(
        Effect.all([roles, Effect.flip(credentials)]),
        without.at(Node.portal(dev))
      )
      assert.strictEqual(listed.length, 3)
      assert.include(error, { _tag: "RoleUnusable", problem: "config" })
      assert.match(
        error.message,
        /^The profile names no role.+section \[profile dev\].*: sso_account_id is not 12 digits\. Set it to the number of the account\.$/
      )
      assert.notInclude(error.message, "12345")
      for (
        const options of [{ session: "corp" }, { startUrl: PortalHome.startUrl, region: "us-east-1", name: "corp" }]
      ) {
        const layer = without.at(Node.portal(options))
        assert.include(yield* Effect.flip(Effect.provide(credentials, layer)), {
          _tag: "RoleUnusable",
          problem: "absent"
        })
      }
      assert.deepStrictEqual(without.sent().filter((path) => path === getRole), [])
    }).pipe(Effect.provide(approving), Effect.scoped))

  it.live("keeps credentials in the files of the AWS CLI in one line, and the next program sends nothing (P6)", () =>
    Effect.gen(function*() {
      const home = yield* PortalHome.make()
      yield* home.login
      const program = Effect.provide(
        credentials,
        home.at(Node.portal({ ...dev, credentialsCache: CredentialsCache.layerAwsCache() }))
      )
      const first = yield* program
      assert.deepStrictEqual(home.sent(), [getRole])
      const second = yield* program
      assert.deepStrictEqual(home.sent(), [])
      assert.strictEqual(second.accessKeyId, first.accessKeyId)
      assert.strictEqual(Redacted.value(second.sessionToken), Redacted.value(first.sessionToken))
      const folder = join(home.path, ".aws/cli/cache")
      const [file = "", ...others] = readdirSync(folder)
      assert.deepStrictEqual(others, [])
      assert.strictEqual(statSync(join(folder, file)).mode & 0o777, 0o600)
    }).pipe(Effect.provide(approving), Effect.scoped))

  it.live("a logout ends the session at the portal and at the service, and leaves no token and no credentials (P8, S20)", () =>
    Effect.gen(function*() {
      const home = yield* PortalHome.make()
      const layer = home.at(Node.portal({ ...dev, credentialsCache: CredentialsCache.layerAwsCache() }))
      yield* home.login
      const stored = home.tokens()
      const [report, after] = yield* Effect.gen(function*() {
        yield* credentials
        assert.strictEqual(Object.keys(home.credentials()).length, 1)
        const report = yield* Session.Session.use((session) => session.logout())
        return [report, yield* Effect.flip(credentials)] as const
      }).pipe(Effect.provide(layer))
      assert.deepStrictEqual(report, { removed: 1, untold: [], left: [] })
      assert.include(after, { _tag: "NotLoggedIn", reason: "absent" })
      assert.deepStrictEqual(home.sent(), [getRole, "POST /logout"])
      assert.deepStrictEqual(home.credentials(), {})
      assert.deepStrictEqual(Object.entries(home.tokens()).filter(([, text]) => text.includes("accessToken")), [])

      // a copy of the token from before is of no more use
      for (const [name, text] of Object.entries(stored)) home.write(`.aws/sso/cache/${name}`, text)
      const error = yield* Effect.flip(Effect.provide(credentials, layer))
      assert.include(error, { _tag: "SessionEnded", reason: "grant" })
      assert.deepStrictEqual(home.sent(), [getRole, "POST /token"])
    }).pipe(Effect.provide(approving), Effect.scoped))

  it.live("a login forgets the credentials of before, because the person may be another one (P6, S14)", () =>
    Effect.gen(function*() {
      const home = yield* PortalHome.make()
      const layer = home.at(Node.portal({ ...dev, credentialsCache: CredentialsCache.layerAwsCache() }))
      yield* Effect.gen(function*() {
        const session = yield* Session.Session
        yield* PortalHome.codeLogin(session)
        const first = yield* credentials
        yield* PortalHome.codeLogin(session)
        assert.deepStrictEqual(home.credentials(), {})
        assert.notStrictEqual((yield* credentials).accessKeyId, first.accessKeyId)
      }).pipe(Effect.provide(layer))
      // in memory too, where a logout removes them as well
      yield* Effect.gen(function*() {
        const session = yield* Session.Session
        const first = yield* credentials
        yield* PortalHome.codeLogin(session)
        const second = yield* credentials
        assert.notStrictEqual(second.accessKeyId, first.accessKeyId)
        yield* session.logout()
        assert.include(yield* Effect.flip(credentials), { _tag: "NotLoggedIn" })
      }).pipe(Effect.provide(home.at(Node.portal(dev))))
    }).pipe(Effect.provide(approving), Effect.scoped))

  it.live("two sessions with one name and two start URLs do not share credentials in one program (P6)", () =>
    Effect.gen(function*() {
      const home = yield* PortalHome.make()
      const of = (startUrl: string) =>
        home.at(
          Node.portal({
            startUrl,
            region: "us-east-1",
            name: "s",
            role: PortalHome.role,
            store: TokenStore.layerMemory
          })
        )
      const login = Session.Session.use(PortalHome.codeLogin)
      // one inside the other, so that Effect would share what both layers have
      const [first, second] = yield* Effect.gen(function*() {
        yield* login
        const first = yield* credentials
        const second = yield* Effect.gen(function*() {
          assert.include(yield* Effect.flip(credentials), { _tag: "NotLoggedIn" })
          yield* login
          return yield* credentials
        }).pipe(Effect.provide(of("https://two.awsapps.com/start")))
        return [first, second] as const
      }).pipe(Effect.provide(of("https://one.awsapps.com/start")))
      assert.notStrictEqual(first.accessKeyId, second.accessKeyId)
    }).pipe(Effect.provide(approving), Effect.scoped))

  it.live("calls service and portal over one transport, with the authorities of the profile's `ca_bundle`", () =>
    Effect.gen(function*() {
      const { port } = yield* EmulatorServer.EmulatorServer
      const url = yield* behindTls(port)
      const bundle = join(yield* folder, "ca.pem")
      writeFileSync(bundle, Certificate.cert)
      const config = PortalHome.config(
        `ca_bundle = ${bundle}\nsso_account_id = ${PortalHome.role.accountId}\nsso_role_name = ReadOnlyAccess\n`
      )
      const home = yield* PortalHome.make(config, { AWS_ENDPOINT_URL_SSO_OIDC: url, AWS_ENDPOINT_URL_SSO: url })
      yield* home.login
      const both = Effect.gen(function*() {
        const given = yield* credentials
        yield* Session.Session.use((session) => session.logout())
        return given
      })
      assert.include(yield* Effect.provide(both, home.at(Node.portal(dev))), PortalHome.role)
    }).pipe(Effect.provide(approving), Effect.scoped))

  it.live("an option of `retry` holds for the portal too, and by default a busy portal is asked again (P4)", () =>
    Effect.gen(function*() {
      const home = yield* PortalHome.make()
      yield* home.login
      const { faults } = yield* Emulator.Emulator
      const busy = faults.arm({ _tag: "RawResponse", operation: "GetRoleCredentials", status: 503 })
      yield* busy
      const once = home.at(Node.portal({ ...dev, retry: { times: 0 } }))
      assert.include(yield* Effect.flip(Effect.provide(credentials, once)), { _tag: "UnexpectedResponse", status: 503 })
      assert.deepStrictEqual(home.sent(), [getRole])
      yield* busy
      yield* Effect.provide(credentials, home.at(Node.portal({ ...dev, retry: { base: "1 milli" } })))
      assert.deepStrictEqual(home.sent(), [getRole, getRole])
    }).pipe(Effect.provide(approving), Effect.scoped))

  it.live.each<[string, string, string, Readonly<Record<string, string>>]>([
    ["of China", "cn-north-1", "portal.sso.cn-north-1.amazonaws.com.cn", {}],
    ["of GovCloud", "us-gov-west-1", "portal.sso.us-gov-west-1.amazonaws.com", {}],
    ["of GovCloud, with FIPS", "us-gov-west-1", "portal.sso.us-gov-west-1.amazonaws.com", {
      AWS_USE_FIPS_ENDPOINT: "true"
    }],
    ["with FIPS", "us-east-1", "portal.sso-fips.us-east-1.amazonaws.com", { AWS_USE_FIPS_ENDPOINT: "true" }],
    ["with dual-stack", "eu-west-1", "portal.sso.eu-west-1.api.aws", { AWS_USE_DUALSTACK_ENDPOINT: "true" }],
    ["with dual-stack, of China", "cn-north-1", "portal.sso.cn-north-1.api.amazonwebservices.com.cn", {
      AWS_USE_DUALSTACK_ENDPOINT: "true"
    }]
  ])("calls the portal %s at the endpoint of that partition (P9)", ([, region, host, env]) =>
    Effect.gen(function*() {
      const tunnels: Array<string | undefined> = []
      const server = Http.createServer()
      server.on("connect", (request, socket) => {
        tunnels.push(request.url)
        socket.end("HTTP/1.1 403 Forbidden\r\n\r\n")
      })
      const proxy = yield* Effect.acquireRelease(
        Effect.callback<string>((resume) => {
          server.listen(0, "127.0.0.1", () => {
            const address = server.address()
            resume(Effect.succeed(`http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`))
          })
        }),
        () => Effect.sync(() => server.close())
      )
      const home = yield* PortalHome.make(PortalHome.config().replace("us-east-1", region), {
        ...env,
        AWS_ENDPOINT_URL_SSO: "",
        AWS_ENDPOINT_URL_SSO_OIDC: "",
        HTTPS_PROXY: proxy
      })
      home.store(region)
      const error = yield* Effect.flip(
        Effect.provide(credentials, home.at(Node.portal({ ...dev, retry: { times: 0 } })))
      )
      assert.include(error, { _tag: "TransportError", host, sent: "no" })
      assert.deepStrictEqual(tunnels, [`${host}:443`])
    }).pipe(Effect.provide(approving), Effect.scoped))

  it.live("fails with a typed error if the portal's endpoint cannot be used, before anything is sent (S2)", () =>
    Effect.gen(function*() {
      const home = yield* PortalHome.make(undefined, { AWS_ENDPOINT_URL_SSO: "http://portal.example" })
      home.store()
      const error = yield* Effect.flip(Effect.provide(credentials, home.at(Node.portal(dev))))
      assert.strictEqual(error._tag, "AwsConfigError")
      assert.include(error.message, "AWS_ENDPOINT_URL_SSO")
      assert.deepStrictEqual(home.sent(), [])
    }).pipe(Effect.provide(approving), Effect.scoped))
})
