/**
 * Tells those in this process who wait for a row that this process changed it.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

export interface Changes {
  readonly tell: (id: string) => void
  /** Waits for a change of the row in this process, at most so many milliseconds. */
  readonly wait: (id: string, millis: number) => Effect.Effect<void>
}

export const make = (): Changes => {
  const waiting = new Map<string, Set<() => void>>()
  return {
    tell: (id) => {
      // a copy: who is told may wait again at once, before this loop has ended
      for (const end of Array.from(waiting.get(id) ?? [])) end()
    },
    wait: (id, millis) =>
      Effect.callback<void>((resume) => {
        const all = waiting.get(id) ?? new Set()
        const leave = () => {
          all.delete(end)
          if (all.size === 0 && waiting.get(id) === all) waiting.delete(id)
        }
        const end = () => {
          leave()
          resume(Effect.void)
        }
        waiting.set(id, all.add(end))
        return Effect.sync(leave)
      }).pipe(Effect.timeoutOption(Duration.millis(millis)), Effect.asVoid)
  }
}
