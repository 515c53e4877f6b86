import { assert, describe, it } from "@effect/vitest"
import type * as AccessToken from "@sso-oidc/core/AccessToken"
import * as Lock from "@sso-oidc/session/Lock"
import type * as TokenStore from "@sso-oidc/session/TokenStore"
import { folder } from "@sso-oidc/test-kit/child"
import { failure, type Watch } from "@sso-oidc/test-kit/files"
import { leakIn } from "@sso-oidc/test-kit/leaks"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import type { PlatformError } from "effect/PlatformError"
import * as Ref from "effect/Ref"
import * as fs from "node:fs"
import { join } from "node:path"
import { inspect } from "node:util"
import { ended, file, free, hold, key, listed, marks, none, provide, read, secret, storeIn } from "./support/cache.ts"

const oldText = `{"accessToken":"old"}`
const newText = `{"accessToken":"${"new".repeat(50)}"}`

/** A folder with a token in it. */
const begun = Effect.map(folder, (at) => {
  fs.writeFileSync(join(at, file), oldText, { mode: 0o600 })
  return at
})

/** Fails each call that the filter names, with a code. */
const failing = (code: string, which: (call: string, ...args: ReadonlyArray<unknown>) => boolean): Watch => ({
  before: (call, ...args) => which(call, ...args) ? Effect.fail(failure(code)) : Effect.void
})

const refresh = ({ commit, prepare }: TokenStore.Hold) => Effect.andThen(prepare("aa", 200), commit(secret(newText)))

/** Ends a process at its nth call of the file system: that call and each later one never come. It gives whether there were so many. */
const killedAt = (at: string, n: number, use: (hold: TokenStore.Hold) => Effect.Effect<void, AccessToken.StoreError>) =>
  Effect.gen(function*() {
    const reached = yield* Deferred.make<boolean>()
    let calls = 0
    const stop: Effect.Effect<void, PlatformError> = Effect.suspend(() =>
      ++calls < n ? Effect.void : Effect.andThen(Deferred.succeed(reached, true), Effect.never)
    )
    yield* storeIn(at, free, { before: () => stop }).pipe(
      Effect.flatMap((store) => hold(store, use)),
      Effect.andThen(Deferred.succeed(reached, false)),
      Effect.scoped,
      Effect.forkDetach
    )
    return yield* Deferred.await(reached)
  })

describe("a process that is killed at any moment", () => {
  it.live("leaves the old text or the new one, and the next holder has what it needs (S4, S10)", () =>
    Effect.gen(function*() {
      const seen: Array<string> = []
      for (let n = 1;; n++) {
        const at = yield* begun
        const wasKilled = yield* killedAt(at, n, refresh)
        const next = yield* storeIn(at, free)
        const [text, known] = [yield* read(next), yield* marks(next)]
        assert.include([oldText, newText], text, `call ${n}`)
        const [mark] = known
        seen.push(
          text === newText ? "new" : mark === undefined ? "unsent" : "response" in mark ? "response" : mark.state
        )
        if (mark !== undefined && "response" in mark) assert.strictEqual(mark.response, newText)
        // the next holder goes on from there
        yield* hold(next, refresh)
        assert.deepStrictEqual(
          [yield* read(next), yield* marks(next), listed(at)],
          [newText, [], ["FILE"]],
          `call ${n}`
        )
        if (!wasKilled) break
      }
      // each state follows the one before it
      assert.deepStrictEqual([...new Set(seen)], ["unsent", "sent", "response", "new"])
      assert.deepStrictEqual(seen, seen.toSorted((one, other) => order.indexOf(one) - order.indexOf(other)))
    }).pipe(provide))

  const order = ["unsent", "sent", "response", "new"]

  it.live("while it records an end or stores a text without a request, leaves a mark and the old text (S10)", () =>
    Effect.gen(function*() {
      const ways = [
        ({ prepare, settle }: TokenStore.Hold) => Effect.andThen(prepare("aa", 200), settle("aa", "ended")),
        ({ commit }: TokenStore.Hold) => commit(secret(newText))
      ]
      for (const use of ways) {
        for (let n = 1;; n++) {
          const at = yield* begun
          yield* hold(yield* storeIn(at, free), ({ settle }) => settle("aa", "sent"))
          const wasKilled = yield* killedAt(at, n, use)
          const next = yield* storeIn(at, free)
          const [text, [mark]] = [yield* read(next), yield* marks(next)]
          assert.include([oldText, newText], text)
          if (text === oldText) assert.include(["sent", "ended"], mark?.state, `call ${n}`)
          yield* hold(next, refresh)
          assert.deepStrictEqual(listed(at), ["FILE"])
          if (!wasKilled) break
        }
      }
    }).pipe(provide))
})

