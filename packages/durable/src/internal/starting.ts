/**
 * The start of a login: one login for each id, whatever process starts it and when.
 */
import type { SealerUnavailable, Unsealable } from "@sso-oidc/core/Sealer"
import type * as SsoOidc from "@sso-oidc/core/SsoOidc"
import type * as DeviceGrant from "@sso-oidc/device-grant/DeviceGrant"
import { DeviceCodeExpired } from "@sso-oidc/device-grant/DeviceGrantError"
import type { PendingAuthorization } from "@sso-oidc/device-grant/PendingAuthorization"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type { PendingLogin } from "../Login.ts"
import { LoginEnded } from "../LoginError.ts"
import { LoginStoreError } from "../LoginStore.ts"
import type { Found, Row, Service } from "../LoginStore.ts"
import * as Failure from "./failure.ts"
import * as Holding from "./holding.ts"
import * as Lifecycle from "./lifecycle.ts"
import * as Registrations from "./registrations.ts"

/** Why the row of a start cannot be read or written. */
type RowError = LoginEnded | LoginStoreError | SealerUnavailable

/** What polls for the login that a start makes, and what it does with the row beside writing it. */
export interface Way {
  readonly driver: Row["driver"]
  /** Waits for the turn of the requests of a start. */
  readonly before: Effect.Effect<void>
  /** A name for the new login, whose code was issued now. */
  readonly attempt: (now: number) => string
  /** Writes the first row of an id. Gives whether it did. */
  readonly insert: (id: string, row: Row) => Effect.Effect<boolean, LoginStoreError>
  /** What follows after a row replaced an ended one. */
  readonly replaced: (id: string, row: Row, old: Row) => Effect.Effect<void>
  /** What belongs to rows that were removed. */
  readonly swept: (found: ReadonlyArray<Found>) => Effect.Effect<void>
}

// How often a start looks again after another process changed the row.
const most = 5

/** What stands in the way of a new login: the pending one of this id. `undefined` if nothing does. */
interface Seen {
  readonly pending?: PendingLogin
  readonly ended?: Row
}

/**
 * Looks at the row of an id. It ends a login whose deadline has passed, or whose text cannot be opened. An ended login is no obstacle if
 * `mayReplace` says so of its row.
 */
const look = (
  tools: Lifecycle.Tools,
  id: string,
  mayReplace: (row: Row) => boolean,
  round = 0
): Effect.Effect<Seen, RowError> =>
  Effect.gen(function*() {
    const { store } = tools
    const again = () => round === most ? Lifecycle.changed(store, "set") : look(tools, id, mayReplace, round + 1)
    const row = yield* store.get(id)
    if (row === undefined) return {}
    if (Lifecycle.isEnded(row)) {
      if (mayReplace(row)) return { ended: row }
      return yield* new LoginEnded({
        state: row.state === "lost" ? "failed" : row.state,
        ...(row.state === "approved" && row.sealed !== undefined ? { tokenWaits: true } : {})
      })
    }
    const now = yield* Lifecycle.now
    if (Holding.isAbandoned(row, now)) {
      const error = yield* abandoned(tools, id, row)
      yield* Lifecycle.end(store, id, row.version, yield* Lifecycle.failedRow(row, error, Failure.isLost(error, false)))
      return yield* again()
    }
    const opened = yield* Effect.result(Lifecycle.pendingIn(tools, id, row))
    if (Result.isFailure(opened)) {
      const error = opened.failure
      if (error._tag === "SealerUnavailable") return yield* error
      // The holder can open it, so this process may lack a key.
      if (Holding.left(row, now) > 0) return yield* unopened(store, error)
      yield* Lifecycle.end(store, id, row.version, yield* Lifecycle.failedRow(row, error, true))
      return yield* again()
    }
    const pending = opened.success
    if (Holding.left(row, now) > 0) {
      return { pending: Lifecycle.pendingLogin(id, Holding.shown(pending, row, now)) }
    }
    const taken = Holding.takenOver(pending, row, now).pending
    if (DateTime.toEpochMillis(pending.expiresAt) > now) return { pending: Lifecycle.pendingLogin(id, taken) }
    const error = expired(taken)
    yield* Lifecycle.end(store, id, row.version, yield* Lifecycle.failedRow(row, error, Failure.isLost(error, false)))
    return yield* again()
  })

