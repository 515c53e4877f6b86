import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import * as CacheFile from "@sso-oidc/core/aws/CacheFile"
import { folder, run } from "@sso-oidc/test-kit/child"
import { failure, watched } from "@sso-oidc/test-kit/files"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type { PlatformError } from "effect/PlatformError"
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { join } from "node:path"

const provide = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  effect.pipe(Effect.scoped, Effect.provide(NodeServices.layer))

const text = (path: string) => readFileSync(path, "utf8")

const modeOf = (path: string) => statSync(path).mode & 0o777

const codeOf = (error: PlatformError) => {
  const { cause } = error.reason
  return typeof cause === "object" && cause !== null && "code" in cause ? cause.code : error.reason._tag
}

/** A folder with a file in it, which has an old text. */
const old = Effect.map(folder, (at) => {
  const path = join(at, "token.json")
  writeFileSync(path, "{\"old\":true}", { mode: 0o644 })
  return { at, path }
})

/** Fails one of the calls, the first of that name, with a code. */
const failing = (name: string, code: string, which = 1) => {
  let count = 0
  return watched({
    before: (call) => call === name && ++count === which ? Effect.fail(failure(code)) : Effect.void
  })
}

describe("CacheFile.write", () => {
  it.effect("writes beside the target, syncs, and renames: in that order (S4)", () =>
    Effect.gen(function*() {
      const { at, path } = yield* old
      const calls: Array<string> = []
      yield* CacheFile.write(path, "{\"new\":1}").pipe(watched({
        before: (call, ...args) =>
          Effect.sync(() => {
            const shown = args.map((arg) =>
              typeof arg === "string" ? arg.replace(at, "").replace(/[0-9a-f-]{36}/, "ID") : JSON.stringify(arg, plain)
            )
            calls.push([call, ...shown].join(" "))
          })
      }))
      assert.deepStrictEqual(calls, [
        "readLink /token.json",
        "makeDirectory  {\"mode\":448}",
        "open /token.json.ID.tmp {\"flag\":\"wx\",\"mode\":384}",
        "writeAll 9",
        "sync",
        "seek \"0\" start",
        "writeAll 9",
        "truncate 9",
        "sync",
        "rename /token.json.ID.tmp /token.json",
        "open  {\"flag\":\"r\"}",
        "sync"
      ])
      assert.strictEqual(text(path), "{\"new\":1}")
      assert.deepStrictEqual(readdirSync(at), ["token.json"])
    }).pipe(provide))

  it.effect("leaves a file of mode 0600, also where an open one was (S4)", () =>
    Effect.gen(function*() {
      const { at, path } = yield* old
      yield* CacheFile.write(path, "new")
      assert.strictEqual(modeOf(path), 0o600)
      yield* CacheFile.write(join(at, "other.json"), "new")
      assert.strictEqual(modeOf(join(at, "other.json")), 0o600)
    }).pipe(provide))

  // the recursive call of Node does not end there
  it.live.skipIf(process.platform !== "linux")(
    "a folder that the system cannot make is an error at once (S4)",
    () =>
      Effect.gen(function*() {
        for (const path of ["/proc/sso-oidc/cache", "/dev/null/cache"]) {
          const error = yield* Effect.flip(CacheFile.makeFolder(path))
          assert.include(["ENOENT", "ENOTDIR"], codeOf(error))
        }
        const at = yield* folder
        writeFileSync(join(at, "file"), "")
        assert.strictEqual(
          (yield* Effect.flip(CacheFile.makeFolder(join(at, "file")))).reason._tag,
          "AlreadyExists"
        )
      }).pipe(provide)
  )

  it.effect("makes missing folders with mode 0700, and leaves the mode of a folder that is there (S4)", () =>
    Effect.gen(function*() {
      const at = yield* folder
      mkdirSync(join(at, "there"), { mode: 0o755 })
      const path = join(at, "there/sso/cache/token.json")
      yield* CacheFile.write(path, "new")
      assert.strictEqual(text(path), "new")
      assert.deepStrictEqual(["there", "there/sso", "there/sso/cache"].map((one) => modeOf(join(at, one))), [
        0o755,
        0o700,
        0o700
      ])
    }).pipe(provide))

  describe("a link", () => {
    it.effect("is followed to its target, through more links, and stays a link (S4)", () =>
      Effect.gen(function*() {
        const { at, path } = yield* old
        mkdirSync(join(at, "links"))
        symlinkSync("../second", join(at, "links/first"))
        symlinkSync(path, join(at, "second"))
        yield* CacheFile.write(join(at, "links/first"), "new")
        assert.strictEqual(text(path), "new")
        assert.strictEqual(modeOf(path), 0o600)
        assert.strictEqual(readlinkSync(join(at, "links/first")), "../second")
        assert.isTrue(lstatSync(join(at, "second")).isSymbolicLink())
        assert.deepStrictEqual(readdirSync(join(at, "links")), ["first"])
      }).pipe(provide))

    it.effect("to an absent file leads to that file, whose folder is made (S4)", () =>
      Effect.gen(function*() {
        const at = yield* folder
        symlinkSync("absent/token.json", join(at, "link"))
        yield* CacheFile.write(join(at, "link"), "new")
        assert.strictEqual(text(join(at, "absent/token.json")), "new")
        assert.strictEqual(modeOf(join(at, "absent")), 0o700)
        assert.strictEqual(readlinkSync(join(at, "link")), "absent/token.json")
      }).pipe(provide))

    it.effect("with .. in it is read from the folder where it really is (S4)", () =>
      Effect.gen(function*() {
        const at = yield* folder
        mkdirSync(join(at, "mounted/cache"), { recursive: true })
        mkdirSync(join(at, "home"))
        symlinkSync("../mounted/cache", join(at, "home/cache"))
        symlinkSync("../token.json", join(at, "mounted/cache/link"))
        yield* CacheFile.write(join(at, "home/cache/link"), "new")
        assert.strictEqual(text(join(at, "mounted/token.json")), "new")
        assert.isFalse(existsSync(join(at, "home/token.json")))
      }).pipe(provide))

    it.effect("in a circle is an error, and nothing is written (S4)", () =>
      Effect.gen(function*() {
        const at = yield* folder
        symlinkSync("b", join(at, "a"))
        symlinkSync("a", join(at, "b"))
        symlinkSync("self", join(at, "self"))
        for (const name of ["a", "self"]) {
          assert.strictEqual(codeOf(yield* Effect.flip(CacheFile.write(join(at, name), "new"))), "ELOOP")
        }
        assert.deepStrictEqual(readdirSync(at), ["a", "b", "self"])
        assert.strictEqual(readlinkSync(join(at, "a")), "b")
      }).pipe(provide))
  })

  it.effect.each(["EBUSY", "EXDEV", "EPERM"])(
    "writes in place if the rename fails with %s (S4)",
    (code) =>
      Effect.gen(function*() {
        const { at, path } = yield* old
        const { ino } = statSync(path)
        yield* CacheFile.write(path, "new").pipe(failing("rename", code))
        assert.strictEqual(text(path), "new")
        assert.deepStrictEqual([statSync(path).ino, modeOf(path)], [ino, 0o600])
        assert.deepStrictEqual(readdirSync(at), ["token.json"])
      }).pipe(provide)
  )

  it.effect.each(["open", "sync"])(
    "needs no sync of the folder: a failure of %s after the rename is none (S4)",
    (name) =>
      Effect.gen(function*() {
        const { at, path } = yield* old
        let isRenamed = false
        const rejected = (call: string) => {
          if (call === "rename") isRenamed = true
          return isRenamed && call === name ? Effect.fail(failure("EISDIR")) : Effect.void
        }
        yield* CacheFile.write(path, "new").pipe(watched({ before: rejected }))
        assert.isTrue(isRenamed)
        assert.strictEqual(text(path), "new")
        assert.deepStrictEqual(readdirSync(at), ["token.json"])
      }).pipe(provide)
  )

  it.effect("writes in place also where no mode can be set, and where no file was (S4)", () =>
    Effect.gen(function*() {
      const at = yield* folder
      const rejected = (call: string) =>
        call === "rename" || call === "chmod" ? Effect.fail(failure("EPERM")) : Effect.void
      yield* CacheFile.write(join(at, "token.json"), "new").pipe(watched({ before: rejected }))
      assert.deepStrictEqual(readdirSync(at), ["token.json"])
      assert.strictEqual(modeOf(join(at, "token.json")), 0o600)
    }).pipe(provide))

  it.effect.each(
    [
      ["open", "EROFS", 1],
      ["open", "EACCES", 1],
      ["writeAll", "ENOSPC", 1],
      ["sync", "EIO", 1],
      ["writeAll", "ENOSPC", 2],
      ["truncate", "EIO", 1],
      ["sync", "EDQUOT", 2],
      ["rename", "EACCES", 1]
    ] as const
  )(
    "leaves the old file and nothing else if %s fails with %s, call %i (S4)",
    ([call, code, which]) =>
      Effect.gen(function*() {
        const { at, path } = yield* old
        const error = yield* Effect.flip(CacheFile.write(path, "new").pipe(failing(call, code, which)))
        assert.strictEqual(codeOf(error), code)
        assert.strictEqual(text(path), "{\"old\":true}")
        assert.deepStrictEqual(readdirSync(at), ["token.json"])
      }).pipe(provide)
  )

  it.effect("does not replace a folder, and leaves nothing beside it (S4)", () =>
    Effect.gen(function*() {
      const at = yield* folder
      mkdirSync(join(at, "token.json"))
      assert.strictEqual(codeOf(yield* Effect.flip(CacheFile.write(join(at, "token.json"), "new"))), "EISDIR")
      assert.deepStrictEqual(readdirSync(at), ["token.json"])
    }).pipe(provide))

  it.effect.each(["open", "writeAll", "sync", "rename"])(
    "an interruption in %s does not stop it: the file is whole, and nothing is left (S4)",
    (at) =>
      Effect.gen(function*() {
        const { at: place, path } = yield* old
        const [arrived, released] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
        const hold = (call: string) =>
          call === at ? Effect.andThen(Deferred.succeed(arrived, undefined), Deferred.await(released)) : Effect.void
        const writing = yield* Effect.forkChild(CacheFile.write(path, "new").pipe(watched({ before: hold })))
        yield* Deferred.await(arrived)
        const interrupting = yield* Effect.forkChild(Fiber.interrupt(writing))
        yield* Effect.yieldNow
        yield* Deferred.succeed(released, undefined)
        yield* Fiber.join(interrupting)
        assert.strictEqual(text(path), "new")
        assert.deepStrictEqual(readdirSync(place), ["token.json"])
      }).pipe(provide)
  )

  it.live(
    "a reader in another process sees the old text or the new one, and never a part (S4)",
    () =>
      Effect.gen(function*() {
        const { at, path } = yield* old
        yield* CacheFile.write(path, JSON.stringify({ n: 0, text: "x".repeat(5000) }))
        const program = `
        const { readFileSync } = require("node:fs")
        const seen = new Set()
        for (let reads = 0; seen.size < 100 && reads < 1e6; reads++) {
          const { n, text } = JSON.parse(readFileSync(process.argv[1], "utf8"))
          if (text.length < 5000) throw new Error("a part")
          seen.add(n)
        }
        console.log("saw " + seen.size)
      `
        const readers = yield* Effect.forEach(
          [1, 2],
          () => run(process.execPath, { args: ["-e", program, path], input: "" })
        )
        const endless = Effect.gen(function*() {
          for (let n = 1;; n++) yield* CacheFile.write(path, JSON.stringify({ n, text: "x".repeat(5000 + n % 3000) }))
        })
        // two writers at once
        const writing = yield* Effect.forkChild(Effect.all([endless, endless], { concurrency: 2 }))
        for (const reader of readers) {
          const { code, stderr, stdout } = yield* reader.ended
          assert.strictEqual(code, 0, stderr)
          assert.match(stdout, /^saw 100\n$/)
        }
        yield* Fiber.interrupt(writing)
        assert.deepStrictEqual(readdirSync(at), ["token.json"])
      }).pipe(provide),
    60_000
  )
})

