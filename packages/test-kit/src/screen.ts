/**
 * A terminal in memory. It understands the few controls that our programs write, and gives what a person then sees.
 */
import type * as Terminal from "@sso-oidc/terminal/Terminal"
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import type * as EffectTerminal from "effect/Terminal"

/** The first character of a control. */
export const escape = "\x1b"

/** A text without its colours. */
export const withoutColours = (text: string): string => text.replace(new RegExp(`${escape}\\[[\\d;]*m`, "g"), "")

const parts = new RegExp(`${escape}\\[[\\d;?]*[A-Za-z]|[^]`, "gu")
const forwards = new RegExp(`^${escape}\\[(\\d+)C$`)
const upwards = new RegExp(`^${escape}\\[(\\d+)A$`)

interface Size {
  columns: number
  rows: number
}

/** Keeps lines as they were written. A row of the screen is a part of a line, as wide as the terminal. */
class Screen {
  readonly size: Size
  lines: Array<string> = [""]
  #line = 0
  #offset = 0
  #top = 0
  #wraps = true

  constructor(size: Size) {
    this.size = size
  }

  write(text: string): void {
    for (const [part] of text.matchAll(parts)) this.#part(part)
  }

  /** All rows that were written, with those that have left the screen at its top. */
  get rows(): ReadonlyArray<string> {
    return this.lines.flatMap((line) =>
      Array.from(
        { length: this.#height(line) },
        (_, at) => line.slice(at * this.size.columns, (at + 1) * this.size.columns).trimEnd()
      )
    )
  }

  /** All lines that were on the screen, without spaces at their ends. */
  get text(): string {
    return this.lines.map((line) => line.trimEnd()).join("\n")
  }

  /** The rows that a person sees. */
  get visible(): ReadonlyArray<string> {
    return this.rows.slice(this.#top)
  }

  get column(): number {
    return this.#offset - this.#start()
  }

  /** The row of the cursor, counted from the first row that was written. */
  get row(): number {
    return this.#above(this.#line) + this.#start() / this.size.columns
  }

  /** Changes the size of the window. One kind of terminal breaks its lines anew, the other kind cuts them off. */
  resize(size: Size, kind: "breaks" | "cuts" = "breaks"): void {
    const { column, row, rows } = this
    Object.assign(this.size, size)
    if (kind === "cuts") {
      this.lines = rows.map((text) => text.slice(0, size.columns))
      this.#line = row
      this.#offset = Math.min(column, size.columns - 1)
    }
    this.#top = Math.max(0, this.rows.length - size.rows)
  }

  #height(line: string): number {
    return Math.max(1, Math.ceil(line.length / this.size.columns))
  }

  #above(line: number): number {
    return this.lines.slice(0, line).reduce((sum, text) => sum + this.#height(text), 0)
  }

  /** The start of the cursor's row in its line. At the end of a full row the cursor is still in that row. */
  #start(): number {
    const { columns } = this.size
    const line = this.lines[this.#line] ?? ""
    const isFull = this.#offset > 0 && this.#offset % columns === 0 && this.#offset >= line.length
    return (Math.floor(this.#offset / columns) - (isFull ? 1 : 0)) * columns
  }

  /** Puts the cursor into a row. */
  #go(row: number, column: number): void {
    this.#line = this.lines.findLastIndex((_, line) => this.#above(line) <= row)
    this.#offset = (row - this.#above(this.#line)) * this.size.columns + column
  }

  #part(part: string): void {
    const line = this.lines[this.#line] ?? ""
    const up = upwards.exec(part)
    const forward = forwards.exec(part)
    if (part === "\n") {
      const below = this.row + 1
      if (below >= this.#above(this.lines.length)) this.lines.push("")
      this.#go(below, 0)
      this.#top = Math.max(this.#top, below - this.size.rows + 1)
    } else if (part === "\r") {
      this.#offset = this.#start()
    } else if (part === "\x1b[J") {
      this.lines = [...this.lines.slice(0, this.#line), line.slice(0, this.#offset)]
    } else if (part === "\x1b[?7l" || part === "\x1b[?7h") {
      this.#wraps = part.endsWith("h")
    } else if (forward !== null) {
      this.#offset = Math.min(this.#offset + Number(forward[1]), this.#start() + this.size.columns - 1)
    } else if (up !== null) {
      const above = this.row - Number(up[1])
      if (above < this.#top) throw new Error("above the screen")
      this.#go(above, this.column)
    } else if (withoutColours(part) === "") {
      // a colour
    } else if (part < " ") {
      throw new Error(`an unknown control: ${JSON.stringify(part)}`)
    } else {
      if (!this.#wraps && this.column >= this.size.columns) this.#offset--
      this.lines[this.#line] = line.padEnd(this.#offset).slice(0, this.#offset) + part + line.slice(this.#offset + 1)
      this.#offset++
      this.#top = Math.max(this.#top, this.row - this.size.rows + 1)
    }
  }
}

/** Makes a screen, and its terminal for the demo to write to. */
export const make = (size: Size, { colours = true, utf8 = true } = {}) => {
  // the terminal as it is, and its size as the demo knows it
  const screen = new Screen({ ...size })
  const told = { ...size }
  const listeners = new Set<(times: number) => void>()
  const resizeListeners = new Set<() => void>()
  const writes: Array<string> = []
  const keys = Effect.runSync(Queue.unbounded<EffectTerminal.UserInput, Cause.Done>())
  const terminal: Terminal.Terminal = {
    write: (text) => {
      writes.push(text)
      screen.write(text)
    },
    size: () => told,
    colours,
    utf8,
    onEnter: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    onResize: (listener) => {
      resizeListeners.add(listener)
      return () => resizeListeners.delete(listener)
    },
    keys: Effect.succeed(keys)
  }
  // at Enter the terminal first begins a new line, and then calls the listeners
  const echo = (times: number) => screen.write("\n".repeat(times))
  const tell = (times: number) => listeners.forEach((listener) => listener(times))
  return {
    screen,
    terminal,
    writes,
    /** The number of listeners. */
    get listening() {
      return listeners.size + resizeListeners.size
    },
    echo,
    tell,
    /** The person presses Enter. */
    enter: (times = 1) => {
      echo(times)
      tell(times)
    },
    /** The person presses a key: a character, or one with a name such as `up`. */
    press: (name: string, { ctrl = false } = {}) =>
      Queue.offerUnsafe(keys, {
        input: name.length === 1 && !ctrl ? Option.some(name) : Option.none(),
        key: { name, ctrl, meta: false, shift: false }
      }),
    /** The person presses Ctrl-C, Ctrl-D or Escape while the keys are read. */
    quit: () => Queue.endUnsafe(keys),
    /** The person drags the window. */
    resize: (size: Size, kind?: "breaks" | "cuts") => {
      screen.resize(size, kind)
      Object.assign(told, size)
      resizeListeners.forEach((listener) => listener())
    }
  }
}