describe("a store that cannot be written", () => {
  const sentences: ReadonlyArray<readonly [code: string, detail: string]> = [
    ["ENOSPC", "the disk is full"],
    ["EDQUOT", "the disk is full"],
    ["EROFS", "the file system is read-only"],
    ["EACCES", "this user may not do that in the cache folder"],
    ["EIO", "the system reported an error"]
  ]

  it.effect.each(sentences)(
    "fails before anything is sent, with %s (S9, S10)",
    ([code, detail]) =>
      Effect.gen(function*() {
        const at = yield* begun
        const store = yield* storeIn(
          at,
          none,
          failing(code, (call, path) => call === "open" && String(path).endsWith(".sent"))
        )
        let isSent = false
        const error = yield* hold(
          store,
          ({ prepare }) => Effect.andThen(prepare("aa", 10), Effect.sync(() => void (isSent = true)))
        ).pipe(Effect.flip)
        assert.deepInclude(error, { _tag: "StoreError", operation: "prepare", reason: "unavailable", code })
        assert.strictEqual(
          error.message,
          `The AWS cache store cannot be written (${code}): ${detail}. Nothing was sent. Mend the store, and try again.`
        )
        assert.isFalse(isSent)
        assert.deepStrictEqual([yield* read(store), listed(at)], [oldText, ["FILE"]])
      }).pipe(provide, Effect.provide(Logger.layer([])))
  )

  it.effect("keeps the room with the response if the response cannot be put into its place (S10)", () =>
    Effect.gen(function*() {
      const at = yield* begun
      const store = yield* storeIn(at, free, failing("EACCES", (call) => call === "rename"))
      const error = yield* Effect.flip(hold(store, refresh))
      assert.deepInclude(error, { operation: "commit", code: "EACCES" })
      assert.deepStrictEqual(yield* marks(store), [{ of: "aa", state: "sent", response: newText }])
      assert.strictEqual(yield* read(store), oldText)
    }).pipe(provide))

  it.effect("stores a token also if the leftovers of others cannot be removed", () =>
    Effect.gen(function*() {
      const at = yield* begun
      fs.writeFileSync(join(at, `${file}.bb.ended`), "")
      for (const call of ["readDirectoryEntries", "remove"]) {
        const store = yield* storeIn(at, free, failing("EACCES", (name) => name === call))
        yield* hold(store, refresh)
        assert.strictEqual(yield* read(store), newText)
      }
    }).pipe(provide))

  it.effect("says so if the token cannot be removed, or its marks", () =>
    Effect.gen(function*() {
      for (const name of [file, `${file}.aa.lost`]) {
        const at = yield* begun
        fs.writeFileSync(join(at, `${file}.aa.lost`), "")
        const store = yield* storeIn(
          at,
          free,
          failing("EPERM", (call, path) => (call === "remove" || call === "truncate") && String(path).endsWith(name))
        )
        const error = yield* Effect.flip(hold(store, ({ remove }) => remove))
        assert.deepInclude(error, { operation: "remove", code: "EPERM" })
        assert.isTrue(fs.existsSync(join(at, name)))
      }
    }).pipe(provide))

  it.effect("fails to read a folder, a circle of links, and a folder that is a file, with no path in the error (S21)", () =>
    Effect.gen(function*() {
      const at = yield* folder
      fs.mkdirSync(join(at, file))
      const circle = join(at, "circle")
      fs.mkdirSync(circle)
      fs.symlinkSync(file, join(circle, file))
      fs.writeFileSync(join(at, "plain"), "")
      for (
        const [directory, codes] of [[at, ["EISDIR"]], [circle, ["ELOOP"]], [join(at, "plain"), ["ENOTDIR"]]] as const
      ) {
        const store = yield* storeIn(directory, free)
        const error = yield* Effect.flip(read(store))
        assert.deepInclude(error, { _tag: "StoreError", operation: "read", reason: "unavailable" })
        assert.include(codes, error.code)
        const shown = [error.message, inspect(error, { depth: 9, showHidden: true }), JSON.stringify(error)].join("\n")
        assert.notInclude(error.message, at)
        assert.notInclude(JSON.stringify(error), at)
        assert.strictEqual(error.key, file.replace(".json", ""))
        assert.notInclude(shown.replaceAll(/^ +at .*$/gm, ""), at)
        const written = yield* Effect.flip(hold(store, ({ commit }) => commit(secret(newText))))
        assert.strictEqual(written._tag, "StoreError")
        assert.isUndefined(leakIn(inspect(written, { depth: 9, showHidden: true }), newText))
      }
    }).pipe(provide))
})

