import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import * as CredentialsCache from "@sso-oidc/portal/CredentialsCache"
import type { RoleCredentials } from "@sso-oidc/portal/RoleCredentials"
import * as Files from "@sso-oidc/test-kit/files"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Redacted from "effect/Redacted"
import * as References from "effect/References"
import { TestClock } from "effect/testing"
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Played from "./support/portal.ts"

const now = Date.UTC(2027, 0, 15)

const key = { session: "corp", accountId: "111122223333", roleName: "Admin" }

const credentials = (n: number, life = 3_600_000): RoleCredentials => ({
  accountId: key.accountId,
  roleName: key.roleName,
  accessKeyId: `ASIA${n}`,
  secretAccessKey: Redacted.make(`the-secret-key-${n}`),
  sessionToken: Redacted.make(`the-session-token-${n}`),
  expiration: DateTime.makeUnsafe(now + life)
})

/** A folder that ends with the test. */
const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "role-credentials-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

const files = (directory: string) =>
  Layer.build(CredentialsCache.layerAwsCache({ directory })).pipe(
    Effect.map(Context.get(CredentialsCache.CredentialsCache))
  )

/** Lets the test's clock and the real files go on, until the fiber is done. */
const untilDone = (fiber: Fiber.Fiber<unknown, unknown>): Effect.Effect<void> =>
  Effect.suspend(() =>
    fiber.pollUnsafe() === undefined
      ? TestClock.adjust("50 millis").pipe(
        Effect.andThen(Effect.callback<void>((resume) => void setImmediate(() => resume(Effect.void)))),
        Effect.andThen(untilDone(fiber))
      )
      : Effect.void
  )

const idOf = (kept: CredentialsCache.Kept | undefined): string | undefined => kept?.credentials.accessKeyId

const layer = NodeServices.layer

describe("a cache in memory", () => {
  const memory = Effect.map(Layer.build(CredentialsCache.layerMemory), Context.get(CredentialsCache.CredentialsCache))

  it.effect("gives what it keeps, and what that has left (P6)", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(now)
      const cache = yield* memory
      assert.isUndefined(yield* cache.read(key))
      assert.strictEqual((yield* cache.keep(key, Effect.succeed(credentials(1)))).accessKeyId, "ASIA1")
      yield* TestClock.adjust("10 minutes")
      const kept = yield* cache.read(key)
      assert.deepStrictEqual([idOf(kept), kept?.left, kept?.life], ["ASIA1", 3_000_000, 3_600_000])
    }))

  it.effect("keeps each role of each account of each session apart (P6)", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(now)
      const cache = yield* memory
      const keys = ["corp", "other"].flatMap((session) =>
        ["111122223333", "222233334444"].flatMap((accountId) =>
          ["Admin", "ReadOnly"].map((roleName) => ({ session, accountId, roleName }))
        )
      )
      for (const [n, one] of keys.entries()) yield* cache.keep(one, Effect.succeed(credentials(n)))
      for (const [n, one] of keys.entries()) assert.strictEqual(idOf(yield* cache.read(one)), `ASIA${n}`)
    }))

  it.effect("keeps nothing of a fetch that fails (P6)", () =>
    Effect.gen(function*() {
      const cache = yield* memory
      assert.strictEqual(yield* Effect.flip(cache.keep(key, Effect.fail("no"))), "no")
      assert.isUndefined(yield* cache.read(key))
    }))

  it.effect("forgets one session, or all of them (S20)", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(now)
      const cache = yield* memory
      const other = { ...key, session: "other" }
      for (const one of [key, other]) yield* cache.keep(one, Effect.succeed(credentials(1)))
      yield* cache.forget({ key: "corp" })
      assert.deepStrictEqual([idOf(yield* cache.read(key)), idOf(yield* cache.read(other))], [undefined, "ASIA1"])
      yield* cache.forget("all")
      assert.isUndefined(yield* cache.read(other))
    }))

  it.effect("drops what has expired when there is much of it (P6)", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(now)
      const cache = yield* memory
      for (let n = 0; n < 1000; n++) {
        yield* cache.keep({ ...key, roleName: `role-${n}` }, Effect.succeed(credentials(n, 1000)))
      }
      yield* TestClock.adjust("1 minute")
      yield* cache.keep(key, Effect.succeed(credentials(9)))
      assert.isUndefined(yield* cache.read({ ...key, roleName: "role-999" }))
      assert.strictEqual(idOf(yield* cache.read(key)), "ASIA9")
    }))
})

