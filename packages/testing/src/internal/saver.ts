/**
 * When a recording is written.
 *
 * All of it is written each time, so that the file is whole at any time. To write it at each change would cost the square
 * of its length. So it is written at once when an eighth of it is new, and otherwise a moment after the last change: what
 * is written in all is a small multiple of the whole, and a program that is killed loses at most that moment.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"

export interface Saver<E> {
  /** There is something new. Returns at once, since a file takes real time, which a test that moves the clock does not. */
  readonly changed: Effect.Effect<void>
  /** Writes, and waits for it. */
  readonly save: Effect.Effect<void, E>
}

const share = 8

/** Real time: Effect's clock may be a test's. */
const moment = Effect.callback<void>((resume) => {
  const timer = setTimeout(() => resume(Effect.void), 200)
  return Effect.sync(() => clearTimeout(timer))
})

/** A write that fails is tried again at the next change. */
export const make = <E>(write: Effect.Effect<void, E>, scope: Scope.Scope): Effect.Effect<Saver<E>> =>
  Effect.gen(function*() {
    const semaphore = yield* Semaphore.make(1)
    let changes = 0
    let saved = 0
    let queued = false
    let waiting = false
    // a platform goes on with a write that is interrupted, and the next one would meet it
    const save = Effect.uninterruptible(semaphore.withPermit(Effect.suspend(() => {
      const now = changes
      queued = false
      return Effect.tap(write, () =>
        Effect.sync(() => {
          saved = now
        }))
    })))
    const beside = (effect: Effect.Effect<void, E>) =>
      Effect.asVoid(Effect.forkIn(Effect.ignore(effect), scope, { startImmediately: true }))
    return {
      save,
      changed: Effect.suspend(() => {
        changes++
        if (queued) return Effect.void
        if ((changes - saved) * share >= changes) {
          queued = true
          return beside(save)
        }
        if (waiting) return Effect.void
        waiting = true
        return beside(Effect.andThen(
          moment,
          Effect.suspend(() => {
            waiting = false
            return changes === saved ? Effect.void : save
          })
        ))
      })
    }
  })