describe("without a lock", () => {
  it.effect("the store goes on, says so once, and shows no path (S8, S21)", () =>
    Effect.gen(function*() {
      const at = yield* begun
      const logs = yield* Ref.make<ReadonlyArray<string>>([])
      const logger = Logger.make(({ logLevel, message }) =>
        Effect.runSync(Ref.update(logs, (all) => [...all, `${logLevel} ${String(message)}`]))
      )
      const exclusive = yield* Effect.gen(function*() {
        const store = yield* storeIn(at, none)
        yield* hold(store, refresh)
        return yield* hold(store, ({ isExclusive }) => Effect.succeed(isExclusive))
      }).pipe(Effect.provide(Logger.layer([logger])))
      assert.isFalse(exclusive)
      assert.deepStrictEqual(yield* Ref.get(logs), [
        "Warn The test lock cannot be had (EROFS): it is a test. The AWS cache store goes on without a lock: two processes may refresh one session at the same time."
      ])
    }).pipe(provide))

  it.effect("two processes that send the same refresh token both store a whole text (S12)", () =>
    Effect.gen(function*() {
      const at = yield* begun
      const [one, other] = [yield* storeIn(at, none), yield* storeIn(at, none)]
      const [arrived, released] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
      const first = yield* Effect.forkChild(hold(one, ({ commit, prepare }) =>
        prepare("aa", 200).pipe(
          Effect.andThen(Deferred.succeed(arrived, undefined)),
          Effect.andThen(Deferred.await(released)),
          Effect.andThen(commit(secret(newText)))
        )))
      yield* Deferred.await(arrived)
      yield* hold(other, ({ commit, prepare }) =>
        prepare("aa", 200).pipe(
          Effect.andThen(Deferred.succeed(released, undefined)),
          Effect.andThen(Fiber.join(first)),
          Effect.andThen(Effect.sync(() => assert.strictEqual(fs.readFileSync(join(at, file), "utf8"), newText))),
          Effect.andThen(commit(secret(`{"second":1}`)))
        ))
      assert.deepStrictEqual([yield* read(one), listed(at)], [`{"second":1}`, ["FILE"]])
    }).pipe(provide, Effect.provide(Logger.layer([]))))

  it.effect("a store finds that out also while it waits (S8)", () =>
    Effect.gen(function*() {
      const at = yield* begun
      let tries = 0
      const later = Layer.succeed(Lock.Lock, {
        name: "later",
        open: () =>
          Effect.succeed({
            attempt: Effect.suspend(() =>
              ++tries < 3
                ? Effect.succeed(false)
                : Effect.fail(new Lock.LockUnavailable({ lock: "later", code: "EIO", detail: "a test" }))
            ),
            isHeld: Effect.succeed(false)
          })
      })
      const store = yield* storeIn(at, later)
      const isExclusive = yield* ended(hold(store, ({ commit, isExclusive, prepare }) =>
        prepare("aa", 5).pipe(Effect.andThen(commit(secret(newText))), Effect.as(isExclusive))))
      assert.isFalse(isExclusive)
      assert.strictEqual(yield* read(store), newText)
    }).pipe(provide, Effect.provide(Logger.layer([]))))
})

