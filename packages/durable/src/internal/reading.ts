/**
 * What a program does with a login beside driving it: look, take the token, cancel.
 */
import type { SealerUnavailable, Unsealable } from "@sso-oidc/core/Sealer"
import type { Token } from "@sso-oidc/core/Token"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type { Login } from "../Login.ts"
import { LoginCancelled, LoginPending, LoginUnknown } from "../LoginError.ts"
import type { Row, Service } from "../LoginStore.ts"
import type { LoginStoreError } from "../LoginStore.ts"
import type { TakeError } from "../Step.ts"
import * as Holding from "./holding.ts"
import * as Lifecycle from "./lifecycle.ts"

// How often a change is tried again after another process changed the row first.
const most = 10

/** How far a login is. */
export const get = (
  tools: Lifecycle.Tools,
  id: string
): Effect.Effect<Login, LoginStoreError | SealerUnavailable | Unsealable> =>
  Effect.flatMap(tools.store.get(id), (row) => view(tools, id, row))

/** What a program sees of a row. */
export const view = Effect.fnUntraced(function*(
  tools: Lifecycle.Tools,
  id: string,
  row: Row | undefined
): Effect.fn.Return<Login, LoginStoreError | SealerUnavailable | Unsealable> {
  if (row === undefined) return { state: "unknown", id }
  if (Lifecycle.isEnded(row)) return yield* Lifecycle.endedLogin(tools.store, id, row)
  const pending = yield* Lifecycle.pendingIn(tools, id, row)
  const now = yield* Lifecycle.now
  return Lifecycle.pendingLogin(
    id,
    Holding.left(row, now) > 0 ? Holding.shown(pending, row, now) : Holding.takenOver(pending, row, now).pending
  )
})

/** The token of a row, or why there is none. */
export const tokenOf = (tools: Lifecycle.Tools, id: string, row: Row | undefined): Effect.Effect<Token, TakeError> => {
  switch (row?.state) {
    case undefined:
      return Effect.fail(new LoginUnknown({ reason: "absent" }))
    case "pending":
      return Effect.fail(new LoginPending())
    case "cancelled":
      return Effect.fail(new LoginCancelled())
    case "failed":
    case "lost":
      return Effect.flatMap(Lifecycle.errorIn(tools.store, row), Effect.fail)
    case "approved":
      return row.sealed === undefined
        ? Effect.fail(new LoginUnknown({ reason: "taken" }))
        : Lifecycle.tokenIn(tools, id, row)
  }
}

/** Takes the token out of the row. */
export const take = (
  tools: Lifecycle.Tools,
  id: string,
  round = 0
): Effect.Effect<Token, TakeError> =>
  Effect.gen(function*() {
    const { store } = tools
    const row = yield* store.get(id)
    const token = yield* tokenOf(tools, id, row)
    if (row !== undefined && (yield* remove(store, id, row))) return token
    return round === most ? yield* Lifecycle.changed(store, "set") : yield* take(tools, id, round + 1)
  })

// How long an interruption waits for a store that fails to put a token back, in milliseconds.
const patience = 10_000

/**
 * Removes the token from the row, and gives whether this was done. An interruption from the write on waits for the write, and then puts the
 * token back. So a token that the caller did not get can be taken again.
 *
 * It cannot be made whole. The token is lost if the process is killed after the write, or if the store does not put it back in its time. It
 * is lost too if the store does the write after it said that it took too long. An interruption after the return is the caller's matter.
 */
const remove = (store: Service, id: string, row: Row): Effect.Effect<boolean, LoginStoreError> =>
  Effect.suspend(() => {
    let putBack: Effect.Effect<unknown> = Effect.void
    const write = Effect.uninterruptibleMask((restore) =>
      Effect.gen(function*() {
        const now = yield* Lifecycle.now
        const taken = Lifecycle.takenRow(row, now)
        const writing = yield* Effect.forkDetach(Lifecycle.write(store, id, row.version, taken), {
          startImmediately: true
        })
        putBack = Effect.andThen(
          Fiber.await(writing),
          Effect.ignore(Lifecycle.persistently(
            now + patience,
            Lifecycle.write(store, id, taken.version, { ...row, version: Lifecycle.name() })
          ))
        )
        return yield* restore(Fiber.join(writing))
      })
    )
    return Effect.onInterrupt(write, () => putBack)
  })

/** Ends a pending login. Gives the row that it ended, or `undefined` if there was nothing to end. */
export const cancel = (
  store: Service,
  id: string,
  round = 0
): Effect.Effect<Row | undefined, LoginStoreError> =>
  Effect.gen(function*() {
    const row = yield* store.get(id)
    if (row === undefined || Lifecycle.isEnded(row)) return undefined
    if (yield* Lifecycle.end(store, id, row.version, Lifecycle.cancelledRow(row, yield* Lifecycle.now))) return row
    return round === most ? yield* Lifecycle.changed(store, "end") : yield* cancel(store, id, round + 1)
  })
