/**
 * A store in the memory of one process.
 */
import * as Effect from "effect/Effect"
import type { Found, Row, Service } from "../LoginStore.ts"

/** How many rows one call finds at most. */
const most = 1000

export const make = (): Service => {
  const rows = new Map<string, Row>()

  const found = (time: (row: Row) => number, is: (row: Row) => boolean): ReadonlyArray<Found> =>
    [...rows]
      .filter(([, row]) => is(row))
      .toSorted(([, one], [, other]) => time(one) - time(other))
      .slice(0, most)
      .map(([id, { attempt }]) => ({ id, attempt }))

  const write = (id: string, row: Row, may: (stored: Row | undefined) => boolean): Effect.Effect<boolean> =>
    Effect.sync(() => {
      if (!may(rows.get(id))) return false
      rows.set(id, { ...row })
      return true
    })

  return {
    name: "memory",
    get: (id) => Effect.sync(() => rows.get(id)),
    insert: (id, row) => write(id, row, (stored) => stored === undefined),
    set: (id, version, row) => write(id, row, (stored) => stored?.version === version),
    end: (id, version, outcome) =>
      write(id, outcome, (stored) =>
        stored !== undefined && stored.attempt === outcome.attempt &&
        (stored.state === "pending"
          ? stored.version === version
          : stored.state === "lost" && outcome.state === "approved")),
    pending: (before) =>
      Effect.sync(() =>
        found(
          ({ writtenAt }) => writtenAt,
          ({ driver, holder, state, writtenAt }) =>
            state === "pending" && driver === "engine" && holder === undefined && writtenAt < before
        )
      ),
    sweep: (before) =>
      Effect.sync(() => {
        const old = found(({ removeAt }) => removeAt, ({ removeAt }) => removeAt < before)
        for (const { id } of old) rows.delete(id)
        return old
      })
  }
}
