/**
 * What the command prints: its result on standard output, and messages for a person on standard error.
 */
import * as Layout from "@sso-oidc/terminal/Layout"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import type * as Schema from "effect/Schema"
import * as Ended from "./Ended.ts"
import * as Host from "./Host.ts"
import * as Table from "./Table.ts"

/** Prints the result: one JSON value on one line, or the lines for a person. */
export const result = (
  isJson: boolean,
  value: Schema.Json,
  lines: ReadonlyArray<Layout.Line>
): Effect.Effect<void, never, Host.Host> =>
  isJson
    ? Console.log(JSON.stringify(value))
    : Host.Host.use(({ output }) => print(Console.log, lines, output()))

/** Prints the result: one JSON value on one line, or a table for a person. */
export const table = (
  isJson: boolean,
  value: Schema.Json,
  rows: Table.Rows
): Effect.Effect<void, never, Host.Host> =>
  isJson || rows.length === 0
    ? result(isJson, value, [])
    : Host.Host.use(({ output }) => Console.log(Table.render(rows, output()).join("\n")))

/** Tells a person something, on standard error. */
export const tell = (...lines: ReadonlyArray<Layout.Line | string>): Effect.Effect<void, never, Host.Host> =>
  Host.Host.use(({ messages }) =>
    print(
      Console.error,
      lines.map((line) => typeof line === "string" ? { text: Ended.oneLine(line) } : line),
      messages()
    )
  )

const print = (
  write: (text: string) => Effect.Effect<void>,
  lines: ReadonlyArray<Layout.Line>,
  look: Layout.Look
): Effect.Effect<void> => {
  const text = lines.flatMap((line) => Layout.render(line, look)).join("\n")
  return lines.length === 0 ? Effect.void : write(text)
}

/** Prints an error: its sentence on standard error, and with `--json` its value on standard output. */
export const failure = (isJson: boolean, error: Ended.Failure): Effect.Effect<void, never, Host.Host> => {
  const message = Ended.sentenceOf(error)
  const told = tell(message)
  return isJson
    ? Effect.andThen(Console.log(JSON.stringify({ error: { tag: Ended.tagOf(error), message } })), told)
    : told
}
