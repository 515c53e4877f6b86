/**
 * The terminal that the demo runs in: what it can do, and what is pressed in it.
 */
import * as Effect from "effect/Effect"
import { styleText } from "node:util"
import type { Look } from "./Layout.ts"

/** A terminal whose lines can be rewritten. */
export interface Terminal {
  readonly write: (text: string) => void
  readonly size: () => { readonly columns: number; readonly rows: number }
  readonly colours: boolean
  readonly utf8: boolean
  /** Tells of each Enter until it is released. By then the terminal has begun a new line for each. */
  readonly onEnter: (listener: (times: number) => void) => () => void
  /** Tells of each new size until it is released. */
  readonly onResize: (listener: () => void) => () => void
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

const onResize: Terminal["onResize"] = (listener) => {
  process.stdout.on("resize", listener)
  return () => process.stdout.off("resize", listener)
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

type Variables = Readonly<Record<string, string | undefined>>

/**
 * Whether text is UTF-8 there, by the first of the locale's variables that is set. Windows has none of them, and Node
 * writes to its terminals in Unicode.
 */
export const isUtf8 = (variables: Variables, platform: string): boolean => {
  const locale = [variables["LC_ALL"], variables["LC_CTYPE"], variables["LANG"]].find((value) =>
    value !== undefined && value !== ""
  )
  return locale === undefined ? platform === "win32" : /(?:^|\.)utf-?8(?:@|$)/i.test(locale)
}

const isSet = (variable: string | undefined): boolean => variable !== undefined && variable !== ""

const isDumb = (): boolean => process.env["TERM"] === "dumb"

// Node knows FORCE_COLOR, NODE_DISABLE_COLORS and the terminals; to NO_COLOR it prefers FORCE_COLOR, and says so in a warning
const hasColours = (stream: NodeJS.WriteStream): boolean =>
  !isSet(process.env["NO_COLOR"]) && !isDumb() && styleText("bold", "x", { stream }) !== "x"

// some have no size to tell, or say that it is 0
const sizeOr = (size: number | undefined, usual: number): number => size === undefined || size === 0 ? usual : size

/** What the stream can show, terminal or not. */
export const look = (stream: NodeJS.WriteStream): Look => ({
  columns: stream.isTTY === true ? sizeOr(stream.columns, 80) : Infinity,
  colours: hasColours(stream),
  utf8: isUtf8(process.env, process.platform)
})

/** The terminal that the standard output is, if it is one whose lines can be rewritten. */
export const current = (): Terminal | undefined =>
  process.stdout.isTTY === true && !isDumb()
    ? {
      ...look(process.stdout),
      write: (text) => {
        process.stdout.write(text)
      },
      size: () => ({ columns: sizeOr(process.stdout.columns, 80), rows: sizeOr(process.stdout.rows, 24) }),
      onEnter,
      onResize
    }
    : undefined
