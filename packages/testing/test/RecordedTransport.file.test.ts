/**
 * Only one recorder at a time writes to a recording.
 */
import { assert, describe, it } from "@effect/vitest"
import * as CreateToken from "@sso-oidc/core/CreateToken"
import * as Recorded from "@sso-oidc/testing/RecordedTransport"
import * as Scripted from "@sso-oidc/testing/ScriptedTransport"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FileSystem from "effect/FileSystem"
import type * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as PlatformError from "effect/PlatformError"
import * as Scope from "effect/Scope"
import { files } from "./support/files.ts"
import * as Ask from "./support/requests.ts"

const poll = Effect.flatMap(Ask.oidc, (oidc) => oidc.createToken(Ask.poll))
const record = (file = "login.json") => Layer.provide(Recorded.layerRecord({ file }), Scripted.layer([]))

/** Opens a recorder, and gives an effect that closes it. */
const opened = <E>(layer: Layer.Layer<HttpClient.HttpClient, E>) =>
  Effect.gen(function*() {
    const scope = yield* Scope.make()
    const built = yield* Layer.buildWithScope(Layer.fresh(layer), scope)
    return { built, close: Scope.close(scope, Exit.void) }
  })

const foreign = (more: object) =>
  `${JSON.stringify({ heldBy: "a recorder", pid: 1, started: 0, token: "0".repeat(32), ...more })}\n`

/** An id that no process has. */
const gone = 2 ** 30

describe("RecordedTransport: two recorders on one file", () => {
  it.effect("fail with a sentence, and do not disturb the first recorder", () =>
    Effect.gen(function*() {
      const { kept, layer } = files()
      const { close } = yield* opened(Layer.provide(record(), layer))
      const error = yield* Effect.flip(opened(Layer.provide(record(), layer)))
      assert.strictEqual(error.problem, "inUse")
      assert.strictEqual(
        error.message,
        "The recording login.json cannot be written: a recorder of this process holds login.json.lock. Give each recording its own file, or let its users share one layer. If no recorder is running, delete login.json.lock."
      )
      yield* close
      assert.deepStrictEqual([...kept.keys()], ["login.json"])
      yield* (yield* opened(Layer.provide(record(), layer))).close
    }))

  it.effect("fail for a store in memory, and for a store of the user", () =>
    Effect.gen(function*() {
      for (const store of [Recorded.makeMemoryStore(), { ...Recorded.makeMemoryStore("a store"), lock: undefined }]) {
        const layer = Layer.provide(Recorded.layerRecordStore(store), Scripted.layer([]))
        const { close } = yield* opened(layer)
        const error = yield* Effect.flip(opened(layer))
        assert.strictEqual(error.problem, "inUse")
        assert.include(error.message, `The recording ${store.name} cannot be written: a recorder of this process`)
        yield* close
        yield* (yield* opened(layer)).close
      }
    }))

  it.effect("fail in another process too, which the error names", () =>
    Effect.gen(function*() {
      const { kept, layer } = files()
      kept.set("login.json", "the recording of another process")
      kept.set("login.json.lock", foreign({ pid: process.ppid }))
      const error = yield* Effect.flip(opened(Layer.provide(record(), layer)))
      assert.strictEqual(error.problem, "inUse")
      assert.include(error.message, `the recorder of process ${process.ppid} holds login.json.lock`)
      assert.strictEqual(kept.get("login.json"), "the recording of another process")
    }))

  it.effect("work one after the other if the first one's process has ended: its lock and its temporary file are removed", () =>
    Effect.gen(function*() {
      // the second lock is from a container, where each process has the same id
      for (const holder of [{ pid: gone }, { pid: process.pid, started: 1 }]) {
        const { kept, layer } = files()
        kept.set("login.json.lock", foreign(holder))
        kept.set(`login.json.${"0".repeat(32)}.tmp`, "half a recording")
        yield* (yield* opened(Layer.provide(record(), layer))).close
        assert.deepStrictEqual([...kept.keys()], ["login.json"])
      }
    }))

  it.effect("fail if a lock has no content, because its recorder may be running", () =>
    Effect.gen(function*() {
      for (const text of ["", "no JSON", "{}", foreign({ token: "../../x" }), foreign({ pid: -1 })]) {
        const { kept, layer } = files()
        kept.set("login.json.lock", text)
        const error = yield* Effect.flip(opened(Layer.provide(record(), layer)))
        assert.include(error.message, "another recorder holds login.json.lock")
        assert.strictEqual(kept.get("login.json.lock"), text)
      }
    }))

  it.effect("keep their own locks if a lock is taken over from elsewhere", () =>
    Effect.gen(function*() {
      const { kept, layer } = files()
      const text = yield* Ask.said(
        Effect.gen(function*() {
          kept.set("login.json.lock", foreign({}))
          kept.set("login.json", "of the other")
          yield* poll
        }).pipe(Effect.provide(Ask.over(Layer.provide(
          Recorded.layerRecord({ file: "login.json" }),
          [Scripted.layer([Scripted.success(CreateToken.operation, Ask.token)]), layer]
        ))))
      )
      assert.include(text, "another recorder holds login.json.lock")
      assert.strictEqual(kept.get("login.json"), "of the other")
      assert.strictEqual(kept.get("login.json.lock"), foreign({}))
    }))

  it.effect("do not write at the same time after a running recorder's lock was deleted", () =>
    Effect.gen(function*() {
      const { kept, layer } = files()
      yield* Effect.andThen(Effect.sync(() => kept.delete("login.json.lock")), poll).pipe(
        Effect.provide(Ask.over(Layer.provide(
          Recorded.layerRecord({ file: "login.json" }),
          [Scripted.layer([Scripted.success(CreateToken.operation, Ask.token)]), layer]
        )))
      )
      assert.deepStrictEqual([...kept.keys()], ["login.json"])
    }))
})

