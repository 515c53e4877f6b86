/**
 * The life of a row: how it is made and changed, what stands in it, and what a program sees of it.
 */
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as Sealer from "@sso-oidc/core/Sealer"
import type * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as Token from "@sso-oidc/core/Token"
import * as PendingAuthorization from "@sso-oidc/device-grant/PendingAuthorization"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type { EndedLogin, LoginFailure, PendingLogin } from "../Login.ts"
import type { Outcome, Row, Service } from "../LoginStore.ts"
import { LoginStore, LoginStoreError } from "../LoginStore.ts"
import * as Failure from "./failure.ts"
import * as Guarded from "./guarded.ts"
import * as Within from "./within.ts"

// -----------------------------------------------------------------------------
// tools
// -----------------------------------------------------------------------------

/** What a login is read and written with. Both are held to what they give. */
export interface Tools {
  readonly store: Service
  readonly sealer: Sealer.Service
}

export const store: Effect.Effect<Service, never, LoginStore> = Effect.map(LoginStore, Guarded.guarded)

export const tools: Effect.Effect<Tools, never, LoginStore | Sealer.Sealer> = Effect.gen(function*() {
  return { store: yield* store, sealer: Sealer.guarded(yield* Sealer.Sealer) }
})

/** What a step needs of its context. */
export type Services = LoginStore | Sealer.Sealer | SsoOidc.SsoOidc

// -----------------------------------------------------------------------------
// names and times
// -----------------------------------------------------------------------------

/** Whether a login may have this id. A lone surrogate and a zero byte cannot be stored everywhere. */
export const isId = (id: unknown): id is string =>
  typeof id === "string" && id.length >= 1 && id.length <= 200 && Wire.isPrintable(id)

/** A random name: of a version, of an attempt, of a holder. */
export const name = (): string => crypto.randomUUID()

/** The time in whole milliseconds since 1970. */
export const now: Effect.Effect<number> = Effect.map(Clock.currentTimeMillis, Math.floor)

/** How long a row stays after its outcome or its deadline, in milliseconds. */
export const hour = 3_600_000

/** From when on a pending row may be removed. */
const removeAtOf = ({ expiresAt }: PendingAuthorization.PendingAuthorization): number =>
  Math.ceil(DateTime.toEpochMillis(expiresAt)) + hour

// -----------------------------------------------------------------------------
// sealing
// -----------------------------------------------------------------------------

// the attempt keeps a text of an earlier login of the id from being opened
const placeOf = (id: string, attempt: string, what: "pending" | "token"): string => `durable/${id}/${attempt}/${what}`

const timely = <A, E>(action: "seal" | "unseal", effect: Effect.Effect<A, E>) =>
  Within.within(
    effect,
    Guarded.limit,
    Effect.fail(new Sealer.SealerUnavailable({ action, reason: "timeout" }))
  )

const open = ({ sealer }: Tools, id: string, { attempt, sealed = "" }: Row, what: "pending" | "token") =>
  timely("unseal", sealer.unseal(placeOf(id, attempt, what), sealed))

// The text was opened, so the ring of keys is right. A newer release wrote it.
const undecodable = (): Sealer.Unsealable => new Sealer.Unsealable({ reason: "form" })

/** The pending authorization of a row. */
export const pendingIn = (
  tools: Tools,
  id: string,
  row: Row
): Effect.Effect<PendingAuthorization.PendingAuthorization, Sealer.Unsealable | Sealer.SealerUnavailable> =>
  Effect.flatMap(
    open(tools, id, row, "pending"),
    (text) => Effect.mapError(PendingAuthorization.decode(text), undecodable)
  )

/** The token of a row that has one. */
export const tokenIn = (
  tools: Tools,
  id: string,
  row: Row
): Effect.Effect<Token.Token, Sealer.Unsealable | Sealer.SealerUnavailable> =>
  Effect.flatMap(open(tools, id, row, "token"), (text) => Effect.mapError(Token.decode(text), undecodable))

const seal = ({ sealer }: Tools, place: string, text: Redacted.Redacted<string>) =>
  timely("seal", sealer.seal(place, text))

// -----------------------------------------------------------------------------
// making
// -----------------------------------------------------------------------------

/** A row that waits for the person, and that has no holder. */
export const pendingRow = Effect.fnUntraced(function*(
  tools: Tools,
  id: string,
  attempt: string,
  pending: PendingAuthorization.PendingAuthorization,
  driver: Row["driver"] = "step"
): Effect.fn.Return<Row, Sealer.SealerUnavailable> {
  const text = yield* PendingAuthorization.encode(pending)
  const sealed = yield* seal(tools, placeOf(id, attempt, "pending"), text)
  return {
    version: name(),
    attempt,
    state: "pending",
    driver,
    sealed,
    writtenAt: yield* now,
    removeAt: removeAtOf(pending)
  }
})

/** A row that an invocation holds from now on. */
export const heldRow = (row: Row, now: number, hold: number): Row & { readonly heldUntil: number } => ({
  ...row,
  version: name(),
  holder: row.holder ?? name(),
  heldUntil: now + hold,
  writtenAt: now
})

/** What an outcome keeps of the row. */
type Kept = Pick<Row, "attempt" | "driver" | "removeAt">

const outcomeOf = (
  { attempt, driver, removeAt }: Kept,
  now: number,
  rest: Pick<Outcome, "state" | "sealed" | "error">
): Outcome => ({
  version: name(),
  attempt,
  driver,
  ...rest,
  writtenAt: now,
  removeAt: Math.max(removeAt, now + hour)
})

