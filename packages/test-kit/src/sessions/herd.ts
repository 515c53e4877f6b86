/**
 * Many processes that ask at once for a token that has expired.
 */
import * as CacheFile from "@sso-oidc/core/aws/CacheFile"
import * as CachedToken from "@sso-oidc/session/CachedToken"
import * as CacheKey from "@sso-oidc/session/CacheKey"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { join } from "node:path"
import { folder } from "../child.ts"
import type * as Member from "./member.ts"
import * as Service from "./service.ts"
import * as Workers from "./workers.ts"

/** How many processes a herd has. */
export const size = 32

/** Starts the processes, each with the store of files. A start takes long, so the same processes serve all rounds. */
export const make = Effect.gen(function*() {
  const path = yield* Workers.bundle("files")
  return yield* Effect.forEach(Array.from({ length: size }), () => Workers.startNode(path))
})

/**
 * Logs in a session whose token has expired, lets each process build that session, and asks all of them at once. It gives what each told, and the
 * milliseconds until the last did.
 */
export const round = Effect.fnUntraced(function*(
  workers: ReadonlyArray<Workers.Worker>,
  service: Service.Service,
  options: {
    readonly lock?: Member.Task["lock"]
    /** How long the service takes before and after the refresh, in milliseconds. By default so long that all ask before the response comes. */
    readonly waits?: { readonly before: number; readonly after: number }
  } = {}
) {
  const place = yield* folder
  const login = yield* service.login("herd", "-1 minute", options.waits ?? { before: 100, after: 100 })
  const name = yield* CacheKey.token(login.settings)
  const file = join(place, name)
  yield* CacheFile.write(file, Redacted.value(CachedToken.encode(login.token)))
  const task: Member.Task = {
    place,
    startUrl: Service.startUrl,
    name: "herd",
    endpoint: service.url,
    requestTimeout: 30_000,
    ...(options.lock === undefined ? {} : { lock: options.lock })
  }
  yield* Effect.forEach(workers, (worker) => worker.prepare(task), { concurrency: "unbounded" })
  const begun = performance.now()
  const told = yield* Effect.forEach(workers, (worker) => worker.go, { concurrency: "unbounded" })
  return { name, file, place, login, told, millis: performance.now() - begun }
})
