/**
 * Reads lines that a person types or pastes, with a prompt on standard error.
 *
 * The terminal itself keeps at most 4,095 characters of a line, and a URL with a code may be longer. So the keys are read one by one.
 */
import * as Terminal from "@sso-oidc/terminal/Terminal"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as readline from "node:readline"

/** What reads lines. */
export interface Service {
  /** Shows the prompt, and waits for one line. After the end of the input (Ctrl-D) it waits for ever. */
  readonly line: (prompt: string) => Effect.Effect<string>
  /** Runs what writes to standard error. If a prompt is shown, the text gets above it, and the prompt comes back below. */
  readonly above: <A, E, R>(write: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
}

/** The lines of this process's terminal. */
const ofProcess = (): Service => {
  let shown: readline.Interface | undefined
  return {
    line: (prompt) =>
      Effect.callback<string>((resume) => {
        Terminal.ignoreItsEnd()
        const typed = readline.createInterface({ input: process.stdin, output: process.stderr, terminal: true, prompt })
        shown = typed
        const release = () => {
          if (shown === typed) shown = undefined
          typed.close()
          // release the terminal, so that the process can end
          process.stdin.unref()
        }
        process.stdin.ref()
        typed.on("line", (line) => {
          release()
          resume(Effect.succeed(line))
        })
        typed.on("close", () => {
          if (shown === typed) shown = undefined
        })
        // it gives the errors of standard input again
        typed.on("error", () => {})
        // Ctrl-C is a key here. It must do what it does elsewhere.
        typed.on("SIGINT", () => {
          process.kill(process.pid, "SIGINT")
        })
        typed.prompt()
        return Effect.sync(() => {
          // the prompt, and what is typed, stay above what is written next
          if (shown === typed) process.stderr.write("\n")
          release()
        })
      }),
    above: (write) =>
      Effect.suspend(() => {
        if (shown === undefined) return write
        readline.cursorTo(process.stderr, 0)
        readline.clearScreenDown(process.stderr)
        return Effect.ensuring(write, Effect.sync(() => shown?.prompt(true)))
      })
  }
}

/** What reads lines: this process's terminal, unless a test gives another. */
export const Typed: Context.Reference<Service> = Context.Reference("@sso-oidc/cli/Typed", { defaultValue: ofProcess })
