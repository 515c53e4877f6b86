import { assert, describe, it } from "@effect/vitest"
import * as LoginEvent from "@sso-oidc/session/LoginEvent"
import * as LoginMethod from "@sso-oidc/session/LoginMethod"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import { inspect } from "node:util"
import * as Events from "./support/loginEvents.ts"

const all: ReadonlyArray<readonly [name: string, event: LoginEvent.LoginEvent]> = Object.entries(Events.events)

const encode = Schema.encodeEffect(LoginEvent.LoginEvent)
const decode = Schema.decodeUnknownEffect(LoginEvent.LoginEvent)

describe("the schema of the events of a login", () => {
  it.effect.each(all)(
    "%s is the same after encoding and decoding, and shows no secret (C6, S18)",
    ([, event]) =>
      Effect.gen(function*() {
        const encoded = yield* encode(event)
        for (const given of [event, encoded]) {
          for (const shown of [JSON.stringify(given), inspect(given, { depth: null, showHidden: true })]) {
            for (const secret of Events.secrets) assert.notInclude(shown, secret)
          }
        }
        const back = yield* decode(encoded)
        assert.deepStrictEqual(back, event)
        assert.deepStrictEqual(yield* encode(back), encoded)
      })
  )

  it.effect.each(all)(
    "a codec for JSON encodes %s, unless it holds a secret (C6)",
    ([, event]) =>
      Effect.gen(function*() {
        const codec = Schema.toCodecJson(LoginEvent.LoginEvent)
        const exit = yield* Effect.exit(Schema.encodeEffect(codec)(event))
        assert.strictEqual(Exit.isFailure(exit), ["Registered", "Waiting", "Approved"].includes(event._tag))
        if (Exit.isFailure(exit)) return
        const text = JSON.stringify(exit.value)
        assert.deepStrictEqual(yield* Schema.decodeUnknownEffect(codec)(JSON.parse(text)), event)
      })
  )

  it.effect("the encoding has the URL in the clear, because the person must see it (S18)", () =>
    Effect.gen(function*() {
      const encoded = yield* Schema.encodeEffect(LoginEvent.UrlReady)(Events.events["a URL"])
      assert.strictEqual(encoded.url, Events.url)
      assert.strictEqual(encoded.expiresAt, Date.parse("2026-11-26T08:00:00Z"))
    }))

  it.effect("a decoded error has its sentence again", () =>
    Effect.gen(function*() {
      for (const event of [Events.events["a browser that failed"], Events.events["a wrong paste"]]) {
        const back = yield* decode(yield* encode(event))
        assert.strictEqual("error" in back ? back.error.message : "", event.error.message)
      }
    }))

  it.effect("has every grant, reason and sign that a choice can have (S15)", () =>
    Effect.gen(function*() {
      for (const grant of ["code", "device", undefined] as const) {
        for (const useDeviceCode of [true, false]) {
          for (const isLegacy of [true, false]) {
            for (const hasListener of [true, false]) {
              for (const sign of ["ssh", "container", "noDisplay", "noTerminal", undefined] as const) {
                const choice = LoginMethod.choose({ grant, useDeviceCode, isLegacy, hasListener, sign })
                const event = { _tag: "GrantChosen", ...choice } as const
                assert.deepStrictEqual(yield* decode(yield* encode(event)), event)
              }
            }
          }
        }
      }
    }))

  it.effect.each(
    [
      ["another tag", { _tag: "Chosen" }],
      ["another grant", { _tag: "GrantChosen", grant: "password", reason: "default" }],
      ["another reason", { _tag: "GrantChosen", grant: "code", reason: "mood" }],
      ["another sign", { _tag: "GrantChosen", grant: "device", reason: "elsewhere", sign: "moon" }],
      ["a URL of plain http", { url: "http://portal.example/authorize" }],
      ["a URL of another scheme", { url: "javascript:alert(1)" }],
      ["a URL with an escape character", { url: "https://portal.example/\u001b[2J" }],
      ["a time beyond the last possible date", { expiresAt: 9e15 }]
    ] as const
  )("an encoded event with %s is refused (S18)", ([, change]) =>
    Effect.gen(function*() {
      const encoded = { ...yield* encode(Events.events["a URL"]), ...change }
      const exit = yield* Effect.exit(decode(encoded))
      assert.isTrue(Exit.isFailure(exit))
    }))
})