describe("with a lock", () => {
  it.effect("a second holder of this process waits, and its wait ends as the contract says (S8, S23)", () =>
    Effect.gen(function*() {
      const at = yield* begun
      const [one, other] = [yield* storeIn(at), yield* storeIn(at)]
      const [arrived, released] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
      const first = yield* Effect.forkChild(
        hold(one, () => Effect.andThen(Deferred.succeed(arrived, undefined), Deferred.await(released)))
      )
      yield* Deferred.await(arrived)
      const busy = yield* ended(Effect.flip(hold(other, () => Effect.die("it has the lock"), "5 seconds")))
      assert.deepInclude(busy, { _tag: "StoreBusy", store: "AWS cache", key: file.replace(".json", ""), seconds: 5 })
      const asked = yield* other.exclusively(key, () => Effect.succeed("lock"), {
        wait: Duration.seconds(5),
        meanwhile: Effect.succeed(Option.some("meanwhile"))
      })
      assert.strictEqual(asked, "meanwhile")
      const last = yield* Effect.forkChild(hold(other, ({ isExclusive }) => Effect.succeed(isExclusive)))
      yield* Deferred.succeed(released, undefined)
      yield* Fiber.join(first)
      assert.isTrue(yield* ended(Fiber.join(last)))
    }).pipe(provide))

  it.effect("a holder whose lock file was removed sends nothing, but stores what has arrived (S8, S9)", () =>
    Effect.gen(function*() {
      const at = yield* begun
      let isHeld = true
      const lost = Layer.succeed(Lock.Lock, {
        name: "lost",
        open: () => Effect.succeed({ attempt: Effect.succeed(true), isHeld: Effect.sync(() => isHeld) })
      })
      const store = yield* storeIn(at, lost)
      yield* hold(store, ({ commit, prepare }) =>
        Effect.gen(function*() {
          yield* prepare("aa", 200)
          isHeld = false
          const error = yield* Effect.flip(prepare("aa", 200))
          assert.deepInclude(error, { operation: "prepare", reason: "fenced" })
          yield* commit(secret(newText))
        }))
      assert.deepStrictEqual([yield* read(store), listed(at)], [newText, ["FILE"]])
    }).pipe(provide))

  it.effect("a response is stored also if a person has removed the whole folder meanwhile (S9)", () =>
    Effect.gen(function*() {
      const at = join(yield* folder, "cache")
      const store = yield* storeIn(at)
      yield* hold(store, ({ commit, prepare }) =>
        Effect.gen(function*() {
          yield* prepare("aa", 200)
          fs.rmSync(at, { recursive: true })
          yield* commit(secret(newText))
        }))
      assert.deepStrictEqual([yield* read(store), listed(at)], [newText, ["FILE"]])
    }).pipe(provide))

  it.effect("a hold changes nothing after its end (S8)", () =>
    Effect.gen(function*() {
      const at = yield* begun
      const store = yield* storeIn(at)
      const kept = yield* hold(store, Effect.succeed)
      const members = [kept.prepare("aa", 5), kept.commit(secret("{}")), kept.settle("aa", "lost"), kept.remove]
      for (const member of members) assert.strictEqual((yield* Effect.flip(member)).reason, "fenced")
      assert.deepStrictEqual([yield* read(store), listed(at)], [oldText, ["FILE"]])
    }).pipe(provide))

  it.effect.each(["open", "writeAll", "sync", "rename"])(
    "an interruption during %s does not stop a commit, and frees the lock (S4, S8)",
    (name) =>
      Effect.gen(function*() {
        const at = yield* begun
        const [arrived, released] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
        const store = yield* storeIn(at, Lock.layerInProcess, {
          before: (call) =>
            call === name ? Effect.andThen(Deferred.succeed(arrived, undefined), Deferred.await(released)) : Effect.void
        })
        const committing = yield* Effect.forkChild(hold(store, ({ commit }) => commit(secret(newText))))
        yield* Deferred.await(arrived)
        const interrupting = yield* Effect.forkChild(Fiber.interrupt(committing))
        yield* Effect.yieldNow
        yield* Deferred.succeed(released, undefined)
        yield* Fiber.join(interrupting)
        assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(committing)))
        assert.deepStrictEqual([yield* read(store), listed(at)], [newText, ["FILE"]])
        assert.isTrue(yield* hold(store, ({ isExclusive }) => Effect.succeed(isExclusive), 0))
      }).pipe(provide)
  )
})
