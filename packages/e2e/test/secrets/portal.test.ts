/**
 * The portal of a program on Node, watched as a collector of logs and traces does. Some responses have the secrets of the request in them.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import * as CredentialsCache from "@sso-oidc/portal/CredentialsCache"
import * as Portal from "@sso-oidc/portal/Portal"
import { search, textsOf } from "@sso-oidc/test-kit/leaks"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as References from "effect/References"
import * as Stream from "effect/Stream"
import * as Node from "sso-oidc/node"
import * as Session from "sso-oidc/Session"
import { leakOf, watch } from "../support/leaksWatch.ts"
import * as PortalHome from "../support/portalHome.ts"

const emulator = Layer.provide(EmulatorServer.layer(), Layer.succeed(References.MinimumLogLevel, "Warn"))

/** The secrets in the files of a home. */
const inFiles = (home: PortalHome.Home): ReadonlyArray<string> =>
  Object.values({ ...home.tokens(), ...home.credentials() })
    .flatMap((
      text
    ) => [...text.matchAll(/"(?:accessToken|refreshToken|clientSecret|SecretAccessKey|SessionToken)": ?"([^"]+)"/g)])
    .flatMap(([, secret]) => secret ?? [])

const tagOf = (exit: Exit.Exit<unknown, { readonly _tag: string }>): string => {
  if (Exit.isSuccess(exit)) return "success"
  const [reason] = exit.cause.reasons
  return reason !== undefined && Cause.isFailReason(reason) ? reason.error._tag : String(exit)
}

describe("the secrets of the portal", () => {
  it.live(
    "are in no log, span and error of a program with `Node.portal`, and in none of its values (S21, C6)",
    () =>
      Effect.gen(function*() {
        const home = yield* PortalHome.make()
        yield* home.login
        const [token = ""] = inFiles(home)
        const secrets = [...inFiles(home)]
        const { faults } = yield* Emulator.Emulator
        /** A response that has the token of the request in its body, and in a header. */
        const echo = (status: number, body: string) =>
          faults.arm({ _tag: "RawResponse", operation: "GetRoleCredentials", status, body, location: token })
        const program = Effect.gen(function*() {
          const { credentials, allRoles } = yield* Portal.Portal
          const session = yield* Session.Session
          const forced = Effect.exit(credentials(undefined, { forceRefresh: true }))
          const first = yield* Effect.exit(credentials())
          if (Exit.isSuccess(first)) {
            secrets.push(Redacted.value(first.value.secretAccessKey), Redacted.value(first.value.sessionToken))
            // as a careless program does
            yield* Effect.logInfo("got", first.value)
          }
          const exits: Array<Exit.Exit<unknown, { readonly _tag: string }>> = [
            first,
            yield* Effect.exit(Stream.runCollect(allRoles)),
            yield* Effect.exit(credentials({ accountId: "444455556666", roleName: "AdministratorAccess" })),
            yield* Effect.exit(credentials({ accountId: token, roleName: token }))
          ]
          yield* echo(403, JSON.stringify({ message: `no ${token}`, __type: "ForbiddenException" }))
          exits.push(yield* forced)
          yield* echo(400, `<html>${token}</html>`)
          exits.push(yield* forced)
          yield* echo(200, JSON.stringify({ roleCredentials: { secretAccessKey: token, sessionToken: 1 } }))
          exits.push(yield* forced)
          yield* echo(302, token)
          exits.push(yield* forced)
          secrets.push(...inFiles(home))
          exits.push(yield* Effect.exit(session.logout()), yield* Effect.exit(credentials()))
          return exits
        }).pipe(
          Effect.provide(home.at(Node.portal({
            profile: "dev",
            retry: { times: 0 },
            credentialsCache: CredentialsCache.layerAwsCache()
          })))
        )
        const watched = yield* watch(program)
        assert.isAbove(new Set(secrets).size, 4)
        const leak = leakOf(watched, [...new Set(secrets)])
        assert.isUndefined(leak, JSON.stringify(leak))
        if (Exit.isFailure(watched.exit)) return assert.fail(Cause.pretty(watched.exit.cause))
        assert.deepStrictEqual(watched.exit.value.map(tagOf), [
          "success",
          "success",
          "ForbiddenException",
          "RoleUnusable",
          "ForbiddenException",
          "UnexpectedResponse",
          "UnexpectedResponse",
          "UnexpectedResponse",
          "success",
          "NotLoggedIn"
        ])
        assert.include(watched.spans.map(({ name }) => name), "SSO.GetRoleCredentials")
      }).pipe(Effect.scoped, Effect.provide(emulator)),
    60_000
  )

  it.live(
    "are not reachable from the function of `Node.credentials`, and not in what it rejects with (S21, P7)",
    () =>
      Effect.gen(function*() {
        const home = yield* PortalHome.make()
        yield* home.login
        const tokens = inFiles(home)
        yield* PortalHome.inEnvironment(
          home.variables,
          Effect.gen(function*() {
            const credentials = yield* Effect.acquireRelease(
              Effect.sync(() => Node.credentials({ profile: "dev", retry: { times: 0 } })),
              (credentials) => Effect.promise(() => credentials.dispose())
            )
            const { secretAccessKey, sessionToken } = yield* Effect.promise(() => credentials())
            const find = search([...tokens, secretAccessKey, sessionToken])
            yield* Emulator.Emulator.use(({ accounts }) => accounts.unassign("111122223333", "ReadOnlyAccess"))
            const error = yield* Effect.promise(() =>
              credentials({ forceRefresh: true }).then(
                () => assert.fail("it gave credentials"),
                (error: unknown) => error
              )
            )
            assert.include(error, { _tag: "ForbiddenException" })
            for (const text of [credentials, error].flatMap(textsOf)) {
              assert.isUndefined(find(text), text.slice(0, 200))
            }
          })
        )
      }).pipe(Effect.scoped, Effect.provide(emulator)),
    60_000
  )
})
