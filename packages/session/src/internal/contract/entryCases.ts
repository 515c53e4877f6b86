/**
 * Cases about the list of all texts. A store without `entries` has nothing to keep here.
 */
import * as CacheFile from "@sso-oidc/core/aws/CacheFile"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { Entry, Service } from "../../TokenStore.ts"
import { check, commit, draft, expectMarks, expectText, failure, held, inTime, patient } from "./probe.ts"

const [first, second] = ["6a".repeat(20), "7c".repeat(20)]

/** The entries of these keys. A store may list those of other cases too. */
const entriesOf = (store: Service, keys: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    const [ids, all] = [yield* Effect.forEach(keys, CacheFile.hash), yield* store.entries ?? Effect.succeed([])]
    return ids.map((id) => all.filter((entry) => entry.id === id))
  })

const textIn = (entries: ReadonlyArray<Entry> | undefined): string =>
  entries?.map(({ text }) => text === undefined ? "a text that cannot be read" : Redacted.value(text)).join(" and ") ??
    ""

const expectListed = (store: Service, key: string, text: string, when: string) =>
  Effect.flatMap(entriesOf(store, [key]), ([entries]) =>
    check(
      textIn(entries) === text,
      `${text === "" ? "no entry" : "one entry with the text"} ${when}`,
      () => `there are ${entries?.length} entries`
    ))

/** The one entry of a key. `undefined` if the store has no `entries`. */
const entryOf = (store: Service, key: string) =>
  store.entries === undefined ? Effect.undefined : Effect.flatMap(entriesOf(store, [key]), ([entries]) => {
    const [entry] = entries ?? []
    return Effect.as(check(entries?.length === 1, "one entry of the key", () => `there are ${entries?.length}`), entry)
  })

const expectRemoved = (entry: Entry, is: boolean, when: string) =>
  Effect.flatMap(
    entry.remove(patient.wait),
    (removed) => check(removed === is, `remove of an entry to give ${is} ${when}`, () => `it gave ${removed}`)
  )

export const cases = [
  draft(
    "entries, if the store has them, list each text with the hash of its key",
    ({ key, one, other }) =>
      Effect.gen(function*() {
        if (one.entries === undefined) return
        yield* commit(one, key("a"), "{\"text\":\"a\"}")
        yield* commit(one, key("b"), "{\"text\":\"b\"}")
        yield* one.exclusively(key("mark"), (hold) => hold.settle(first, "ended"), patient)
        yield* commit(one, key("removed"), "{}")
        yield* one.exclusively(key("removed"), (hold) => hold.remove, patient)
        for (const store of [one, other]) {
          yield* expectListed(store, key("a"), "{\"text\":\"a\"}", "of its key")
          yield* expectListed(store, key("b"), "{\"text\":\"b\"}", "of its key")
          yield* expectListed(store, key("mark"), "", "of a key that has only a mark")
          yield* expectListed(store, key("removed"), "", "of a key whose text was removed")
        }
        yield* held(one, key("a"))
        yield* inTime(
          "the list while a lock is held",
          expectListed(other, key("a"), "{\"text\":\"a\"}", "of a key whose lock is held")
        )
      })
  ),
  draft(
    "an entry, if the store has entries, removes its text and its marks",
    ({ key, one, other }) =>
      Effect.gen(function*() {
        yield* commit(one, key(), "{\"text\":1}")
        yield* one.exclusively(key(), (hold) => hold.settle(second, "lost"), patient)
        const [entry, twin] = [yield* entryOf(one, key()), yield* entryOf(other, key())]
        if (entry === undefined || twin === undefined) return
        yield* expectRemoved(entry, true, "for a text that is there")
        yield* expectText(other, key(), undefined, "after its entry was removed")
        yield* expectMarks(other, key(), [], "after its entry was removed")
        yield* expectRemoved(twin, true, "for a text that is gone")
        yield* commit(one, key(), "{\"text\":2}")
      })
  ),
  draft(
    "an entry, if the store has entries, does not remove another text",
    ({ key, one, other }) =>
      Effect.gen(function*() {
        yield* commit(one, key(), "{\"text\":1}")
        const entry = yield* entryOf(one, key())
        if (entry === undefined) return
        yield* commit(other, key(), "{\"text\":2}")
        yield* expectRemoved(entry, false, "for a text that was replaced")
        yield* expectText(one, key(), "{\"text\":2}", "after the entry of the text before it was to be removed")
      })
  ),
  draft(
    "an entry, if the store has entries, waits for the lock of its key",
    ({ key, one, other }) =>
      Effect.gen(function*() {
        yield* commit(one, key(), "{\"text\":1}")
        const entry = yield* entryOf(one, key())
        if (entry === undefined) return
        const { end } = yield* held(other, key())
        const error = yield* failure("remove of an entry to wait for the lock", entry.remove(Duration.millis(100)))
        yield* check(
          error._tag === "StoreBusy",
          "remove of an entry to fail with StoreBusy",
          () => `${error._tag} came`
        )
        yield* expectText(one, key(), "{\"text\":1}", "while another holder has the lock")
        yield* end
        yield* expectRemoved(entry, true, "after the lock became free")
      })
  )
]
