/**
 * Processes of several runtimes with one expired token in the AWS CLI's cache, all at once: one request, and one token for all.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as CacheFile from "@sso-oidc/core/aws/CacheFile"
import * as CachedToken from "@sso-oidc/session/CachedToken"
import * as CacheKey from "@sso-oidc/session/CacheKey"
import { folder } from "@sso-oidc/test-kit/child"
import type * as Member from "@sso-oidc/test-kit/sessions/member"
import * as Service from "@sso-oidc/test-kit/sessions/service"
import * as Workers from "@sso-oidc/test-kit/sessions/workers"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { join } from "node:path"
import type { RuntimeName } from "./columns.ts"
import type { Runtime } from "./runtime.ts"
import type { Herd } from "./table.ts"

/** The runtimes of the herd. */
export const runtimes = ["Node 24", "Bun", "Deno"] as const satisfies ReadonlyArray<RuntimeName>

/** How many processes each runtime has. The table has this number in words. */
const each = 4

const program = (name: RuntimeName): string => name.startsWith("Node ") ? "herd-node.js" : "herd-web.js"

/** Runs the herd. A runtime that was not started is left out. */
export const run = (started: ReadonlyMap<string, Runtime | Error>): Effect.Effect<Herd> => {
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
    const login = yield* service.login("herd", "-1 minute", { before: 100, after: 100 })
    const place = yield* folder
    const file = join(place, yield* CacheKey.token(login.settings))
    yield* CacheFile.write(file, Redacted.value(CachedToken.encode(login.token)))
    const task: Member.Task = {
      place,
      startUrl: Service.startUrl,
      name: "herd",
      endpoint: service.url,
      requestTimeout: 30_000
    }
    yield* Effect.forEach(workers, (worker) => worker.prepare(task), { concurrency: "unbounded" })
    const told = yield* Effect.forEach(workers, (worker) => worker.go, { concurrency: "unbounded" })
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
