import { assert, describe, it } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/testing/TestClock"
import * as TestConsole from "effect/testing/TestConsole"
import * as Host from "../src/Host.ts"
import * as RoleAccess from "../src/RoleAccess.ts"
import { hostOf } from "./support/ran.ts"

const now = Date.parse("2026-11-26T08:00:00.100Z")

/** The exit code for credentials that have so many milliseconds left, and what a person reads. */
const checked = (left: number) =>
  Effect.gen(function*() {
    yield* TestClock.setTime(now)
    const code = yield* RoleAccess.check({
      accountId: "111122223333",
      roleName: "ReadOnly",
      accessKeyId: "ASIAEXAMPLE",
      secretAccessKey: Redacted.make("secret"),
      sessionToken: Redacted.make("token"),
      expiration: DateTime.makeUnsafe(now + left)
    }).pipe(Effect.match({ onSuccess: () => 0, onFailure: ({ code }) => code }))
    return [code, (yield* TestConsole.errorLines).join("\n")] as const
  }).pipe(Effect.provideService(Host.Host, hostOf([], { env: {} })))

const minute = 60_000

describe("credentials that do not last", () => {
  it.effect.each(
    [
      [15 * minute + 1000, undefined],
      [15 * minute - 1000, "at 2026-11-26 08:14:59 UTC, in 14 minutes."],
      [2 * minute - 1000, "in 1 minute."],
      [minute - 1000, "in less than a minute."]
    ] as const
  )(
    "with %d milliseconds left are given, with a warning if it is less than 15 minutes (K4)",
    ([left, words]) =>
      Effect.gen(function*() {
        const [code, told] = yield* checked(left)
        assert.strictEqual(code, 0)
        if (words === undefined) assert.strictEqual(told, "")
        else assert.include(told, words)
      })
  )

  it.effect.each([-1000, 0, 500])(
    "with %d milliseconds left are of no use, counted in whole seconds (K4)",
    (left) =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* checked(left), [3, ""])
      })
  )
})
