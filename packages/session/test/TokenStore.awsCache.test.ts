import { assert, describe, it } from "@effect/vitest"
import * as CacheFile from "@sso-oidc/core/aws/CacheFile"
import * as CacheKey from "@sso-oidc/session/CacheKey"
import * as Lock from "@sso-oidc/session/Lock"
import * as SessionSettings from "@sso-oidc/session/SessionSettings"
import * as TokenStore from "@sso-oidc/session/TokenStore"
import { folder } from "@sso-oidc/test-kit/child"
import { failure } from "@sso-oidc/test-kit/files"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import { join } from "node:path"
import { file, free, hold, listed, marks, named, none, provide, read, secret, storeIn } from "./support/cache.ts"
import { inHome } from "./support/home.ts"

const text = (path: string) => fs.readFileSync(path, "utf8")
const modeOf = (path: string) => fs.statSync(path).mode & 0o777

/** A store in a folder that is there. */
const begun = Effect.gen(function*() {
  const at = yield* folder
  return { at, path: join(at, file), store: yield* storeIn(at) }
})

/** The file of a room that a dead holder left. */
const left = (path: string, of: string, content: string | Uint8Array, id = "0") => {
  const room = `${path}.${of}.00000000-0000-4000-8000-00000000000${id}.sent`
  fs.writeFileSync(room, content)
  return room
}

const inDefaultFolder = Effect.map(
  Layer.build(TokenStore.layerAwsCache({ directory: "" }).pipe(Layer.provide(Lock.layerInProcess))),
  (built) => Context.get(built, TokenStore.TokenStore)
)