describe("RecordedTransport: the temporary file", () => {
  const failing = (part: Partial<FileSystem.FileSystem>) => {
    const { kept, layer } = files()
    return {
      kept,
      layer: Layer.effect(
        FileSystem.FileSystem,
        Effect.map(FileSystem.FileSystem, (fs) => FileSystem.FileSystem.of({ ...fs, ...part }))
      ).pipe(Layer.provide(layer))
    }
  }
  const full = PlatformError.systemError({
    _tag: "Unknown",
    module: "FileSystem",
    method: "rename",
    pathOrDescriptor: "x"
  })

  it.effect("has another name for each write, and must not exist before", () =>
    Effect.gen(function*() {
      const seen: Array<readonly [string, string | undefined]> = []
      const { layer } = files()
      const watched = Layer.effect(
        FileSystem.FileSystem,
        Effect.map(FileSystem.FileSystem, (fs) =>
          FileSystem.FileSystem.of({
            ...fs,
            writeFileString: (path, text, options) => {
              seen.push([path, options?.flag])
              return fs.writeFileString(path, text, options)
            }
          }))
      ).pipe(Layer.provide(layer))
      for (let n = 0; n < 2; n++) yield* (yield* opened(Layer.provide(record(), watched))).close
      assert.isTrue(seen.every(([, flag]) => flag === "wx"))
      const names = new Set(seen.map(([path]) => path).filter((path) => path !== "login.json.lock"))
      assert.strictEqual(names.size, 2)
      for (const name of names) assert.match(name, /^login\.json\.[0-9a-f]{32}\.tmp$/)
    }))

  it.effect("is removed if the recording cannot be moved into place, and so is the lock", () =>
    Effect.gen(function*() {
      const { kept, layer } = failing({ rename: () => Effect.fail(full) })
      const error = yield* Effect.flip(opened(Layer.provide(record(), layer)).pipe(Effect.scoped))
      assert.strictEqual(error.problem, "unwritable")
      assert.deepStrictEqual([...kept.keys()].filter((path) => path.endsWith(".tmp")), [])
    }))
})
