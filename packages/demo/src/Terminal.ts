/**
 * The terminal that the demo runs in: what it can do, and what is pressed in it.
 */
import * as Effect from "effect/Effect"

/** A terminal whose lines can be rewritten. */
export interface Terminal {
  readonly write: (text: string) => void
  readonly size: () => { readonly columns: number; readonly rows: number }
  readonly colours: boolean
  /** Tells of each Enter until it is released. By then the terminal has begun a new line for each. */
  readonly onEnter: (listener: (times: number) => void) => () => void
}

/** Somebody reads, and can press a key. */
export const isInteractive = (): boolean => process.stdin.isTTY === true && process.stdout.isTTY === true

const onEnter: Terminal["onEnter"] = (listener) => {
  if (process.stdin.isTTY !== true) return () => {}
  const pressed = (data: Buffer) => {
    const times = data.toString().split("\n").length - 1
    if (times > 0) listener(times)
  }
  process.stdin.on("data", pressed)
  process.stdin.ref()
  process.stdin.resume()
  // lets go of the terminal, so that the process can end
  return () => {
    process.stdin.off("data", pressed)
    process.stdin.pause()
    process.stdin.unref()
  }
}

/**
 * Ends the process when nobody reads its output any more (`demo | head -2`), as SIGPIPE would: Node has no such signal, and
 * would print where its own code stood. Any other failure of the output, such as a full disk, gets one sentence.
 */
export const endWithOutput = (): void => {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(141)
    process.stderr.write(`The output cannot be written (${error.code ?? error.name}).\n`, () => process.exit(1))
  })
}

/** Waits for Enter. */
export const enter: Effect.Effect<void> = Effect.callback<void>((resume) => {
  const release = onEnter(() => {
    release()
    resume(Effect.void)
  })
  return Effect.sync(release)
})

// some have no size to tell, or say that it is 0
const sizeOr = (size: number | undefined, usual: number): number => size === undefined || size === 0 ? usual : size

/** The terminal that the standard output is, if it is one whose lines can be rewritten. */
export const current = (): Terminal | undefined =>
  process.stdout.isTTY === true && process.env["TERM"] !== "dumb"
    ? {
      write: (text) => {
        process.stdout.write(text)
      },
      size: () => ({ columns: sizeOr(process.stdout.columns, 80), rows: sizeOr(process.stdout.rows, 24) }),
      colours: (process.env["NO_COLOR"] ?? "") === "",
      onEnter
    }
    : undefined
