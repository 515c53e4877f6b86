/**
 * Many real processes that need a login.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import * as CachedToken from "@sso-oidc/session/CachedToken"
import { folder } from "@sso-oidc/test-kit/child"
import type * as Member from "@sso-oidc/test-kit/sessions/member"
import * as Workers from "@sso-oidc/test-kit/sessions/workers"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as References from "effect/References"
import * as Result from "effect/Result"
import { readdirSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"

const size = 8

describe(`${size} processes that call ensure at once`, () => {
  it.live("open one login by the code grant, and all get its token (S14)", () =>
    Effect.gen(function*() {
      const { url } = yield* EmulatorServer.EmulatorServer
      const { authorizations, state } = yield* Emulator.Emulator
      const path = yield* Workers.bundle("files")
      const workers = yield* Effect.forEach(Array.from({ length: size }), () => Workers.startNode(path))
      const place = yield* folder
      const task: Member.Task = {
        place,
        startUrl: "https://corp.awsapps.com/start",
        name: "corp",
        endpoint: url,
        requestTimeout: 30_000,
        ask: "ensure"
      }
      yield* Effect.forEach(workers, (worker) => worker.prepare(task), { concurrency: "unbounded" })
      const told = yield* Effect.forEach(workers, (worker) => worker.go, { concurrency: "unbounded" })

      assert.deepStrictEqual((yield* authorizations.list).map(({ _tag }) => _tag), ["CodeAuthorization"])
      const { registrations } = yield* state.snapshot
      assert.lengthOf(registrations ?? [], 1)
      // each of the three has a lock
      const names = readdirSync(place).sort()
      const tokens = names.filter((name) => name.endsWith(".json")).flatMap((name) => {
        const text = Redacted.make(readFileSync(join(place, name), "utf8"))
        const decoded = CachedToken.decode(text)
        return Result.isSuccess(decoded) ? [decoded.success] : []
      })
      assert.lengthOf(tokens, 1)
      const token = tokens[0] === undefined ? "" : Redacted.value(tokens[0].accessToken)
      assert.deepStrictEqual(told, Array.from({ length: size }, () => ({ _tag: "Token", token })))
      // the token, the registration, and which login was the last
      assert.lengthOf(names.filter((name) => name.endsWith(".json")), 3)
      assert.lengthOf(names.filter((name) => name.endsWith(".lock")), 3)
      assert.lengthOf(names, 6)
      for (const name of names) assert.strictEqual(statSync(join(place, name)).mode & 0o777, 0o600, name)
    }).pipe(
      Effect.scoped,
      Effect.provide(NodeServices.layer),
      Effect.provide(EmulatorServer.layer({ autoApprove: "1 second" })),
      Effect.provideService(References.MinimumLogLevel, "Warn")
    ), 60_000)
})
