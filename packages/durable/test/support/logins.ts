/**
 * What the tests of `Logins` share: the service over an engine in memory, a service by a script, a store, a sealer.
 */
import type * as Sealer from "@sso-oidc/core/Sealer"
import * as Logins from "@sso-oidc/durable/Logins"
import type * as LoginStore from "@sso-oidc/durable/LoginStore"
import type * as Service from "@sso-oidc/test-kit/scriptedService"
import * as ClusterWorkflowEngine from "effect/cluster/ClusterWorkflowEngine"
import * as TestRunner from "effect/cluster/TestRunner"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/testing/TestClock"
import * as WorkflowEngine from "effect/workflow/WorkflowEngine"
import { exact, instant, stores } from "./login.ts"

/** The engines that run under the clock of a test. */
export const engines = {
  "the memory engine": WorkflowEngine.layerMemory,
  "the test cluster": ClusterWorkflowEngine.layer.pipe(Layer.provide(TestRunner.layer))
}

/** Waits in real time for what WebCrypto does for the names of executions. A digest that was begun before this one has ended after it. */
const settled = Effect.promise(async () => {
  await crypto.subtle.digest("SHA-256", new Uint8Array(1024))
  await new Promise((resolve) => setImmediate(resolve))
})

/** Moves the clock second by second, so that what wakes up can do its work. */
export const seconds = (count: number) =>
  Effect.forEach(
    Array.from({ length: count }),
    () =>
      Effect.andThen(
        settled,
        TestClock.adjust("1 second")
      ),
    { discard: true }
  )

/** Runs a test with `Logins`. */
export const using = (
  service: ReturnType<typeof Service.make>,
  options: Logins.Options = {},
  engine: Layer.Layer<WorkflowEngine.WorkflowEngine> = engines["the memory engine"],
  store: Layer.Layer<LoginStore.LoginStore> = Layer.fresh(stores),
  sealer: Layer.Layer<Sealer.Sealer> = instant
) =>
<A, E>(effect: Effect.Effect<A, E, Logins.Logins | LoginStore.LoginStore>): Effect.Effect<A, E> =>
  effect.pipe(
    Effect.provide(
      Logins.layer(options).pipe(
        Layer.provideMerge(Layer.mergeAll(service.layer, store, sealer, Layer.fresh(engine)))
      )
    ),
    exact
  )
