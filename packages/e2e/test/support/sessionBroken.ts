/**
 * Stores and sealers of a user that fail in every way, with the secrets in all that they throw.
 */
import { StoreBusy, StoreError } from "@sso-oidc/core/AccessToken"
import * as Sealer from "@sso-oidc/core/Sealer"
import type * as TokenStore from "@sso-oidc/session/TokenStore"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Planted from "./leaksPlanted.ts"
import { refresh } from "./sessionPlanted.ts"

/** An effect that TypeScript would refuse in the place of any other. */
const untyped = (effect: Effect.Effect<unknown, unknown>): Effect.Effect<never> => {
  const made: Effect.Effect<unknown, unknown> = effect
  const holder: { readonly effect: Effect.Effect<never> } = JSON.parse("{}")
  Reflect.set(holder, "effect", made)
  return holder.effect
}

/** How a function of a user may fail, with all secrets in it. */
export const ways = (s: Planted.Secrets): Readonly<Record<string, () => Effect.Effect<never>>> => {
  const all = Object.values(s).join(" ")
  const [cause] = Planted.causes(refresh(s), s)
  const more = { cause, request: { body: all } }
  return {
    "an error of the contract with the secrets in its texts": () =>
      untyped(Effect.fail(
        Object.assign(
          new StoreError({
            store: "own",
            key: s.refreshToken,
            operation: "read",
            reason: "unavailable",
            detail: `cannot store ${all}`,
            code: s.clientSecret
          }),
          more
        )
      )),
    "a lock that is busy, with a secret for its key": () =>
      untyped(Effect.fail(Object.assign(new StoreBusy({ store: "own", key: s.refreshToken, seconds: 1 }), more))),
    "another error": () => untyped(Effect.fail(cause)),
    "a text for an error": () => untyped(Effect.fail(all)),
    "a defect": () => Effect.die(cause),
    "a throw": () => {
      throw cause
    },
    "another result": () => untyped(Effect.succeed({ all, toString: () => all })),
    "no effect": () => untypedValue(all)
  }
}

const untypedValue = (value: unknown): Effect.Effect<never> => {
  const holder: { readonly effect: Effect.Effect<never> } = JSON.parse("{}")
  Reflect.set(holder, "effect", value)
  return holder.effect
}

/** Where a store may fail. The first two calls of `read` are good, so that there is something to leak. */
export const places: Readonly<
  Record<string, (fail: () => Effect.Effect<never>, store: TokenStore.Service) => TokenStore.Service>
> = {
  read: (fail, store) => {
    let count = 0
    return { ...store, read: (key) => count++ < 2 ? store.read(key) : fail() }
  },
  marks: (fail, store) => ({ ...store, marks: fail }),
  "exclusively, before its holder": (fail, store) => ({ ...store, exclusively: fail }),
  "exclusively, after its holder": (fail, store) => ({
    ...store,
    exclusively: (key, use, waiting) => Effect.andThen(store.exclusively(key, use, waiting), Effect.suspend(fail))
  }),
  prepare: (fail, store) => withHold(store, () => ({ prepare: fail })),
  commit: (fail, store) => withHold(store, () => ({ commit: fail })),
  settle: (fail, store) => withHold(store, () => ({ settle: fail }))
}

const withHold = (
  store: TokenStore.Service,
  change: (hold: TokenStore.Hold) => Partial<TokenStore.Hold>
): TokenStore.Service => ({
  ...store,
  exclusively: (key, use, waiting) => store.exclusively(key, (hold) => use({ ...hold, ...change(hold) }), waiting)
})

/** A sealer that keeps its texts as they are, and fails in one way when it seals or opens. */
export const sealers = (s: Planted.Secrets): ReadonlyArray<readonly [name: string, sealer: Sealer.Service]> => {
  const good: Sealer.Service = {
    isOld: () => false,
    seal: (_, secret) => Effect.succeed(Buffer.from(Redacted.value(secret)).reverse().toString("base64")),
    unseal: (_, sealed) => Effect.succeed(Redacted.make(Buffer.from(sealed, "base64").reverse().toString()))
  }
  const [cause] = Planted.causes(refresh(s), s)
  const own = Object.entries(ways(s)).flatMap(([way, fail]) => [
    [`seal: ${way}`, { ...good, seal: fail }] as const,
    [`unseal: ${way}`, { ...good, unseal: fail }] as const
  ])
  const functions = Sealer.fromFunctions({
    seal: () => Promise.reject(cause),
    unseal: () => Promise.reject(cause)
  })
  return [
    ...own,
    ["seal of fromFunctions", { ...good, seal: functions.seal }],
    ["unseal of fromFunctions", { ...good, unseal: functions.unseal }]
  ]
}
