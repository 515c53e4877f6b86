import { assert, describe, it, vi } from "@effect/vitest"
import * as DeviceGrant from "@sso-oidc/device-grant/DeviceGrant"
import * as Clocks from "@sso-oidc/test-kit/clocks"
import * as Service from "@sso-oidc/test-kit/scriptedService"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"

const login = DeviceGrant.login({ clientName: "test", startUrl: Service.startUrl })

describe("the clock of the grant (D9)", () => {
  it.effect("all waits and time limits use the Clock, and no timer of the platform runs (D9)", () =>
    Effect.gen(function*() {
      const service = Service.make({
        polls: [
          Service.pending,
          Service.slowDown({ headers: { "retry-after": "20" } }),
          Service.cut("maybe"),
          { silent: true },
          Service.gateway(503, { "retry-after": "90" }),
          Service.token()
        ]
      })
      const timers: Array<number | undefined> = []
      const setTimeout = vi.spyOn(globalThis, "setTimeout")
      const exit = yield* login.pipe(
        Effect.provide(service.layer),
        Clocks.within(590),
        Effect.ensuring(Effect.sync(() => {
          timers.push(...setTimeout.mock.calls.map(([, millis]) => millis))
          setTimeout.mockRestore()
        }))
      )
      assert.isTrue(exit !== "still running" && Exit.isSuccess(exit))
      assert.strictEqual(service.polls().length, 6)
      // the timer of 1 s is a warning of TestClock
      assert.deepStrictEqual(timers.filter((millis) => millis !== 1000), [])
    }))
})
