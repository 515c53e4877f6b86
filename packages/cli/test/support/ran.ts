/**
 * Runs the command in this process, with an environment of the test's own.
 */
import * as ConfigProvider from "effect/ConfigProvider"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as TestConsole from "effect/testing/TestConsole"
import * as Cli from "../../src/Cli.ts"
import * as Host from "../../src/Host.ts"

/** How a command ended. */
export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** What a test gives instead of the process's own. */
export interface Around {
  /** All variables of the environment. */
  readonly env: Readonly<Record<string, string>>
  /** Members of the host that differ from those of a process without a terminal. */
  readonly host?: Partial<Host.Service>
}

/** A process without a terminal. Its messages go to the list. */
export const hostOf = (messages: Array<string>, { env, host }: Around): Host.Service => {
  const look = { columns: Infinity, colours: false, utf8: true }
  return {
    isInteractive: false,
    hasTerminal: false,
    output: () => look,
    messages: () => look,
    terminal: undefined,
    write: (line) => void messages.push(line),
    environment: env,
    takeSignals: () => Effect.void,
    ...host
  }
}

/** Runs the command with these arguments. */
export const run = (args: ReadonlyArray<string>, around: Around): Effect.Effect<Ran> =>
  Effect.gen(function*() {
    const console = yield* TestConsole.make
    const messages: Array<string> = []
    const code = yield* Cli.run(args).pipe(
      Effect.provideService(Host.Host, hostOf(messages, around)),
      Effect.provideService(Console.Console, console),
      Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnvRecord(around.env)))
    )
    const linesOf = (lines: ReadonlyArray<unknown>) => lines.map((line) => `${String(line)}\n`).join("")
    return {
      code,
      stdout: linesOf(yield* console.logLines),
      stderr: linesOf([...messages, ...yield* console.errorLines])
    }
  }).pipe(Effect.scoped)