describe("a cache in the CLI's files", () => {
  it.effect("writes whole files of mode 0600 in a folder of mode 0700 (P6)", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(now)
      const directory = join(yield* folder, "cli", "cache")
      const cache = yield* files(directory)
      yield* cache.keep(key, Effect.succeed(credentials(1)))
      const names = readdirSync(directory)
      assert.lengthOf(names, 1)
      const path = join(directory, names[0] ?? "")
      assert.strictEqual(statSync(path).mode & 0o777, 0o600)
      assert.strictEqual(statSync(directory).mode & 0o777, 0o700)
      assert.strictEqual(JSON.parse(readFileSync(path, "utf8")).ProviderType, "sso")
      // a file that others can read gets mode 0600 at the next write
      chmodSync(path, 0o644)
      yield* cache.keep(key, Effect.succeed(credentials(2)))
      assert.strictEqual(statSync(path).mode & 0o777, 0o600)
    }).pipe(Effect.provide(layer)))

  it.effect("gives another process what it keeps; the life is then not known (P6)", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(now)
      const directory = yield* folder
      yield* (yield* files(directory)).keep(key, Effect.succeed(credentials(1)))
      const other = yield* files(directory)
      const kept = yield* other.read(key)
      assert.deepStrictEqual([idOf(kept), kept?.left, kept?.life], ["ASIA1", 3_600_000, undefined])
      assert.strictEqual(kept && Redacted.value(kept.credentials.secretAccessKey), "the-secret-key-1")
    }).pipe(Effect.provide(layer)))

  it.effect("gives no more what another process removed (S20)", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(now)
      const directory = yield* folder
      const [one, other] = [yield* files(directory), yield* files(directory)]
      yield* one.keep(key, Effect.succeed(credentials(1)))
      assert.strictEqual(idOf(yield* other.read(key)), "ASIA1")
      yield* other.forget({ key: "corp" })
      assert.lengthOf(readdirSync(directory), 0)
      assert.isUndefined(yield* one.read(key))
    }).pipe(Effect.provide(layer)))

  it.effect("lets 50 callers cause one request (P6)", () =>
    Effect.gen(function*() {
      const cache = yield* files(yield* folder)
      const { log, portal } = yield* Played.make({ cache })
      const role = { accountId: Played.number(0), roleName: "Admin" }
      const fiber = yield* Effect.forkChild(
        Effect.all(Array.from({ length: 50 }, () => portal.credentials(role)), { concurrency: "unbounded" })
      )
      yield* untilDone(fiber)
      assert.lengthOf(yield* Fiber.join(fiber), 50)
      assert.lengthOf(log.at, 1)
    }).pipe(Effect.provide(layer)))

  it.effect("forgets the files of a session and of the CLI, and no others (S20)", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(now)
      const directory = yield* folder
      const cache = yield* files(directory)
      const other = { ...key, session: "other" }
      for (const one of [key, other]) yield* cache.keep(one, Effect.succeed(credentials(1)))
      const name = (digit: string) => join(directory, `${digit.repeat(40)}.json`)
      writeFileSync(name("a"), JSON.stringify({ ProviderType: "sso", Credentials: {} }))
      writeFileSync(name("b"), JSON.stringify({ ProviderType: "assume-role", Credentials: {} }))
      writeFileSync(name("c"), "")
      writeFileSync(join(directory, "notes.json"), JSON.stringify({ ProviderType: "sso" }))
      mkdirSync(name("d"))
      symlinkSync("/dev/zero", name("e"))
      const fiber = yield* Effect.forkChild(cache.forget({ key: "corp" }))
      yield* untilDone(fiber)
      assert.isUndefined(yield* cache.read(key))
      assert.strictEqual(idOf(yield* cache.read(other)), "ASIA1")
      assert.isFalse(existsSync(name("a")))
      for (const left of ["b", "c", "d"]) assert.isTrue(existsSync(name(left)), left)
      assert.isTrue(existsSync(join(directory, "notes.json")))
    }).pipe(Effect.provide(layer)))

  it.effect("forgets what a link leads to, and what a killed process left while it wrote (S20)", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(now)
      const [directory, elsewhere] = [yield* folder, yield* folder]
      const cache = yield* files(directory)
      yield* cache.keep(key, Effect.succeed(credentials(1)))
      const name = readdirSync(directory)[0] ?? ""
      renameSync(join(directory, name), join(elsewhere, "kept.json"))
      symlinkSync(join(elsewhere, "kept.json"), join(directory, name))
      writeFileSync(join(directory, `${name}.7b5ee6f0-0000-4000-8000-000000000001.tmp`), "the-secret-key-1")
      assert.strictEqual(idOf(yield* cache.read(key)), "ASIA1")
      yield* cache.forget({ key: "corp" })
      assert.deepStrictEqual([readdirSync(directory), readdirSync(elsewhere)], [[], []])
    }).pipe(Effect.provide(layer)))

  it.effect("removes at a write what a killed process left ten minutes ago (P6)", () =>
    Effect.gen(function*() {
      const real = Date.now()
      yield* TestClock.setTime(real)
      const directory = yield* folder
      const names = ["1", "2"].map((digit) => `${digit.repeat(40)}.json.7b5ee6f0-0000-4000-8000-000000000001.tmp`)
      for (const name of names) writeFileSync(join(directory, name), "the-secret-key-1")
      const eleven = new Date(real - 11 * 60_000)
      utimesSync(join(directory, names[0] ?? ""), eleven, eleven)
      yield* (yield* files(directory)).keep(key, Effect.succeed(credentials(1)))
      assert.deepStrictEqual(names.map((name) => existsSync(join(directory, name))), [false, true])
    }).pipe(Effect.provide(layer)))

  it.effect("that cannot be removed is an error, and is given no more (S20)", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(now)
      const directory = yield* folder
      const cache = yield* files(directory).pipe(
        Files.watched({ before: (call) => call === "remove" ? Effect.fail(Files.failure("EACCES")) : Effect.void })
      )
      yield* cache.keep(key, Effect.succeed(credentials(1)))
      const error = yield* Effect.flip(cache.forget({ key: "corp" }))
      assert.strictEqual(
        error.message,
        "1 file of role credentials could not be removed (EACCES): they are valid until they expire. " +
          "Remove the files in the AWS CLI's cache folder by hand."
      )
      assert.isUndefined(yield* cache.read(key))
      yield* cache.keep(key, Effect.succeed(credentials(2)))
      assert.strictEqual(idOf(yield* cache.read(key)), "ASIA2")
    }).pipe(Effect.provide(layer)))

  it.effect("that cannot be listed is an error, and a folder that is not there is none (S20)", () =>
    Effect.gen(function*() {
      const directory = yield* folder
      yield* (yield* files(join(directory, "absent"))).forget("all")
      writeFileSync(join(directory, "file"), "")
      const error = yield* Effect.flip((yield* files(join(directory, "file"))).forget("all"))
      assert.match(error.message, /^Role credentials may have stayed on disk \(ENOTDIR\)/)
    }).pipe(Effect.provide(layer)))

  it.effect("forgets a file that cannot be read, since it does not say whose it is (S20)", () =>
    Effect.gen(function*() {
      const directory = yield* folder
      const cache = yield* files(directory).pipe(
        Files.watched({ before: (call) => call === "open" ? Effect.fail(Files.failure("EACCES")) : Effect.void })
      )
      writeFileSync(join(directory, `${"a".repeat(40)}.json`), "{}")
      yield* cache.forget({ key: "corp" })
      assert.lengthOf(readdirSync(directory), 0)
    }).pipe(Effect.provide(layer)))

  it.effect("keeps nothing that another cache of this process over the folder forgot meanwhile (S20)", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(now)
      const directory = yield* folder
      const [one, other] = [yield* files(directory), yield* files(directory)]
      yield* one.keep(key, Effect.as(other.forget({ key: "corp" }), credentials(1)))
      assert.lengthOf(readdirSync(directory), 0)
    }).pipe(Effect.provide(layer)))

  it.effect("keeps nothing of a session that was forgotten meanwhile (S20)", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(now)
      const directory = yield* folder
      const cache = yield* files(directory)
      yield* cache.keep(key, Effect.as(cache.forget({ key: "corp" }), credentials(1)))
      assert.lengthOf(readdirSync(directory), 0)
      assert.isUndefined(yield* cache.read(key))
    }).pipe(Effect.provide(layer)))

  it.effect("that cannot be written stays in memory, and says so in one line without a path (P6)", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(now)
      const directory = yield* folder
      const lines: Array<string> = []
      for (const code of ["ENOSPC", "EROFS", "EACCES"]) {
        const cache = yield* files(directory).pipe(
          Files.watched({ before: (call) => call === "open" ? Effect.fail(Files.failure(code)) : Effect.void })
        )
        yield* cache.keep(key, Effect.succeed(credentials(1))).pipe(
          Effect.provide(Logger.layer([Logger.make(({ message }) => void lines.push(String(message)))])),
          Effect.provideService(References.MinimumLogLevel, "All")
        )
        assert.strictEqual(idOf(yield* cache.read(key)), "ASIA1")
        yield* cache.forget("all")
        assert.isUndefined(yield* cache.read(key))
      }
      assert.lengthOf(lines, 3)
      assert.include(lines[0] ?? "", "ENOSPC")
      assert.isFalse(lines.some((line) => line.includes(directory) || line.includes("the-secret-key")))
    }).pipe(Effect.provide(layer)))

  it.effect("is below HOME by default, and fails with a sentence without a home (P6)", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(now)
      const home = yield* folder
      const at = (env: Record<string, string>) =>
        Layer.build(CredentialsCache.layerAwsCache({ directory: "" })).pipe(
          Effect.map(Context.get(CredentialsCache.CredentialsCache)),
          Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromEnv({ env }))
        )
      yield* (yield* at({ HOME: home })).keep(key, Effect.succeed(credentials(1)))
      assert.lengthOf(readdirSync(join(home, ".aws", "cli", "cache")), 1)
      assert.include((yield* Effect.flip(at({}))).message, "Set HOME")
    }).pipe(Effect.provide(layer)))
})
