/**
 * Holds stores to their contract, and looks at what they leave behind.
 */
import { assert } from "@effect/vitest"
import * as CacheFile from "@sso-oidc/core/aws/CacheFile"
import type * as TokenStore from "@sso-oidc/session/TokenStore"
import * as TokenStoreContract from "@sso-oidc/session/TokenStoreContract"
import { leakIn, textsOf } from "@sso-oidc/test-kit/leaks"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"

/** Fails with the sentences of all broken cases. `skipped` are the options that the store has no need of. */
export const keeps = <E, R>(
  options: TokenStoreContract.Options<E, R>,
  skipped: ReadonlyArray<string> = []
): Effect.Effect<void, never, R> =>
  Effect.map(TokenStoreContract.run({ ...options, concurrency: 8 }), (outcomes) => {
    assert.deepStrictEqual(
      outcomes.filter(({ verdict }) => verdict === "broken").map(({ name, violation }) => violation?.message ?? name),
      []
    )
    assert.deepStrictEqual([...new Set(outcomes.flatMap(({ needs }) => needs ?? []))], skipped)
    assert.isAbove(outcomes.filter(({ verdict }) => verdict === "kept").length, 40)
  })

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
