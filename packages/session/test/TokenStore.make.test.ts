import { assert, describe, it } from "@effect/vitest"
import { StoreError } from "@sso-oidc/core/AccessToken"
import * as TokenStore from "@sso-oidc/session/TokenStore"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import { keeps, patient } from "./support/stores.ts"

/** A store of a user, in the memory of this process. */
const make = () => {
  const texts = new Map<string, Redacted.Redacted<string>>()
  const marks = new Map<string, TokenStore.Mark>()
  const holders = new Map<string, object>()
  const take = (key: string): TokenStore.Taken | undefined => {
    if (holders.has(key)) return undefined
    const holder = {}
    holders.set(key, holder)
    const change = (operation: StoreError["operation"], f: () => void) =>
      Effect.suspend(() =>
        holders.get(key) === holder
          ? Effect.sync(f)
          : Effect.fail(new StoreError({ store: "mine", operation, reason: "fenced", detail: "it has ended" }))
      )
    return {
      hold: {
        isExclusive: true,
        prepare: (of) => change("prepare", () => marks.set(key, { of, state: "sent" })),
        commit: (text) =>
          change("commit", () => {
            texts.set(key, text)
            marks.delete(key)
          }),
        settle: (of, state) =>
          change("commit", () => state === undefined ? marks.delete(key) : marks.set(key, { of, state })),
        remove: change("remove", () => {
          texts.delete(key)
          marks.delete(key)
        })
      },
      release: Effect.sync(() => {
        if (holders.get(key) === holder) holders.delete(key)
      })
    }
  }
  const store = TokenStore.make({
    name: "mine",
    read: (key) => Effect.sync(() => texts.get(key)),
    marks: (key) => Effect.sync(() => [marks.get(key)].filter((mark) => mark !== undefined)),
    take: (key) => Effect.sync(() => take(key))
  })
  return {
    layer: Layer.succeed(TokenStore.TokenStore, store),
    expire: (key: string) => Effect.sync(() => holders.delete(key))
  }
}

describe("TokenStore.make", () => {
  it.live("makes a store that keeps the contract, also when a lock is lost (S8, S22)", () => {
    const { expire, layer } = make()
    return keeps({ store: layer, expire })
  })

  it.live("passes on the error of a lock that cannot be tried, and runs nothing", () =>
    Effect.gen(function*() {
      const error = new StoreError({ store: "mine", operation: "lock", reason: "unavailable", detail: "out of reach" })
      const store = TokenStore.make({
        name: "mine",
        read: () => Effect.undefined,
        marks: () => Effect.succeed([]),
        take: () => Effect.fail(error)
      })
      const failed = yield* Effect.flip(store.exclusively("k", () => Effect.die("ran"), patient))
      assert.strictEqual(failed, error)
    }))
})
