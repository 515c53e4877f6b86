import { assert, describe, it } from "@effect/vitest"
import * as Lock from "@sso-oidc/session/Lock"
import * as KernelLock from "@sso-oidc/session/node/KernelLock"
import type * as TokenStore from "@sso-oidc/session/TokenStore"
import { folder } from "@sso-oidc/test-kit/child"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import * as fs from "node:fs"
import { join } from "node:path"
import { file, hold, key, listed, none, provide, secret, storeIn } from "./support/cache.ts"

const wait = Duration.zero

const sha1 = (text: string): string => createHash("sha1").update(text).digest("hex")

const begun = Effect.gen(function*() {
  const at = yield* folder
  return { at, path: join(at, file), store: yield* storeIn(at) }
})

const entriesOf = (store: TokenStore.Service) => store.entries ?? Effect.die("a store without entries")

/** The texts of the entries, by id. */
const texts = (store: TokenStore.Service) =>
  Effect.map(
    entriesOf(store),
    (all) =>
      all.map(({ id, text }) => [id, text && Redacted.value(text)] as const).toSorted(([a], [b]) => a < b ? -1 : 1)
  )

const only = (store: TokenStore.Service) =>
  Effect.map(
    entriesOf(store),
    ([entry, ...more]) => entry === undefined || more.length > 0 ? assert.fail(`${more.length + 1} entries`) : entry
  )

const token = (name: string): string => JSON.stringify({ accessToken: name })

describe("the entries of TokenStore.layerAwsCache", () => {
  it.live("are all files of the folder, whatever their names, and what their links lead to (S20)", () =>
    Effect.gen(function*() {
      const { at, store } = yield* begun
      const elsewhere = join(yield* folder, "elsewhere")
      fs.writeFileSync(elsewhere, token("linked"))
      fs.symlinkSync(elsewhere, join(at, "link.json"))
      fs.symlinkSync(join(at, "gone"), join(at, "dangling.json"))
      fs.symlinkSync(join(at, "circle.json"), join(at, "circle.json"))
      fs.mkdirSync(join(at, "folder.json"))
      assert.strictEqual(spawnSync("mkfifo", [join(at, "pipe.json")]).status, 0)
      fs.symlinkSync(join(at, "folder.json"), join(at, "to-a-folder"))
      fs.writeFileSync(join(at, file), token("own"))
      fs.writeFileSync(join(at, "tool"), token("of a tool"))
      fs.writeFileSync(join(at, "number.json"), "7")
      fs.writeFileSync(join(at, "half.json"), "{\"accessToken\":\"ha")
      fs.writeFileSync(join(at, "empty.json"), "")
      fs.writeFileSync(join(at, "x.json.lock"), "")
      assert.sameDeepMembers(
        [...yield* texts(store)],
        [
          [sha1(key), token("own")],
          [sha1("tool"), token("of a tool")],
          [sha1("link.json"), token("linked")],
          [sha1("number.json"), "7"],
          [sha1("half.json"), "{\"accessToken\":\"ha"],
          [sha1("empty.json"), ""]
        ]
      )
    }).pipe(provide))

  it.live("are none in a folder that is absent, and an error in a place that is no folder (S20)", () =>
    Effect.gen(function*() {
      const at = yield* folder
      assert.deepStrictEqual(yield* texts(yield* storeIn(join(at, "absent/cache"))), [])
      assert.isFalse(fs.existsSync(join(at, "absent")))
      fs.writeFileSync(join(at, "file"), "")
      const error = yield* Effect.flip(texts(yield* storeIn(join(at, "file"))))
      assert.deepInclude(error, { _tag: "StoreError", operation: "read", code: "ENOTDIR" })
      assert.notInclude(error.message, at)
    }).pipe(provide))

  it.live("are removed without a trace if no session of ours has written there (S20)", () =>
    Effect.gen(function*() {
      const at = yield* folder
      const store = yield* storeIn(at, KernelLock.layer)
      for (const name of [join(at, file), join(at, "tool.json")]) fs.writeFileSync(name, token("one"))
      for (const entry of yield* entriesOf(store)) assert.isTrue(yield* entry.remove(wait))
      assert.deepStrictEqual(fs.readdirSync(at), [])
    }).pipe(provide))

  it.live("are removed under the lock of their file, if there is one (S20, S12)", () =>
    Effect.gen(function*() {
      const { at, path, store } = yield* begun
      const lock = Layer.succeed(Lock.Lock, {
        name: "test lock",
        open: (path) =>
          Effect.succeed({ attempt: Effect.sync(() => !fs.existsSync(`${path}.taken`)), isHeld: Effect.succeed(true) })
      })
      const locked = yield* storeIn(at, lock)
      fs.writeFileSync(path, token("one"))
      fs.writeFileSync(`${path}.lock`, "")
      fs.writeFileSync(`${path}.lock.taken`, "")
      const entry = (yield* entriesOf(locked)).find(({ id }) => id === sha1(key)) ?? assert.fail("no entry")
      const busy = yield* Effect.flip(entry.remove(wait))
      assert.deepInclude(busy, { _tag: "StoreBusy", key: sha1(key) })
      assert.strictEqual(fs.readFileSync(path, "utf8"), token("one"))
      fs.rmSync(`${path}.lock.taken`)
      assert.isTrue(yield* entry.remove(wait))
      assert.deepStrictEqual(listed(at), ["FILE.lock"])
      assert.strictEqual(store.lock, "lock of this process")
      assert.strictEqual(locked.lock, "test lock")
    }).pipe(provide))

  it.live("of a link are removed at its end, and the link stays for the next login (S20, S4)", () =>
    Effect.gen(function*() {
      const { path, store } = yield* begun
      const elsewhere = join(yield* folder, "elsewhere")
      fs.writeFileSync(elsewhere, token("linked"))
      fs.symlinkSync(elsewhere, path)
      assert.isTrue(yield* (yield* only(store)).remove(wait))
      assert.isFalse(fs.existsSync(elsewhere))
      assert.isTrue(fs.lstatSync(path).isSymbolicLink())
      yield* hold(store, ({ commit }) => commit(secret(token("next"))))
      assert.strictEqual(fs.readFileSync(elsewhere, "utf8"), token("next"))
    }).pipe(provide))

  it.live("are the responses too that dead processes left in their rooms (S20, S10)", () =>
    Effect.gen(function*() {
      const { at, path, store } = yield* begun
      const room = (of: string, content: string) => {
        const name = `${path}.${of}.00000000-0000-4000-8000-000000000000.sent`
        fs.writeFileSync(name, content)
        return name
      }
      room("aa", " ".repeat(5000))
      const whole = room("bb", token("late").padEnd(5000))
      room("cc", token("late").slice(0, 9).padEnd(5000))
      const entry = yield* only(store)
      assert.deepStrictEqual([entry.id, entry.text && Redacted.value(entry.text)], [sha1(key), token("late")])
      fs.writeFileSync(whole, token("later"))
      assert.isFalse(yield* entry.remove(wait))
      fs.writeFileSync(whole, token("late"))
      assert.isTrue(yield* entry.remove(wait))
      assert.deepStrictEqual(listed(at), ["FILE.aa.ID.sent", "FILE.cc.ID.sent"])
    }).pipe(provide))

  it.live("of a folder that cannot be written are read, and the error of a removal has no path (S20, S21)", () =>
    Effect.gen(function*() {
      const { at, path, store } = yield* begun
      fs.writeFileSync(path, token("one"))
      fs.chmodSync(at, 0o500)
      yield* Effect.addFinalizer(() => Effect.sync(() => fs.chmodSync(at, 0o700)))
      const entry = yield* only(store)
      // a superuser may write everywhere
      if (process.getuid?.() === 0) return assert.isTrue(yield* entry.remove(wait))
      const error = yield* Effect.flip(entry.remove(wait))
      assert.deepInclude(error, { _tag: "StoreError", operation: "remove", code: "EACCES" })
      assert.notInclude(error.message, at)
    }).pipe(provide))
})

