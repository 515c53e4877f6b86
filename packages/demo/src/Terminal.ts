/**
 * What the demo asks of the terminal it runs in.
 */
import * as Effect from "effect/Effect"

/** Somebody reads, and can press a key. */
export const isInteractive = (): boolean => process.stdin.isTTY === true && process.stdout.isTTY === true

/** Waits for Enter, and lets go of the terminal afterwards, so that the process can end. */
export const enter: Effect.Effect<void> = Effect.callback<void>((resume) => {
  const release = () => {
    process.stdin.off("data", pressed)
    process.stdin.pause()
    process.stdin.unref()
  }
  const pressed = () => {
    release()
    resume(Effect.void)
  }
  process.stdin.on("data", pressed)
  process.stdin.ref()
  process.stdin.resume()
  return Effect.sync(release)
})
