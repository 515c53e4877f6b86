/**
 * The file of a recording, on a real disk.
 */
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { assert, describe, it } from "@effect/vitest"
import * as EmulatorTransport from "@sso-oidc/emulator/EmulatorTransport"
import * as RecordedTransport from "@sso-oidc/testing/RecordedTransport"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import { spawn } from "node:child_process"
import { once } from "node:events"
import {
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "recording-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true }))
)

/** Opens a recorder on the file and closes it, without a request. */
const record = (file: string) =>
  Effect.scoped(Layer.build(
    RecordedTransport.layerRecord({ file }).pipe(Layer.provide([EmulatorTransport.layer(), NodeFileSystem.layer]))
  ))

describe("RecordedTransport: the file of a recording", () => {
  it.live("is not written through a link beside it", () =>
    Effect.gen(function*() {
      const path = yield* folder
      const [file, victim] = [join(path, "login.json"), join(path, "victim")]
      writeFileSync(victim, "precious")
      symlinkSync(victim, `${file}.tmp`)
      yield* record(file)
      symlinkSync(victim, `${file}.lock`)
      const error = yield* Effect.flip(record(file))
      assert.strictEqual(error.problem, "inUse")
      rmSync(`${file}.lock`)
      symlinkSync(join(path, "nowhere"), `${file}.lock`)
      assert.strictEqual((yield* Effect.flip(record(file))).problem, "inUse")
      assert.strictEqual(readFileSync(victim, "utf8"), "precious")
      assert.deepStrictEqual(readdirSync(path).sort(), ["login.json", "login.json.lock", "login.json.tmp", "victim"])
    }).pipe(Effect.scoped))

  it.live("replaces a link in its own place, and not the link's target", () =>
    Effect.gen(function*() {
      const path = yield* folder
      const [file, victim] = [join(path, "login.json"), join(path, "victim")]
      writeFileSync(victim, "precious")
      for (const link of [symlinkSync, linkSync]) {
        rmSync(file, { force: true })
        link(victim, file)
        yield* record(file)
        assert.strictEqual(readFileSync(victim, "utf8"), "precious")
        assert.isTrue(lstatSync(file).isFile())
        assert.include(readFileSync(file, "utf8"), "sso-oidc-recording")
      }
    }).pipe(Effect.scoped))

  it.live("leaves no other file behind, also if it cannot be moved into place", () =>
    Effect.gen(function*() {
      const path = yield* folder
      const file = join(path, "login.json")
      mkdirSync(file)
      assert.strictEqual((yield* Effect.flip(record(file))).problem, "unwritable")
      assert.deepStrictEqual(readdirSync(path), ["login.json"])
    }).pipe(Effect.scoped))

  it.live("belongs to one process, and is free when that process is killed", () =>
    Effect.gen(function*() {
      const path = yield* folder
      const file = join(path, "login.json")
      const script = join(import.meta.dirname, "support/recorder.ts")
      const child = yield* Effect.acquireRelease(
        Effect.sync(() => spawn(process.execPath, [script, file], { stdio: ["ignore", "pipe", "inherit"] })),
        (child) => Effect.sync(() => child.kill("SIGKILL"))
      )
      yield* Effect.promise(() => once(child.stdout, "data"))
      const error = yield* Effect.flip(record(file))
      assert.strictEqual(error.problem, "inUse")
      assert.include(error.message, `the recorder of process ${child.pid} holds ${file}.lock`)
      yield* Effect.promise(() => {
        const closed = once(child, "close")
        child.kill("SIGKILL")
        return closed
      })
      assert.deepStrictEqual(readdirSync(path).sort(), ["login.json", "login.json.lock"])
      yield* record(file)
      assert.deepStrictEqual(readdirSync(path), ["login.json"])
    }).pipe(Effect.scoped), 30_000)

  it.live("is written by only one of many recorders that start at once", () =>
    Effect.gen(function*() {
      const path = yield* folder
      const file = join(path, "login.json")
      const held = RecordedTransport.layerRecord({ file }).pipe(
        Layer.provide([EmulatorTransport.layer(), NodeFileSystem.layer])
      )
      const results = yield* Effect.all(
        Array.from({ length: 8 }, () => Effect.result(Layer.build(Layer.fresh(held)))),
        { concurrency: "unbounded" }
      )
      assert.strictEqual(results.filter(({ _tag }) => _tag === "Success").length, 1)
      const fs = yield* FileSystem.FileSystem
      assert.include(yield* fs.readFileString(file), "sso-oidc-recording")
    }).pipe(Effect.scoped, Effect.provide(NodeFileSystem.layer)))
})