/**
 * Why a login failed that its engine should have ended long ago. A poll may have been lost with the process that held it. A text that cannot be
 * opened says nothing against that.
 */
export const abandoned = (
  tools: Lifecycle.Tools,
  id: string,
  row: Row
): Effect.Effect<DeviceCodeExpired, SealerUnavailable> =>
  Effect.map(
    Effect.catchTag(Effect.asSome(Lifecycle.pendingIn(tools, id, row)), "Unsealable", () => Effect.succeedNone),
    (opened) =>
      Option.match(opened, {
        onNone: () => new DeviceCodeExpired({ detectedBy: "clock", responseLost: true, failures: 0 }),
        onSome: (pending) => expired({ ...pending, responseLost: row.holder !== undefined || pending.responseLost })
      })
  )

const unopened = ({ name }: Service, error: Unsealable): LoginStoreError =>
  new LoginStoreError({
    store: name,
    operation: "get",
    reason: "unreadable",
    detail: `this process cannot open the row, and another process polls for the login: ${error.message}`
  })

export const expired = ({ failures, lastTrouble, responseLost }: PendingAuthorization): DeviceCodeExpired =>
  new DeviceCodeExpired({
    detectedBy: "clock",
    responseLost,
    failures,
    ...(lastTrouble === undefined ? {} : { lastTrouble })
  })

/**
 * Writes a new login. If another process was first, it gives the login of that process, and this code is shown to no person. It replaces
 * only the login that this start saw before its request. A login that began since was shown to a person, even if it has ended by now.
 */
const store = (
  tools: Lifecycle.Tools,
  way: Way,
  id: string,
  pending: PendingAuthorization,
  seen: Seen,
  found = seen,
  round = 0
): Effect.Effect<PendingLogin, RowError> =>
  Effect.gen(function*() {
    const row = yield* Lifecycle.pendingRow(tools, id, way.attempt(yield* Lifecycle.now), pending, way.driver)
    const isDone = found.ended === undefined
      ? yield* Lifecycle.insert(tools.store, id, row, way.insert)
      : yield* Lifecycle.write(tools.store, id, found.ended.version, row)
    if (isDone) {
      if (found.ended !== undefined) yield* way.replaced(id, row, found.ended)
      return Lifecycle.pendingLogin(id, pending)
    }
    const next = yield* look(tools, id, ({ attempt }) => attempt === seen.ended?.attempt)
    if (next.pending !== undefined) return next.pending
    return round === most
      ? yield* Lifecycle.changed(tools.store, "set")
      : yield* store(tools, way, id, pending, seen, next, round + 1)
  })

// The rows of ended logins are removed on the way. A store that is slow at it keeps no person waiting for the code.
const patience = Duration.seconds(2)

/** Starts a login, or gives the pending one of this id. */
export const start = Effect.fnUntraced(function*<E, R>(
  tools: Lifecycle.Tools,
  way: Way,
  id: string,
  again: boolean,
  options: DeviceGrant.StartOptions<E, R>
): Effect.fn.Return<PendingLogin, DeviceGrant.StartError | E | RowError, SsoOidc.SsoOidc | R> {
  const found = yield* look(tools, id, () => again)
  if (found.pending !== undefined) return found.pending
  yield* way.before
  const pending = yield* Registrations.start(options)
  const login = yield* store(tools, way, id, pending, found)
  const sweep = Effect.flatMap(Effect.flatMap(Lifecycle.now, tools.store.sweep), way.swept)
  // Not cut off in the middle: what belongs to removed rows would stay for ever.
  const sweeping = yield* Effect.forkDetach(Effect.ignore(sweep), { startImmediately: true })
  yield* Effect.timeoutOption(Fiber.await(sweeping), patience)
  return login
})
