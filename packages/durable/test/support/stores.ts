/**
 * Holds stores of logins to their contract.
 */
import { assert } from "@effect/vitest"
import type * as LoginStore from "@sso-oidc/durable/LoginStore"
import * as LoginStoreContract from "@sso-oidc/durable/LoginStoreContract"
import { leakIn, textsOf } from "@sso-oidc/test-kit/leaks"
import * as Effect from "effect/Effect"

/** Holds a store to the contract, several cases at a time. */
export const keeps = <E, R>(options: LoginStoreContract.Options<E, R>): Effect.Effect<void, never, R> =>
  Effect.map(LoginStoreContract.run({ ...options, concurrency: 8 }), (outcomes) => {
    assert.deepStrictEqual(outcomes.flatMap(({ violation }) => violation?.message ?? []), [])
    assert.strictEqual(outcomes.filter(({ verdict }) => verdict === "kept").length, LoginStoreContract.cases.length)
    assert.isAbove(outcomes.length, 40)
  })

/** A text that must not be seen. */
export const secret = "planted-sealed-token-0123456789"

/** A row that waits, whose sealed text must not be seen. */
export const rowOf = (changes: Partial<LoginStore.Row> = {}): LoginStore.Row => {
  const now = Date.now()
  return {
    version: crypto.randomUUID(),
    attempt: crypto.randomUUID(),
    state: "pending",
    driver: "step",
    sealed: secret,
    writtenAt: now,
    removeAt: now + 3_600_000,
    ...changes
  }
}

/** Fails if any text that can be made of a value has the secret. */
export const assertNoLeak = (value: unknown, one = secret): void => {
  for (const text of textsOf(value)) assert.isUndefined(leakIn(text, one), text.slice(0, 200))
}

/** What each method of a store fails with, by its name. */
export const failures = (store: LoginStore.Service) => {
  const row = rowOf({ driver: "engine" })
  const methods: Readonly<Record<string, Effect.Effect<unknown, LoginStore.LoginStoreError>>> = {
    insert: store.insert("id", row),
    get: store.get("id"),
    set: store.set("id", row.version, row),
    end: store.end("id", row.version, { ...row, state: "approved" }),
    pending: store.pending(1),
    sweep: store.sweep(1)
  }
  return Effect.forEach(
    Object.entries(methods),
    ([operation, effect]) => Effect.map(Effect.flip(effect), (error) => ({ operation, error })),
    { concurrency: "unbounded" }
  )
}