describe("the files of TokenStore.layerAwsCache", () => {
  it.effect("have the names of the AWS CLI, in .aws/sso/cache of HOME (S5)", () =>
    Effect.gen(function*() {
      const settings = yield* Effect.fromResult(SessionSettings.make({
        startUrl: "https://corp.awsapps.com/start",
        region: "eu-west-1",
        name: "corp"
      }))
      // the CLI hashes this text, and it is the key of the registration
      const registration = CacheFile.pythonJson({
        tool: "botocore",
        startUrl: settings.startUrl,
        region: settings.region,
        scopes: settings.configuredScopes ?? null,
        session_name: "corp"
      })
      const store = yield* inDefaultFolder
      for (const key of [settings.key, registration]) {
        yield* store.exclusively(key, ({ commit }) => commit(secret(`{"a":1}`)), { wait: Duration.zero })
      }
      const at = join(yield* Config.String("HOME"), ".aws/sso/cache")
      assert.deepStrictEqual(
        fs.readdirSync(at).toSorted(),
        [yield* CacheKey.token(settings), yield* CacheKey.registration(settings)].toSorted()
      )
      assert.deepStrictEqual([modeOf(at), modeOf(join(at, file))], [0o700, 0o600])
    }).pipe(inHome({})))

  it.effect("have no place without a home folder, and the error says so", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(inDefaultFolder)
      assert.strictEqual(error._tag, "AwsConfigError")
      assert.include(error.message, "Set HOME, or the option directory to an absolute path")
    }).pipe(Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnvRecord({}))), provide))

  it.effect("are in a folder that no read makes (S4)", () =>
    Effect.gen(function*() {
      const at = join(yield* folder, "a/b")
      const store = yield* storeIn(at)
      assert.isUndefined(yield* read(store))
      assert.deepStrictEqual(yield* marks(store), [])
      yield* hold(store, () => read(store))
      assert.isFalse(fs.existsSync(join(at, "..")))
      yield* hold(store, ({ prepare }) => prepare("aa", 10))
      assert.deepStrictEqual([modeOf(at), modeOf(join(at, ".."))], [0o700, 0o700])
    }).pipe(provide))

  it.effect("keep their folder when the current folder changes, for a relative directory", () =>
    Effect.gen(function*() {
      const at = yield* folder
      const before = process.cwd()
      yield* Effect.acquireUseRelease(
        Effect.sync(() => process.chdir(at)),
        () =>
          Effect.gen(function*() {
            const store = yield* storeIn("cache")
            process.chdir("/")
            yield* hold(store, ({ commit }) => commit(secret("{}")))
          }),
        () => Effect.sync(() => process.chdir(before))
      )
      assert.deepStrictEqual(listed(join(at, "cache")), ["FILE"])
    }).pipe(provide))

  it.effect("are written in this order: room, sync, text, sync, rename, other marks (S4, S9)", () =>
    Effect.gen(function*() {
      const at = yield* folder
      const path = join(at, file)
      fs.writeFileSync(path, "{}", { mode: 0o644 })
      left(path, "bb", "")
      const calls: Array<string> = []
      const store = yield* storeIn(at, Lock.layerInProcess, {
        before: (call, ...args) =>
          Effect.sync(() => {
            const shown = args.map((arg) =>
              typeof arg === "string" ? named(arg.replace(`${at}/`, "")) : JSON.stringify(arg)
            )
            calls.push(named([call, ...shown].join(" ").replace(at, "FOLDER")))
          }).pipe(Effect.when(Effect.succeed(call !== "seek")))
      })
      yield* hold(store, ({ commit, prepare }) =>
        Effect.andThen(
          prepare("aa", 64),
          Effect.suspend(() => {
            calls.push("send")
            return commit(secret(`{"new":1}`))
          })
        ))
      const make = ["readLink FILE", "makeDirectory FOLDER {\"mode\":448}"]
      const sync = ["open FOLDER {\"flag\":\"r\"}", "sync"]
      assert.deepStrictEqual(calls, [
        "readLink FILE",
        ...make,
        "open FILE.aa.ID.sent {\"flag\":\"wx\",\"mode\":384}",
        "writeAll 64",
        "sync",
        ...sync,
        "readDirectoryEntries FOLDER",
        "send",
        "writeAll 9",
        "truncate 9",
        "sync",
        "rename FILE.aa.ID.sent FILE",
        ...sync,
        "readDirectoryEntries FOLDER",
        "remove FILE.bb.ID.sent"
      ])
      assert.deepStrictEqual([text(path), modeOf(path), listed(at)], [`{"new":1}`, 0o600, ["FILE"]])
    }).pipe(provide))

  it.effect("are found beside the target of a link, so that all who share it share its room and lock (S4, S8)", () =>
    Effect.gen(function*() {
      const [at, elsewhere] = [yield* folder, yield* folder]
      fs.symlinkSync(join(elsewhere, "token"), join(at, file))
      const opened: Array<string> = []
      const watching = Layer.succeed(Lock.Lock, {
        name: "watching",
        open: (path) => {
          opened.push(path)
          return Effect.succeed({ attempt: Effect.succeed(true), isHeld: Effect.succeed(true) })
        }
      })
      const store = yield* storeIn(at, watching)
      yield* hold(store, ({ prepare }) => prepare("aa", 10))
      assert.deepStrictEqual(opened, [join(elsewhere, "token.lock")])
      assert.deepStrictEqual(listed(elsewhere), ["token.aa.ID.sent"])
      assert.deepStrictEqual(yield* marks(store), [{ of: "aa", state: "sent" }])
      yield* hold(store, ({ commit }) => commit(secret(`{"a":1}`)))
      assert.strictEqual(text(join(elsewhere, "token")), `{"a":1}`)
      assert.isTrue(fs.lstatSync(join(at, file)).isSymbolicLink())
      assert.deepStrictEqual([listed(at), listed(elsewhere)], [["FILE"], ["token"]])
    }).pipe(provide))

  it.effect("are JSON objects or no JSON at every moment, also marks and rooms (S4)", () =>
    Effect.gen(function*() {
      const at = yield* folder
      const wrong: Array<string> = []
      const look = Effect.sync(() => {
        for (const name of fs.readdirSync(at)) {
          const found = CacheFile.isJson(text(join(at, name))) ? JSON.parse(text(join(at, name))) : {}
          if (typeof found !== "object" || found === null || Array.isArray(found)) wrong.push(name)
        }
      })
      const store = yield* storeIn(at, Lock.layerInProcess, { before: () => look, after: () => look })
      yield* hold(store, ({ commit, prepare }) => Effect.andThen(prepare("12", 64), commit(secret(`{"new":1}`))))
      yield* hold(store, ({ prepare, settle }) => Effect.andThen(prepare("34", 64), settle("34", "ended")))
      yield* hold(store, ({ settle }) => settle("56", "lost"))
      assert.deepStrictEqual(wrong, [])
      assert.deepStrictEqual(listed(at), ["FILE", "FILE.34.ended", "FILE.56.lost"])
    }).pipe(provide))
})

