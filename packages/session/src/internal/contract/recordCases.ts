/**
 * Cases about texts and marks.
 */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import type { State } from "../../TokenStore.ts"
import { check, commit, draft, expectMarks, expectText, fork, patient, textOf } from "./probe.ts"

const texts: Readonly<Record<string, string>> = {
  "of ASCII": "a text",
  "of many languages": "Grüße, 你好, שלום, 🔑, e\u0301",
  "with control characters": "a\0b\u0001c\u001b[31m\u007f\u2028\u2029\ufeff\ufffd",
  "with line breaks and blanks at its ends": "\r\n \t a \n\n",
  "that looks like JSON": "{\"accessToken\":\"\\u0000\",\"n\":[1,null,\"'; --\"]}",
  "that looks like a JSON text": "\"quoted\"",
  "that looks like an absent value": "null",
  "that is empty": "",
  "of 100 kB": "0123456789abcdef".repeat(6400)
}

// Marks are hashes in hexadecimal digits.
const [first, second] = ["1f".repeat(20), "2e".repeat(20)]

const states: ReadonlyArray<State> = ["sent", "ended", "lost"]

export const cases = [
  draft("a key that was never written has no text and no marks", ({ key, one, other }) =>
    Effect.gen(function*() {
      for (const store of [one, other]) {
        yield* expectText(store, key(), undefined, "for a new key")
        yield* expectMarks(store, key(), [], "for a new key")
      }
    })),
  ...Object.entries(texts).map(([what, text]) =>
    draft(`a text ${what} comes back as it was committed`, ({ key, one, other }) =>
      Effect.gen(function*() {
        yield* commit(one, key(), text)
        yield* expectText(one, key(), text, "in the store that wrote it")
        yield* expectText(other, key(), text, "in the other store")
      }))
  ),
  draft("a text replaces the text before it as a whole", ({ key, one, other }) =>
    Effect.gen(function*() {
      for (const text of ["long ".repeat(1000), "short", "long ".repeat(2000)]) {
        yield* commit(one, key(), text)
        yield* expectText(other, key(), text, "after its commit")
      }
    })),
  draft("keys that look alike have texts and marks of their own", ({ key, one, other }) =>
    Effect.gen(function*() {
      const long = "a".repeat(5000)
      const names = ["a", "A", "a ", "a/b", "../a", "a:b", "a'\"%_*", "ü", "u\u0308", "{a}", "\n", long, `${long}b`]
      for (const name of names) {
        yield* commit(one, key(name), `text of ${name}`)
        yield* one.exclusively(key(name), (hold) => hold.settle(first, "ended"), patient)
      }
      yield* one.exclusively(key("A"), (hold) => hold.remove, patient)
      for (const name of names) {
        yield* expectText(other, key(name), name === "A" ? undefined : `text of ${name}`, "of its own key")
        yield* expectMarks(other, key(name), name === "A" ? [] : [{ of: first, state: "ended" }], "of its own key")
      }
    })),
  draft(
    "prepare records that a refresh token was sent, and leaves the text",
    ({ key, one, other }) =>
      Effect.gen(function*() {
        yield* commit(one, key(), "old")
        yield* one.exclusively(key(), (hold) =>
          Effect.gen(function*() {
            yield* hold.prepare(first, 5000)
            yield* expectMarks(one, key(), [{ of: first, state: "sent" }], "after prepare")
            yield* expectMarks(other, key(), [{ of: first, state: "sent" }], "after prepare, in the other store")
            yield* expectText(other, key(), "old", "after prepare")
          }), patient)
        yield* expectMarks(other, key(), [{ of: first, state: "sent" }], "after a hold that ended without a commit")
        yield* expectText(other, key(), "old", "after a hold that ended without a commit")
      })
  ),
  draft(
    "prepare works for a key that has no text, and for a size of 0",
    ({ key, one, other }) =>
      Effect.gen(function*() {
        yield* one.exclusively(key(), (hold) => hold.prepare(first, 0), patient)
        yield* expectText(other, key(), undefined, "after prepare")
        yield* expectMarks(other, key(), [{ of: first, state: "sent" }], "after prepare")
      })
  ),
  draft("prepare of another refresh token is recorded too", ({ key, one, other }) =>
    Effect.gen(function*() {
      yield* one.exclusively(key(), (hold) => hold.prepare(first, 10), patient)
      yield* other.exclusively(key(), (hold) => hold.prepare(second, 10), patient)
      const marks = yield* one.marks(key())
      yield* check(
        marks.some(({ of, state }) => of === second && state === "sent"),
        "a mark for the refresh token of the last prepare",
        () => `there are ${marks.length} marks, and none is for it`
      )
    })),
  draft("commit removes all marks, with prepare and without", ({ key, one, other }) =>
    Effect.gen(function*() {
      yield* one.exclusively(
        key(),
        (hold) => Effect.andThen(hold.prepare(first, 10), hold.commit(Redacted.make("longer than ten bytes"))),
        patient
      )
      yield* expectText(other, key(), "longer than ten bytes", "after prepare and commit")
      yield* expectMarks(other, key(), [], "after prepare and commit")
      for (const state of states) {
        yield* one.exclusively(key(), (hold) => hold.settle(first, state), patient)
        yield* commit(one, key(), state)
        yield* expectMarks(other, key(), [], `after "${state}" and a commit`)
      }
    })),
  ...states.map((state) =>
    draft(`settle records "${state}", with prepare and without`, ({ key, one, other }) =>
      Effect.gen(function*() {
        yield* commit(one, key(), "old")
        yield* one.exclusively(key(), (hold) => hold.settle(first, state), patient)
        yield* expectMarks(other, key(), [{ of: first, state }], "after settle")
        yield* one.exclusively(
          key(),
          (hold) => Effect.andThen(hold.prepare(first, 5000), hold.settle(first, state)),
          patient
        )
        yield* expectMarks(other, key(), [{ of: first, state }], "after prepare and settle")
        yield* expectText(other, key(), "old", "after settle")
      }))
  ),
  draft(
    "settle without a state removes the mark, and leaves the text",
    ({ key, one, other }) =>
      Effect.gen(function*() {
        yield* commit(one, key(), "old")
        yield* one.exclusively(
          key(),
          (hold) => Effect.andThen(hold.prepare(first, 5000), hold.settle(first, undefined)),
          patient
        )
        yield* expectMarks(other, key(), [], "after settle without a state")
        yield* expectText(other, key(), "old", "after settle without a state")
        yield* one.exclusively(key(), (hold) => hold.settle(first, undefined), patient)
        yield* expectMarks(other, key(), [], "after settle without anything to remove")
      })
  ),
  draft(
    "remove removes the text and the marks, and needs none of them",
    ({ key, one, other }) =>
      Effect.gen(function*() {
        yield* one.exclusively(key(), (hold) => hold.remove, patient)
        yield* commit(one, key(), "old")
        yield* one.exclusively(key(), (hold) => Effect.andThen(hold.settle(first, "ended"), hold.remove), patient)
        yield* expectText(other, key(), undefined, "after remove")
        yield* expectMarks(other, key(), [], "after remove")
        yield* commit(other, key(), "new")
        yield* expectText(one, key(), "new", "after remove and commit")
      })
  ),
  draft("a text can be removed after prepare, in the same hold", ({ key, one, other }) =>
    Effect.gen(function*() {
      yield* commit(one, key(), "old")
      yield* one.exclusively(key(), (hold) => Effect.andThen(hold.prepare(first, 5000), hold.remove), patient)
      yield* expectText(other, key(), undefined, "after remove")
      yield* expectMarks(other, key(), [], "after remove")
    })),
  draft("a reader sees one whole text or the other", ({ key, one, other }) =>
    Effect.gen(function*() {
      const all = ["a".repeat(40_000), "b".repeat(60_000)]
      yield* commit(one, key(), "a".repeat(40_000))
      const writing = yield* fork(
        Effect.forEach(Array.from({ length: 20 }), (_, i) => commit(one, key(), all[i % 2] ?? ""), { discard: true })
      )
      let reads = 0
      while (writing.pollUnsafe() === undefined || reads < 20) {
        const text = yield* textOf(other, key())
        yield* check(
          text !== undefined && all.includes(text),
          "one of the two texts that were committed",
          () => text === undefined ? "there was no text" : `a text of ${text.length} characters came`
        )
        reads++
        yield* Effect.yieldNow
      }
      yield* Fiber.join(writing)
    }))
]
