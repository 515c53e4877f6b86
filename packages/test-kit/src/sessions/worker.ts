/**
 * A process of a herd. It builds a session for each task, and asks it for its token when it is told to.
 *
 * Each line of its stdin is a task as JSON, or `go`. It prints `ready`, and then what the session told. Any other line is of its log.
 */
import * as Effect from "effect/Effect"
import process from "node:process"
import { createInterface } from "node:readline"
import * as Member from "./member.ts"

/** What each line begins with that is not of the log. */
export const prefix = "herd: "

/** Runs the process until its stdin ends. */
export const main = async (parts: Member.Parts): Promise<void> => {
  const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
  const next = Effect.promise(async () => {
    const { done, value } = await lines.next()
    // The task is over, whatever its session still does.
    return done === true ? process.exit(0) : value
  })
  const print = (text: string) => Effect.sync(() => void process.stdout.write(`${prefix}${text}\n`))
  await Effect.runPromise(
    Effect.gen(function*() {
      const task: Member.Task = JSON.parse(yield* next)
      const token = yield* Member.make(parts, task)
      yield* print("ready")
      yield* next
      yield* print(JSON.stringify(yield* token))
    }).pipe(Effect.scoped, Effect.forever)
  )
}
