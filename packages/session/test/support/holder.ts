/**
 * A process that uses the store with the kernel lock: `node holder.ts WAY FOLDER`.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Lock from "@sso-oidc/session/Lock"
import * as KernelLock from "@sso-oidc/session/node/KernelLock"
import * as TokenStore from "@sso-oidc/session/TokenStore"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { hold } from "./cache.ts"

const [way, at = ""] = process.argv.slice(2)

const print = (text: string) => Effect.sync(() => process.stdout.write(`${text}\n`))

type Program = Effect.Effect<void, unknown, TokenStore.TokenStore | Lock.Lock>

/** Adds to a number 20 times, in two steps that only a lock keeps together. */
const count: Program = Effect.gen(function*() {
  const store = yield* TokenStore.TokenStore
  const path = join(at, "count")
  for (let n = 0; n < 20; n++) {
    yield* hold(store, ({ commit, isExclusive, prepare }) =>
      Effect.gen(function*() {
        if (!isExclusive) return yield* Effect.die("no lock")
        const found = Number(readFileSync(path, "utf8"))
        yield* prepare("aa", 100)
        yield* commit(Redacted.make(`{"count":${found + 1}}`))
        writeFileSync(path, String(found + 1))
      }))
  }
})

/** Receives a response, writes it, and never comes to rename it. */
const written: Program = Effect.gen(function*() {
  const store = yield* TokenStore.TokenStore
  yield* hold(
    store,
    ({ commit, prepare }) => Effect.andThen(prepare("aa", 100), commit(Redacted.make(`{"accessToken":"response"}`)))
  )
})

/** What the lock says where `node:sqlite` is missing, and then to a user who may not write the lock's file. */
const refused: Program = Effect.gen(function*() {
  const { open } = yield* Lock.Lock
  const tried = Effect.scoped(open(join(at, "x.lock"))).pipe(
    Effect.match({ onFailure: ({ message }) => message, onSuccess: () => "it has a lock" }),
    Effect.flatMap(print)
  )
  const getBuiltinModule = process.getBuiltinModule.bind(process)
  Object.assign(process, { getBuiltinModule: () => undefined })
  yield* tried
  Object.assign(process, { getBuiltinModule })
  // root may write every file
  if (process.getuid?.() === 0) process.setuid?.(65534)
  yield* tried
})

/** Renames nothing. */
const stuck = Layer.effect(
  FileSystem.FileSystem,
  Effect.map(FileSystem.FileSystem, (files) => ({
    ...files,
    // Node ends when nothing is left to wait for
    rename: () => Effect.andThen(print("written"), Effect.sleep("10 minutes"))
  }))
).pipe(Layer.provide(NodeServices.layer))

const store = TokenStore.layerAwsCache({ directory: at }).pipe(
  Layer.provideMerge(KernelLock.layer),
  Layer.provide(Layer.merge(NodeServices.layer, way === "written" ? stuck : Layer.empty))
)

const program = way === "count" ? count : way === "written" ? written : refused

await Effect.runPromise(Effect.provide(program, store))