/** The outcome of a login whose token came. */
export const approvedRow = Effect.fnUntraced(function*(
  tools: Tools,
  id: string,
  row: Kept,
  token: Token.Token
): Effect.fn.Return<Outcome, Sealer.SealerUnavailable> {
  const sealed = yield* seal(tools, placeOf(id, row.attempt, "token"), yield* Token.encode(token))
  return outcomeOf(row, yield* now, { state: "approved", sealed })
})

/** The outcome of a login that failed. */
export const failedRow = (row: Kept, error: LoginFailure, isLost: boolean): Effect.Effect<Outcome> =>
  Effect.zipWith(
    Failure.encode(error),
    now,
    (text, now) => outcomeOf(row, now, { state: isLost ? "lost" : "failed", error: text })
  )

/** The outcome of a login that the program cancelled. */
export const cancelledRow = (row: Row, now: number): Outcome => outcomeOf(row, now, { state: "cancelled" })

/** The row of an approved login, without its token. */
export const takenRow = ({ sealed: _, ...row }: Row, now: number): Row => ({
  ...row,
  version: name(),
  writtenAt: now
})

// -----------------------------------------------------------------------------
// writing
// -----------------------------------------------------------------------------

/**
 * Replaces a row of a version, and gives whether this was done. If the store fails, or says that it did not write, it reads whether the row
 * is the written one. The response may be lost, or the write was sent twice, and the second one found the first.
 */
export const write = (
  store: Service,
  id: string,
  version: string,
  row: Row
): Effect.Effect<boolean, LoginStoreError> => settled(store, id, row, store.set(id, version, row), version)

/** Ends a row by an outcome, as {@link write} replaces one. */
export const end = (
  store: Service,
  id: string,
  version: string,
  outcome: Outcome
): Effect.Effect<boolean, LoginStoreError> => settled(store, id, outcome, store.end(id, version, outcome), version)

/** Writes the first row of an id, as {@link write} replaces one. */
export const insert = (
  store: Service,
  id: string,
  row: Row,
  by: Service["insert"] = store.insert
): Effect.Effect<boolean, LoginStoreError> => settled(store, id, row, by(id, row), undefined)

const settled = (
  store: Service,
  id: string,
  row: Row,
  write: Effect.Effect<boolean, LoginStoreError>,
  before: string | undefined
): Effect.Effect<boolean, LoginStoreError> =>
  Effect.matchEffect(write, {
    onSuccess: (isDone) =>
      isDone ? Effect.succeed(true) : Effect.map(store.get(id), (found) => found?.version === row.version),
    onFailure: (error) =>
      Effect.matchEffect(store.get(id), {
        // the first error says more than that of the look after it
        onFailure: () => Effect.fail(error),
        onSuccess: (found) =>
          found?.version === row.version
            ? Effect.succeed(true)
            : found?.version === before
            ? Effect.fail(error)
            : Effect.succeed(false)
      })
  })

/** The error of a change that was tried again and again, while other processes changed the row. */
export const changed = ({ name }: Service, operation: "set" | "end"): LoginStoreError =>
  new LoginStoreError({
    store: name,
    operation,
    reason: "unavailable",
    detail: "other processes changed the login again and again"
  })

// In milliseconds
const pauses = [100, 400, 1600, 3200]

/** Tries again until a moment, where the store or the sealer fails: a few times, or to the end if `isLasting`. */
export const persistently = <A, R>(
  until: number,
  effect: Effect.Effect<A, LoginStoreError | Sealer.SealerUnavailable, R>,
  isLasting = false,
  round = 0
): Effect.Effect<A, LoginStoreError | Sealer.SealerUnavailable, R> =>
  Effect.catch(effect, (error) =>
    Effect.gen(function*() {
      const pause = pauses[round] ?? (isLasting ? pauses.at(-1) : undefined)
      if (pause === undefined || (yield* now) + pause >= until) return yield* error
      yield* Effect.sleep(Duration.millis(pause))
      return yield* persistently(until, effect, isLasting, round + 1)
    }))

// -----------------------------------------------------------------------------
// views
// -----------------------------------------------------------------------------

/** What a program sees of a pending login. */
export const pendingLogin = (id: string, pending: PendingAuthorization.PendingAuthorization): PendingLogin => ({
  state: "pending",
  id,
  userCode: pending.userCode,
  verificationUri: pending.verificationUri,
  ...(pending.verificationUriComplete === undefined
    ? {}
    : { verificationUriComplete: pending.verificationUriComplete }),
  expiresAt: pending.expiresAt,
  nextPollAt: pending.nextPollAt,
  ...(pending.lastTrouble === undefined ? {} : { lastTrouble: pending.lastTrouble })
})

/** The error of a login that failed. */
export const errorIn = (store: Service, { error = "" }: Row): Effect.Effect<LoginFailure, LoginStoreError> =>
  Effect.mapError(Failure.decode(error), () =>
    new LoginStoreError({
      store: store.name,
      operation: "get",
      reason: "unreadable",
      detail: "the error in the row has not the form that this release writes"
    }))

/** What a program sees of a login that has ended. */
export const endedLogin = (
  store: Service,
  id: string,
  row: Row & Pick<Outcome, "state">
): Effect.Effect<EndedLogin, LoginStoreError> => {
  switch (row.state) {
    case "approved":
      return Effect.succeed({ state: "approved", id, isTaken: row.sealed === undefined })
    case "cancelled":
      return Effect.succeed({ state: "cancelled", id })
    default:
      return Effect.map(errorIn(store, row), (error): EndedLogin => ({ state: "failed", id, error }))
  }
}

/** Whether a row has an outcome. */
export const isEnded = (row: Row): row is Row & Pick<Outcome, "state"> => row.state !== "pending"
