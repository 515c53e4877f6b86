import { assert, describe, it } from "@effect/vitest"
import { DeviceCodeExpired } from "@sso-oidc/device-grant/DeviceGrantError"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

const decode = (failures: unknown) =>
  Schema.decodeUnknownEffect(DeviceCodeExpired)({
    _tag: "DeviceCodeExpired",
    detectedBy: "clock",
    responseLost: false,
    failures
  })

describe("an encoded DeviceCodeExpired", () => {
  it.effect.each([0, 3])("is decoded with %d failures (D4)", (failures) =>
    Effect.gen(function*() {
      assert.strictEqual((yield* decode(failures)).failures, failures)
    }))

  it.effect.each([-1, 1.5, Infinity, "1"])("is refused with %s failures (D4)", (failures) =>
    Effect.gen(function*() {
      assert.include((yield* Effect.flip(decode(failures))).message, "failures")
    }))
})
