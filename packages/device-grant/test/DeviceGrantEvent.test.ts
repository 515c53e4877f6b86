import { assert, describe, it } from "@effect/vitest"
import { BackoffPolicy } from "@sso-oidc/device-grant/BackoffPolicy"
import * as DeviceGrant from "@sso-oidc/device-grant/DeviceGrant"
import { instructions } from "@sso-oidc/device-grant/DeviceGrantEvent"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Clocks from "./support/clocks.ts"
import * as Service from "./support/service.ts"

const exact = Effect.provideService(BackoffPolicy, { cap: Duration.seconds(60), jitter: 0 })

describe("D11: what a person is told", () => {
  const ready = {
    _tag: "CodeReady",
    userCode: "BRCJ-PDVT",
    verificationUri: "https://device.example/",
    expiresAt: DateTime.makeUnsafe(600_000),
    nextPollAt: DateTime.makeUnsafe(5000)
  } as const

  it("at the plain URL the person enters the code (D11)", () => {
    assert.strictEqual(instructions(ready), "Open https://device.example/ and enter the code BRCJ-PDVT")
  })

  it("at the complete URL the person compares the code, and may enter it at the plain one (D11)", () => {
    assert.strictEqual(
      instructions({ ...ready, verificationUriComplete: "https://device.example/?user_code=BRCJ-PDVT" }),
      "Open https://device.example/?user_code=BRCJ-PDVT and go on only if the page shows the code BRCJ-PDVT\n" +
        "Or open https://device.example/ and enter the code BRCJ-PDVT"
    )
  })

  it.effect("after two slow_down in a row an event says what is likely (D11)", () =>
    Effect.gen(function*() {
      const slow = Service.slowDown()
      const service = Service.make({
        polls: [slow, Service.pending, slow, slow, slow, Service.cut("no"), slow, Service.token()]
      })
      const seen: Array<boolean> = []
      yield* DeviceGrant.login({
        clientName: "test",
        startUrl: Service.startUrl,
        onEvent: (event) =>
          Effect.sync(() => {
            if (event._tag === "Waiting") seen.push(event.advice !== undefined)
          })
      }).pipe(Effect.provide(service.layer), exact, Clocks.within(400))
      assert.deepStrictEqual(seen, [false, false, false, true, true, false, false])
    }))

  it.effect.each(
    [
      ["a Promise", (): unknown => Promise.reject(new Error("late"))],
      ["undefined", (): unknown => undefined],
      ["a text", (): unknown => "done"]
    ] as const
  )("a callback that returns %s is told what to return (D7)", ([, callback]) =>
    Effect.gen(function*() {
      const service = Service.make({})
      for (const name of ["onEvent", "onRegistration"] as const) {
        // deliberately wrong, as untyped JavaScript may
        const options = { clientName: "test", startUrl: Service.startUrl, [name]: callback } as never
        const exit = yield* Effect.exit(
          DeviceGrant.login(options as DeviceGrant.LoginOptions).pipe(Effect.provide(service.layer))
        )
        assert.include(String(Exit.isFailure(exit) ? exit.cause : exit), `${name} must return an Effect`)
      }
    }))
})
