/**
 * Processes of several runtimes with one expired token in the AWS CLI's cache, all at once: one request, and one token for all.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Herd from "@sso-oidc/test-kit/sessions/herd"
import * as Service from "@sso-oidc/test-kit/sessions/service"
import * as Workers from "@sso-oidc/test-kit/sessions/workers"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type { RuntimeName } from "./columns.ts"
import type { Runtime } from "./runtime.ts"
import type { Herd as Row } from "./table.ts"

/** The runtimes of the herd. */
export const runtimes = ["Node 24", "Bun", "Deno"] as const satisfies ReadonlyArray<RuntimeName>

/** How many processes each runtime has. The table has this number in words. */
const each = 4

const program = (name: RuntimeName): string => name.startsWith("Node ") ? "herd-node.js" : "herd-web.js"

/** Runs the herd. A runtime that was not started is left out. */
export const run = (started: ReadonlyMap<string, Runtime | Error>): Effect.Effect<Row> => {
  const here = runtimes.flatMap((name) => {
    const runtime = started.get(name)
    const command = runtime === undefined || runtime instanceof Error ? undefined : runtime.command
    return command === undefined ? [] : [{ name, command }]
  })
  const names = {
    runtimes: here.map(({ name }) => name),
    skipped: runtimes.filter((name) => !here.some((one) => one.name === name))
  }
  return Effect.gen(function*() {
    const commands = here.flatMap(({ command, name }) => Array.from({ length: each }, () => command(program(name))))
    const workers = yield* Effect.forEach(commands, Workers.start)
    const service = yield* Service.make("strict")
    const { login, told } = yield* Herd.round(workers, service)
    const failures = told.flatMap((one) => one?._tag === "Token" ? [] : [one?.message ?? "a process ended"])
    const tokens = new Set(told.flatMap((one) => one?._tag === "Token" ? [one.token] : []))
    return {
      ...names,
      requests: login.requests(),
      tokens: tokens.size,
      why: failures[0] ?? ""
    }
  }).pipe(
    Effect.scoped,
    Effect.provide(NodeServices.layer),
    Effect.catchCause((cause) => Effect.succeed({ ...names, requests: 0, tokens: 0, why: Cause.pretty(cause) }))
  )
}
