/**
 * Cases about the lock.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import {
  broken,
  check,
  commit,
  draft,
  expectFenced,
  expectMarks,
  expectText,
  failure,
  fork,
  held,
  inTime,
  isFree,
  patient,
  textOf
} from "./probe.ts"

const short = Duration.millis(300)

/** How long an effect took, in milliseconds. */
const timed = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const start = yield* Clock.currentTimeMillis
    const value = yield* effect
    return [value, (yield* Clock.currentTimeMillis) - start] as const
  })

export const cases = [
  draft(
    "one holder runs at a time, and each sees what the last one committed",
    ({ key, one, other }) =>
      Effect.gen(function*() {
        let inside = 0
        let most = 0
        const [name, rounds] = [key(), 2]
        const fibers = [one, other, one, other, one, other]
        const count = (store: typeof one) =>
          store.exclusively(name, (hold) =>
            Effect.gen(function*() {
              most = Math.max(most, ++inside)
              const number = Number((yield* textOf(store, name)) ?? "0")
              yield* Effect.sleep(2)
              yield* hold.commit(Redacted.make(String(number + 1)))
            }).pipe(Effect.ensuring(Effect.sync(() => inside--))), patient)
        yield* Effect.forEach(fibers, (store) => Effect.repeat(count(store), { times: rounds - 1 }), {
          concurrency: "unbounded"
        })
        yield* check(most === 1, "one holder at a time", () => `there were ${most} holders at the same time`)
        yield* expectText(other, name, String(fibers.length * rounds), "after as many holds")
      })
  ),
  draft("a hold says that it is exclusive", ({ key, one }) =>
    one.exclusively(
      key(),
      (hold) => check(hold.isExclusive === true, "isExclusive to be true", () => `it is ${String(hold.isExclusive)}`),
      patient
    )),
  draft("two keys have two locks", ({ key, one, other }) =>
    Effect.gen(function*() {
      yield* held(one, key("a"))
      yield* check(
        yield* isFree(other, key("b"), short),
        "the lock of another key to be free",
        () => "it is not"
      )
    })),
  draft("a reader needs no lock", ({ key, one, other }) =>
    Effect.gen(function*() {
      yield* commit(one, key(), "a text")
      yield* held(one, key())
      yield* inTime("a reader to read while the lock is held", expectText(other, key(), "a text", "during a hold"))
      yield* inTime("a reader to read marks while the lock is held", expectMarks(other, key(), [], "during a hold"))
    })),
  draft("the value, the error and the defect of use come out as they are", ({ key, one }) =>
    Effect.gen(function*() {
      const [value, error, defect] = [{}, new Error("failed"), new Error("died")]
      const came = yield* one.exclusively(key(), () => Effect.succeed(value), patient)
      yield* check(came === value, "the value of use", () => "another value came")
      const failed = yield* failure("use to fail", one.exclusively(key(), () => Effect.fail(error), patient))
      yield* check(failed === error, "the error of use", () => `${String(failed)} came`)
      const exit = yield* Effect.exit(one.exclusively(key(), () => Effect.die(defect), patient))
      yield* check(
        Exit.isFailure(exit) && Cause.squash(exit.cause) === defect,
        "the defect of use",
        () => "another outcome came"
      )
    })),
  ...Object.entries({
    "success": () => Effect.void,
    "a failure": () => Effect.fail("failed"),
    "a defect": () => Effect.die("died"),
    "a function that throws": (): Effect.Effect<void> => {
      throw new Error("thrown")
    },
    "an interruption": () => Effect.interrupt
  }).map(([what, use]) =>
    draft(`the lock is free after ${what}`, ({ key, one, other }) =>
      Effect.gen(function*() {
        yield* Effect.exit(one.exclusively<void, string, never>(key(), use, patient))
        yield* check(yield* isFree(other, key(), short), `the lock to be free after ${what}`, () => "it is held")
      }))
  ),
  draft("the lock is free after its holder was interrupted", ({ key, one, other }) =>
    Effect.gen(function*() {
      const { fiber } = yield* held(one, key())
      yield* inTime("the holder to end", Fiber.interrupt(fiber))
      yield* check(yield* isFree(other, key(), short), "the lock to be free", () => "it is held")
    })),
  draft("a hold that outlives its use changes nothing", ({ key, one, other }) =>
    Effect.gen(function*() {
      yield* commit(one, key(), "kept")
      const hold = yield* one.exclusively(key(), Effect.succeed, patient)
      const hash = "3d".repeat(20)
      yield* expectFenced("prepare after use", hold.prepare(hash, 10))
      yield* expectFenced("commit after use", hold.commit(Redacted.make("late")))
      yield* expectFenced("settle after use", hold.settle(hash, "ended"))
      yield* expectFenced("remove after use", hold.remove)
      yield* expectText(other, key(), "kept", "after a late commit")
      yield* expectMarks(other, key(), [], "after a late prepare")
    })),
  draft("a free lock needs no wait", ({ key, one }) =>
    Effect.gen(function*() {
      const isTaken = yield* isFree(one, key(), Duration.zero)
      yield* check(isTaken, "a free lock to be taken with a wait of 0", () => "it ended with StoreBusy")
    })),
  draft("a wait ends with StoreBusy", ({ key, one, other }) =>
    Effect.gen(function*() {
      yield* held(one, key())
      let runs = 0
      const used = other.exclusively(key(), () => Effect.sync(() => runs++), { wait: short })
      const [error, millis] = yield* timed(inTime("the wait to end", failure("the wait to fail", used)))
      yield* check(error._tag === "StoreBusy", "StoreBusy", () => `${error._tag} came`)
      yield* check(runs === 0, "use not to run", () => "it ran")
      // clocks and timers are not exact
      yield* check(millis >= 280, "a wait of 300 ms", () => `it ended after ${millis} ms`)
      if (error._tag !== "StoreBusy") return
      yield* check(error.store !== "", "the name of the store in StoreBusy", () => "it is empty")
      yield* check(
        !error.message.includes(key()),
        "the hash of the key in StoreBusy, and not the key",
        () => "the key is in its message"
      )
    })),
  draft("a waiter gets the lock when its holder ends", ({ key, one, other }) =>
    Effect.gen(function*() {
      const { end } = yield* held(one, key())
      const waiter = yield* fork(other.exclusively(key(), () => Effect.succeed("ran"), patient))
      yield* Effect.sleep(short)
      yield* check(waiter.pollUnsafe() === undefined, "the waiter to wait", () => "it ran")
      yield* end
      yield* inTime("the waiter to get the lock", Fiber.join(waiter))
    })),
  draft("meanwhile ends a wait with its value", ({ key, one, other }) =>
    Effect.gen(function*() {
      yield* held(one, key())
      let looks = 0
      const value = yield* inTime(
        "meanwhile to end the wait",
        other.exclusively(key(), () => Effect.succeed("used"), {
          ...patient,
          meanwhile: Effect.sync(() => ++looks < 3 ? Option.none<string>() : Option.some("seen"))
        })
      )
      yield* check(value === "seen", "the value of meanwhile", () => "another value came")
      yield* check(looks === 3, "meanwhile to run until it gives a value", () => `it ran ${looks} times`)
    })),
  draft("a failure of meanwhile ends the wait", ({ key, one, other }) =>
    Effect.gen(function*() {
      yield* held(one, key())
      const error = yield* inTime(
        "meanwhile to end the wait",
        failure(
          "the wait to fail",
          other.exclusively(key(), () => Effect.void, { ...patient, meanwhile: Effect.fail("failed") })
        )
      )
      yield* check(error === "failed", "the error of meanwhile", () => "another error came")
    })),
  draft("a waiter that is interrupted takes no lock", ({ key, one, other }) =>
    Effect.gen(function*() {
      const { end } = yield* held(one, key())
      let runs = 0
      const waiter = yield* fork(other.exclusively(key(), () => Effect.sync(() => runs++), patient))
      yield* Effect.sleep(short)
      yield* inTime("the waiter to end", Fiber.interrupt(waiter))
      yield* check(!(yield* isFree(other, key(), short)), "the lock to be held still", () => "it is free")
      yield* end
      yield* check(yield* isFree(other, key(), short), "the lock to be free", () => "it is held")
      yield* check(runs === 0, "use not to run", () => "it ran")
    })),
  draft(
    "waiters that are interrupted at any moment leave no lock behind",
    ({ key, one, other }) =>
      Effect.gen(function*() {
        for (let round = 0; round < 10; round++) {
          const waiter = yield* fork(other.exclusively(key(), () => Effect.never, patient))
          yield* Effect.sleep(round)
          yield* inTime("the waiter to end", Fiber.interrupt(waiter))
        }
        // a lock that is abandoned by a try may end a little later
        yield* Effect.ignore(Effect.sleep(short))
        if (!(yield* isFree(one, key(), Duration.seconds(5)))) yield* broken("the lock to be free", "it is held")
      })
  ),
  draft("a lock that its holder needs for longer is not taken away", ({ key, one, other }) =>
    Effect.gen(function*() {
      const { end, hold } = yield* held(one, key())
      yield* Effect.sleep("4 seconds")
      yield* check(!(yield* isFree(other, key(), Duration.zero)), "the lock to be held after 4 s", () => "it is free")
      yield* hold.commit(Redacted.make("after 4 s"))
      yield* end
      yield* expectText(other, key(), "after 4 s", "after a commit")
    }))
]
