/**
 * Credentials for a program without a runtime of its own. What they need is built at the first call, and kept while it works.
 */
import * as AwsSdk from "@sso-oidc/portal/AwsSdk"
import type { Portal } from "@sso-oidc/portal/Portal"
import * as Cause from "effect/Cause"
import * as ConfigProvider from "effect/ConfigProvider"
import type * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as RcRef from "effect/RcRef"
import * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"

/** What is built, and of which settings. */
interface Held<S> {
  readonly settings: S
  readonly context: Context.Context<Portal>
}

/** The function, and its end. */
export interface Provider extends AwsSdk.Provider {
  readonly dispose: () => Promise<void>
}

const disposed = "These credentials have been disposed of. Make new ones with Node.credentials."

/**
 * A program may change its environment, so that each read sees the present one. The standard output of a program may be its result, so that
 * logs go to standard error.
 */
const around = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.suspend(() =>
    effect.pipe(
      Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromEnv()),
      Effect.provideService(Logger.LogToStderr, true)
    )
  )

/**
 * `read` reads the settings, and `live` builds the portal of them.
 *
 * A build that fails is not kept. After a call that failed, the next call reads the settings again. If they differ, it builds anew, and the
 * old portal ends with the last call that uses it.
 */
export const make = <S, E, E2>(
  read: Effect.Effect<S, E>,
  live: (settings: S) => Layer.Layer<Portal, E2>
): Provider => {
  const scope = Scope.makeUnsafe()
  const alone = Semaphore.makeUnsafe(1)
  let present: Held<S> | undefined
  let hasFailed = false
  let isDisposed = false

  const held: RcRef.RcRef<Held<S>, E | E2> = Effect.runSync(
    RcRef.make({
      acquire: Effect.gen(function*() {
        const settings = yield* read
        const context = yield* Layer.build(live(settings))
        hasFailed = false
        return present = { settings, context }
      }).pipe(around),
      idleTimeToLive: Duration.infinity
    }).pipe(Scope.provide(scope))
  )

  /** After a call that failed: drops what it used, if the settings are others by now. */
  const mend: Effect.Effect<void, E> = alone.withPermit(Effect.gen(function*() {
    if (!hasFailed || present === undefined) return
    const settings = yield* read
    hasFailed = false
    if (!Equal.equals(settings, present.settings)) yield* RcRef.invalidate(held)
  }))

  const run: AwsSdk.Runtime["runPromise"] = (effect) =>
    Effect.runPromise(
      Effect.gen(function*() {
        if (isDisposed) return yield* Effect.interrupt
        yield* mend
        const current = yield* RcRef.get(held)
        return yield* effect.pipe(
          Effect.provideContext(current.context),
          Effect.tapCause(() =>
            Effect.sync(() => {
              if (current === present) hasFailed = true
            })
          )
        )
      }).pipe(
        Effect.scoped,
        around,
        Effect.catchCause((cause) =>
          isDisposed && Cause.hasInterruptsOnly(cause) ? Effect.die(new Error(disposed)) : Effect.failCause(cause)
        )
      )
    )

  return Object.assign(AwsSdk.credentials({ runPromise: run }), {
    dispose: () => {
      isDisposed = true
      return Effect.runPromise(Scope.close(scope, Exit.void))
    }
  })
}
