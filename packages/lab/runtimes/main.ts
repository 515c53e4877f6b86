/**
 * Every transport in every runtime that it belongs to: the contract and a whole device login, over sockets, from the packed
 * packages. It prints the table, and writes it into docs/transports.md.
 *
 * Then a herd: processes of several runtimes with one expired token at once.
 *
 * `node packages/lab/runtimes/main.ts [TEXT]`: with a text, it runs only the columns whose name contains it, and writes
 * nothing. The text `herd` runs the herd. The exit code is 1 if one of our transports breaks a guarantee, or if the herd sends
 * more than one request.
 */
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { type Column, columns, runtimes, transports } from "./columns.ts"
import * as Herd from "./herd.ts"
import * as Install from "./install.ts"
import * as Runtime from "./runtime.ts"
import * as Servers from "./servers.ts"
import * as Table from "./table.ts"

const document = join(import.meta.dirname, "../../../docs/transports.md")
// the runs mostly wait, and slow each other down by far less than the contract's time limit
const concurrency = 4
const limit = "90 seconds"

const [only] = process.argv.slice(2)
const nameOf = ({ runtime, transport }: Column) => `${runtime} ${transport}`
const chosen = columns.filter((column) => only === undefined || nameOf(column).includes(only))

const hasHerd = only === undefined || "herd".includes(only)

const said = (name: string, why: string) => Console.error(`\n!!! SKIPPED: ${name}: ${why}\n`)

const main = Effect.gen(function*() {
  const { page, servers } = yield* Servers.start
  yield* Console.error(
    "packing the packages, and installing them with the runtimes: this takes a minute the first time"
  )
  const folders = { tools: yield* Install.tools, program: yield* Install.programs }

  const started = new Map<string, Runtime.Runtime | Error>()
  for (const name of runtimes) {
    const isInHerd = hasHerd && Herd.runtimes.some((one) => one === name)
    if (!isInHerd && !chosen.some(({ runtime }) => runtime === name)) continue
    const runtime = yield* Effect.catch(Runtime.start(name, folders), Effect.succeed)
    started.set(name, runtime)
    if (runtime instanceof Error) yield* said(name, runtime.message)
  }

  const found = yield* Effect.forEach(chosen, (column) =>
    Effect.gen(function*(): Effect.fn.Return<Table.Found> {
      const runtime = started.get(column.runtime)
      if (runtime === undefined || runtime instanceof Error) {
        return { _tag: "Skipped", column, why: runtime?.message ?? "it was not started" }
      }
      const began = performance.now()
      const { profile } = transports[column.transport]
      const task = { ...servers, transport: column.transport, profile }
      const result = yield* Effect.scoped(runtime.run(task, page)).pipe(
        Effect.flatMap(Runtime.parse),
        Effect.timeoutOrElse({ duration: limit, orElse: () => Effect.fail(new Error(`it did not end in ${limit}`)) }),
        Effect.match({
          onFailure: (error): Table.Found => ({ _tag: "Failed", column, why: error.message }),
          onSuccess: (told): Table.Found => ({ _tag: "Told", column, told })
        })
      )
      const seconds = ((performance.now() - began) / 1000).toFixed(1)
      yield* Console.error(`${nameOf(column)}: ${seconds} s${Table.isBroken(result) ? ", BROKEN" : ""}`)
      return result
    }), { concurrency })

  const herd = hasHerd ? yield* Herd.run(started) : undefined
  const isHerdBroken = herd !== undefined && Table.isHerdBroken(herd)
  if (herd !== undefined) yield* Console.error(`herd: ${herd.requests} requests${isHerdBroken ? ", BROKEN" : ""}`)

  const versions = new Map(
    [...started].flatMap(([name, runtime]) => runtime instanceof Error ? [] : [[name, runtime.version] as const])
  )
  const block = Table.render(found, versions, herd)
  yield* Console.log(`\n${block}`)
  if (only === undefined) writeFileSync(document, Table.replace(readFileSync(document, "utf8"), block))
  return found.some(Table.isBroken) || isHerdBroken ? 1 : 0
})

const failed = (error: Error) => Effect.as(Console.error(`\nthe runs cannot begin: ${error.message}`), 1)

process.exitCode = await Effect.runPromise(Effect.catch(Effect.scoped(main), failed))
