/**
 * A terminal in memory: it knows the few controls that the demo uses, and what a person then sees.
 */
import type * as Terminal from "../../src/Terminal.ts"

/** What begins a control. */
export const escape = "\x1b"

/** A text without its colours. */
export const withoutColours = (text: string): string => text.replace(new RegExp(`${escape}\\[[\\d;]*m`, "g"), "")

const parts = new RegExp(`${escape}\\[[\\d;]*[A-Za-z]|[^]`, "gu")
const upwards = new RegExp(`^${escape}\\[(\\d+)A$`)

class Screen {
  readonly rows: Array<string> = [""]
  row = 0
  column = 0

  write(text: string): void {
    for (const [part] of text.matchAll(parts)) this.#part(part)
  }

  /** What is on the screen, without the empty end of rows. */
  get text(): string {
    return this.rows.map((row) => row.trimEnd()).join("\n")
  }

  #part(part: string): void {
    const up = upwards.exec(part)
    if (part === "\n") {
      this.row++
      this.column = 0
      this.rows[this.row] ??= ""
    } else if (part === "\r") {
      this.column = 0
    } else if (part === "\x1b[2K") {
      this.rows[this.row] = ""
    } else if (part === "\x1b[J") {
      this.rows[this.row] = (this.rows[this.row] ?? "").slice(0, this.column)
      this.rows.length = this.row + 1
    } else if (up !== null) {
      this.row -= Number(up[1])
      if (this.row < 0) throw new Error("above the screen")
    } else if (withoutColours(part) === "") {
      // a colour
    } else if (part < " ") {
      throw new Error(`an unknown control: ${JSON.stringify(part)}`)
    } else {
      const row = (this.rows[this.row] ?? "").padEnd(this.column)
      this.rows[this.row] = row.slice(0, this.column) + part + row.slice(this.column + 1)
      this.column++
    }
  }
}

/** The screen, and the terminal of it that the demo writes to. */
export const make = (size: { columns: number; rows: number }, colours = true) => {
  const screen = new Screen()
  const listeners = new Set<(times: number) => void>()
  const writes: Array<string> = []
  const terminal: Terminal.Terminal = {
    write: (text) => {
      writes.push(text)
      screen.write(text)
    },
    size: () => size,
    colours,
    onEnter: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    }
  }
  // at Enter the terminal begins a new line, and tells afterwards
  const echo = (times: number) => screen.write("\n".repeat(times))
  const tell = (times: number) => listeners.forEach((listener) => listener(times))
  return {
    screen,
    terminal,
    writes,
    size,
    listeners,
    echo,
    tell,
    /** The person presses Enter. */
    enter: (times = 1) => {
      echo(times)
      tell(times)
    }
  }
}
