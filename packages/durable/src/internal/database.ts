/**
 * A store in a database.
 */
import { type Trouble, within } from "@sso-oidc/core/database/Trouble"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { type Found, LoginStoreError, type Outcome, type Row, type Service } from "../LoginStore.ts"
import * as StoredRow from "./row.ts"

/** What a database does. Each change is one step with its comparison, and gives whether anything changed. */
export interface Database {
  readonly name: string
  readonly insert: (id: string, row: StoredRow.Stored) => Effect.Effect<boolean, Trouble>
  readonly get: (id: string) => Effect.Effect<Readonly<Record<string, unknown>> | undefined, Trouble>
  readonly set: (id: string, version: string, row: StoredRow.Stored) => Effect.Effect<boolean, Trouble>
  readonly end: (id: string, version: string, row: StoredRow.Stored) => Effect.Effect<boolean, Trouble>
  readonly pending: (before: number) => Effect.Effect<ReadonlyArray<Found>, Trouble>
  readonly sweep: (before: number) => Effect.Effect<ReadonlyArray<Found>, Trouble>
}

/** How many rows one call finds at most. */
export const most = 1000

/** What a value in a row or in a list says that this store did not write. */
export const unreadable: Trouble = { reason: "unreadable", detail: "a row is not in the form of this store" }

const limit = Duration.seconds(5)

/** A list may be made in many steps. */
const listLimit = Duration.minutes(1)

export const errorOf =
  (store: string, operation: LoginStoreError["operation"]) => ({ code, detail, reason }: Trouble): LoginStoreError =>
    new LoginStoreError({ store, operation, reason, detail, ...(code === undefined ? {} : { code }) })

/** A time that whole numbers can be compared with. */
const instant = (millis: number): number =>
  Number.isNaN(millis) || millis < 0 ? 0 : Math.min(Math.ceil(millis), Number.MAX_SAFE_INTEGER)

export const make = (database: Database): Service => {
  const run = <A>(
    operation: LoginStoreError["operation"],
    effect: () => Effect.Effect<A, Trouble>,
    duration = limit
  ): Effect.Effect<A, LoginStoreError> =>
    Effect.mapError(within(Effect.suspend(effect), duration), errorOf(database.name, operation))

  const write = <A extends Row | Outcome>(
    operation: "insert" | "set" | "end",
    row: A,
    effect: (row: StoredRow.Stored) => Effect.Effect<boolean, Trouble>
  ): Effect.Effect<boolean, LoginStoreError> =>
    run(operation, () => {
      const stored = StoredRow.encode(row)
      return stored === undefined
        ? Effect.fail<Trouble>({ reason: "unavailable", detail: "it cannot keep a text or a number of this row" })
        : effect(stored)
    })

  return {
    name: database.name,
    insert: (id, row) => write("insert", row, (row) => database.insert(id, row)),
    get: (id) =>
      run("get", () =>
        Effect.flatMap(database.get(id), (stored) => {
          if (stored === undefined) return Effect.undefined
          const row = StoredRow.decode(stored)
          return row === undefined ? Effect.fail(unreadable) : Effect.succeed(row)
        })),
    set: (id, version, row) => write("set", row, (row) => database.set(id, version, row)),
    end: (id, version, outcome) => write("end", outcome, (row) => database.end(id, version, row)),
    pending: (before) => run("pending", () => database.pending(instant(before)), listLimit),
    sweep: (before) => run("sweep", () => database.sweep(instant(before)))
  }
}
