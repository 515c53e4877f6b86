/**
 * Cases about a holder that has lost its lock, for example because its process was frozen.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { Hold } from "../../TokenStore.ts"
import { check, commit, draft, expectFenced, expectMarks, expectText, held, isFree } from "./probe.ts"

const [first, second] = ["4c".repeat(20), "5b".repeat(20)]

const expectAllFenced = (hold: Hold) =>
  Effect.gen(function*() {
    yield* expectFenced("prepare without the lock", hold.prepare(first, 5000))
    yield* expectFenced("commit without the lock", hold.commit(Redacted.make("late")))
    yield* expectFenced("settle without the lock", hold.settle(first, "ended"))
    yield* expectFenced("settle without a state, without the lock", hold.settle(second, undefined))
    yield* expectFenced("remove without the lock", hold.remove)
  })

export const cases = [
  draft("a holder that has lost its lock changes nothing", ({ expire, key, one, other }) =>
    Effect.gen(function*() {
      yield* commit(one, key(), "kept")
      const { hold } = yield* held(one, key())
      yield* hold.settle(second, "sent")
      yield* expire(key())
      yield* expectAllFenced(hold)
      yield* expectText(other, key(), "kept", "after the holder lost its lock")
      yield* expectMarks(other, key(), [{ of: second, state: "sent" }], "after the holder lost its lock")
    }), "expire"),
  draft(
    "a holder that has lost its lock to another one changes nothing",
    ({ expire, key, one, other }) =>
      Effect.gen(function*() {
        const { hold } = yield* held(one, key())
        yield* hold.prepare(first, 5000)
        yield* expire(key())
        const next = yield* held(other, key())
        yield* next.hold.commit(Redacted.make("of the next holder"))
        yield* next.hold.settle(second, "sent")
        yield* expectAllFenced(hold)
        yield* expectText(one, key(), "of the next holder", "after the holder before it lost its lock")
        yield* expectMarks(one, key(), [{ of: second, state: "sent" }], "after the holder before it lost its lock")
        yield* next.hold.commit(Redacted.make("of the next holder again"))
        yield* expectText(one, key(), "of the next holder again", "after a second commit of the next holder")
      }),
    "expire"
  ),
  draft(
    "a holder that has lost its lock does not give the next one's lock back",
    ({ expire, key, one, other }) =>
      Effect.gen(function*() {
        const lost = yield* held(one, key())
        yield* expire(key())
        const next = yield* held(other, key())
        yield* lost.end
        yield* check(
          !(yield* isFree(one, key(), Duration.millis(300))),
          "the lock to be held by the next holder",
          () => "it is free"
        )
        yield* next.hold.commit(Redacted.make("stored"))
      }),
    "expire"
  )
]
