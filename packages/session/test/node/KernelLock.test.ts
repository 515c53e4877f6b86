import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import * as Lock from "@sso-oidc/session/Lock"
import * as KernelLock from "@sso-oidc/session/node/KernelLock"
import * as TokenStore from "@sso-oidc/session/TokenStore"
import { folder, run } from "@sso-oidc/test-kit/child"
import { bundled } from "@sso-oidc/test-kit/program"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { file, hold, key, listed, marks, read, secret, storeIn } from "../support/cache.ts"

const provide = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  effect.pipe(Effect.scoped, Effect.provide(KernelLock.layer), Effect.provide(NodeServices.layer))

/** A lock of its own scope. */
const locked = (path: string) =>
  Effect.gen(function*() {
    const scope = yield* Scope.make()
    const lock = yield* Scope.provide(Lock.Lock.use(({ open }) => open(path)), scope)
    yield* Effect.addFinalizer(() => Scope.close(scope, Exit.void))
    return { ...lock, end: Scope.close(scope, Exit.void) }
  })

/** Opens the lock, and takes it. */
const taken = (path: string) => Effect.scoped(Effect.flatMap(locked(path), ({ attempt }) => attempt))

/** What can be wrong at the path of a lock. */
const spoilt: ReadonlyArray<readonly [code: string, detail: string, spoil: (path: string) => void]> = [
  ["ENOENT", "its folder is not there", (path) => fs.rmSync(join(path, ".."), { recursive: true })],
  ["ELOOP", "a link is where the lock file should be. Remove it", (path) => fs.symlinkSync("absent", path)],
  ["EISDIR", "a folder is where the lock file should be. Remove it", (path) => fs.mkdirSync(path)],
  ["EINVAL", "a pipe or a device is where the lock file should be. Remove it", (path) => spawnSync("mkfifo", [path])],
  [
    "SQLITE_NOTADB",
    "the lock file is not empty. Another program has written into it. Remove it",
    (path) => fs.writeFileSync(path, "a text of another program".repeat(100))
  ]
]

const program = join(import.meta.dirname, "../support/holder.ts")

const child = (way: string, at: string) => run(process.execPath, { args: [bundled(program), way, at], input: "" })

