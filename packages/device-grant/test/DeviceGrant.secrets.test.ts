import { assert, describe, it } from "@effect/vitest"
import type * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as DeviceGrant from "@sso-oidc/device-grant/DeviceGrant"
import * as DeviceGrantStream from "@sso-oidc/device-grant/DeviceGrantStream"
import * as Clocks from "@sso-oidc/test-kit/clocks"
import * as Service from "@sso-oidc/test-kit/scriptedService"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Logger from "effect/Logger"
import * as References from "effect/References"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import * as Tracer from "effect/Tracer"
import { inspect } from "node:util"

// the secrets that the scripted service issues, and the texts that only the person may see
const words = ["client-secret-1", "device-code-1", "access-token-1", "refresh-token-1", "BRCJ-PDVT", "device.sso."]

/** Runs the effect, and gives all that a tracer and a logger get from it. */
const recorded = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const spans: Array<Tracer.NativeSpan> = []
    const logs: Array<unknown> = []
    const tracer = Tracer.make({
      span: (options) => {
        const span = new Tracer.NativeSpan(options)
        spans.push(span)
        return span
      }
    })
    const exit = yield* effect.pipe(
      Effect.provideService(Tracer.Tracer, tracer),
      Effect.provideService(References.MinimumLogLevel, "All"),
      Effect.provide(Logger.layer([Logger.make((entry) => logs.push(entry.message))]))
    )
    const seen = spans.map((span) => inspect([span.name, span.status, span.attributes, span.events], { depth: null }))
    return { exit, names: spans.map(({ name }) => name), text: [...seen, inspect(logs, { depth: null })].join("\n") }
  })

const login = DeviceGrant.login({ clientName: "test", startUrl: Service.startUrl })

describe("the spans, logs and errors of the grant (C6)", () => {
  it.effect.each(
    [
      ["a login", [Service.pending, Service.token()]],
      ["a login that is denied", [Service.exception("AccessDeniedException", "access_denied")]],
      ["a login that expires", [Service.cut("maybe")]],
      ["a login whose token is lost", [{ body: { accessToken: "" } }]]
    ] as const
  )("%s puts no secret, code or URL into spans, logs and errors (C6)", ([, polls]) =>
    Effect.gen(function*() {
      const service = Service.make({ polls })
      const { exit, names, text } = yield* recorded(login.pipe(Effect.provide(service.layer), Clocks.within(700)))
      assert.notStrictEqual(exit, "still running")
      for (const word of words) assert.notInclude(text, word)
      if (exit !== "still running" && Exit.isFailure(exit)) {
        for (const word of words) assert.notInclude(inspect(exit, { depth: null, showHidden: true }), word)
      }
      assert.include(names, "DeviceGrant.login")
      assert.include(names, "DeviceGrant.start")
    }))

  it.effect("start and step put no secret, code or URL into spans and logs (C6)", () =>
    Effect.gen(function*() {
      const service = Service.make({ polls: [Service.pending] })
      const { exit, names, text } = yield* recorded(
        Effect.gen(function*() {
          const pending = yield* DeviceGrant.start({ clientName: "test", startUrl: Service.startUrl })
          const early = yield* DeviceGrant.step(pending)
          yield* TestClock.adjust("5 seconds")
          const late = yield* DeviceGrant.step(pending)
          return [early._tag, late._tag]
        }).pipe(Effect.provide(service.layer))
      )
      assert.deepStrictEqual(exit, ["NotDue", "Waiting"])
      for (const word of words) assert.notInclude(text, word)
      assert.deepStrictEqual(names.filter((name) => name.startsWith("DeviceGrant")), [
        "DeviceGrant.start",
        "DeviceGrant.step",
        "DeviceGrant.step"
      ])
    }))

  it.effect.each(
    [
      ["a stream", [Service.pending, Service.token()]],
      ["a stream that fails", [Service.exception("AccessDeniedException", "access_denied")]]
    ] as const
  )(
    "%s puts no secret, code or URL into spans and logs, and its requests are inside its span (C6)",
    ([, polls]) =>
      Effect.gen(function*() {
        const service = Service.make({ polls })
        const { exit, names, text } = yield* recorded(
          DeviceGrantStream.login({ clientName: "test", startUrl: Service.startUrl }).pipe(
            Stream.runLast,
            Effect.provide(service.layer),
            Clocks.within(60)
          )
        )
        assert.notStrictEqual(exit, "still running")
        for (const word of words) assert.notInclude(text, word)
        assert.strictEqual(names[0], "DeviceGrantStream.login")
        assert.include(names, "SSO OIDC.CreateToken")
      })
  )

  it.effect("each run has its own span, and the start of a login has another span inside it (C9)", () =>
    Effect.gen(function*() {
      const service = Service.make({ polls: [Service.pending, Service.token()] })
      const options = { clientName: "test", startUrl: Service.startUrl }
      const namesOf = <A, E>(run: Effect.Effect<A, E, SsoOidc.SsoOidc>) =>
        Effect.map(recorded(run.pipe(Effect.provide(service.layer), Clocks.within(30))), ({ names }) => names)
      const [register, start, poll] = ["RegisterClient", "StartDeviceAuthorization", "CreateToken"].map((name) =>
        `SSO OIDC.${name}`
      )
      assert.deepStrictEqual(yield* namesOf(DeviceGrant.login(options)), [
        "DeviceGrant.login",
        "DeviceGrant.start",
        register,
        start,
        poll,
        poll
      ])
      const streamed = yield* namesOf(Stream.runDrain(DeviceGrantStream.login(options)))
      assert.deepStrictEqual(streamed, ["DeviceGrantStream.login", register, start, poll])
      const pending = yield* Effect.provide(DeviceGrant.start(options), service.layer)
      assert.deepStrictEqual(yield* namesOf(DeviceGrant.resume(pending)), ["DeviceGrant.resume", poll])
      const rest = yield* namesOf(Stream.runDrain(DeviceGrantStream.resume(pending)))
      assert.deepStrictEqual(rest, ["DeviceGrantStream.resume", poll])
    }))
})
