/**
 * Programs that run beside the measurement for as long as it lasts: the server over loopback, and the clients that call it.
 */
import { spawn } from "node:child_process"
import { createInterface } from "node:readline"

/** A program that responds to each line with a line. */
export interface Program {
  /** The first line that it prints by itself. */
  readonly line: () => Promise<string>
  readonly ask: (line: string) => Promise<string>
  /** Ends its input, and waits for its end. */
  readonly end: () => Promise<void>
}

/** Starts a bundled program. */
export const start = (file: string, ...args: ReadonlyArray<string>): Program => {
  const child = spawn(process.execPath, [file, ...args], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { PATH: process.env["PATH"] }
  })
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()))
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const line = async () => {
    const { done, value } = await lines.next()
    if (done === true) throw new Error(`${file} ended too early`)
    return String(value)
  }
  return {
    line,
    ask: (text) => {
      child.stdin.write(`${text}\n`)
      return line()
    },
    end: () => {
      child.stdin.end()
      return ended
    }
  }
}
