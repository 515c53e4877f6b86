/**
 * The signals that this process gets.
 *
 * The first one interrupts the command: it ends its sleeps and requests at once, and waits for a refresh in flight. The second one ends the
 * process. While `exec` runs its child, the signals are for the child.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/** A signal that the command knows. */
export type Signal = keyof typeof numbers

/** The number of each signal. A process that it ends has the exit code 128 and this number. */
export const numbers = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGUSR1: 10, SIGUSR2: 12, SIGTERM: 15 } as const

// SIGUSR1 would open Node's debugger. SIGQUIT and SIGUSR2 would leave the terminal as it is.
const ending: ReadonlyArray<Signal> = process.platform === "win32"
  ? ["SIGHUP", "SIGINT", "SIGTERM"]
  : ["SIGHUP", "SIGINT", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGTERM"]

const listeners = new Set<(signal: Signal) => void>()

/** Gives each signal to the listener instead of the command, until the scope closes. */
export const take = (listener: (signal: Signal) => void): Effect.Effect<void, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => void listeners.add(listener)),
    () => Effect.sync(() => listeners.delete(listener))
  )

/** Calls `first` at the first signal that ends the command, and `again` at each later one. It gives what stops listening. */
export const listen = (first: (code: number) => void, again: (code: number) => void): () => void => {
  let count = 0
  const ends = ending.map((signal) => {
    const heard = () => {
      if (listeners.size > 0) {
        for (const listener of listeners) listener(signal)
        return
      }
      const code = 128 + numbers[signal]
      if (count++ === 0) first(code)
      else again(code)
    }
    process.on(signal, heard)
    return () => process.off(signal, heard)
  })
  return () => {
    for (const end of ends) end()
  }
}
