/**
 * Holds stores to their contract, and looks at what they leave behind.
 */
import { assert } from "@effect/vitest"
import * as CacheFile from "@sso-oidc/core/aws/CacheFile"
import type * as TokenStore from "@sso-oidc/session/TokenStore"
import * as TokenStoreContract from "@sso-oidc/session/TokenStoreContract"
import { leakIn, textsOf } from "@sso-oidc/test-kit/leaks"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"

const outcomeOf =
  <E, R>(options: TokenStoreContract.Options<E, R>) => ({ name, needs, run }: TokenStoreContract.Case) =>
    needs !== undefined && options[needs] === undefined
      ? Effect.succeed(`skipped: ${name}`)
      : Effect.match(run(options), {
        onSuccess: () => "kept",
        onFailure: (error) => `broken: ${error instanceof Error ? error.message : String(error)}`
      })

/**
 * Holds a store to the contract, several cases at a time. A store whose lock is in this process has no option `expire`, and no case that
 * waits for the end of a lease.
 */
export const keeps = <E, R>(options: TokenStoreContract.Options<E, R>): Effect.Effect<void, never, R> => {
  const isLong = ({ name }: TokenStoreContract.Case) => name.includes("for longer")
  const cases = TokenStoreContract.cases.filter((one) => options.expire !== undefined || !isLong(one))
    // so that the others run meanwhile
    .toSorted((one, other) => Number(isLong(other)) - Number(isLong(one)))
  return Effect.map(Effect.forEach(cases, outcomeOf(options), { concurrency: 8 }), (outcomes) => {
    assert.deepStrictEqual(outcomes.filter((outcome) => outcome.startsWith("broken")), [])
    assert.strictEqual(
      outcomes.filter((outcome) => outcome.startsWith("skipped")).length,
      options.expire === undefined ? 3 : 0
    )
    assert.isAbove(outcomes.filter((outcome) => outcome === "kept").length, 40)
  })
}

/** A text that must not be seen. */
export const secret = "planted-refresh-token-0123456789"

/** Its hash in place of a refresh token's. */
export const of = "0a".repeat(32)

export const patient = { wait: Duration.seconds(30) }

export const commit = (store: TokenStore.Service, key: string, text: string) =>
  store.exclusively(key, (hold) => hold.commit(Redacted.make(text)), patient)

export const textOf = (store: TokenStore.Service, key: string) =>
  Effect.map(store.read(key), (text) => text === undefined ? undefined : Redacted.value(text))

export const idOf = CacheFile.hash

/** Fails if any text that can be made of a value has the secret. */
export const assertNoLeak = (value: unknown, one = secret): void => {
  for (const text of textsOf(value)) assert.isUndefined(leakIn(text, one), text.slice(0, 200))
}

const live = Clock.Clock.defaultValue()

/** A clock on which nothing that sleeps wakes up. */
const frozen: Clock.Clock = {
  currentTimeMillisUnsafe: () => live.currentTimeMillisUnsafe(),
  currentTimeMillis: live.currentTimeMillis,
  currentTimeNanosUnsafe: () => live.currentTimeNanosUnsafe(),
  currentTimeNanos: live.currentTimeNanos,
  monotonicTimeNanosUnsafe: () => live.monotonicTimeNanosUnsafe(),
  monotonicTimeNanos: live.monotonicTimeNanos,
  sleep: () => Effect.never
}

/** A holder whose fiber does not prolong its lease loses it to the next holder within 5 s, and then stores nothing. */
export const freezes = (store: TokenStore.Service) =>
  Effect.gen(function*() {
    const error = yield* store.exclusively("k", (hold) =>
      Effect.gen(function*() {
        yield* hold.prepare(of, 10)
        const start = live.currentTimeMillisUnsafe()
        yield* Effect.provideService(commit(store, "k", "of the next holder"), Clock.Clock, live)
        const waited = live.currentTimeMillisUnsafe() - start
        assert.isTrue(waited > 2500 && waited < 5000, `the next holder waited ${waited} ms`)
        return yield* Effect.flip(hold.commit(Redacted.make("of the frozen holder")))
      }), patient).pipe(Effect.provideService(Clock.Clock, frozen))
    assert.deepInclude(error, { _tag: "StoreError", reason: "fenced", operation: "commit", store: store.name })
    assert.strictEqual(yield* textOf(store, "k"), "of the next holder")
    assert.deepStrictEqual(yield* store.marks("k"), [])
  })
