import { assert, describe, it } from "@effect/vitest"
import * as AccessToken from "@sso-oidc/core/AccessToken"
import type * as TokenStore from "@sso-oidc/session/TokenStore"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { stored } from "../support/service.ts"
import { make, type Options, plain } from "../support/sessions.ts"

type Change = (store: TokenStore.Service) => TokenStore.Service

/** What a session gives over a changed store, and how many requests it sent. */
const over = (change: Change, options: Options = {}) =>
  Effect.gen(function*() {
    const { service, session } = yield* make({ ...options, store: change })
    const { session: one } = yield* session
    const result = yield* Effect.result(Effect.map(one.token(), plain))
    return { result, sent: service.sent.length }
  }).pipe(Effect.scoped)

const failure = (change: Change) =>
  Effect.map(over(change), ({ result, sent }) => {
    assert.strictEqual(sent, 0)
    return result._tag === "Failure" ? result.failure : assert.fail("it gave a token")
  })

const failing = (error: Effect.Effect<never, AccessToken.StoreError | AccessToken.StoreBusy>): Change => (store) => ({
  ...store,
  exclusively: () => error
})

describe("a session over a store of a user", () => {
  it.effect("sends one request, also if the store runs its holder twice (S8, C8)", () =>
    Effect.gen(function*() {
      const { result, sent } = yield* over((store) => ({
        ...store,
        exclusively: (key, use, waiting) =>
          store.exclusively(key, (hold) => Effect.andThen(use(hold), use(hold)), waiting)
      }))
      assert.strictEqual(result._tag === "Success" && result.success, "access-1")
      assert.strictEqual(sent, 1)
    }))

  it.effect("gives the token that arrived, also if the store fails to give its lock back (S9)", () =>
    Effect.gen(function*() {
      const error = new AccessToken.StoreError({
        store: "own",
        operation: "lock",
        reason: "unavailable",
        detail: "it is gone"
      })
      const { result } = yield* over((store) => ({
        ...store,
        exclusively: (key, use, waiting) => Effect.andThen(store.exclusively(key, use, waiting), Effect.fail(error))
      }))
      assert.strictEqual(result._tag === "Success" && result.success, "access-1")
    }))

  it.effect("fails with `StoreError` if the store does not run its holder (S8)", () =>
    Effect.gen(function*() {
      const error = yield* failure((store) => ({ ...store, exclusively: () => Effect.succeed(JSON.parse("null")) }))
      assert.include(error.message, "the store did not run its holder")
    }))

  it.effect("keeps the words of the store's error, but not a secret in them, nor what hangs on it (S21)", () =>
    Effect.gen(function*() {
      const words = { store: "vault", operation: "lock", reason: "unavailable", code: "EVAULT" } as const
      const good = yield* failure(failing(
        Effect.fail(
          Object.assign(new AccessToken.StoreError({ ...words, detail: "the vault is closed" }), { cause: "refresh-0" })
        )
      ))
      assert.include(good.message, "The vault store cannot be locked (EVAULT): the vault is closed.")
      assert.notProperty(good, "cause")
      for (const detail of ["no room for refresh-0", "cmVmcmVzaC0w", "726566726573682d30", ""]) {
        const bad = yield* failure(failing(Effect.fail(new AccessToken.StoreError({ ...words, detail }))))
        assert.include(bad.message, "the store said something that is not shown")
        assert.include(bad.message, "(EVAULT)")
      }
    }))

  it.effect("names the hash of the key, if the store is busy and names the key itself (S21)", () =>
    Effect.gen(function*() {
      const error = yield* failure(
        failing(Effect.fail(new AccessToken.StoreBusy({ store: "own", key: "corp", seconds: Number.NaN })))
      )
      assert.strictEqual(error._tag === "StoreBusy" && error.key, "ee0bfd2552fbd840c02cc48b6e823320543c450f")
    }))

  it.effect("takes a text that is not Redacted for no text (S6)", () =>
    Effect.gen(function*() {
      const error = yield* failure((store) => ({
        ...store,
        read: (key) => Effect.map(store.read(key), (text) => JSON.parse(JSON.stringify(text && Redacted.value(text))))
      }))
      assert.strictEqual(error._tag, "StoreError")
      assert.notInclude(JSON.stringify(error), "refresh-0")
    }))
})

