/**
 * A program that opens a SQLite file for itself, and keeps it until it is killed. It prints `open`, or the error.
 *
 *     node holder.ts FILE
 */
import * as NodeSqlite from "@sso-oidc/durable/node/NodeSqlite"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

const [, , file = ""] = process.argv

const program = Layer.build(NodeSqlite.layer({ file, exclusive: true })).pipe(
  Effect.matchEffect({
    onFailure: ({ code, message }) => Console.log(`${code} ${message}`),
    onSuccess: () =>
      Effect.gen(function*() {
        yield* Console.log("open")
        setInterval(() => {}, 1000)
        return yield* Effect.never
      })
  }),
  Effect.scoped
)

Effect.runFork(program)
