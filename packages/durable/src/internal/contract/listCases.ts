/**
 * Cases about the lists: logins that nothing drives, and old rows.
 */
import * as Effect from "effect/Effect"
import type { Found, Row } from "../../LoginStore.ts"
import {
  again,
  type Body,
  check,
  draft,
  expectRow,
  expectSays,
  hour,
  outcomeOf,
  outcomes,
  own,
  rowOf
} from "./probe.ts"

/** How many rows one call finds at most. */
const most = 1000

const textOf = (found: ReadonlyArray<Found>): string => found.length === 0 ? "none" : `${found.length}`

const isSame = (found: ReadonlyArray<Found>, expected: ReadonlyArray<Found>): boolean =>
  found.length === expected.length &&
  expected.every(({ attempt, id }, i) => found[i]?.id === id && found[i]?.attempt === attempt)

const expectFound = (
  found: ReadonlyArray<Found>,
  expected: ReadonlyArray<Found>,
  what: string
) =>
  check(
    isSame(found, expected),
    `${what}: ${textOf(expected)} of this case`,
    () => found.length === expected.length ? "others came, or in another order" : `${textOf(found)} came`
  )

// Times long ago, so that rows of a program are neither found nor removed, and at random, so that two cases do not meet. A store that removes
// rows by itself removes a row that is written at its time of removal.
const timeFor = (): number => 10_000_000_000 + Math.floor(Math.random() * 9_000_000_000)

/** Times before those. */
const sweepTime = (): number => 1_000_000 + Math.floor(Math.random() * 999_000_000)

const idle = (writtenAt: number, changes: Partial<Row> = {}): Row => rowOf({ driver: "engine", writtenAt, ...changes })

/** A case that needs `pending`, which `Step` never calls. */
const forEngines = (name: string, body: Body) => draft(name, body, "engine")

