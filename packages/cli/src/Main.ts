/**
 * Runs the command as a process: signals, exit codes, and an end without a stack trace.
 */
import * as Terminal from "@sso-oidc/terminal/Terminal"
import * as Cause from "effect/Cause"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Runtime from "effect/Runtime"
import * as Cli from "./Cli.ts"
import * as Ended from "./Ended.ts"
import * as Host from "./Host.ts"
import * as Signals from "./Signals.ts"

/** How long an interrupted command may take before it says that it waits. Most end at once. */
const silence = 1000

/** A refresh or an exchange of a code is in flight: its response may be the only way on for the session. */
const awaits = "Waiting up to 10 seconds for the response to a request that must not be lost. Ctrl-C again ends it now."

/** Runs the command, and ends the process with its exit code. */
export const main = (args: ReadonlyArray<string>): void => {
  Terminal.endWithOutput("sso-oidc", Ended.codes.store)
  // the reader of the messages has gone: the exit code still says how the command ended
  process.stderr.on("error", () => {})
  let signalled: number | undefined
  Runtime.makeRunMain(({ fiber, teardown }) => {
    const stop = Signals.listen(
      (code) => {
        signalled = code
        fiber.interruptUnsafe(fiber.id)
        setTimeout(() => process.stderr.write(`${awaits}\n`), silence).unref()
      },
      (code) => process.exit(code)
    )
    fiber.addObserver((exit) => {
      teardown(exit, (code) => {
        const end = (error?: Error | null) => {
          // `endWithOutput` ends the process in a moment: the result has not reached its reader
          if (error !== null && error !== undefined) return
          stop()
          process.exit(code)
        }
        const { errored, writableLength } = process.stdout
        // A late signal ends the process without waiting for the output.
        if (writableLength > 0) process.stdout.write("", end)
        else end(errored)
      })
    })
  })(
    Cli.run(args).pipe(
      Effect.catchCause((cause) =>
        Cause.hasInterruptsOnly(cause)
          ? Effect.interrupt
          : Effect.as(Console.error(Ended.bug(Cause.squash(cause))), Ended.codes.bug)
      ),
      Effect.provide(Host.layer)
    ),
    {
      disableErrorReporting: true,
      teardown: (exit, onExit) =>
        onExit(signalled ?? (Exit.isSuccess(exit) ? Number(exit.value) : Ended.codes.interrupted))
    }
  )
}
