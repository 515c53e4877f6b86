/**
 * What a program does with a login beside driving it: look, take the token, cancel.
 */
import type { SealerUnavailable, Unsealable } from "@sso-oidc/core/Sealer"
import type { Token } from "@sso-oidc/core/Token"
import * as Effect from "effect/Effect"
import type { Login, LoginFailure } from "../Login.ts"
import { LoginCancelled, LoginPending, LoginUnknown } from "../LoginError.ts"
import type { Service } from "../LoginStore.ts"
import { LoginStoreError } from "../LoginStore.ts"
import * as Holding from "./holding.ts"
import * as Lifecycle from "./lifecycle.ts"

// How often a change is tried again after another process changed the row first.
const most = 10

const changed = (store: Service, operation: "set" | "end"): LoginStoreError =>
  new LoginStoreError({
    store: store.name,
    operation,
    reason: "unavailable",
    detail: "other processes changed the login again and again"
  })

/** How far a login is. */
export const get = Effect.fnUntraced(function*(
  tools: Lifecycle.Tools,
  id: string
): Effect.fn.Return<Login, LoginStoreError | SealerUnavailable | Unsealable> {
  const row = yield* tools.store.get(id)
  if (row === undefined) return { state: "unknown", id }
  if (Lifecycle.isEnded(row)) return yield* Lifecycle.endedLogin(tools.store, id, row)
  const pending = yield* Lifecycle.pendingIn(tools, id, row)
  const now = yield* Lifecycle.now
  return Lifecycle.pendingLogin(id, Holding.left(row, now) > 0 ? Holding.shown(pending) : Holding.taken(pending, row, now).pending)
})

/** Takes the token out of the row. */
export const take = (
  tools: Lifecycle.Tools,
  id: string,
  round = 0
): Effect.Effect<
  Token,
  LoginPending | LoginUnknown | LoginCancelled | LoginFailure | LoginStoreError | SealerUnavailable
> =>
  Effect.gen(function*() {
    const { store } = tools
    const row = yield* store.get(id)
    if (row === undefined) return yield* new LoginUnknown({ reason: "absent" })
    switch (row.state) {
      case "pending":
        return yield* new LoginPending()
      case "cancelled":
        return yield* new LoginCancelled()
      case "failed":
      case "lost":
        return yield* Effect.flatMap(Lifecycle.errorIn(store, row), Effect.fail)
    }
    if (row.sealed === undefined) return yield* new LoginUnknown({ reason: "taken" })
    const token = yield* Lifecycle.tokenIn(tools, id, row)
    const taken = Lifecycle.takenRow(row, yield* Lifecycle.now)
    // Nothing comes between the write and the token.
    return yield* Effect.uninterruptible(Effect.flatMap(
      Lifecycle.write(store, id, row.version, taken),
      (isDone) =>
        isDone
          ? Effect.succeed(token)
          : round === most
          ? Effect.fail(changed(store, "set"))
          : take(tools, id, round + 1)
    ))
  })

/** Ends a pending login. */
export const cancel = (store: Service, id: string, round = 0): Effect.Effect<boolean, LoginStoreError> =>
  Effect.gen(function*() {
    const row = yield* store.get(id)
    if (row === undefined || Lifecycle.isEnded(row)) return false
    if (yield* Lifecycle.end(store, id, row.version, Lifecycle.cancelledRow(row, yield* Lifecycle.now))) return true
    return round === most ? yield* changed(store, "end") : yield* cancel(store, id, round + 1)
  })
