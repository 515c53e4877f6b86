import { assert, describe, it } from "@effect/vitest"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as Cause from "effect/Cause"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"

const never = HttpClient.make(() => Effect.never)

describe("SsoOidc: options", () => {
  it.effect.each(
    [
      ["requestTimeout", { requestTimeout: 0 }],
      ["requestTimeout", { requestTimeout: -1 }],
      ["requestTimeout", { requestTimeout: NaN }],
      ["maxResponseBytes", { maxResponseBytes: 0 }],
      ["maxResponseBytes", { maxResponseBytes: -5 }],
      ["maxResponseBytes", { maxResponseBytes: NaN }]
    ] as const
  )("an invalid %s is a defect that names it: %j", ([name, options]) =>
    Effect.gen(function*() {
      const exit = yield* SsoOidc.make({ region: "eu-west-1", ...options }).pipe(
        Effect.provideService(HttpClient.HttpClient, never),
        Effect.exit
      )
      if (Exit.isSuccess(exit)) return assert.fail("made a client")
      const defect = Cause.squash(exit.cause)
      assert.instanceOf(defect, RangeError)
      assert.include(String(defect), name)
    }))

  it.effect("an invalid limit from configuration is a ConfigError", () =>
    Effect.gen(function*() {
      const layer = SsoOidc.layerConfig({
        region: Config.succeed("eu-west-1"),
        maxResponseBytes: Config.Number("MAX")
      })
      const error = yield* Effect.flip(Layer.build(layer)).pipe(
        Effect.provideService(HttpClient.HttpClient, never),
        Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnvRecord({ MAX: "0" })))
      )
      assert.strictEqual(error._tag, "ConfigError")
      assert.include(error.message, "maxResponseBytes")
    }))

  it.effect("a limit of one byte is valid", () =>
    Effect.gen(function*() {
      const exit = yield* SsoOidc.make({ region: "eu-west-1", maxResponseBytes: 1 }).pipe(
        Effect.provideService(HttpClient.HttpClient, never),
        Effect.exit
      )
      assert.isTrue(Exit.isSuccess(exit))
    }))

  it.effect("both limits can be infinite", () =>
    SsoOidc.make({ region: "eu-west-1", requestTimeout: Duration.infinity, maxResponseBytes: Infinity }).pipe(
      Effect.provideService(HttpClient.HttpClient, never)
    ))
})