describe("what TokenStore.layerAwsCache remembers", () => {
  it.live("is a whole response, and nothing for blanks, a part or anything else (S10)", () =>
    Effect.gen(function*() {
      const { path, store } = yield* begun
      const none = ["", "   ", `{"a":"b`, `{"a":1}{`, "[1]", "1", "null", "\"text\"", "two words", "\u0000\u0001"]
      for (const [at, content] of none.entries()) left(path, `0${at}`, content)
      left(path, "10", new Uint8Array([0xff, 0xfe]))
      left(path, "11", `{"a":"${"x".repeat(300_000)}"}`)
      left(path, "12", `{"a":1}     `)
      left(path, "13", "1.key.nonce.box   ")
      for (const { of, state, ...rest } of yield* marks(store)) {
        assert.strictEqual(state, "sent")
        const response = of === "12" ? `{"a":1}` : of === "13" ? "1.key.nonce.box" : undefined
        assert.deepStrictEqual(rest, response === undefined ? {} : { response }, of)
      }
      assert.strictEqual((yield* marks(store)).length, 14)
    }).pipe(provide))

  it.live("is read from plain files alone: no folder, no link, no pipe, no other name (S10)", () =>
    Effect.gen(function*() {
      const { at, path, store } = yield* begun
      const id = "00000000-0000-4000-8000-000000000000"
      fs.mkdirSync(`${path}.aa.${id}.sent`)
      fs.mkdirSync(`${path}.aa.ended`)
      fs.writeFileSync(join(at, "other"), `{"accessToken":"another"}`)
      fs.symlinkSync(join(at, "other"), `${path}.bb.${id}.sent`)
      fs.symlinkSync("/dev/zero", `${path}.bb.lost`)
      assert.strictEqual(spawnSync("mkfifo", [`${path}.cc.${id}.sent`]).status, 0)
      for (const name of ["x.ended", "dd.gone", "dd.sent", ".ended", "lock", "ee.ended.json"]) {
        fs.writeFileSync(`${path}.${name}`, `{"a":1}`)
      }
      fs.writeFileSync(join(at, `other${file}.ff.ended`), "")
      assert.deepStrictEqual(yield* marks(store), [])
      const before = listed(at)
      yield* hold(store, ({ commit }) => commit(secret(`{"a":1}`)))
      assert.deepStrictEqual(listed(at), ["FILE", ...before].toSorted())
      assert.strictEqual(text(join(at, "other")), `{"accessToken":"another"}`)
    }).pipe(provide))

  it.effect("is bounded: of many rooms the first are read, and all are marks (S10)", () =>
    Effect.gen(function*() {
      const { path, store } = yield* begun
      for (let n = 0; n < 100; n++) left(path, String(n).padStart(3, "0"), `{"a":1}`)
      const all = yield* marks(store)
      assert.deepStrictEqual([all.length, all.filter((one) => "response" in one).length], [100, 32])
    }).pipe(provide))

  it.effect("is of one refresh token what counts most: a response, then lost, then ended (S10)", () =>
    Effect.gen(function*() {
      const { path, store } = yield* begun
      left(path, "aa", "")
      fs.writeFileSync(`${path}.aa.ended`, "")
      assert.deepStrictEqual(yield* marks(store), [{ of: "aa", state: "ended" }])
      fs.writeFileSync(`${path}.aa.lost`, "")
      assert.deepStrictEqual(yield* marks(store), [{ of: "aa", state: "lost" }])
      left(path, "aa", `{"a":1}`, "1")
      assert.deepStrictEqual(yield* marks(store), [{ of: "aa", state: "sent", response: `{"a":1}` }])
    }).pipe(provide))

  it.effect("changes with each member of the hold as the contract says (S10)", () =>
    Effect.gen(function*() {
      const { at, store } = yield* begun
      const after = (use: (hold: TokenStore.Hold) => Effect.Effect<void, unknown>) =>
        Effect.andThen(hold(store, use), marks(store))
      assert.deepStrictEqual(yield* after(({ prepare }) => prepare("aa", 9)), [{ of: "aa", state: "sent" }])
      assert.deepStrictEqual(yield* after(({ settle }) => settle("aa", "sent")), [{ of: "aa", state: "sent" }])
      assert.strictEqual(listed(at).length, 1)
      assert.deepStrictEqual(yield* after(({ settle }) => settle("aa", "ended")), [{ of: "aa", state: "ended" }])
      assert.deepStrictEqual(yield* after(({ settle }) => settle("aa", "ended")), [{ of: "aa", state: "ended" }])
      assert.deepStrictEqual(yield* after(({ settle }) => settle("aa", "lost")), [{ of: "aa", state: "lost" }])
      assert.deepStrictEqual(yield* after(({ prepare }) => prepare("aa", 9)), [{ of: "aa", state: "sent" }])
      assert.deepStrictEqual(
        yield* after(({ prepare, settle }) => Effect.andThen(prepare("aa", 9), settle("aa", "lost"))),
        [{ of: "aa", state: "lost" }]
      )
      assert.deepStrictEqual(yield* after(({ settle }) => settle("aa", undefined)), [])
      assert.deepStrictEqual(yield* after(({ settle }) => settle("bb", "sent")), [{ of: "bb", state: "sent" }])
      assert.deepStrictEqual(
        yield* after(({ prepare }) => Effect.andThen(prepare("cc", 9), prepare("dd", 9))),
        [{ of: "bb", state: "sent" }, { of: "dd", state: "sent" }]
      )
      assert.deepStrictEqual(
        yield* after(({ commit, prepare, settle }) =>
          settle("ee", "ended").pipe(Effect.andThen(prepare("ff", 1)), Effect.andThen(commit(secret(`{"long":true}`))))
        ),
        []
      )
      assert.deepStrictEqual([yield* read(store), listed(at)], [`{"long":true}`, ["FILE"]])
      assert.deepStrictEqual(
        yield* after(({ remove, settle }) => Effect.andThen(settle("aa", "lost"), Effect.andThen(remove, remove))),
        []
      )
      assert.deepStrictEqual([yield* read(store), listed(at)], [undefined, []])
    }).pipe(provide))

  it.effect("is there at every moment, from a dead holder's room to the next token (S10)", () =>
    Effect.gen(function*() {
      const at = yield* folder
      const path = join(at, file)
      left(path, "aa", "   ")
      const missing: Array<string> = []
      const look = (call: string) =>
        Effect.sync(() => {
          const isThere = fs.readdirSync(at).some((name) => /\.aa\..*(?:sent|ended|lost)$/.test(name))
          if (!isThere && !fs.existsSync(path)) missing.push(call)
        })
      const store = yield* storeIn(at, free, { before: look, after: look })
      yield* hold(store, ({ prepare, settle }) => Effect.andThen(prepare("aa", 64), settle("aa", "sent")))
      yield* hold(store, ({ prepare, settle }) => Effect.andThen(prepare("aa", 64), settle("aa", "lost")))
      assert.deepStrictEqual(yield* marks(store), [{ of: "aa", state: "lost" }])
      yield* hold(store, ({ commit }) => commit(secret(`{"a":1}`)))
      assert.deepStrictEqual(missing, [])
      assert.deepStrictEqual(listed(at), ["FILE"])
    }).pipe(provide))

  it.effect.each(["", "12z", "../x", "a".repeat(129)])(
    "takes no hash of a refresh token that is no hash: %j",
    (of) =>
      Effect.gen(function*() {
        const { at, store } = yield* begun
        for (
          const use of [
            (hold: TokenStore.Hold) => hold.prepare(of, 1),
            (hold: TokenStore.Hold) => hold.settle(of, "lost")
          ]
        ) {
          const exit = yield* Effect.exit(hold(store, use))
          assert.include(String(exit), "hexadecimal digits")
        }
        assert.deepStrictEqual(listed(at), [])
      }).pipe(provide)
  )
})

