import { assert, describe, it } from "@effect/vitest"
import * as DeviceGrant from "@sso-oidc/device-grant/DeviceGrant"
import * as PendingAuthorization from "@sso-oidc/device-grant/PendingAuthorization"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/testing/TestClock"
import { inspect } from "node:util"
import * as Service from "./support/service.ts"

const made = Effect.gen(function*() {
  const service = Service.make({ polls: [Service.cut("maybe")] })
  return yield* Effect.gen(function*() {
    const pending = yield* DeviceGrant.start({ clientName: "test", startUrl: Service.startUrl })
    yield* TestClock.adjust("5 seconds")
    const step = yield* DeviceGrant.step(pending)
    return step._tag === "Waiting" ? step.pending : assert.fail(step._tag)
  }).pipe(Effect.provide(service.layer))
})

describe("D8: the schema of a pending authorization", () => {
  it.effect("D8: goes through its encoding unchanged, its trouble included", () =>
    Effect.gen(function*() {
      const pending = yield* made
      const back = yield* PendingAuthorization.decode(yield* PendingAuthorization.encode(pending))
      assert.strictEqual(Redacted.value(back.deviceCode), "device-code-1")
      assert.strictEqual(Redacted.value(back.registration.clientSecret), "client-secret-1")
      const bare = (p: PendingAuthorization.PendingAuthorization) =>
        JSON.parse(JSON.stringify({
          ...p,
          deviceCode: 0,
          registration: { ...p.registration, clientSecret: 0 }
        }))
      assert.deepStrictEqual(bare(back), bare(pending))
      assert.strictEqual(back.lastTrouble?.code, "ECONNRESET")
    }))

  it.effect("D8: so does one whose times are beyond all dates", () =>
    Effect.gen(function*() {
      const service = Service.make({ start: [Service.code({ interval: 1e308, expiresIn: 1e308 })] })
      const pending = yield* DeviceGrant.start({ clientName: "test", startUrl: Service.startUrl }).pipe(
        Effect.provide(service.layer)
      )
      yield* PendingAuthorization.decode(yield* PendingAuthorization.encode(pending))
    }))

  it.effect("D8: its encoding is a secret, and its type says so", () =>
    Effect.gen(function*() {
      const pending = yield* made
      const text: Redacted.Redacted<string> = yield* PendingAuthorization.encode(pending)
      for (
        const shown of [String(text), JSON.stringify(text), inspect(text), JSON.stringify(pending), inspect(pending)]
      ) {
        assert.notInclude(shown, "device-code-1")
        assert.notInclude(shown, "client-secret-1")
      }
      assert.include(Redacted.value(text), "device-code-1")
    }))

  it.effect.each(
    [
      ["no JSON", () => "device-code-1"],
      ["an empty text", () => ""],
      ["another version", (text: string) => text.replace("\"version\":1", "\"version\":2")],
      ["an interval of 0", (text: string) => text.replace("\"interval\":5000", "\"interval\":0")],
      ["a negative interval", (text: string) => text.replace("\"interval\":5000", "\"interval\":-5000")],
      ["no device code", (text: string) => text.replace("deviceCode", "deviceKode")],
      ["a negative wait", (text: string) => text.replace(/"wait":[\d.]+/, "\"wait\":-1")],
      ["a URL of another scheme", (text: string) => text.replace("https://device.sso", "javascript://device.sso")],
      ["a code that a terminal obeys", (text: string) => text.replace("\"BRCJ-PDVT\"", "\"\\u001b[2J\"")],
      ["negative failures", (text: string) => text.replace("\"failures\":1", "\"failures\":-1")]
    ] as const
  )("what is none is refused without repeating it: %s", ([, change]) =>
    Effect.gen(function*() {
      const text = Redacted.value(yield* PendingAuthorization.encode(yield* made))
      const changed = change(text)
      assert.notStrictEqual(changed, text)
      const error = yield* Effect.flip(PendingAuthorization.decode(Redacted.make(changed)))
      assert.strictEqual(error._tag, "SchemaError")
      for (const shown of [error.message, JSON.stringify(error), inspect(error, { depth: null })]) {
        assert.notInclude(shown, "device-code-1")
        assert.notInclude(shown, "client-secret-1")
      }
    }))
})