describe("KernelLock.layer", () => {
  it.live("lets one scope hold a path, also within one process, and leaves an empty file of mode 0600 (S4, S8)", () =>
    Effect.gen(function*() {
      const at = yield* folder
      const path = join(at, "x.lock")
      const [one, other] = [yield* locked(path), yield* locked(path)]
      assert.isFalse(yield* one.isHeld)
      assert.deepStrictEqual([yield* one.attempt, yield* one.attempt, yield* other.attempt], [true, true, false])
      assert.deepStrictEqual([yield* one.isHeld, yield* other.isHeld], [true, false])
      yield* one.end
      assert.deepStrictEqual([yield* one.isHeld, yield* other.attempt, yield* other.isHeld], [false, true, true])
      yield* other.end
      assert.deepStrictEqual(fs.readdirSync(at), ["x.lock"])
      const { mode, size } = fs.statSync(path)
      assert.deepStrictEqual([mode & 0o777, size], [0o600, 0])
    }).pipe(provide))

  it.live("gives two paths two locks, whatever a path looks like (S8)", () =>
    Effect.gen(function*() {
      const at = yield* folder
      const before = process.cwd()
      process.chdir(at)
      yield* Effect.addFinalizer(() => Effect.sync(() => process.chdir(before)))
      const names = ["file:x?mode=memory", ":memory:", "plain", "büro #1%20", "-x"]
      for (const name of names) assert.isTrue(yield* (yield* locked(name)).attempt, name)
      for (const name of names) assert.isFalse(yield* (yield* locked(join(at, name))).attempt, name)
      assert.deepStrictEqual(fs.readdirSync(at).toSorted(), names.toSorted())
    }).pipe(provide))

  it.live("does not hold a path whose file was removed, and a holder learns that (S8)", () =>
    Effect.gen(function*() {
      const path = join(yield* folder, "x.lock")
      const [one, waiting] = [yield* locked(path), yield* locked(path)]
      assert.deepStrictEqual([yield* one.attempt, yield* waiting.attempt], [true, false])
      fs.rmSync(path)
      assert.isFalse(yield* one.isHeld)
      // a waiting process must not wait for the file that is gone
      assert.isTrue(yield* waiting.attempt)
      assert.deepStrictEqual([yield* one.isHeld, yield* waiting.isHeld, yield* taken(path)], [false, true, false])
      assert.isFalse(yield* one.attempt)
    }).pipe(provide))

  it.live("does not hold a path whose file was replaced by another (S8)", () =>
    Effect.gen(function*() {
      const path = join(yield* folder, "x.lock")
      const one = yield* locked(path)
      assert.isTrue(yield* one.attempt)
      fs.writeFileSync(`${path}.new`, "")
      fs.renameSync(`${path}.new`, path)
      assert.deepStrictEqual([yield* one.isHeld, yield* taken(path)], [false, true])
      assert.isTrue(yield* one.attempt)
    }).pipe(provide))

  it.live.each(spoilt)(
    "cannot be had with %s, in a sentence without the path (S21)",
    ([code, detail, spoil]) =>
      Effect.gen(function*() {
        const path = join(yield* folder, "a/x.lock")
        fs.mkdirSync(join(path, ".."))
        spoil(path)
        const before = fs.lstatSync(path, { throwIfNoEntry: false })?.ino
        const error = yield* Effect.flip(taken(path))
        assert.deepInclude(error, { _tag: "LockUnavailable", code })
        assert.strictEqual(error.message, `The kernel lock cannot be had (${code}): ${detail}.`)
        assert.notInclude(JSON.stringify(error), path)
        assert.strictEqual(fs.lstatSync(path, { throwIfNoEntry: false })?.ino, before)
      }).pipe(provide)
  )

  it.live("works beside what a dead program of SQLite left, and on a database (S8)", () =>
    Effect.gen(function*() {
      const at = yield* folder
      fs.writeFileSync(join(at, "x.lock"), "")
      fs.writeFileSync(join(at, "x.lock-journal"), "junk".repeat(1000))
      const database = new DatabaseSync(join(at, "y.lock"))
      database.exec("CREATE TABLE t (a); INSERT INTO t VALUES (1)")
      database.close()
      const before = fs.readFileSync(join(at, "y.lock"))
      for (const name of ["x.lock", "y.lock"]) {
        const one = yield* locked(join(at, name))
        assert.deepStrictEqual([yield* one.attempt, yield* taken(join(at, name))], [true, false])
        yield* one.end
      }
      assert.isTrue(before.equals(fs.readFileSync(join(at, "y.lock"))))
    }).pipe(provide))

  it.live("cannot be had without node:sqlite, or for a user who may not write its file (S8, S21)", () =>
    Effect.gen(function*() {
      const at = yield* folder
      fs.chmodSync(at, 0o755)
      fs.writeFileSync(join(at, "x.lock"), "", { mode: 0o444 })
      const { code, stderr, stdout } = yield* (yield* child("refused", at)).ended
      assert.deepStrictEqual([code, stdout.split("\n"), stderr], [0, [
        "The kernel lock cannot be had (ERR_UNKNOWN_BUILTIN_MODULE): this runtime has no node:sqlite.",
        "The kernel lock cannot be had (EACCES): this user may not write the lock file.",
        ""
      ], ""])
    }).pipe(provide))
})

