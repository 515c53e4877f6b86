import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import * as CacheFile from "@sso-oidc/core/aws/CacheFile"
import { folder } from "@sso-oidc/test-kit/child"
import { instant, watched } from "@sso-oidc/test-kit/files"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FileSystem from "effect/FileSystem"
import type { PlatformError } from "effect/PlatformError"
import * as TestClock from "effect/testing/TestClock"
import { spawnSync } from "node:child_process"
import { readdirSync, readFileSync, statSync, symlinkSync, truncateSync, unlinkSync, writeFileSync } from "node:fs"
import { basename, join } from "node:path"

const mebibyte = 1024 * 1024

const provide = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  effect.pipe(Effect.scoped, Effect.provide(NodeServices.layer))

const text = (path: string) => readFileSync(path, "utf8")

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

/** One turn of Node's loop, in which files are read. */
const turn = Effect.promise(() => new Promise<void>((done) => setImmediate(done)))

/** Moves the clock until the effect has ended. Its files are real, and take real turns. */
const ended = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(effect)
    while (fiber.pollUnsafe() === undefined) {
      yield* turn
      yield* TestClock.adjust(5)
    }
    return yield* Fiber.join(fiber)
  })

describe("CacheFile.readText", () => {
  it.effect("gives a text that is JSON at once, and nothing for a file that is absent (S6)", () =>
    Effect.gen(function*() {
      const { at, path } = yield* old
      assert.strictEqual(yield* CacheFile.readText(path), "{\"old\":true}")
      assert.isUndefined(yield* CacheFile.readText(join(at, "absent.json")))
      assert.isUndefined(yield* CacheFile.readText(join(at, "absent/absent.json")))
      symlinkSync("nowhere", join(at, "dangling"))
      assert.isUndefined(yield* CacheFile.readText(join(at, "dangling")))
    }).pipe(provide))

  it.effect("gives at once what the caller takes for whole (S6)", () =>
    Effect.gen(function*() {
      const { path } = yield* old
      writeFileSync(path, "sealed")
      assert.strictEqual(yield* CacheFile.readText(path, (text) => text === "sealed"), "sealed")
    }).pipe(provide))

  it.effect("reads a file that is not JSON for 250 ms, and then gives it as it is (S6)", () =>
    Effect.gen(function*() {
      let reads = 0
      const files = instant(() => {
        reads++
        return "{\"half\":"
      })
      const reading = yield* Effect.forkChild(
        CacheFile.readText("token.json").pipe(Effect.provideService(FileSystem.FileSystem, files))
      )
      yield* TestClock.adjust(249)
      assert.isUndefined(reading.pollUnsafe())
      assert.isAtLeast(reads, 10)
      yield* TestClock.adjust(1)
      assert.strictEqual(yield* Fiber.join(reading), "{\"half\":")
    }))

  it.effect.each(["", "{\"half\":", "\u0000"])(
    "gives the whole text if the writer of %j ends in that time (S6)",
    (half) =>
      Effect.gen(function*() {
        let content = half
        const files = instant(() => content)
        const reading = yield* Effect.forkChild(
          CacheFile.readText("token.json").pipe(Effect.provideService(FileSystem.FileSystem, files))
        )
        yield* TestClock.adjust(240)
        assert.isUndefined(reading.pollUnsafe())
        content = "{\"whole\":true}"
        yield* TestClock.adjust(10)
        assert.strictEqual(yield* Fiber.join(reading), content)
      })
  )

  it.effect("leaves a file that is not JSON where it is, as it is (S6)", () =>
    Effect.gen(function*() {
      const { at, path } = yield* old
      for (const content of ["", "{\"half\":", "5x"]) {
        writeFileSync(path, content)
        assert.strictEqual(yield* ended(CacheFile.readText(path)), content)
        assert.strictEqual(text(path), content)
        assert.deepStrictEqual(readdirSync(at), ["token.json"])
      }
    }).pipe(provide))

  it.effect("ends when the file is deleted in that time (S6)", () =>
    Effect.gen(function*() {
      const { path } = yield* old
      writeFileSync(path, "half")
      const reading = yield* Effect.forkChild(ended(CacheFile.readText(path)))
      yield* turn
      unlinkSync(path)
      assert.isUndefined(yield* Fiber.join(reading))
    }).pipe(provide))

  it.effect("takes a byte order mark away, and counts other encodings as an empty text (S6)", () =>
    Effect.gen(function*() {
      const { path } = yield* old
      writeFileSync(path, "\ufeff{}")
      assert.strictEqual(yield* ended(CacheFile.readText(path)), "{}")
      // {"ü":1} in Latin-1: written again, it would have another name
      writeFileSync(path, Buffer.from("{\"\xfc\":1}", "latin1"))
      assert.strictEqual(yield* ended(CacheFile.readText(path)), "")
      writeFileSync(path, Buffer.from("{}", "utf16le"))
      assert.notStrictEqual(yield* ended(CacheFile.readText(path)), "{}")
    }).pipe(provide))

  it.effect("reads 1 MiB, and counts a byte more as an empty text (S6)", () =>
    Effect.gen(function*() {
      const { path } = yield* old
      writeFileSync(path, `"${"x".repeat(mebibyte - 2)}"`)
      assert.strictEqual((yield* ended(CacheFile.readText(path)))?.length, mebibyte)
      writeFileSync(path, `"${"x".repeat(mebibyte - 1)}"`)
      assert.strictEqual(yield* ended(CacheFile.readText(path)), "")
      assert.strictEqual(statSync(path).size, mebibyte + 1)
    }).pipe(provide))

  it.effect("fails on a folder and on a pipe, and never waits for a writer (S6)", () =>
    Effect.gen(function*() {
      const at = yield* folder
      assert.strictEqual(codeOf(yield* Effect.flip(CacheFile.readText(at))), "EISDIR")
      spawnSync("mkfifo", [join(at, "pipe")])
      const error = yield* Effect.flip(CacheFile.readText(join(at, "pipe")))
      assert.strictEqual(error.reason._tag, "BadResource")
      assert.notInclude(error.message, basename(at))
    }).pipe(provide))
})

describe("CacheFile.readBytes", () => {
  it.effect("reads no more than a little over the most, however long the file is (S6)", () =>
    Effect.gen(function*() {
      const { path } = yield* old
      truncateSync(path, 1024 * mebibyte)
      let reads = 0
      const bytes = yield* CacheFile.readBytes(path, mebibyte).pipe(
        watched({ before: (call) => Effect.sync(() => void (call === "readAlloc" && reads++)) })
      )
      assert.isAbove(bytes?.length ?? 0, mebibyte)
      assert.isAtMost(bytes?.length ?? 0, mebibyte + 64 * 1024)
      assert.isAtMost(reads, 17)
    }).pipe(provide))

  it.effect("takes a device such as /dev/null or /dev/zero for no file (S6)", () =>
    Effect.gen(function*() {
      assert.isUndefined(yield* CacheFile.readBytes("/dev/null", 10))
      assert.isUndefined(yield* CacheFile.readBytes("/dev/zero", 10))
    }).pipe(provide))
})
