import { assert, describe, it } from "@effect/vitest"
import { BackoffPolicy } from "@sso-oidc/device-grant/BackoffPolicy"
import * as DeviceGrant from "@sso-oidc/device-grant/DeviceGrant"
import * as DeviceGrantEvent from "@sso-oidc/device-grant/DeviceGrantEvent"
import * as Clocks from "@sso-oidc/test-kit/clocks"
import * as Service from "@sso-oidc/test-kit/scriptedService"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { inspect } from "node:util"
import * as Events from "./support/events.ts"

const exact = Effect.provideService(BackoffPolicy, { cap: Duration.seconds(60), jitter: 0 })

describe("the texts for the person (D11)", () => {
  const ready = {
    _tag: "CodeReady",
    userCode: "BRCJ-PDVT",
    verificationUri: "https://device.example/",
    expiresAt: DateTime.makeUnsafe(600_000),
    nextPollAt: DateTime.makeUnsafe(5000)
  } as const

  it("without a complete URL, the person enters the code at the plain URL (D11)", () => {
    assert.strictEqual(
      DeviceGrantEvent.instructions(ready),
      "Open https://device.example/ and enter the code BRCJ-PDVT"
    )
  })

  it("with a complete URL, the person compares the code there, or enters it at the plain URL (D11)", () => {
    assert.strictEqual(
      DeviceGrantEvent.instructions({
        ...ready,
        verificationUriComplete: "https://device.example/?user_code=BRCJ-PDVT"
      }),
      "Open https://device.example/?user_code=BRCJ-PDVT and go on only if the page shows the code BRCJ-PDVT\n" +
        "Or open https://device.example/ and enter the code BRCJ-PDVT"
    )
  })

  it.effect("after two slow_down in a row the event has advice (D11)", () =>
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
  )(
    "a callback that returns %s is a defect, whose message says what to return (D7)",
    ([, callback]) =>
      Effect.gen(function*() {
        const service = Service.make({})
        for (const name of ["onEvent", "onRegistration"] as const) {
          // deliberately wrong, as JavaScript allows it
          const options = { clientName: "test", startUrl: Service.startUrl, [name]: callback } as never
          const exit = yield* Effect.exit(
            DeviceGrant.login(options as DeviceGrant.LoginOptions).pipe(Effect.provide(service.layer))
          )
          assert.include(String(Exit.isFailure(exit) ? exit.cause : exit), `${name} must return an Effect`)
        }
      })
  )
})

// -----------------------------------------------------------------------------
// schema
// -----------------------------------------------------------------------------

/** The events of a login with each reason to wait, and with two `slow_down` in a row. */
const events = Effect.gen(function*() {
  const slow = Service.slowDown()
  const service = Service.make({ polls: [Service.pending, slow, slow, Service.cut("maybe"), Service.token()] })
  const seen: Array<DeviceGrantEvent.DeviceGrantEvent> = []
  yield* DeviceGrant.login({
    clientName: "test",
    startUrl: Service.startUrl,
    onEvent: (event) => Effect.sync(() => seen.push(event))
  }).pipe(Effect.provide(service.layer), exact, Clocks.within(200))
  return seen
})

const secrets = ["client-secret-1", "device-code-1", "access-token-1", "refresh-token-1"]

describe("the schema of the events (D7)", () => {
  it.effect("each event is the same after encoding and decoding, and its encoding shows no secret (C6, D7)", () =>
    Effect.gen(function*() {
      const seen = yield* events
      assert.deepStrictEqual(seen.map((event) => event._tag === "Waiting" ? event.reason : event._tag), [
        "Registered",
        "CodeReady",
        "pending",
        "slowedDown",
        "slowedDown",
        "trouble",
        "Approved"
      ])
      for (const event of seen) {
        const encoded = yield* Schema.encodeEffect(DeviceGrantEvent.DeviceGrantEvent)(event)
        for (const shown of [JSON.stringify(encoded), inspect(encoded, { depth: null, showHidden: true })]) {
          for (const secret of secrets) assert.notInclude(shown, secret)
          // only the secret text has the user code
          if (event._tag === "Waiting") assert.notInclude(shown, "BRCJ-PDVT")
        }
        const back = yield* Schema.decodeEffect(DeviceGrantEvent.DeviceGrantEvent)(encoded)
        assert.strictEqual(Events.clear(back), Events.clear(event))
        assert.deepStrictEqual(back, event)
      }
    }))

  it.effect("the encoding of a Waiting event has the next poll in the clear (D7)", () =>
    Effect.gen(function*() {
      for (const event of yield* events) {
        if (event._tag !== "Waiting") continue
        assert.strictEqual(event.wait, event.pending.wait)
        assert.strictEqual(event.nextPollAt, event.pending.nextPollAt)
        const encoded = yield* Schema.encodeEffect(DeviceGrantEvent.Waiting)(event)
        assert.strictEqual(encoded.nextPollAt, DateTime.toEpochMillis(event.nextPollAt))
        assert.strictEqual(encoded.wait, Duration.toMillis(event.wait))
        assert.strictEqual(JSON.parse(JSON.stringify(encoded)).pending, "<redacted:pendingAuthorization>")
      }
    }))

  it.effect("a codec for JSON encodes CodeReady, and fails for events with a secret (C6)", () =>
    Effect.gen(function*() {
      const codec = Schema.toCodecJson(DeviceGrantEvent.DeviceGrantEvent)
      for (const event of yield* events) {
        const exit = yield* Effect.exit(Schema.encodeEffect(codec)(event))
        assert.strictEqual(Exit.isSuccess(exit), event._tag === "CodeReady", event._tag)
        for (const secret of secrets) assert.notInclude(inspect(exit, { depth: null, showHidden: true }), secret)
        if (Exit.isFailure(exit)) assert.include(String(exit.cause), "Cannot serialize Redacted")
      }
    }))

  it.effect.each(
    [
      ["another reason", { reason: "impatient" }],
      ["an infinite wait", { wait: Infinity }],
      ["a next poll beyond the last possible date", { nextPollAt: 9e15 }],
      ["an escape character in its advice", { advice: "\u001b[2J" }],
      ["a text that is no pending authorization", { pending: Redacted.make("device-code-1") }],
      ["a pending authorization in the clear", { pending: "device-code-1" }],
      ["no pending authorization", { pending: undefined }]
    ] as const
  )(
    "an encoded Waiting event with %s is refused, and the error repeats no secret (C6, D8)",
    ([, change]) =>
      Effect.gen(function*() {
        for (const event of yield* events) {
          if (event._tag !== "Waiting") continue
          const encoded = yield* Schema.encodeEffect(DeviceGrantEvent.Waiting)(event)
          const error = yield* Effect.flip(
            Schema.decodeUnknownEffect(DeviceGrantEvent.DeviceGrantEvent)({ ...encoded, ...change })
          )
          for (const shown of [error.message, JSON.stringify(error), inspect(error, { depth: null })]) {
            for (const secret of secrets) assert.notInclude(shown, secret)
          }
        }
      })
  )

  it.effect("an event that is printed shows no secret (C6)", () =>
    Effect.gen(function*() {
      for (const event of yield* events) {
        for (const shown of [JSON.stringify(event), inspect(event, { depth: null, showHidden: true }), String(event)]) {
          for (const secret of secrets) assert.notInclude(shown, secret)
        }
      }
    }))
})
