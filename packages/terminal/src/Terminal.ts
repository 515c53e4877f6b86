/**
 * The terminal of this process: its abilities and its keys.
 */
import * as Effect from "effect/Effect"
import type * as EffectTerminal from "effect/Terminal"
import { styleText } from "node:util"
import type { Look } from "./Layout.ts"

/** A terminal whose lines can be rewritten. */
export interface Terminal {
  /** Writes the text. */
  readonly write: (text: string) => void
  /** The current size. */
  readonly size: () => { readonly columns: number; readonly rows: number }
  /** Whether it shows colours. */
  readonly colours: boolean
  /** Whether its text is UTF-8. */
  readonly utf8: boolean
  /** Calls the listener at Enter, until it is released. The terminal has already begun a new line for each Enter. */
  readonly onEnter: (listener: (times: number) => void) => () => void
  /** Calls the listener at each new size, until it is released. */
  readonly onResize: (listener: () => void) => () => void
  /**
   * Gives each key that is pressed, until the scope closes. The terminal shows none of them meanwhile, and Ctrl-C is a key too: it ends the
   * queue, as Escape and Ctrl-D do.
   */
  readonly keys: EffectTerminal.Terminal["readInput"]
}

/** Whether a person reads this output and can press a key. */
export const isInteractive = (output: NodeJS.WriteStream): boolean =>
  process.stdin.isTTY === true && output.isTTY === true

const gone = (): void => {}

/**
 * Ignores the errors of standard input. When its window is closed, a terminal cannot be read any more. The signal for that, SIGHUP, ends the
 * process. Without this, the error would end it with a stack trace.
 */
export const ignoreItsEnd = (): void => {
  if (!process.stdin.listeners("error").includes(gone)) process.stdin.on("error", gone)
}

const onEnter: Terminal["onEnter"] = (listener) => {
  if (process.stdin.isTTY !== true) return () => {}
  const pressed = (data: Buffer) => {
    const times = data.toString().split("\n").length - 1
    if (times > 0) listener(times)
  }
  ignoreItsEnd()
  process.stdin.on("data", pressed)
  process.stdin.ref()
  process.stdin.resume()
  // release the terminal, so that the process can end
  return () => {
    process.stdin.off("data", pressed)
    process.stdin.pause()
    process.stdin.unref()
  }
}

/**
 * Ends the process when the reader of its output has gone (`program | head -2`), as SIGPIPE would. Node ignores that signal, and
 * would print a stack trace. Any other failure of the output, such as a full disk, prints one sentence. `name` is the subject of it.
 */
export const endWithOutput = (name: string, code: number): void => {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(141)
    process.stderr.write(
      `${name} cannot write its output (${error.code ?? error.name}). Check the disk or the program that reads it.\n`,
      () => process.exit(code)
    )
  })
}

/** Waits for the next Enter. */
export const enter: Effect.Effect<void> = Effect.callback<void>((resume) => {
  const release = onEnter(() => {
    release()
    resume(Effect.void)
  })
  return Effect.sync(release)
})

type Variables = Readonly<Record<string, string | undefined>>

/**
 * Whether text is UTF-8, by the first locale variable that is set. Windows has no such variables, and Node writes Unicode to its
 * terminals.
 */
export const isUtf8 = (variables: Variables, platform: string): boolean => {
  const locale = [variables["LC_ALL"], variables["LC_CTYPE"], variables["LANG"]].find((value) =>
    value !== undefined && value !== ""
  )
  return locale === undefined ? platform === "win32" : /(?:^|\.)utf-?8(?:@|$)/i.test(locale)
}

const isSet = (variable: string | undefined): boolean => variable !== undefined && variable !== ""

const isDumb = (): boolean => process.env["TERM"] === "dumb"

// Node checks FORCE_COLOR, NODE_DISABLE_COLORS and the terminal. It prefers FORCE_COLOR to NO_COLOR and prints a warning, so this
// checks NO_COLOR first.
const hasColours = (stream: NodeJS.WriteStream): boolean =>
  !isSet(process.env["NO_COLOR"]) && !isDumb() && styleText("bold", "x", { stream }) !== "x"

// some terminals report no size, or the size 0
const sizeOr = (size: number | undefined, usual: number): number => size === undefined || size === 0 ? usual : size

/** The abilities of the stream, which may be no terminal. */
export const look = (stream: NodeJS.WriteStream): Look => ({
  columns: stream.isTTY === true ? sizeOr(stream.columns, 80) : Infinity,
  colours: hasColours(stream),
  utf8: isUtf8(process.env, process.platform)
})

/** The terminal that this output is. `undefined` if its lines cannot be rewritten. */
export const current = (output: NodeJS.WriteStream): Terminal | undefined =>
  output.isTTY === true && !isDumb()
    ? {
      ...look(output),
      write: (text) => {
        output.write(text)
      },
      size: () => ({ columns: sizeOr(output.columns, 80), rows: sizeOr(output.rows, 24) }),
      onEnter,
      onResize: (listener) => {
        output.on("resize", listener)
        return () => output.off("resize", listener)
      },
      // most programs ask nothing, and `node:readline` takes long to load
      keys: Effect.promise(() => import("@effect/platform-node-shared/NodeTerminal")).pipe(
        Effect.tap(() => Effect.sync(ignoreItsEnd)),
        Effect.flatMap(({ make }) => make()),
        Effect.flatMap(({ readInput }) => readInput)
      )
    }
    : undefined