/** A logout of all sessions, and a status, over a store with other members. */
const overMembers = (members: Record<string, unknown>) =>
  Effect.gen(function*() {
    const { session } = yield* make({
      token: stored("1 hour"),
      store: (store) => Object.assign({}, store, members)
    })
    const { session: one } = yield* session
    return { logout: yield* Effect.result(one.logout({ all: true })), status: yield* one.status }
  }).pipe(Effect.scoped)

describe("the optional members of a user's store", () => {
  it.effect("log out nothing with a list that is none, and show no secret of it (S20, S21)", () =>
    Effect.gen(function*() {
      const entry = { id: "aa", text: Redacted.make("{}"), remove: () => Effect.succeed(true) }
      const lists: ReadonlyArray<unknown> = [
        null,
        "list",
        {},
        [null],
        [{ ...entry, id: "corp" }],
        [{ ...entry, text: "access-0" }],
        [{ ...entry, text: Redacted.make(7) }],
        [{ ...entry, remove: true }],
        [{ id: "aa", remove: entry.remove }]
      ]
      for (
        const entries of [...lists.map(Effect.succeed), Effect.die(new Error("access-0")), Effect.fail("access-0"), 7]
      ) {
        const { logout } = yield* overMembers({ entries })
        const error = logout._tag === "Failure" ? logout.failure : assert.fail("it logged out")
        assert.deepInclude(error, { _tag: "StoreError", operation: "read", reason: "unavailable" })
        assert.notInclude(JSON.stringify(error), "access-0")
      }
    }))

  it.effect("fail with the errors of the contract where a removal does something else (S20, S21)", () =>
    Effect.gen(function*() {
      const token = "{\"accessToken\":\"listed-token\"}"
      const words = { store: "own", operation: "remove", reason: "unavailable" } as const
      const removals: ReadonlyArray<readonly [unknown, words: string]> = [
        [Effect.void, "the store did not say whether it removed a text"],
        [Effect.succeed("listed-token"), "the store did not say whether it removed a text"],
        [Effect.die(new Error("listed-token")), "an error that its contract does not have"],
        [Effect.fail("listed-token"), "an error that its contract does not have"],
        [null, "an error that its contract does not have"],
        [
          Effect.fail(new AccessToken.StoreError({ ...words, detail: "no listed-token" })),
          "something that is not shown"
        ],
        [Effect.fail(new AccessToken.StoreError({ ...words, detail: "the vault is closed" })), "the vault is closed"],
        [
          Effect.fail(new AccessToken.StoreBusy({ store: "listed-token", key: "listed-token", seconds: Number.NaN })),
          "was not free for 0 seconds"
        ]
      ]
      for (const [removal, words] of removals) {
        const { logout } = yield* overMembers({
          entries: Effect.succeed([{ id: "aa", text: Redacted.make(token), remove: () => removal }])
        })
        const error = logout._tag === "Failure" ? logout.failure : assert.fail("it logged out")
        assert.include(error.message, words)
        assert.notInclude(JSON.stringify(error), "listed-token")
      }
    }))

  it.effect("give a status words without secrets and control characters (S19, S21)", () =>
    Effect.gen(function*() {
      const { status } = yield* overMembers({
        entries: undefined,
        lock: "lease\u001b[31m of\n9 s",
        warnings: () => Effect.succeed(["Others\u0007may read it.", "It has refresh-0 in it.", 7, "x".repeat(5000)])
      })
      assert.strictEqual(status.lock, "lease [31m of 9 s")
      assert.deepStrictEqual(status.warnings.slice(0, 3), [
        "Others may read it.",
        "The store warned of something that is not shown.",
        "The store warned of something that is not shown."
      ])
      assert.lengthOf(status.warnings[3] ?? "", 300)
      for (const lock of [7, {}, "", undefined]) {
        assert.isUndefined((yield* overMembers({ entries: undefined, lock })).status.lock)
      }
      for (
        const warnings of [() => Effect.die(new Error("refresh-0")), () => Effect.succeed("refresh-0"), () => 7, 7]
      ) {
        const { status } = yield* overMembers({ entries: undefined, warnings })
        assert.strictEqual(status.state, "valid")
        assert.notInclude(JSON.stringify(status), "refresh-0")
      }
    }))
})
