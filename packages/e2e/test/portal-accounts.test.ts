/**
 * The whole list of a large organization, in process: session, portal and emulator on the test's clock.
 */
import { assert, describe, it } from "@effect/vitest"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as EmulatorTransport from "@sso-oidc/emulator/EmulatorTransport"
import * as CredentialsCache from "@sso-oidc/portal/CredentialsCache"
import * as Portal from "@sso-oidc/portal/Portal"
import * as PortalClient from "@sso-oidc/portal/PortalClient"
import * as Session from "@sso-oidc/session/Session"
import * as TokenStore from "@sso-oidc/session/TokenStore"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"

const roles = ["Admin", "Developer", "ReadOnlyAccess"]

const accounts = Array.from({ length: 665 }, (_, n) => ({
  accountId: String(100_000_000_000 + n),
  accountName: `Account ${n}`,
  emailAddress: `owner-${n}@example.com`,
  roles
}))

const region = { region: "eu-west-1" }

const live = Portal.layer({ retry: { times: 0 } }).pipe(
  Layer.provide(PortalClient.layer(region)),
  Layer.provide(CredentialsCache.layerMemory),
  Layer.provideMerge(Session.layer({ ...region, startUrl: "https://emulator.awsapps.com/start", name: "s" })),
  Layer.provide(SsoOidc.layer(region)),
  Layer.provideMerge(EmulatorTransport.layer({ accounts, autoApprove: "1 second" })),
  Layer.provide(TokenStore.layerMemory)
)

/** Runs an effect to its end on the test's clock. */
const toTheEnd = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(effect)
    while (fiber.pollUnsafe() === undefined) {
      yield* TestClock.adjust("100 millis")
      // the emulator and the session hash with WebCrypto, which takes real time
      yield* Effect.callback<void>((resume) => void setImmediate(() => resume(Effect.void)))
    }
    return yield* Fiber.join(fiber)
  })

describe("665 accounts with 3 roles each", () => {
  it.effect("list to the end within 1.5 s of 44.8 s, against an emulator that responds 429 to the 20th request in a second (P4, E7)", () =>
    Effect.gen(function*() {
      yield* toTheEnd(Session.Session.use((session) => session.login({ grant: "device" })))
      const from = yield* Clock.currentTimeMillis
      // without retries, so that a 429 would be an element that says so
      const found = yield* toTheEnd(Portal.Portal.use(({ allRoles }) => Stream.runCollect(allRoles)))
      assert.lengthOf(found.filter(({ _tag }) => _tag === "AccountRole"), 1995)
      assert.lengthOf(found, 1995)
      assert.approximately(((yield* Clock.currentTimeMillis) - from) / 1000, 44.8, 1.5)
    }).pipe(Effect.provide(live)))
})