describe("the warnings of TokenStore.layerAwsCache", () => {
  const warningsOf = (store: TokenStore.Service) => store.warnings?.(key) ?? Effect.die("a store without warnings")

  it.live("say who else may read the file, and end with the next write (S19, S4)", () =>
    Effect.gen(function*() {
      const { path, store } = yield* begun
      assert.deepStrictEqual(yield* warningsOf(store), [])
      fs.writeFileSync(path, token("one"))
      const cases: ReadonlyArray<readonly [mode: number, words: string | undefined]> = [
        [0o600, undefined],
        [0o700, undefined],
        [0o611, undefined],
        [0o644, "may read the file of the token: its mode is 0644."],
        [0o660, "may read and change the file of the token: its mode is 0660."],
        [0o602, "may change the file of the token: its mode is 0602."]
      ]
      for (const [mode, words] of cases) {
        fs.chmodSync(path, mode)
        const warnings = yield* warningsOf(store)
        assert.lengthOf(warnings, words === undefined ? 0 : 1)
        assert.include(warnings.join(""), words ?? "")
      }
      yield* hold(store, ({ commit }) => commit(secret(token("two"))))
      assert.deepStrictEqual(yield* warningsOf(store), [])
    }).pipe(provide))

  it.live("are those of the file that a link leads to, and fail without a path (S19, S21)", () =>
    Effect.gen(function*() {
      const { path, store } = yield* begun
      const elsewhere = join(yield* folder, "elsewhere")
      fs.writeFileSync(elsewhere, token("one"))
      fs.chmodSync(elsewhere, 0o644)
      fs.symlinkSync(elsewhere, path)
      assert.lengthOf(yield* warningsOf(store), 1)
      const sealed = yield* storeIn(join(path, "no-folder"), none)
      const error = yield* Effect.flip(warningsOf(sealed))
      assert.deepInclude(error, { _tag: "StoreError", operation: "read", code: "ENOTDIR" })
      assert.notInclude(error.message, path)
    }).pipe(provide))
})
