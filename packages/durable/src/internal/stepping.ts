/**
 * One step of a login, by an invocation that may be one of many, and that may be killed at any moment.
 *
 * 1. Read the row, and open it.
 * 2. If a poll is due, write that it is in flight, and until when. Only one invocation does so: the write compares the version.
 * 3. Poll, and store what follows from the response.
 *
 * From the write on, an interruption waits. The time of the hold limits all of it.
 */
import type { SealerUnavailable } from "@sso-oidc/core/Sealer"
import type { Token } from "@sso-oidc/core/Token"
import * as DeviceGrant from "@sso-oidc/device-grant/DeviceGrant"
import type { PendingAuthorization } from "@sso-oidc/device-grant/PendingAuthorization"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { LoginFailure } from "../Login.ts"
import type { Row } from "../LoginStore.ts"
import { LoginStoreError } from "../LoginStore.ts"
import type { Approved, Busy, Ended, NotDue, Step, StepError, Waiting } from "../Step.ts"
import * as Failure from "./failure.ts"
import * as Holding from "./holding.ts"
import * as Lifecycle from "./lifecycle.ts"
import * as Within from "./within.ts"

/** A row, and what an invocation may assume of it. */
interface Login extends Lifecycle.Tools {
  readonly id: string
  readonly hold: number
  readonly row: Row
  readonly pending: PendingAuthorization
}

/** Another invocation changed the row first. */
const overtaken = { _tag: "Overtaken" } as const

type Overtaken = typeof overtaken

// -----------------------------------------------------------------------------
// results
// -----------------------------------------------------------------------------

const waiting = (id: string, pending: PendingAuthorization, left: Duration.Duration): Waiting => ({
  _tag: "Waiting",
  login: Lifecycle.pendingLogin(id, pending),
  left
})

const notDue = (id: string, { left, pending }: Pick<DeviceGrant.NotDue, "left" | "pending">): NotDue => ({
  _tag: "NotDue",
  login: Lifecycle.pendingLogin(id, pending),
  left
})

const busy = (millis: number): Busy => ({ _tag: "Busy", left: Duration.millis(millis) })

const unknown = (id: string): Ended => ({ _tag: "Ended", login: { state: "unknown", id } })

// -----------------------------------------------------------------------------
// looking
// -----------------------------------------------------------------------------

// How often an invocation tries again after another one changed the row first. Then it says when to come again, in milliseconds.
const most = 5
const soon = 1000

/** A step of a login. After a poll, `mayPoll` is `false`: a step sends at most one request. */
export const step = (
  tools: Lifecycle.Tools,
  id: string,
  hold: number,
  mayPoll = true,
  round = 0
): Effect.Effect<Step, StepError, Lifecycle.Services> =>
  Effect.gen(function*() {
    const row = yield* tools.store.get(id)
    if (row === undefined) return unknown(id)
    if (Lifecycle.isEnded(row)) {
      return { _tag: "Ended", login: yield* Lifecycle.endedLogin(tools.store, id, row) } as const
    }
    const now = yield* Lifecycle.now
    const left = Holding.left(row, now)
    if (left > 0) {
      return busy(left)
    }
    if (round === most) return busy(soon)
    const result = yield* withRow(tools, id, hold, row, now, mayPoll)
    if (result._tag !== "Overtaken") return result
    return yield* step(tools, id, hold, mayPoll, round + 1)
  })

const withRow = Effect.fnUntraced(function*(
  tools: Lifecycle.Tools,
  id: string,
  hold: number,
  row: Row,
  now: number,
  mayPoll: boolean
): Effect.fn.Return<Step | Overtaken, StepError, Lifecycle.Services> {
  const opened = yield* Effect.result(Lifecycle.pendingIn(tools, id, row))
  if (Result.isFailure(opened)) {
    const error = opened.failure
    // A response may have been lost, which only the text knows.
    return error._tag === "Unsealable" ? yield* fail({ ...tools, id, row }, error, true) : yield* error
  }
  const { isNew, pending } = Holding.takenOver(opened.success, row, now)
  const login: Login = { ...tools, id, hold, row, pending }
  const prepared = yield* Effect.result(DeviceGrant.prepare(pending))
  if (Result.isFailure(prepared)) {
    const error = prepared.failure
    return error._tag === "RequestInvalid"
      ? yield* error
      : yield* fail(login, error, Failure.isLost(error, pending.responseLost))
  }
  if (prepared.success._tag === "NotDue") {
    const early = prepared.success
    const isMoved = DateTime.toEpochMillis(early.pending.nextPollAt) !== DateTime.toEpochMillis(pending.nextPollAt)
    // The clock was set back. If the next time were not stored, each later step would count it anew.
    if (isNew || isMoved) {
      const next = yield* Lifecycle.pendingRow(tools, id, row.attempt, early.pending)
      if (!(yield* Lifecycle.write(tools.store, id, row.version, next))) return overtaken
    }
    return notDue(id, early)
  }
  return mayPoll
    ? yield* Effect.uninterruptible(poll(login, prepared.success.marked))
    : waiting(id, pending, Duration.zero)
})

/** Ends the login with an error, and fails with it. */
const fail = Effect.fnUntraced(function*<E extends LoginFailure>(
  { id, row, store }: Pick<Login, "id" | "row" | "store">,
  error: E,
  isLost: boolean
): Effect.fn.Return<Overtaken, E | LoginStoreError> {
  const outcome = yield* Lifecycle.failedRow(row, error, isLost)
  return (yield* Lifecycle.end(store, id, row.version, outcome)) ? yield* Effect.fail(error) : overtaken
})

// -----------------------------------------------------------------------------
// polling
// -----------------------------------------------------------------------------