const plain = (_: string, value: unknown): unknown => typeof value === "bigint" ? String(value) : value

describe("CacheFile.prepare", () => {
  it.effect("makes a file of the size, with blanks, beside a target that stays as it is (S4)", () =>
    Effect.gen(function*() {
      const { at, path } = yield* old
      const room = yield* CacheFile.prepare(path, 4096, ".abc.tmp")
      assert.strictEqual(room.path, join(at, "token.json.abc.tmp"))
      assert.strictEqual(text(room.path), " ".repeat(4096))
      assert.strictEqual(modeOf(room.path), 0o600)
      assert.strictEqual(text(path), "{\"old\":true}")
      yield* room.discard
      yield* room.discard
      assert.deepStrictEqual(readdirSync(at), ["token.json"])
    }).pipe(provide))

  it.effect.each([0, 3, 9, 4096])("takes a text of 9 bytes into room for %i (S4)", (bytes) =>
    Effect.gen(function*() {
      const { at, path } = yield* old
      const room = yield* CacheFile.prepare(path, bytes, ".tmp")
      yield* room.commit("{\"ä\":1}\n")
      assert.strictEqual(text(path), "{\"ä\":1}\n")
      assert.deepStrictEqual(readdirSync(at), ["token.json"])
    }).pipe(provide))

  it.effect("takes no room that is there: neither a file nor a link (S4)", () =>
    Effect.gen(function*() {
      const { at, path } = yield* old
      writeFileSync(`${path}.a`, "another's")
      symlinkSync(join(at, "elsewhere"), `${path}.b`)
      for (const suffix of [".a", ".b"]) {
        const error = yield* Effect.flip(CacheFile.prepare(path, 10, suffix))
        assert.strictEqual(error.reason._tag, "AlreadyExists")
      }
      assert.strictEqual(text(`${path}.a`), "another's")
      assert.isFalse(existsSync(join(at, "elsewhere")))
    }).pipe(provide))

  it.effect("keeps the room when the scope closes, for the process that takes it over (S4)", () =>
    Effect.gen(function*() {
      const { path } = yield* old
      const room = yield* Effect.scoped(CacheFile.prepare(path, 10, ".tmp"))
      assert.isTrue(existsSync(room.path))
    }).pipe(provide))

  it.effect.each(["the room", "the folder"])(
    "makes %s again if it was removed: the text is not lost (S4)",
    (what) =>
      Effect.gen(function*() {
        const at = join(yield* folder, "sso")
        const path = join(at, "token.json")
        const room = yield* CacheFile.prepare(path, 100, ".tmp")
        rmSync(what === "the room" ? room.path : at, { recursive: true })
        yield* room.commit("new")
        assert.strictEqual(text(path), "new")
        assert.deepStrictEqual([modeOf(at), modeOf(path)], [0o700, 0o600])
        assert.deepStrictEqual(readdirSync(at), ["token.json"])
      }).pipe(provide)
  )

  it.effect("keeps the room with the whole text if it can be written nowhere else (S4)", () =>
    Effect.gen(function*() {
      const { path } = yield* old
      const blocked = (call: string, ...[, options]: ReadonlyArray<unknown>) =>
        call === "rename" || (call === "open" && JSON.stringify(options).includes("\"w\""))
          ? Effect.fail(failure("EPERM"))
          : Effect.void
      yield* Effect.gen(function*() {
        const room = yield* CacheFile.prepare(path, 100, ".tmp")
        assert.strictEqual(codeOf(yield* Effect.flip(room.commit("new"))), "EPERM")
        assert.strictEqual(text(room.path), "new")
      }).pipe(watched({ before: blocked }))
      assert.strictEqual(text(path), "{\"old\":true}")
    }).pipe(provide))

  it.effect.each(["open", "writeAll", "sync"])(
    "an interruption right after %s leaves no room behind (S4)",
    (at) =>
      Effect.gen(function*() {
        const { at: place, path } = yield* old
        const [arrived, released] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
        const hold = (call: string) =>
          call === at ? Effect.andThen(Deferred.succeed(arrived, undefined), Deferred.await(released)) : Effect.void
        const preparing = yield* Effect.forkChild(
          Effect.scoped(CacheFile.prepare(path, 10, ".tmp")).pipe(watched({ after: hold }))
        )
        yield* Deferred.await(arrived)
        assert.strictEqual(readdirSync(place).length, 2)
        const interrupting = yield* Effect.forkChild(Fiber.interrupt(preparing))
        yield* Effect.yieldNow
        yield* Deferred.succeed(released, undefined)
        yield* Fiber.join(interrupting)
        assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(preparing)))
        assert.deepStrictEqual(readdirSync(place), ["token.json"])
      }).pipe(provide)
  )

  it.effect("a commit cannot be interrupted (S4)", () =>
    Effect.gen(function*() {
      const { path } = yield* old
      const [arrived, released] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
      const hold = (call: string) =>
        call === "truncate"
          ? Effect.andThen(Deferred.succeed(arrived, undefined), Deferred.await(released))
          : Effect.void
      const committing = yield* Effect.forkChild(
        Effect.flatMap(CacheFile.prepare(path, 10, ".tmp"), (room) => room.commit("new")).pipe(
          Effect.scoped,
          watched({ before: hold })
        )
      )
      yield* Deferred.await(arrived)
      const interrupting = yield* Effect.forkChild(Fiber.interrupt(committing))
      yield* Effect.yieldNow
      yield* Deferred.succeed(released, undefined)
      yield* Fiber.join(interrupting)
      assert.strictEqual(text(path), "new")
    }).pipe(provide))
})