describe("TokenStore.layerAwsCache with KernelLock.layer", () => {
  it.live("keeps 8 processes that count to 20 each apart: no count is lost, and no file is left (S4, S8)", () =>
    Effect.gen(function*() {
      const at = yield* folder
      fs.writeFileSync(join(at, "count"), "0")
      const children = yield* Effect.forEach(Array.from({ length: 8 }), () => child("count", at))
      for (const { ended } of children) {
        const { code, stderr } = yield* ended
        assert.deepStrictEqual([code, stderr], [0, ""])
      }
      assert.strictEqual(fs.readFileSync(join(at, "count"), "utf8"), "160")
      assert.strictEqual(fs.readFileSync(join(at, file), "utf8"), `{"count":160}`)
      assert.deepStrictEqual(listed(at), ["FILE", "FILE.lock", "count"])
    }).pipe(provide))

  it.live("waits for a holder that is stopped, and takes over at once when the holder is killed (S8, S10)", () =>
    Effect.gen(function*() {
      const at = yield* folder
      fs.writeFileSync(join(at, file), `{"accessToken":"old"}`)
      const holder = yield* child("written", at)
      yield* holder.printed(/written/)
      yield* holder.signal("SIGSTOP")

      const store = yield* storeIn(at, KernelLock.layer)
      const busy = yield* Effect.flip(hold(store, () => Effect.void, "1 second"))
      assert.deepInclude(busy, { _tag: "StoreBusy", store: "AWS cache", seconds: 1 })
      assert.notInclude(busy.message, at)
      const asked = yield* store.exclusively(key, () => Effect.succeed("lock"), {
        wait: Duration.seconds(20),
        meanwhile: Effect.map(read(store), Option.fromUndefinedOr)
      })
      assert.strictEqual(asked, `{"accessToken":"old"}`)

      const next = yield* Effect.forkChild(
        hold(store, ({ commit, isExclusive }) =>
          Effect.gen(function*() {
            const since = performance.now()
            assert.isTrue(isExclusive)
            const found = yield* marks(store)
            assert.deepStrictEqual(found, [{ of: "aa", state: "sent", response: `{"accessToken":"response"}` }])
            yield* commit(secret(`{"accessToken":"response"}`))
            return since
          }))
      )
      yield* Effect.sleep(200)
      assert.isUndefined(next.pollUnsafe())
      const killed = performance.now()
      yield* holder.signal("SIGKILL")
      assert.isBelow((yield* Fiber.join(next)) - killed, 2000)
      assert.deepStrictEqual([yield* read(store), listed(at)], [`{"accessToken":"response"}`, ["FILE", "FILE.lock"]])
      assert.strictEqual(fs.statSync(join(at, `${file}.lock`)).size, 0)
    }).pipe(provide))

  it.live("sends nothing after its lock file was removed, and makes the folder again for the next holder (S8)", () =>
    Effect.gen(function*() {
      const at = join(yield* folder, "cache")
      const store = yield* storeIn(at, KernelLock.layer)
      const error = yield* hold(store, ({ prepare }) =>
        Effect.gen(function*() {
          fs.rmSync(at, { recursive: true })
          assert.isTrue(yield* hold(store, ({ isExclusive }) => Effect.succeed(isExclusive), 0))
          return yield* prepare("aa", 9)
        })).pipe(Effect.flip)
      assert.deepInclude(error, { _tag: "StoreError", operation: "prepare", reason: "fenced" })
      assert.deepStrictEqual([fs.statSync(at).mode & 0o777, listed(at)], [0o700, ["FILE.lock"]])
    }).pipe(provide))

  it.live("goes on without the lock where its file is a link, and logs no path (S8, S21)", () =>
    Effect.gen(function*() {
      const at = yield* folder
      fs.symlinkSync("elsewhere", join(at, `${file}.lock`))
      const logs: Array<string> = []
      const logger = Logger.make(({ message }) => void logs.push(String(message)))
      const built = yield* Layer.build(
        TokenStore.layerAwsCache({ directory: at }).pipe(Layer.provide(KernelLock.layer))
      )
      const store = Context.get(built, TokenStore.TokenStore)
      for (const _ of [1, 2]) {
        const exclusive = yield* hold(store, ({ commit, isExclusive }) => Effect.as(commit(secret("{}")), isExclusive))
          .pipe(Effect.provide(Logger.layer([logger])))
        assert.isFalse(exclusive)
      }
      assert.strictEqual(logs.length, 1)
      assert.include(logs[0], "The kernel lock cannot be had (ELOOP)")
      assert.notInclude(logs[0], at)
      assert.deepStrictEqual(listed(at), ["FILE", "FILE.lock"])
      assert.isFalse(fs.existsSync(join(at, "elsewhere")))
    }).pipe(provide))
})