/** A row that this invocation holds. */
interface Held extends Login {
  readonly mine: Row & { readonly heldUntil: number }
}

/** Takes the row, polls, and stores what follows. */
const poll = Effect.fnUntraced(function*(
  login: Login,
  marked: PendingAuthorization
): Effect.fn.Return<Step | Overtaken, StepError, Lifecycle.Services> {
  const mine = yield* mark(login, marked)
  if (mine === undefined) return overtaken
  const held: Held = { ...login, mine }
  const { hold, id, pending, row } = held
  const millis = mine.heldUntil - (yield* Lifecycle.now)
  const result = yield* Within.within(
    Effect.result(DeviceGrant.step(pending)),
    millis,
    Effect.succeed(undefined)
  )
  if (result === undefined) {
    // The row says the same of a poll without a response as of an invocation that was killed.
    const { pending } = Holding.takenOver(marked, mine, mine.heldUntil)
    return waiting(id, pending, Duration.millis(DateTime.toEpochMillis(pending.nextPollAt) - mine.heldUntil))
  }
  if (Result.isFailure(result)) {
    const error = result.failure
    if (error._tag === "RequestInvalid") {
      // nothing was sent
      yield* Effect.ignore(
        Lifecycle.persistently(
          mine.heldUntil,
          Lifecycle.write(held.store, id, mine.version, { ...row, version: Lifecycle.name() })
        )
      )
      return yield* error
    }
    const isLost = Failure.isLost(error, pending.responseLost)
    const ended = yield* Lifecycle.persistently(
      mine.heldUntil,
      Effect.result(fail({ ...held, row: mine }, error, isLost)).pipe(
        // only the store's errors are tried again
        Effect.flatMap((result) =>
          Result.isFailure(result) && result.failure instanceof LoginStoreError
            ? Effect.fail(result.failure)
            : Effect.succeed(result)
        )
      )
    )
    return Result.isSuccess(ended) ? yield* step(held, id, hold, false) : yield* Effect.fail(ended.failure)
  }
  const polled = result.success
  if (polled._tag === "Approved") return yield* keep(held, polled.token)
  const next = yield* Lifecycle.persistently(
    mine.heldUntil,
    Lifecycle.pendingRow(held, id, row.attempt, polled.pending)
  )
  if (!(yield* Lifecycle.persistently(mine.heldUntil, Lifecycle.write(held.store, id, mine.version, next)))) {
    return yield* step(held, id, hold, false)
  }
  return polled._tag === "Waiting" ? waiting(id, polled.pending, polled.wait) : notDue(id, polled)
})

// How often an invocation confirms the row, if its process stands still again and again.
const confirmations = 2

/** Writes that a poll is in flight. `undefined` if another invocation was first. */
const mark = Effect.fnUntraced(function*(
  { hold, id, row, ...tools }: Login,
  marked: PendingAuthorization
): Effect.fn.Return<Held["mine"] | undefined, SealerUnavailable | LoginStoreError> {
  const released = yield* Lifecycle.pendingRow(tools, id, row.attempt, marked)
  let [before, mine] = [row.version, undefined] as [string, Held["mine"] | undefined]
  for (let round = 0; round <= confirmations; round++) {
    const since = yield* Effect.clockWith((clock) => Effect.sync(() => Holding.moment(clock)))
    mine = Lifecycle.heldRow(mine ?? released, since.wall, hold)
    if (!(yield* Lifecycle.write(tools.store, id, before, mine))) return undefined
    before = mine.version
    const isStill = yield* Effect.clockWith((clock) => Effect.sync(() => Holding.stoodStill(since, clock, hold)))
    if (!isStill) return mine
  }
  // Nothing was sent. The next invocation finds the row as it was.
  yield* Lifecycle.write(tools.store, id, before, { ...row, version: Lifecycle.name() })
  return yield* new LoginStoreError({
    store: tools.store.name,
    operation: "set",
    reason: "timeout",
    detail: "each write took longer than a third of the time of a hold, so no poll was sent"
  })
})

/** Stores the token of a login. Whatever becomes of it, the token is given, unless the login is no longer wanted. */
const keep = (held: Held, token: Token): Effect.Effect<Approved | Ended> => {
  const { id, mine, row, store } = held
  const given = (isStored: boolean): Approved => ({ _tag: "Approved", token, isStored })
  const dropped: Ended = { _tag: "Ended", login: { state: "cancelled", id } }
  const stored = Effect.fnUntraced(function*(until: number) {
    const lasting = <A, R>(effect: Effect.Effect<A, LoginStoreError | SealerUnavailable, R>) =>
      Lifecycle.persistently(until, effect, true)
    const outcome = yield* lasting(Lifecycle.approvedRow(held, id, row, token))
    let version = mine.version
    for (let round = 0; round < most; round++) {
      if (yield* lasting(Lifecycle.end(store, id, version, outcome))) return given(true)
      const found = yield* lasting(Effect.map(store.get(id), (row) => ({ row })))
      if (found.row === undefined) return given(false)
      // The program has begun another login for this id. A token of the old one must not pass for its token.
      if (found.row.attempt !== row.attempt) return dropped
      switch (found.row.state) {
        case "approved":
          // A code brings one token. So it is this one, and it may have been taken since.
          return given(true)
        case "cancelled":
          return dropped
        case "failed":
          return given(false)
        default:
          version = found.row.version
      }
    }
    return given(false)
  })
  return Effect.flatMap(Lifecycle.now, (now) => {
    const millis = Math.max(mine.heldUntil - now, leastToKeep)
    return Within.within(stored(now + millis), millis, Effect.succeed(given(false)))
  }).pipe(
    Effect.catch(() => Effect.succeed(given(false)))
  )
}

// A token may be stored a little after the end of the hold, since its write compares the version again.
const leastToKeep = 10_000
