/**
 * Many real processes with one expired token.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import * as CacheFile from "@sso-oidc/core/aws/CacheFile"
import * as CachedToken from "@sso-oidc/session/CachedToken"
import * as CacheKey from "@sso-oidc/session/CacheKey"
import { folder } from "@sso-oidc/test-kit/child"
import type * as Member from "@sso-oidc/test-kit/sessions/member"
import * as Service from "@sso-oidc/test-kit/sessions/service"
import * as Workers from "@sso-oidc/test-kit/sessions/workers"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { readdirSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"

const size = 32

/** A start of a process takes long, so the same processes serve all rounds. */
const herd = Effect.gen(function*() {
  const path = yield* Workers.bundle("files")
  return yield* Effect.forEach(Array.from({ length: size }), () => Workers.startNode(path))
})

/** Logs in a session whose token has expired, lets each process build that session, and asks all of them at once. */
const round = Effect.fnUntraced(function*(
  workers: ReadonlyArray<Workers.Worker>,
  service: Service.Service,
  lock: Member.Task["lock"] = "kernel"
) {
  const place = yield* folder
  // all processes ask before the response arrives
  const login = yield* service.login("herd", "-1 minute", { before: 100, after: 100 })
  const name = yield* CacheKey.token(login.settings)
  const file = join(place, name)
  yield* CacheFile.write(file, Redacted.value(CachedToken.encode(login.token)))
  const task: Member.Task = {
    place,
    startUrl: Service.startUrl,
    name: "herd",
    endpoint: service.url,
    requestTimeout: 30_000,
    lock
  }
  yield* Effect.forEach(workers, (worker) => worker.prepare(task), { concurrency: "unbounded" })
  const told = yield* Effect.forEach(workers, (worker) => worker.go, { concurrency: "unbounded" })
  return { name, file, place, login, told }
})

type Round = Effect.Success<ReturnType<typeof round>>

const assertOne = ({ file, login, name, place, told }: Round) => {
  assert.strictEqual(login.requests(), 1)
  const text = readFileSync(file, "utf8")
  const stored = Result.getOrThrow(CachedToken.decode(Redacted.make(text)))
  const token = Redacted.value(stored.accessToken)
  assert.notStrictEqual(token, Redacted.value(login.token.accessToken))
  assert.deepStrictEqual(told, Array.from({ length: size }, () => ({ _tag: "Token", token })))
  assert.strictEqual(statSync(file).mode & 0o777, 0o600)
  assert.deepStrictEqual(Redacted.value(stored.others), Redacted.value(login.token.others))
  assert.deepStrictEqual(readdirSync(place).sort(), [name, `${name}.lock`])
}

describe(`${size} processes with one expired token`, () => {
  it.live("send one request and share its token, and without the lock they do not (S8)", () =>
    Effect.gen(function*() {
      const workers = yield* herd
      for (const rotation of ["strict", "lenient"] as const) {
        assertOne(yield* round(workers, yield* Service.make(rotation)))
      }
      // The rounds above can fail: here each process has a lock of its own.
      const alone = yield* round(workers.slice(0, 8), yield* Service.make("lenient"), "process")
      assert.isAbove(alone.login.requests(), 1)
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)), 120_000)
})
