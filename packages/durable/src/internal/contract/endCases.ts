/**
 * Cases about outcomes, and about an id that is used again.
 */
import * as Effect from "effect/Effect"
import {
  again,
  check,
  draft,
  expectRow,
  expectSays,
  hour,
  outcomeOf,
  outcomes,
  type Probe,
  remove,
  rowOf,
  winner
} from "./probe.ts"

/** Removes the row, and starts another login of the id. */
const startedAgain = Effect.fnUntraced(function*({ id, one, other }: Probe) {
  yield* remove(one, id())
  yield* expectRow(other, id(), undefined, "after its time of removal and a sweep")
  const row = rowOf()
  yield* expectSays(other.insert(id(), row), true, "insert after the row was removed")
  return row
})

export const cases = [
  ...outcomes.map((state) =>
    draft(
      `end writes the outcome "${state}" over a pending row of its version`,
      ({ id, one, other }) =>
        Effect.gen(function*() {
          for (const [name, held] of [["", {}], ["held", { holder: "h", heldUntil: Date.now() + hour }]] as const) {
            const row = rowOf(held)
            const outcome = outcomeOf(row, state)
            yield* one.insert(id(name), row)
            yield* expectSays(other.end(id(name), row.version, outcome), true, "end of the stored version")
            yield* expectRow(one, id(name), outcome, "of the outcome")
          }
        })
    )
  ),
  draft("end writes nothing if the stored version is another", ({ id, one, other }) =>
    Effect.gen(function*() {
      const first = rowOf({ version: "version a" })
      const second = again(first, { version: "version b" })
      yield* one.insert(id(), first)
      yield* one.set(id(), first.version, second)
      for (const state of outcomes) {
        for (const version of ["version a", "version B", "version", "", first.attempt]) {
          yield* expectSays(other.end(id(), version, outcomeOf(first, state)), false, `end of the version "${version}"`)
          yield* expectRow(one, id(), second, "as it was before a late end")
        }
      }
    })),
  draft("end writes nothing into another login of the id", ({ id, one, other }) =>
    Effect.gen(function*() {
      const row = rowOf({ attempt: "attempt a" })
      yield* one.insert(id(), row)
      for (const attempt of ["attempt b", "attempt A", "attempt", ""]) {
        for (const state of outcomes) {
          const outcome = outcomeOf(row, state, { attempt })
          yield* expectSays(other.end(id(), row.version, outcome), false, `end of the attempt "${attempt}"`)
          yield* expectRow(one, id(), row, "as it was before the end of another login")
        }
      }
    })),
  draft("end writes nothing if there is no row", ({ id, one, other }) =>
    Effect.gen(function*() {
      for (const state of outcomes) {
        const row = rowOf()
        yield* expectSays(one.end(id(), row.version, outcomeOf(row, state)), false, "end without a row")
        yield* expectRow(other, id(), undefined, "after an end without a row")
      }
    })),
  ...outcomes.map((before) =>
    draft(
      before === "lost"
        ? "over the outcome \"lost\", end writes a late token and nothing else"
        : `end writes nothing over the outcome "${before}"`,
      ({ id, one, other }) =>
        Effect.gen(function*() {
          const row = rowOf()
          const outcome = outcomeOf(row, before)
          yield* one.insert(id(), row)
          yield* one.end(id(), row.version, outcome)
          for (const state of outcomes) {
            if (before === "lost" && state === "approved") continue
            for (const version of [outcome.version, row.version]) {
              yield* expectSays(other.end(id(), version, outcomeOf(row, state)), false, `end as "${state}"`)
              yield* expectRow(one, id(), outcome, "of the first outcome")
            }
          }
        })
    )
  ),
  draft(
    "a late token replaces the outcome \"lost\", whatever the version",
    ({ id, one, other }) =>
      Effect.gen(function*() {
        const row = rowOf()
        for (const [name, version] of Object.entries({ before: row.version, unknown: "version", empty: "" })) {
          yield* one.insert(id(name), row)
          yield* one.end(id(name), row.version, outcomeOf(row, "lost"))
          const token = outcomeOf(row, "approved")
          yield* expectSays(other.end(id(name), version, token), true, "end by a late token")
          yield* expectRow(one, id(name), token, "of the late token")
          yield* expectSays(one.end(id(name), token.version, outcomeOf(row, "lost")), false, "end over a token")
          yield* expectRow(other, id(name), token, "of the late token, as it was")
        }
      })
  ),
  draft(
    "a late token leaves another login of the id, also if it is \"lost\"",
    ({ id, one, other }) =>
      Effect.gen(function*() {
        const row = rowOf()
        const lost = outcomeOf(row, "lost")
        yield* one.insert(id(), row)
        yield* one.end(id(), row.version, lost)
        for (const version of [lost.version, row.version]) {
          yield* expectSays(
            other.end(id(), version, outcomeOf(rowOf(), "approved")),
            false,
            "end by another login's token"
          )
          yield* expectRow(one, id(), lost, "as it was before another login's token")
        }
      })
  ),
  draft(
    "one of many ends and sets at the same time wins, and its row is kept",
    ({ id, one, other }) =>
      Effect.gen(function*() {
        for (const name of ["a", "b", "c", "d"]) {
          const row = rowOf()
          yield* one.insert(id(name), row)
          const all = Array.from(
            { length: 12 },
            (_, i) => i % 3 === 0 ? again(row) : outcomeOf(row, i % 3 === 1 ? "approved" : "cancelled")
          )
          const writes = all.map((next, i) => {
            const [store, { state }] = [i % 2 === 0 ? one : other, next]
            return state === "pending"
              ? store.set(id(name), row.version, next)
              : store.end(id(name), row.version, { ...next, state })
          })
          const at = yield* winner(writes, "writes")
          yield* expectRow(other, id(name), all[at], "of the write that won")
        }
      })
  ),
  draft(
    "one of many late tokens at the same time wins, and its row is kept",
    ({ id, one, other }) =>
      Effect.gen(function*() {
        const row = rowOf()
        yield* one.insert(id(), row)
        yield* one.end(id(), row.version, outcomeOf(row, "lost"))
        const all = Array.from({ length: 12 }, () => outcomeOf(row, "approved"))
        const at = yield* winner(
          all.map((token, i) => (i % 2 === 0 ? one : other).end(id(), row.version, token)),
          "late tokens"
        )
        yield* expectRow(other, id(), all[at], "of the token that won")
      })
  ),
  draft("a token can be removed from an approved row by set", ({ id, one, other }) =>
    Effect.gen(function*() {
      const row = rowOf()
      const token = outcomeOf(row, "approved")
      yield* one.insert(id(), row)
      yield* one.end(id(), row.version, token)
      const takers = Array.from({ length: 6 }, () => again(token, { sealed: undefined }))
      const at = yield* winner(takers.map((next) => other.set(id(), token.version, next)), "takes of the token")
      yield* expectRow(one, id(), takers[at], "without the token")
    })),
  draft("a late write of a removed login leaves the next login of its id", (probe) =>
    Effect.gen(function*() {
      const { id, one, other } = probe
      const first = rowOf()
      const second = again(first)
      yield* one.insert(id(), first)
      yield* one.set(id(), first.version, second)
      const next = yield* startedAgain(probe)
      for (const { version } of [first, second]) {
        yield* expectSays(one.set(id(), version, again(second)), false, "set of a removed login")
        for (const state of outcomes) {
          yield* expectSays(one.end(id(), version, outcomeOf(second, state)), false, "end of a removed login")
        }
      }
      // also if a version of the next login were known
      yield* expectSays(one.end(id(), next.version, outcomeOf(second, "approved")), false, "end of a removed login")
      yield* expectRow(other, id(), next, "of the next login, as it was")
      const lost = outcomeOf(next, "lost")
      yield* one.end(id(), next.version, lost)
      yield* expectSays(other.end(id(), lost.version, outcomeOf(second, "approved")), false, "a removed login's token")
      yield* expectRow(one, id(), lost, "of the next login, as it was")
    })),
  draft("an id that has ended can be used again by set, once", ({ id, one, other }) =>
    Effect.gen(function*() {
      for (const state of outcomes) {
        const row = rowOf()
        const outcome = outcomeOf(row, state)
        yield* one.insert(id(state), row)
        yield* one.end(id(state), row.version, outcome)
        const all = Array.from({ length: 6 }, () => rowOf())
        const at = yield* winner(all.map((next) => other.set(id(state), outcome.version, next)), "new logins")
        yield* expectRow(one, id(state), all[at], "of the new login")
        yield* expectSays(one.end(id(state), row.version, outcomeOf(row, "approved")), false, "the old login's token")
        const came = yield* other.get(id(state))
        yield* check(came?.state === "pending", "the new login to wait", () => `it is ${String(came?.state)}`)
      }
    }))
]
