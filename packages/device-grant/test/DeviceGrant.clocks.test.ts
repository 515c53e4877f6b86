import { assert, describe, it } from "@effect/vitest"
import * as DeviceGrant from "@sso-oidc/device-grant/DeviceGrant"
import type { DeviceGrantEvent } from "@sso-oidc/device-grant/DeviceGrantEvent"
import * as Clocks from "@sso-oidc/test-kit/clocks"
import * as Service from "@sso-oidc/test-kit/scriptedService"
import * as Effect from "effect/Effect"

/** Runs a login, and calls `onCode` when it has the code. */
const login = (onCode: Effect.Effect<void>) =>
  DeviceGrant.login({
    clientName: "test",
    startUrl: Service.startUrl,
    onEvent: (event: DeviceGrantEvent) => event._tag === "CodeReady" ? onCode : Effect.void
  })

describe("clocks that are not steady", () => {
  it.effect("a sleep that ends after the deadline is followed by no poll (D4)", () =>
    Effect.gen(function*() {
      const clock = yield* Clocks.unsteady
      const service = Service.make({ start: [Service.code({ expiresIn: 30 })] })
      const exit = yield* login(clock.wakeLate(30)).pipe(
        Effect.flip,
        Effect.provide(service.layer),
        clock.provide,
        Clocks.within(60)
      )
      assert.deepStrictEqual(service.polls(), [])
      assert.isTrue(exit !== "still running" && exit._tag === "Success" && exit.value._tag === "DeviceCodeExpired")
    }))

  it.effect("a monotonic clock that goes back does not make a wait longer than the interval (D1)", () =>
    Effect.gen(function*() {
      const clock = yield* Clocks.unsteady
      const service = Service.make({ polls: [Service.pending, Service.token()] })
      yield* login(clock.move(-100)).pipe(Effect.provide(service.layer), clock.provide, Clocks.within(60))
      assert.deepStrictEqual(service.polls(), [5, 10])
    }))
})
