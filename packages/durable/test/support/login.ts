/**
 * What the tests of `Step` share: a service by a script, a store in memory, a sealer.
 */
import { assert } from "@effect/vitest"
import * as Sealer from "@sso-oidc/core/Sealer"
import type * as SsoOidc from "@sso-oidc/core/SsoOidc"
import { BackoffPolicy } from "@sso-oidc/device-grant/BackoffPolicy"
import * as LoginStore from "@sso-oidc/durable/LoginStore"
import * as Step from "@sso-oidc/durable/Step"
import * as Service from "@sso-oidc/test-kit/scriptedService"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/testing/TestClock"
import { setTimeout } from "node:timers/promises"
import { key, sealing } from "./sealing.ts"

export { key, sealing }

/**
 * A sealer that takes no time, for tests that move the clock: WebCrypto responds when it likes. It keeps a text at its place, and seals
 * nothing.
 */
export const instant = Layer.succeed(Sealer.Sealer, {
  isOld: () => false,
  seal: (place, secret) => Effect.succeed(JSON.stringify([place, Redacted.value(secret)])),
  unseal: (place, sealed) => {
    const [at, text]: [string, string] = JSON.parse(sealed)
    return at === place
      ? Effect.succeed(Redacted.make(text))
      : Effect.fail(new Sealer.Unsealable({ reason: "changed" }))
  }
})

const turn = Effect.promise(() => setTimeout(1))

/** A sealer that takes a real moment, so that invocations come between the reads and writes of each other. */
export const yielding = Layer.effect(
  Sealer.Sealer,
  Effect.map(Sealer.Sealer, (sealer): Sealer.Service => ({
    ...sealer,
    seal: (place, secret) => Effect.andThen(turn, sealer.seal(place, secret)),
    unseal: (place, sealed) => Effect.andThen(turn, sealer.unseal(place, sealed))
  }))
).pipe(Layer.provide(instant))

/** A store in memory, which both a test and the steps use. */
export const stores = LoginStore.layerMemory

/** Back-off without a random part. */
export const exact = Effect.provideService(BackoffPolicy, { cap: Duration.seconds(60), jitter: 0 })

export const options = { id: "login-1", clientName: "test", startUrl: Service.startUrl }

export const start = Step.start(options)

/** The result of a step, which must have this tag. */
export const as = <Tag extends Step.Step["_tag"]>(result: Step.Step, tag: Tag): Extract<Step.Step, { _tag: Tag }> => {
  const is = (result: Step.Step): result is Extract<Step.Step, { _tag: Tag }> => result._tag === tag
  return is(result) ? result : assert.fail(`${tag}, not ${JSON.stringify(result)}`)
}

/** A step that must have this result. */
export const stepped = <Tag extends Step.Step["_tag"]>(tag: Tag, options?: Step.StepOptions) =>
  Effect.map(Step.step("login-1", options), (result) => as(result, tag))

/** The row of the login. */
export const row = (id = "login-1") =>
  Effect.flatMap(LoginStore.LoginStore, (store) => store.get(id)).pipe(
    Effect.map((row) => row ?? assert.fail("there is no row"))
  )

/** Runs a test with a service, a store and a sealer. By default the sealer takes no time. */
export const using = (
  service: ReturnType<typeof Service.make>,
  store: Layer.Layer<LoginStore.LoginStore> = Layer.fresh(stores),
  sealer: Layer.Layer<Sealer.Sealer> = instant
) =>
<A, E>(effect: Effect.Effect<A, E, LoginStore.LoginStore | Sealer.Sealer | SsoOidc.SsoOidc>): Effect.Effect<A, E> =>
  effect.pipe(Effect.provide(Layer.mergeAll(service.layer, store, sealer)), exact)

/** A response that takes its time. */
export const slow = (response: Service.ScriptedResponse, delay: Duration.Input = "3 seconds") => ({
  ...response,
  delay
})

/** A step in a fiber of its own, up to its poll. */
export const polling = Effect.forkChild(Step.step("login-1"), { startImmediately: true }).pipe(
  Effect.tap(TestClock.adjust("1 second"))
)
