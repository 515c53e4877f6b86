/**
 * The portal over a socket, as a program on Node has it.
 */
import { assert, describe, it } from "@effect/vitest"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import * as AwsSdk from "@sso-oidc/portal/AwsSdk"
import * as Portal from "@sso-oidc/portal/Portal"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Redacted from "effect/Redacted"
import * as References from "effect/References"
import * as Stream from "effect/Stream"
import * as Node from "sso-oidc/node"
import * as PortalHome from "./support/portalHome.ts"

const roleNames = ["Admin", "Developer", "ReadOnlyAccess"]

const many = Array.from({ length: 40 }, (_, at) => ({
  accountId: String(100_000_000_000 + at),
  accountName: `account ${at}`,
  emailAddress: `owner-${at}@example.com`,
  roles: roleNames
}))

const quiet = Layer.succeed(References.MinimumLogLevel, "Warn")

describe("the portal over a socket", () => {
  it.live(
    "40 accounts with 3 roles each are listed to the end, in order, without a 429 (P3, P4, P5)",
    () =>
      Effect.gen(function*() {
        const home = yield* PortalHome.make()
        yield* home.login
        const all = yield* Portal.Portal.use(({ allRoles }) => Stream.runCollect(allRoles)).pipe(
          // a 429 would be an element that says so
          Effect.provide(home.at(Node.portal({ profile: "dev", retry: { times: 0 } })))
        )
        assert.deepStrictEqual(
          all.map((each) => each._tag === "AccountRole" ? `${each.account.accountId} ${each.roleName}` : each.error),
          many.flatMap(({ accountId }) => roleNames.map((name) => `${accountId} ${name}`))
        )
        assert.lengthOf(home.sent(), 41)
      }).pipe(
        Effect.scoped,
        Effect.provide(Layer.provide(EmulatorServer.layer({ accounts: many }), quiet))
      ),
    30_000
  )

  it.live("50 callers cause one GetRoleCredentials, by Effect and by the SDK together (P6, P7)", () =>
    Effect.gen(function*() {
      const home = yield* PortalHome.make()
      yield* home.login
      const runtime = yield* Effect.acquireRelease(
        Effect.sync(() => ManagedRuntime.make(home.at(Node.portal({ profile: "dev" })))),
        (runtime) => runtime.disposeEffect
      )
      const forSdk = AwsSdk.credentials(runtime)
      const ofEffect = Effect.promise(() => runtime.runPromise(Portal.Portal.use((portal) => portal.credentials())))
        .pipe(Effect.map(({ accessKeyId, sessionToken }) => `${accessKeyId} ${Redacted.value(sessionToken)}`))
      const ofSdk = Effect.promise(() => forSdk()).pipe(
        Effect.map(({ accessKeyId, sessionToken }) => `${accessKeyId} ${sessionToken}`)
      )
      const given = yield* Effect.all(Array.from({ length: 25 }, () => [ofEffect, ofSdk]).flat(), {
        concurrency: "unbounded"
      })
      assert.lengthOf(given, 50)
      assert.strictEqual(new Set(given).size, 1)
      assert.deepStrictEqual(home.sent(), ["GET /federation/credentials"])
    }).pipe(Effect.scoped, Effect.provide(Layer.provide(EmulatorServer.layer(), quiet))))
})
