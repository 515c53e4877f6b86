/**
 * Many real processes with one expired token.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import * as CachedToken from "@sso-oidc/session/CachedToken"
import * as Herd from "@sso-oidc/test-kit/sessions/herd"
import * as Service from "@sso-oidc/test-kit/sessions/service"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { readdirSync, readFileSync, statSync } from "node:fs"

type Round = Effect.Success<ReturnType<typeof Herd.round>>

const assertOne = ({ file, login, name, place, told }: Round) => {
  assert.strictEqual(login.requests(), 1)
  const text = readFileSync(file, "utf8")
  const stored = Result.getOrThrow(CachedToken.decode(Redacted.make(text)))
  const token = Redacted.value(stored.accessToken)
  assert.notStrictEqual(token, Redacted.value(login.token.accessToken))
  assert.deepStrictEqual(told, Array.from({ length: Herd.size }, () => ({ _tag: "Token", token })))
  assert.strictEqual(statSync(file).mode & 0o777, 0o600)
  assert.deepStrictEqual(Redacted.value(stored.others), Redacted.value(login.token.others))
  assert.deepStrictEqual(readdirSync(place).sort(), [name, `${name}.lock`])
}

describe(`${Herd.size} processes with one expired token`, () => {
  it.live("send one request and share its token, and without the lock they do not (S8)", () =>
    Effect.gen(function*() {
      const workers = yield* Herd.make
      for (const rotation of ["strict", "lenient"] as const) {
        assertOne(yield* Herd.round(workers, yield* Service.make(rotation)))
      }
      // The rounds above can fail: here each process has a lock of its own.
      const alone = yield* Herd.round(workers.slice(0, 8), yield* Service.make("lenient"), { lock: "process" })
      assert.isAbove(alone.login.requests(), 1)
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)), 120_000)
})
