import { assert, describe, it } from "@effect/vitest"
import * as CreateToken from "@sso-oidc/core/CreateToken"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import * as PortalClient from "@sso-oidc/portal/PortalClient"
import * as FetchTransport from "@sso-oidc/transport-browser/FetchTransport"
import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as HttpMiddleware from "effect/http/HttpMiddleware"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/testing/TestClock"
import * as Planted from "../support/leaksPlanted.ts"
import { leakOf, watch } from "../support/leaksWatch.ts"

const runs = { arbitrary: { runs: 2, seed: 20261124 } }
const startUrl = `https://${Planted.host}/start`
const grantType = CreateToken.deviceCodeGrantType

// A program can choose to have headers in its spans
const everyHeader = Layer.succeed(HttpMiddleware.TracerHeaderFilter, () => true)

/** A whole login with mistakes, against the emulator on a socket. It gives every secret that the emulator made. */
const tour = (s: Planted.Secrets) =>
  Effect.gen(function*() {
    const oidc = yield* SsoOidc.SsoOidc
    const portal = yield* PortalClient.PortalClient
    const emulator = yield* Emulator.Emulator
    const { url } = yield* EmulatorServer.EmulatorServer
    const post = (path: string, body: string) =>
      Effect.promise(() => fetch(`${url}${path}`, { method: "POST", body }).then((response) => response.text()))
    const refused = <A, E extends { readonly _tag: string }>(effect: Effect.Effect<A, E>) =>
      Effect.map(Effect.flip(Effect.tapError(effect, (error) => Effect.logError(error))), ({ _tag }) => _tag)

    // the secrets of a caller that is wrong about everything
    for (const call of Planted.callsOf(s).slice(1)) {
      yield* refused(Effect.mapError(call.run(oidc), (error) => Object.assign(error, { _tag: "refused" })))
    }
    for (const path of ["/client/register", "/device_authorization", "/token", "/device"]) {
      yield* post(path, JSON.stringify(s))
      yield* post(path, JSON.stringify({ ...s, clientId: s.code, grantType: s.code, startUrl: s.code, scope: s.code }))
      yield* post(path, Object.values(s).join("&"))
      yield* post(`${path}?user_code=${encodeURIComponent(s.code)}`, "")
    }

    // at the portal, whose query holds no secret. A header has fewer characters
    const planted = `planted-${s.code.replace(/[^\x21-\x7e]/g, "x")}`
    for (
      const path of ["/assignment/accounts", "/assignment/roles", "/federation/credentials", "/logout", "/accounts"]
    ) {
      const headers = { "x-amz-sso_bearer_token": planted, authorization: `Bearer ${planted}` }
      yield* Effect.promise(() => fetch(`${url}${path}`, { headers }).then((response) => response.text()))
      const body = Object.values(s).join("&")
      yield* Effect.promise(() =>
        fetch(`${url}${path}`, { method: "POST", headers, body }).then((response) => response.text())
      )
    }

    const { clientId, clientSecret } = yield* oidc.registerClient({
      clientName: "a-tool",
      clientType: "public",
      scopes: ["sso:account:access"]
    })
    const client = { clientId, clientSecret }
    const code = yield* oidc.startDeviceAuthorization({ ...client, startUrl })
    const poll = oidc.createToken({ ...client, grantType, deviceCode: code.deviceCode })
    assert.strictEqual(yield* refused(poll), "AuthorizationPendingException")
    assert.strictEqual(yield* refused(poll), "SlowDownException")
    yield* Effect.promise(() => fetch(code.verificationUriComplete ?? "").then((page) => page.text()))
    yield* emulator.authorizations.approve(code.userCode)
    yield* TestClock.adjust("10 seconds")
    const token = yield* poll
    assert.strictEqual(yield* refused(poll), "InvalidGrantException")
    if (token.refreshToken === undefined) return assert.fail("no refresh token")
    const again = yield* oidc.createToken({ ...client, grantType: "refresh_token", refreshToken: token.refreshToken })
    if (again.refreshToken === undefined) return assert.fail("no refresh token")

    const { accessToken } = again
    const [account] = (yield* portal.listAccounts({ accessToken })).accountList ?? []
    if (account === undefined) return assert.fail("no account")
    const { accountId } = account
    const [role] = (yield* portal.listAccountRoles({ accessToken, accountId })).roleList ?? []
    if (role === undefined) return assert.fail("no role")
    const of = { accessToken, accountId, roleName: role.roleName }
    const { roleCredentials } = yield* portal.getRoleCredentials(of)
    assert.strictEqual(
      yield* refused(portal.getRoleCredentials({ ...of, roleName: "another" })),
      "ForbiddenException"
    )
    yield* portal.logout({ accessToken })
    assert.strictEqual(yield* refused(portal.listAccounts({ accessToken })), "UnauthorizedException")
    return [
      Redacted.make(planted),
      roleCredentials.secretAccessKey,
      roleCredentials.sessionToken,
      clientSecret,
      code.deviceCode,
      token.accessToken,
      token.refreshToken,
      again.accessToken,
      again.refreshToken,
      Redacted.make(code.userCode)
    ]
  })

describe.each([["node", NodeTransport.layer()], ["fetch", FetchTransport.layer]] as const)(
  "planted secrets: the emulator's own routes, through %s (C6)",
  (_, transport) => {
    it.effect.prop("neither its own secrets nor its callers' secrets show in its logs and spans (C6)", [
      Planted.Secrets
    ], ([s]) =>
      Effect.gen(function*() {
        const client = Layer.unwrap(
          Effect.map(EmulatorServer.EmulatorServer, ({ url }) => {
            const options = { region: "us-east-1", endpoint: url }
            return Layer.merge(SsoOidc.layer(options), PortalClient.layer(options))
          })
        ).pipe(Layer.provide(transport), Layer.provideMerge(EmulatorServer.layer()), Layer.provide(everyHeader))
        // within the watch, so that it sees the server's own spans and logs
        const watched = yield* watch(Effect.provide(tour(s), client))
        if (Exit.isFailure(watched.exit)) return assert.fail(String(watched.exit))
        // only the line that tells the person where to approve has the code in it (E4)
        const lines = watched.lines.filter((line) => !line.includes("A login waits for a person"))
        assert.isBelow(lines.length, watched.lines.length)
        const leak = leakOf({ ...watched, lines }, [...Object.values(s), ...watched.exit.value.map(Redacted.value)])
        assert.isUndefined(leak, JSON.stringify(leak))
        assert.isAbove(watched.spans.filter(({ kind }) => kind === "server").length, 15)
      }), runs)
  }
)
