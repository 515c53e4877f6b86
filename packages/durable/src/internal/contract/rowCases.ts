/**
 * Cases about rows: how they are kept, inserted and replaced.
 */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type { Row } from "../../LoginStore.ts"
import { again, check, draft, expectRow, expectSays, hour, outcomeOf, outcomes, rowOf, winner } from "./probe.ts"

const rows: Readonly<Record<string, () => Row>> = {
  "that waits": () => rowOf(),
  "of an engine": () => rowOf({ driver: "engine" }),
  "that is held": () => rowOf({ holder: crypto.randomUUID(), heldUntil: Date.now() + 40_000 }),
  "that is held without an end": () => rowOf({ driver: "engine", holder: "h".repeat(40) }),
  "with a sealed text of 40,000 characters": () => rowOf({ sealed: "1.k-_.".concat("aZ09-_.=+/".repeat(4000)) }),
  "with a sealed text of many languages": () =>
    rowOf({ sealed: "Grüße, 你好, שלום, 🔑, e\u0301, ' \" \\ % _ $1 ? {} :" }),
  "with an error of several lines": () =>
    rowOf({ state: "failed", error: "{\n\t\"message\": \"a 'quoted' \\\"text\\\" \\u0000\",\r\n \"n\": [1, null]\n}" }),
  "without a sealed text": () => rowOf({ state: "approved", sealed: undefined }),
  "with empty texts": () => rowOf({ state: "failed", holder: "", sealed: "", error: "" }),
  "with the times 0 and the last of all dates": () =>
    rowOf({ state: "cancelled", sealed: undefined, heldUntil: 0, writtenAt: 0, removeAt: 8_640_000_000_000_000 })
}

const odd = [
  "a",
  "A",
  "a ",
  "a/b",
  "../a",
  "a:b",
  "a'\"%_*?[]\\",
  "$1 {} :a @a `a` --",
  "ü",
  "u\u0308",
  "你好",
  "🔑",
  "{a}",
  "null",
  "undefined",
  "__proto__",
  "constructor",
  "1",
  "01",
  `${"a".repeat(150)}b`,
  `${"a".repeat(150)}c`
]

