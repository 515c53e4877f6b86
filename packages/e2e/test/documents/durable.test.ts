import { assert, it } from "@effect/vitest"
import * as Sealer from "@sso-oidc/core/Sealer"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as Logins from "@sso-oidc/durable/Logins"
import * as LoginStore from "@sso-oidc/durable/LoginStore"
import * as EmulatorTransport from "@sso-oidc/emulator/EmulatorTransport"
import { Effect, Fiber, Layer, Redacted } from "effect"
import { TestClock } from "effect/testing"
import * as WorkflowEngine from "effect/workflow/WorkflowEngine"
import { setTimeout } from "node:timers/promises"

const key = Redacted.make(new Uint8Array(32).fill(1)) // a key of zeros is refused
const logins = Logins.layer().pipe(Layer.provide([
  WorkflowEngine.layerMemory,
  LoginStore.layerMemory,
  Sealer.layer({ current: "a", keys: { a: key } }),
  SsoOidc.layer({ region: "eu-west-1" }).pipe(Layer.provide(EmulatorTransport.layer({ autoApprove: "20 seconds" })))
]))

it.effect("a device gets its token", () =>
  Effect.gen(function*() {
    const { start, token } = yield* Logins.Logins
    yield* start({ id: "device-17", clientName: "my-fleet", startUrl: "https://my.awsapps.com/start" })
    const waiting = yield* Effect.forkChild(token("device-17"))
    while (waiting.pollUnsafe() === undefined) {
      yield* TestClock.adjust("1 second")
      yield* Effect.promise(() => setTimeout(1)) // for WebCrypto, which knows no TestClock
    }
    assert.strictEqual((yield* Fiber.join(waiting)).tokenType, "Bearer")
  }).pipe(Effect.provide(logins)))
