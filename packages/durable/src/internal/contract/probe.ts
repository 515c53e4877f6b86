/**
 * The parts that the cases of the contract of a store of logins are made of.
 */
import * as Contract from "@sso-oidc/core/database/Contract"
import { type Broken, check } from "@sso-oidc/core/database/Contract"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { type Found, LoginStore, type LoginStoreError, type Outcome, type Row, type Service } from "../../LoginStore.ts"

export { Broken, check } from "@sso-oidc/core/database/Contract"

/** The time that a case waits for an event. */
export const Timeout = Context.Reference<Duration.Input>("@sso-oidc/durable/LoginStoreContract/Timeout", {
  defaultValue: () => "5 seconds"
})

export const hour = 3_600_000

/** One run of one case. */
export interface Probe {
  /** The store, as one process sees it. */
  readonly one: Service
  /** The same store, as another process sees it. */
  readonly other: Service
  /** An id of this run. */
  readonly id: (name?: string) => string
}

/** What a case does. */
export type Body = (probe: Probe) => Effect.Effect<void, Broken | LoginStoreError, Scope.Scope>

export interface Draft {
  readonly name: string
  readonly needs: "engine" | undefined
  readonly run: <E, R>(store: Contract.Store<LoginStore, E, R>) => Effect.Effect<void, Broken | E, R>
}

// -----------------------------------------------------------------------------
// rows
// -----------------------------------------------------------------------------

/** A new row of a login that waits. */
export const rowOf = (changes: Partial<Row> = {}): Row => {
  const now = Date.now()
  return {
    version: crypto.randomUUID(),
    attempt: crypto.randomUUID(),
    state: "pending",
    driver: "step",
    sealed: "a sealed text",
    writtenAt: now,
    removeAt: now + hour,
    ...changes
  }
}

/** The row, written again. */
export const again = (row: Row, changes: Partial<Row> = {}): Row => ({
  ...row,
  version: crypto.randomUUID(),
  ...changes
})

/** An outcome of the login of a row. */
export const outcomeOf = (row: Row, state: Outcome["state"], changes: Partial<Row> = {}): Outcome => {
  const { holder: _holder, heldUntil: _heldUntil, sealed: _sealed, ...rest } = row
  return {
    ...rest,
    version: crypto.randomUUID(),
    ...(state === "approved"
      ? { sealed: "a sealed token" }
      : state === "cancelled"
      ? {}
      : { error: "{\"_tag\":\"Some\"}" }),
    ...changes,
    state
  }
}

export const outcomes = ["approved", "failed", "lost", "cancelled"] as const

const members = [
  "version",
  "attempt",
  "state",
  "driver",
  "holder",
  "heldUntil",
  "sealed",
  "error",
  "writtenAt",
  "removeAt"
] as const

const shown = (value: string | number | undefined): string =>
  value === undefined
    ? "absent"
    : typeof value === "string" && value.length > 60
    ? `a text of ${value.length}`
    : `${value}`

const differs = (came: Row | undefined, row: Row): string => {
  if (came === undefined) return "there is none"
  const member = members.find((member) => came[member] !== row[member])
  return `its ${member} is ${shown(member && came[member])} in place of ${shown(member && row[member])}`
}

const isSame = (came: Row | undefined, row: Row | undefined): boolean =>
  came === undefined || row === undefined
    ? came === row
    : members.every((member) => came[member] === row[member])

/** Fails unless the store has this row. */
export const expectRow = (store: Service, id: string, row: Row | undefined, when: string) =>
  Effect.flatMap(store.get(id), (came) =>
    check(
      isSame(came, row),
      row === undefined ? `no row ${when}` : `the row ${when}`,
      () => row === undefined ? "there is one" : differs(came, row)
    ))

/** Fails unless a write said this. */
export const expectSays = <E>(said: Effect.Effect<boolean, E>, expected: boolean, what: string) =>
  Effect.flatMap(
    said,
    (came) => check(came === expected, `${what} to give ${expected}`, () => `it gave ${String(came)}`)
  )

/** Fails unless exactly one of several writes at the same time said that it wrote. Gives the place of the winner. */
export const winner = <E>(
  writes: ReadonlyArray<Effect.Effect<boolean, E>>,
  what: string
): Effect.Effect<number, E | Broken> =>
  Effect.gen(function*() {
    const said = yield* Effect.all(writes, { concurrency: "unbounded" })
    const won = said.flatMap((did, at) => did ? [at] : [])
    const [at = 0] = won
    yield* check(won.length === 1, `one of ${writes.length} ${what} to win`, () => `${won.length} won`)
    return at
  })

/** Those of the found logins that are of this run. */
export const own = (found: ReadonlyArray<Found>, ids: ReadonlyArray<string>): ReadonlyArray<Found> =>
  found.filter(({ id }) => ids.includes(id))

// -----------------------------------------------------------------------------
// cases
// -----------------------------------------------------------------------------

// Before all times that a program writes, so that a sweep for it removes nothing of a program.
const longAgo = 2

/** Writes a row whose time of removal is long ago, and removes it. It tries again if another program changes the row meanwhile. */
export const remove = (store: Service, id: string) =>
  Effect.gen(function*() {
    for (let tries = 0; tries < 5; tries++) {
      const row = yield* store.get(id)
      if (row === undefined) return
      yield* store.set(id, row.version, again(row, { writtenAt: longAgo, removeAt: longAgo - 1 }))
      yield* store.sweep(longAgo)
    }
  })

export const draft = (name: string, body: Body, needs?: "engine"): Draft => ({
  name,
  needs,
  run: <E, R>(store: Contract.Store<LoginStore, E, R>): Effect.Effect<void, Broken | E, R> =>
    Effect.gen(function*() {
      const timeout = Duration.fromInputUnsafe(yield* Timeout)
      const run = crypto.randomUUID()
      const ids = new Set<string>()
      yield* Contract.runCase(store, {
        service: LoginStore,
        timeout,
        body: (one, other) =>
          body({
            one,
            other,
            id: (name = "") => {
              // an id has at most 200 characters
              const id = `contract ${run} ${name}`
              ids.add(id)
              return id
            }
          }),
        clean: (one) => Effect.forEach(ids, (id) => Effect.ignoreCause(remove(one, id)), { concurrency: 8 })
      })
    })
})
