/**
 * Runs a program in this terminal until it ends.
 */
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as Effect from "effect/Effect"
import { type ChildProcess, spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { constants } from "node:os"
import * as Ended from "./Ended.ts"
import * as Host from "./Host.ts"
import type * as Signals from "./Signals.ts"

/** A program, and what it gets. */
export interface Options {
  /** Its name, which is looked up on the PATH of the child, or its path. */
  readonly program: string
  /** Its arguments, as they are. */
  readonly args: ReadonlyArray<string>
  /** Its variables. */
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** Keys of the terminal. The terminal sends them to the child too. */
const keys: ReadonlyArray<Signals.Signal> = ["SIGINT", "SIGQUIT"]

const named = (program: string): string => Wire.shellWord(Wire.printable(program))

const notStarted = (program: string, error: NodeJS.ErrnoException): Ended.CommandError => {
  const { code = error.name } = error
  return code === "ENOENT" || program === ""
    ? new Ended.CommandError({
      tag: "ProgramNotFound",
      code: Ended.codes.notThere,
      message: program.includes("/")
        ? existsSync(program)
          ? `exec cannot run ${named(program)}: its first line names an interpreter that is not there. ` +
            "Correct that line, also if it ends as lines of Windows do."
          : `exec cannot run ${named(program)}: there is no such program. Correct its path.`
        : `exec cannot run ${
          named(program)
        }: no folder of PATH has a program of that name. Install it, or write its path.`
    })
    : new Ended.CommandError({
      tag: "ProgramNotRunnable",
      code: Ended.codes.notRunnable,
      message: code === "E2BIG"
        ? `exec cannot run ${named(program)}: its arguments and its environment are too long (E2BIG). Give it less.`
        : `exec may not run ${named(program)} (${code}). Check that it is a program, and that you may run it.`
    })
}

/** The exit code of a child that has ended. If a signal ended it, it is 128 and the number of the signal. */
const codeOf = (code: number | null, signal: NodeJS.Signals | null): number =>
  code ?? 128 + (signal === null ? 0 : constants.signals[signal])

/**
 * Runs the program, and gives its exit code. It has the three streams of this process, and no shell in between. Signals to this process
 * are passed on to it. Nothing ends the wait for it.
 */
export const run = Effect.fnUntraced(
  function*({ args, environment, program }: Options) {
    const { hasTerminal, takeSignals } = yield* Host.Host
    let child: ChildProcess | undefined
    const early: Array<Signals.Signal> = []
    yield* takeSignals((signal) => {
      if (hasTerminal && keys.includes(signal)) return
      if (child === undefined) early.push(signal)
      else child.kill(signal)
    })
    return yield* Effect.callback<number, Ended.CommandError>((resume) => {
      const failed = (error: unknown) =>
        resume(Effect.fail(notStarted(program, error instanceof Error ? error : new Error(String(error)))))
      try {
        child = spawn(program, args, { stdio: "inherit", env: environment, shell: false })
      } catch (error) {
        // an argument that no program can get, or on Windows a script of cmd
        return failed(error)
      }
      // it is also emitted when a signal could not be passed on
      child.on("error", (error) => child?.pid === undefined && failed(error))
      child.once("exit", (code, signal) => resume(Effect.succeed(codeOf(code, signal))))
      for (const signal of early.splice(0)) child.kill(signal)
    })
  },
  Effect.scoped,
  Effect.uninterruptible
)
