/**
 * Rejections of a `Promise` that nothing handles. They end a process of Node.
 */
import * as Effect from "effect/Effect"

/** The rejections that nothing handles while the effect runs, and shortly after it. The test runner does not see them. */
export const unhandled = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<ReadonlyArray<unknown>, E, R> =>
  Effect.suspend(() => {
    const rejections: Array<unknown> = []
    const others = process.listeners("unhandledRejection")
    const listen = (reason: unknown) => void rejections.push(reason)
    process.removeAllListeners("unhandledRejection")
    process.on("unhandledRejection", listen)
    return effect.pipe(
      // Node tells of a rejection after all microtasks
      Effect.andThen(Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 5)))),
      Effect.as(rejections),
      Effect.ensuring(Effect.sync(() => {
        process.off("unhandledRejection", listen)
        for (const other of others) process.on("unhandledRejection", other)
      }))
    )
  })