export const cases = [
  forEngines(
    "pending finds the logins that nothing drives, the oldest first",
    ({ id, one, other }) =>
      Effect.gen(function*() {
        const start = timeFor()
        const expected: Array<Found> = []
        for (const [i, name] of ["c", "a", "🔑 'd'", "b"].entries()) {
          const row = idle(start + i * 10)
          yield* one.insert(id(name), row)
          expected.push({ id: id(name), attempt: row.attempt })
        }
        const ids = expected.map(({ id }) => id)
        for (const store of [one, other]) {
          yield* expectFound(own(yield* store.pending(start + 1000), ids), expected, "pending")
          yield* expectFound(
            own(yield* store.pending(start + 20), ids),
            expected.slice(0, 2),
            "pending before the third"
          )
          yield* expectFound(own(yield* store.pending(start), ids), [], "pending before the first")
        }
      })
  ),
  forEngines("pending leaves out what is driven, and what has ended", ({ id, one, other }) =>
    Effect.gen(function*() {
      const start = timeFor()
      const left: Readonly<Record<string, Row>> = {
        step: idle(start, { driver: "step" }),
        held: idle(start, { holder: "h" }),
        "held until": idle(start, { holder: "h", heldUntil: start + 1 }),
        later: idle(start + 1000),
        ...Object.fromEntries(outcomes.map((state) => [state, outcomeOf(idle(start), state)]))
      }
      for (const [name, row] of Object.entries(left)) yield* one.insert(id(name), row)
      const row = idle(start)
      yield* one.insert(id("found"), row)
      const ids = [...Object.keys(left), "found"].map((name) => id(name))
      yield* expectFound(
        own(yield* other.pending(start + 1000), ids),
        [{ id: id("found"), attempt: row.attempt }],
        "pending"
      )
    })),
  forEngines(
    "pending follows a login that is taken, released and ended",
    ({ id, one, other }) =>
      Effect.gen(function*() {
        const start = timeFor()
        let row = idle(start)
        const change = (next: Row) =>
          Effect.gen(function*() {
            yield* expectSays(other.set(id(), row.version, next), true, "set")
            row = next
          })
        const expect = (isFound: boolean, when: string) =>
          Effect.gen(function*() {
            const found = own(yield* one.pending(start + 500), [id()])
            yield* expectFound(found, isFound ? [{ id: id(), attempt: row.attempt }] : [], `pending ${when}`)
          })
        yield* one.insert(id(), row)
        yield* expect(true, "after insert")
        yield* expectSays(other.insert(id(), idle(start + 900)), false, "insert over a row")
        yield* expect(true, "after another insert, which wrote nothing")
        yield* change(again(row, { holder: "h", writtenAt: start + 10 }))
        yield* expect(false, "of a login that was taken")
        yield* change(again(row, { holder: undefined, writtenAt: start + 20 }))
        yield* expect(true, "of a login that was released")
        yield* change(again(row, { writtenAt: start + 900 }))
        yield* expect(false, "of a login that was written later")
        yield* change(again(row, { writtenAt: start + 30 }))
        yield* expect(true, "of a login that was written again")
        const ended = outcomeOf(row, "failed")
        yield* one.end(id(), row.version, ended)
        yield* expect(false, "of a login that has ended")
        row = ended
        yield* change(idle(start + 40))
        yield* expect(true, "of an id that is used again")
      })
  ),
  draft(
    "sweep removes the rows whose time of removal is before a time, and no others",
    ({ id, one, other }) =>
      Effect.gen(function*() {
        const time = sweepTime()
        const old = new Map<string, Row>()
        for (const state of outcomes) old.set(id(state), outcomeOf(rowOf({ writtenAt: time, removeAt: time }), state))
        old.set(id("pending"), rowOf({ writtenAt: time, removeAt: time - 5 }))
        old.set(id("engine"), rowOf({ driver: "engine", writtenAt: time, removeAt: time - 7, holder: "h" }))
        for (const [name, row] of old) yield* one.insert(name, row)
        const kept = new Map<string, Row>([[id("kept"), rowOf()]])
        for (const state of outcomes) kept.set(id(`kept ${state}`), outcomeOf(rowOf(), state))
        for (const [name, row] of kept) yield* one.insert(name, row)
        const swept = own(yield* other.sweep(time + 1), [...old.keys(), ...kept.keys()])
        yield* check(
          swept.every(({ attempt, id }) => old.get(id)?.attempt === attempt),
          "sweep to give the rows that it removed",
          () => "it gave another, or another attempt"
        )
        for (const name of old.keys()) yield* expectRow(one, name, undefined, "after its time of removal and a sweep")
        for (const [name, row] of kept) yield* expectRow(one, name, row, "whose time of removal has not come")
        const next = rowOf()
        yield* expectSays(one.insert(id("pending"), next), true, "insert after a sweep")
        yield* expectRow(other, id("pending"), next, "of the insert after a sweep")
      })
  ),
  draft("sweep leaves a row whose time of removal is the time itself", ({ id, one, other }) =>
    Effect.gen(function*() {
      const row = rowOf()
      yield* one.insert(id(), row)
      const time = sweepTime()
      yield* one.insert(id("edge"), rowOf({ writtenAt: time, removeAt: time }))
      yield* expectFound(own(yield* other.sweep(time), [id(), id("edge")]), [], "sweep for the very time of removal")
      yield* expectRow(one, id(), row, "whose time of removal has not come")
    })),
  forEngines(
    "pending and sweep find 1,000 rows at most, the oldest first, and the rest at the next call",
    ({ id, one, other }) =>
      Effect.gen(function*() {
        const start = timeFor()
        const all = Array.from({ length: most + 5 }, (_, i) => {
          const row = idle(start + i, { sealed: "s" })
          return { row, found: { id: id(`${(i * 7919) % (most + 5)}`), attempt: row.attempt } }
        })
        const ids = new Set(all.map(({ found }) => found.id))
        const ours = (found: ReadonlyArray<Found>) => found.filter(({ id }) => ids.has(id))
        yield* Effect.forEach(all, ({ found, row }) => one.insert(found.id, row), { concurrency: 16 })
        const pending = yield* other.pending(start + most + 5)
        yield* check(pending.length === most, `pending to give ${most} of more rows`, () => `it gave ${pending.length}`)
        const first = ours(pending)
        yield* expectFound(first, all.slice(0, first.length).map(({ found }) => found), "the oldest of pending")

        // the oldest is to be removed first
        const time = sweepTime()
        const before = time + most + 5
        yield* Effect.forEach(
          all,
          ({ found, row }, i) => one.set(found.id, row.version, again(row, { writtenAt: before, removeAt: time + i })),
          { concurrency: 16 }
        )
        const removed: Array<Found> = []
        let swept = yield* other.sweep(before)
        yield* check(swept.length <= most, `sweep to remove ${most} rows at most`, () => `it removed ${swept.length}`)
        const oldest = new Set(all.slice(0, ours(swept).length).map(({ found }) => found.id))
        yield* check(
          ours(swept).every(({ id }) => oldest.has(id)),
          "sweep to remove the oldest rows first",
          () => "a newer one was removed before an older one"
        )
        for (let calls = 0; calls < 10 && swept.length > 0; calls++) {
          removed.push(...ours(swept))
          swept = yield* other.sweep(before)
        }
        const twice = removed.length - new Set(removed.map(({ id }) => id)).size
        yield* check(twice === 0, "sweep to give each row once", () => `it gave ${twice} twice`)
        const last = yield* one.get(all.at(-1)?.found.id ?? "")
        yield* check(
          removed.length === 0 || last === undefined,
          "the newest row to be removed after some sweeps",
          () => "it is there"
        )
      })
  ),
  draft("two sweeps at the same time give each row once", ({ id, one, other }) =>
    Effect.gen(function*() {
      const time = sweepTime()
      const ids = Array.from({ length: 40 }, (_, i) => id(String(i)))
      yield* Effect.forEach(ids, (name) => one.insert(name, rowOf({ writtenAt: time, removeAt: time - 1 })), {
        concurrency: 16
      })
      const swept = yield* Effect.all(
        [one, other, one, other].map((store) => store.sweep(time)),
        { concurrency: "unbounded" }
      )
      const found = own(swept.flat(), ids).map(({ id }) => id)
      yield* check(
        new Set(found).size === found.length,
        "each row to be given by one sweep",
        () => `${found.length - new Set(found).size} were given twice`
      )
      for (const name of ids) yield* expectRow(other, name, undefined, "after the sweeps")
    })),
  draft("a row that is written while old rows are removed stays", ({ id, one, other }) =>
    Effect.gen(function*() {
      for (let round = 0; round < 2; round++) {
        // before the times of all other cases, so that these sweeps take none of their rows
        const time = 1000 + Math.floor(Math.random() * 900_000)
        const states = Array.from({ length: 6 }, () => ["pending", ...outcomes] as const).flat()
        const old = states.map((state, i) => {
          const row = rowOf({ writtenAt: time, removeAt: time - 1 })
          return { name: id(`${round} ${i}`), row: state === "pending" ? row : outcomeOf(row, state) }
        })
        yield* Effect.forEach(old, ({ name, row }) => one.insert(name, row), { concurrency: 16 })
        const written = new Map<string, Row>()
        const write = ({ name, row }: (typeof old)[number], i: number) =>
          Effect.gen(function*() {
            const store = i % 2 === 0 ? one : other
            const token = outcomeOf(row, "approved", { removeAt: Date.now() + hour })
            const isLate = row.state === "lost" || (row.state === "pending" && i % 10 === 0)
            const next = isLate ? token : rowOf()
            const did = yield* isLate ? store.end(name, row.version, token) : store.set(name, row.version, next)
            // the row was removed, so the id is free
            if (!did) yield* expectSays(store.insert(name, next), true, "insert after a write that found no row")
            written.set(name, next)
          })
        yield* Effect.all(
          [other.sweep(time), one.sweep(time), Effect.forEach(old, write, { concurrency: 4 })],
          { concurrency: "unbounded" }
        )
        for (const [name, row] of written) yield* expectRow(one, name, row, "that was written during a sweep")
      }
    }))
]