describe("the leftovers of dead processes", () => {
  const leftovers = (path: string) => {
    const id = "00000000-0000-4000-8000-000000000000"
    for (const name of [`${id}.held`, `${id}.tmp`]) fs.writeFileSync(`${path}.${name}`, `{"accessToken":"old"}`)
    fs.writeFileSync(`${path}.${id}.other`, "")
    left(path, "bb", `{"accessToken":"old"}`)
  }

  it.effect("are removed by a holder, but not what a process without a lock may be writing (S12)", () =>
    Effect.gen(function*() {
      const { at, path, store } = yield* begun
      leftovers(path)
      yield* hold(store, ({ commit }) => commit(secret("{}")))
      assert.deepStrictEqual(listed(at), ["FILE", "FILE.ID.other", "FILE.ID.tmp"])
    }).pipe(provide))

  it.effect("are left alone without a lock, also rooms of others (S12)", () =>
    Effect.gen(function*() {
      const at = yield* folder
      const store = yield* storeIn(at, none)
      leftovers(join(at, file))
      yield* hold(store, ({ prepare, settle }) => Effect.andThen(prepare("bb", 5), settle("bb", "ended")))
      yield* hold(store, ({ commit, prepare }) => Effect.andThen(prepare("cc", 5), commit(secret("{}"))))
      assert.deepStrictEqual(listed(at), ["FILE", "FILE.ID.held", "FILE.ID.other", "FILE.ID.tmp", "FILE.bb.ID.sent"])
    }).pipe(provide))

  it.effect("are removed with the token, with the lock and without", () =>
    Effect.gen(function*() {
      for (const lock of [Lock.layerInProcess, none]) {
        const at = yield* folder
        leftovers(join(at, file))
        yield* hold(yield* storeIn(at, lock), ({ remove }) => remove)
        assert.deepStrictEqual(listed(at), ["FILE.ID.other"])
      }
    }).pipe(provide))
})

