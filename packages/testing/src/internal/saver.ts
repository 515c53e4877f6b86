/**
 * Decides when a recording is written.
 *
 * Each write has the whole recording, so the file is always complete. To write at every change would cost the square of the
 * length. So it writes at once when an eighth of the text is new, and else shortly after the last change. All writes together
 * then cost a small multiple of the length. A killed program loses at most that short time.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"

export interface Saver<E> {
  /** Announces a change. It returns at once: a file takes real time, and a test that moves the clock does not wait for it. */
  readonly changed: Effect.Effect<void>
  /** Writes, and waits for the end of the write. */
  readonly save: Effect.Effect<void, E>
}

const share = 8

/** Real time, because Effect's clock may be a test's clock. */
const moment = Effect.callback<void>((resume) => {
  const timer = setTimeout(() => resume(Effect.void), 200)
  return Effect.sync(() => clearTimeout(timer))
})

/** If a write fails, the next change tries again. */
export const make = <E>(write: Effect.Effect<void, E>, scope: Scope.Scope): Effect.Effect<Saver<E>> =>
  Effect.gen(function*() {
    const semaphore = yield* Semaphore.make(1)
    let changes = 0
    let saved = 0
    let queued = false
    let waiting = false
    // a platform finishes a write that is interrupted, and the next write would collide with it
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