export const cases = [
  draft("an id that was never written has no row", ({ id, one, other }) =>
    Effect.gen(function*() {
      yield* check(typeof one.name === "string" && one.name !== "", "the store to have a name", () => "it has none")
      for (const store of [one, other]) yield* expectRow(store, id(), undefined, "of a new id")
    })),
  ...Object.entries(rows).map(([what, make]) =>
    draft(
      `a row ${what} comes back as it was written, by insert and by set`,
      ({ id, one, other }) =>
        Effect.gen(function*() {
          const row = make()
          yield* expectSays(one.insert(id(), row), true, "insert")
          yield* expectRow(one, id(), row, "after insert")
          yield* expectRow(other, id(), row, "after insert, in the other store")
          const before = rowOf({ holder: "h", heldUntil: 1, sealed: "s", error: "e" })
          yield* one.insert(id("set"), before)
          const next = make()
          yield* expectSays(other.set(id("set"), before.version, next), true, "set")
          yield* expectRow(one, id("set"), next, "after set")
        })
    )
  ),
  draft("ids that look alike have rows of their own", ({ id, one, other }) =>
    Effect.gen(function*() {
      const written = new Map<string, Row>()
      for (const name of odd) {
        const row = rowOf()
        yield* expectSays(one.insert(id(name), row), true, `insert of a new id that ends with ${name}`)
        written.set(name, row)
      }
      const [changed, row] = [again(rowOf()), written.get("A")]
      yield* expectSays(other.set(id("A"), row?.version ?? "", changed), true, "set")
      for (const name of odd) {
        const expected = name === "A" ? changed : written.get(name)
        yield* expectRow(other, id(name), expected, `of the id that ends with ${name}`)
      }
    })),
  draft(
    "insert leaves a row that is there, also of a login that has ended",
    ({ id, one, other }) =>
      Effect.gen(function*() {
        let row = rowOf()
        yield* one.insert(id(), row)
        for (const state of outcomes) {
          for (const store of [one, other]) {
            yield* expectSays(store.insert(id(), rowOf()), false, "insert over a row")
            yield* expectSays(store.insert(id(), again(row)), false, "insert over a row of the same attempt")
            yield* expectRow(other, id(), row, "as it was before a late insert")
          }
          const next = outcomeOf(row, state)
          yield* one.set(id(), row.version, next)
          row = next
        }
      })
  ),
  draft(
    "one of many inserts at the same time wins, and its row is kept",
    ({ id, one, other }) =>
      Effect.gen(function*() {
        for (const name of ["a", "b", "c"]) {
          const all = Array.from({ length: 12 }, () => rowOf())
          const at = yield* winner(all.map((row, i) => (i % 2 === 0 ? one : other).insert(id(name), row)), "inserts")
          yield* expectRow(other, id(name), all[at], "of the insert that won")
        }
      })
  ),
  draft("set replaces the row as a whole", ({ id, one, other }) =>
    Effect.gen(function*() {
      let row = rowOf({ holder: "h", heldUntil: 5, error: "e" })
      yield* one.insert(id(), row)
      for (
        const next of [
          rowOf({ attempt: row.attempt, sealed: undefined }),
          rowOf({ attempt: row.attempt, holder: "i", sealed: undefined, error: "f" }),
          // another login of the id
          rowOf({ driver: "engine", removeAt: Date.now() + 2 * hour })
        ]
      ) {
        yield* expectSays(other.set(id(), row.version, next), true, "set of the stored version")
        yield* expectRow(one, id(), next, "of the last set")
        row = next
      }
    })),
  draft("set writes nothing if the stored version is another", ({ id, one, other }) =>
    Effect.gen(function*() {
      const first = rowOf({ version: "version a" })
      const second = again(first, { version: "version b" })
      yield* one.insert(id(), first)
      yield* one.set(id(), first.version, second)
      for (const version of ["version a", "version B", "version", "version b ", "", "%", first.attempt]) {
        yield* expectSays(other.set(id(), version, again(first)), false, `set of the version "${version}"`)
        yield* expectRow(one, id(), second, "as it was before a late set")
      }
    })),
  draft("set writes nothing if there is no row", ({ id, one, other }) =>
    Effect.gen(function*() {
      for (const version of ["", "version", "null"]) {
        yield* expectSays(one.set(id(), version, rowOf()), false, "set without a row")
        yield* expectRow(other, id(), undefined, "after a set without a row")
      }
    })),
  draft("one of many sets at the same time wins, and its row is kept", ({ id, one, other }) =>
    Effect.gen(function*() {
      let row = rowOf()
      yield* one.insert(id(), row)
      for (let round = 0; round < 6; round++) {
        const { version } = row
        const all = Array.from({ length: 12 }, () => again(row))
        const at = yield* winner(all.map((next, i) => (i % 2 === 0 ? one : other).set(id(), version, next)), "sets")
        row = all[at] ?? row
        yield* expectRow(other, id(), row, "of the set that won")
      }
    })),
  draft("no change is lost if several processes change a row", ({ id, one, other }) =>
    Effect.gen(function*() {
      const name = id()
      yield* one.insert(name, rowOf({ heldUntil: 0 }))
      const add = (store: typeof one) =>
        Effect.gen(function*() {
          let isDone = false
          while (!isDone) {
            const row = yield* store.get(name)
            if (row === undefined) return
            isDone = yield* store.set(name, row.version, again(row, { heldUntil: (row.heldUntil ?? 0) + 1 }))
          }
        })
      const processes = [one, other, one, other]
      yield* Effect.forEach(processes, (store) => Effect.repeat(add(store), { times: 4 }), { concurrency: "unbounded" })
      const row = yield* one.get(name)
      yield* check(row?.heldUntil === 20, "20 changes", () => `there are ${String(row?.heldUntil)}`)
    })),
  draft("a reader sees one whole row or the other", ({ id, one, other }) =>
    Effect.gen(function*() {
      const name = id()
      const texts = ["a".repeat(40_000), "b".repeat(30_000)]
      let row = rowOf({ sealed: texts[0], error: texts[0]?.slice(0, 9) })
      yield* one.insert(name, row)
      const writing = yield* Effect.forkChild(
        Effect.gen(function*() {
          for (let i = 1; i <= 20; i++) {
            const sealed = texts[i % 2]
            const next = again(row, { sealed, error: sealed?.slice(0, 9) })
            yield* one.set(name, row.version, next)
            row = next
          }
        })
      )
      let reads = 0
      while (writing.pollUnsafe() === undefined || reads < 20) {
        const came = yield* other.get(name)
        yield* check(
          came !== undefined && texts.includes(came.sealed ?? "") && came.error === came.sealed?.slice(0, 9),
          "one of the rows that were written",
          () => came === undefined ? "there was no row" : "a mixture came"
        )
        reads++
        yield* Effect.yieldNow
      }
      yield* Fiber.join(writing)
    }))
]
