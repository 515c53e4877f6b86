import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import * as Size from "../../../src/internal/service/size.ts"
import * as Store from "../../../src/internal/service/store.ts"

interface Item {
  readonly text: string
  readonly endsAt: number
}

const make = (capacity: number, capacityBytes = 1_000_000, onDrop?: (item: Item) => void) =>
  Store.make<Item>({
    capacity,
    capacityBytes,
    content: (item) => item,
    isOver: ({ endsAt }, now) => endsAt <= now,
    owner: ({ text }) => text.slice(0, 1),
    ...(onDrop === undefined ? {} : { onDrop })
  })

const item = (text: string, endsAt = Infinity): Item => ({ text, endsAt })

const add = (store: Store.Store<Item>, key: string, value: Item, now = 0): boolean => {
  const room = store.makeRoom(key, value, now)
  if (room) store.set(key, value)
  return room
}

const keys = (store: Store.Store<Item>) => store.list().map(([key]) => key)

describe("internal/service/store", () => {
  it("makes room with used and expired entries, then with the least recently used entry (E6)", () => {
    const store = make(3)
    for (const key of ["a", "b"]) add(store, key, item(key))
    add(store, "c", item("c", 100))
    store.touch("a")
    assert.isTrue(add(store, "d", item("d"), 100))
    assert.deepStrictEqual(keys(store), ["a", "b", "d"])
    assert.isTrue(add(store, "e", item("e"), 100))
    assert.deepStrictEqual(keys(store), ["a", "d", "e"])
  })

  it("keeps entries in use, and accepts no new entry when all are in use (E6)", () => {
    const store = make(2)
    add(store, "a", item("a"))
    add(store, "b", item("b"))
    store.attend("a", 0, 1000)
    assert.isTrue(add(store, "c", item("c"), 500))
    assert.deepStrictEqual(keys(store), ["a", "c"])
    store.attend("c", 500, 100)
    assert.isFalse(add(store, "d", item("d"), 599))
    assert.deepStrictEqual(keys(store), ["a", "c"])
    assert.isTrue(add(store, "d", item("d"), 600))
    assert.deepStrictEqual(keys(store), ["a", "d"])
    // An expired entry is dropped, even if it is in use
    const over = make(1)
    add(over, "a", item("a", 50))
    over.attend("a", 0, 1000)
    assert.isTrue(add(over, "b", item("b"), 50))
  })

  it("does not shorten a use, and ends it when the clock was set back (E6)", () => {
    const store = make(1)
    add(store, "a", item("a"))
    store.attend("a", 1000, 5000)
    store.attend("a", 1000, 10)
    assert.isFalse(add(store, "b", item("b"), 5999))
    assert.isTrue(add(store, "b", item("b"), 500))
  })

  it("is bounded in bytes: one large entry takes the room of many small ones (E6)", () => {
    const store = make(1000, 20_000)
    for (let n = 0; n < 100; n++) assert.isTrue(add(store, `k${n}`, item("x")))
    const before = store.count()
    assert.isBelow(before, 60)
    assert.isTrue(add(store, "large", item("x".repeat(10_000))))
    assert.isBelow(store.count(), before)
    assert.isAtMost(store.bytes(), 20_000)
    assert.isFalse(add(store, "larger", item("x".repeat(20_000))))
    assert.isTrue(store.has("large"))
  })

  it("measures characters outside Latin-1 twice, and the members of a list (E6)", () => {
    assert.strictEqual(Size.of("a".repeat(1000)), 1032)
    assert.strictEqual(Size.of(`${"a".repeat(999)}中`), 2032)
    assert.isAtLeast(Size.of(Array.from({ length: 1000 }, () => "")), 40_000)
    assert.isAtLeast(Size.of({ from: { userAgent: "a".repeat(1000) } }), 1000)
    assert.strictEqual(Size.copy("\ud800x"), "\ud800x")
  })

  it("reports each entry that it drops, but not an entry that was replaced (E6)", () => {
    const dropped: Array<string> = []
    const store = make(2, 1_000_000, ({ text }) => dropped.push(text))
    add(store, "a", item("a1"))
    store.set("a", item("a2"))
    assert.deepStrictEqual(dropped, [])
    add(store, "b", item("a3"))
    add(store, "c", item("b1"))
    assert.deepStrictEqual(dropped, ["a2"])
    store.dropOwnedBy("a")
    assert.deepStrictEqual(dropped, ["a2", "a3"])
    store.dropWhere(() => true)
    assert.deepStrictEqual([dropped.length, store.count(), store.bytes()], [3, 0, 0])
  })

  const steps = Schema.Array(Schema.Struct({
    key: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 20 })),
    length: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 3000 })),
    act: Schema.Literals(["add", "add", "add", "drop", "touch", "attend", "owner"])
  }))

  it.prop("never holds more than its bounds, and counts its bytes right (E6)", [steps], ([acts]) => {
    const store = make(8, 10_000)
    for (const [now, { act, key: n, length }] of acts.entries()) {
      const key = `k${n}`
      if (act === "add" && !store.has(key)) add(store, key, item(`${n % 3}`.padEnd(length, "x"), now + 10), now)
      if (act === "drop") store.drop(key)
      if (act === "touch") store.touch(key)
      if (act === "attend") store.attend(key, now, 5)
      if (act === "owner") store.dropOwnedBy(`${n % 3}`)
      assert.isAtMost(store.count(), 8)
      assert.isAtMost(store.bytes(), 10_000)
      const fresh = make(8, 10_000)
      for (const [key, value] of store.list()) fresh.set(key, value)
      assert.strictEqual(store.bytes(), fresh.bytes())
      for (const owner of ["0", "1", "2"]) {
        assert.sameMembers([...store.ownedBy(owner)], [...fresh.ownedBy(owner)])
      }
    }
  })
})