describe("a token file that is mounted", () => {
  it.effect("is written and emptied in place (S4)", () =>
    Effect.gen(function*() {
      const at = yield* folder
      const path = join(at, file)
      fs.writeFileSync(path, "{}")
      const { ino } = fs.statSync(path)
      const store = yield* storeIn(at, Lock.layerInProcess, {
        before: (call, ...args) =>
          (call === "rename" && args[1] === path) || (call === "remove" && args[0] === path)
            ? Effect.fail(failure("EBUSY"))
            : Effect.void
      })
      yield* hold(store, ({ commit, prepare }) => Effect.andThen(prepare("aa", 9), commit(secret(`{"a":1}`))))
      assert.deepStrictEqual([fs.statSync(path).ino, text(path), listed(at)], [ino, `{"a":1}`, ["FILE"]])
      yield* hold(store, ({ remove }) => remove)
      assert.deepStrictEqual([fs.statSync(path).ino, text(path)], [ino, ""])
    }).pipe(provide))
})

describe("what other tools write", () => {
  it.live("is read, also while it is written in place (S6)", () =>
    Effect.gen(function*() {
      const { path, store } = yield* begun
      fs.writeFileSync(path, `{"accessToken":"c`)
      yield* Effect.forkChild(
        Effect.andThen(Effect.sleep(100), Effect.sync(() => fs.writeFileSync(path, `{"accessToken":"cli"}`)))
      )
      assert.strictEqual(yield* read(store), `{"accessToken":"cli"}`)
      fs.writeFileSync(path, "two words")
      assert.strictEqual(yield* read(store), "two words")
    }).pipe(provide))

  it.effect("is read at once if it is sealed, since a sealed text is no JSON (S6)", () =>
    Effect.gen(function*() {
      const { path, store } = yield* begun
      fs.writeFileSync(path, "1.key.nonce.box")
      // the test's clock stands still: a second try would never come
      assert.strictEqual(yield* read(store), "1.key.nonce.box")
    }).pipe(provide))
})
