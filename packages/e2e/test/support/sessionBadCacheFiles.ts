/**
 * What each bad file of the cache gives: rows of the table in `docs/session.md`.
 */
import { assert } from "@effect/vitest"
import * as CacheFile from "@sso-oidc/core/aws/CacheFile"
import * as CachedRegistration from "@sso-oidc/session/CachedRegistration"
import * as CachedToken from "@sso-oidc/session/CachedToken"
import { folder } from "@sso-oidc/test-kit/child"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import { systemError } from "effect/PlatformError"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { spawnSync } from "node:child_process"
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"

import type { Check, Row } from "./sessionBadConfigs.ts"

const token = {
  startUrl: "https://corp.awsapps.com/start",
  region: "eu-west-1",
  accessToken: "planted-access",
  expiresAt: "2026-11-26T08:00:00Z",
  clientId: "client-id",
  clientSecret: "planted-client",
  registrationExpiresAt: "2027-02-24T08:00:00Z",
  refreshToken: "planted-refresh"
}
const registration = { clientId: "client-id", clientSecret: "planted-client", expiresAt: "2027-02-24T08:00:00Z" }

const secret = (members: unknown) => Redacted.make(typeof members === "string" ? members : JSON.stringify(members))

const decoded = (members: unknown) => Result.getOrThrow(CachedToken.decode(secret(members)))

const unreadable = (members: unknown, words: string) => {
  const result = CachedToken.decode(secret(members))
  if (Result.isSuccess(result)) return assert.fail("it was read")
  assert.include(result.failure.message, words)
  assert.notInclude(JSON.stringify(result.failure), "planted")
}

const now = DateTime.makeUnsafe("2026-11-26T07:00:00Z")

/** A token file with a text, and its folder. */
const file = (text: string) =>
  Effect.map(folder, (at) => {
    const path = join(at, "token.json")
    writeFileSync(path, text, { mode: 0o644 })
    return { at, path }
  })

/** Nothing can be written: each `open` but one for reading fails with the code. */
const unwritable = (code: string) => <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const files = yield* FileSystem.FileSystem
    const failure = systemError({ _tag: "Unknown", module: "FileSystem", method: "open", cause: { code } })
    const open: FileSystem.FileSystem["open"] = (path, options) =>
      options?.flag === "r" ? files.open(path, options) : Effect.fail(failure)
    return yield* Effect.provideService(effect, FileSystem.FileSystem, { ...files, open })
  })

const sync = (check: () => void): Check => Effect.sync(check)

export const rows: ReadonlyArray<Row> = [
  {
    input: "token file absent",
    gives: "no token",
    check: Effect.gen(function*() {
      assert.isUndefined(yield* CacheFile.readText(join(yield* folder, "token.json")))
    })
  },
  {
    input: "token file empty, cut off, not JSON, not UTF-8, of more than 1 MiB, JSON but no object",
    gives: "`CacheUnreadable`, for all but the last after 250 ms. The file stays",
    check: Effect.gen(function*() {
      for (
        const text of ["", "{\"accessToken\":\"planted", "planted", "5", "[]", "null", `"${"x".repeat(1024 * 1024)}"`]
      ) {
        const { path } = yield* file(text)
        unreadable(yield* CacheFile.readText(path) ?? "", "it is not a JSON object")
        assert.strictEqual(readFileSync(path, "utf8"), text)
      }
    })
  },
  {
    input: "`accessToken` or `expiresAt` absent, empty, of another type",
    gives: "`CacheUnreadable`, names the member",
    check: sync(() => {
      for (const value of [undefined, null, "", 5, {}]) {
        unreadable({ ...token, accessToken: value }, "accessToken is missing, empty or not a text")
        unreadable({ ...token, expiresAt: value }, "expiresAt is missing, or is not a time with its zone")
      }
    })
  },
  {
    input: "`expiresAt` as `…Z`, `….123Z`, `…UTC`, `+02:00`, with a small `t` or `z`",
    gives: "it is read",
    check: sync(() => {
      const times = ["T08:00:00Z", "T08:00:00.123Z", "T08:00:00UTC", "T10:00:00+02:00", "t08:00:00z"]
      for (const time of times) decoded({ ...token, expiresAt: `2026-11-26${time}` })
    })
  },
  {
    input: "`expiresAt` without a zone, a date alone, a number, words, the year 300000",
    gives: "`CacheUnreadable`",
    check: sync(() => {
      const times = ["2026-11-26T08:00:00", "2026-11-26", 1795680000, "tomorrow", "+300000-01-01T00:00:00Z"]
      for (const expiresAt of times) unreadable({ ...token, expiresAt }, "expiresAt is missing, or is not a time")
    })
  },
  {
    input:
      "`refreshToken` without `clientId`, `clientSecret` or `registrationExpiresAt`, or with a registration that has expired",
    gives: "a token that cannot be refreshed",
    check: sync(() => {
      assert.isTrue(CachedToken.isRefreshable(decoded(token), now))
      for (const name of ["clientId", "clientSecret", "registrationExpiresAt"]) {
        assert.isFalse(CachedToken.isRefreshable(decoded({ ...token, [name]: undefined }), now))
      }
      for (const time of ["2026-11-26T06:00:00Z", "soon"]) {
        assert.isFalse(CachedToken.isRefreshable(decoded({ ...token, registrationExpiresAt: time }), now))
      }
    })
  },
  {
    input: "`region` or `startUrl` in the file differs from the config",
    gives: "another session's token: `CachedToken.isOf` is false",
    check: sync(() => {
      const settings = { startUrl: token.startUrl, region: token.region }
      assert.isTrue(CachedToken.isOf(decoded(token), settings))
      assert.isFalse(CachedToken.isOf(decoded({ ...token, region: "us-east-1" }), settings))
      assert.isFalse(CachedToken.isOf(decoded({ ...token, startUrl: "https://other" }), settings))
    })
  },
  {
    input: "members of other tools",
    gives: "they are kept",
    check: sync(() => {
      const text = JSON.stringify({ ...token, other: { a: 1 } })
      assert.strictEqual(Redacted.value(CachedToken.encode(decoded(text))), text)
    })
  },
  {
    input: "a file that others can read",
    gives: "it is read, and has mode 0600 after the next write",
    check: Effect.gen(function*() {
      const { path } = yield* file(JSON.stringify(token))
      assert.strictEqual(yield* CacheFile.readText(path), JSON.stringify(token))
      yield* CacheFile.write(path, "{}")
      assert.strictEqual(statSync(path).mode & 0o777, 0o600)
    })
  },
  {
    input: "a folder that is read-only, a full disk",
    gives: "`PlatformError` from `CacheFile.write`. The file stays as it was, and nothing else is left",
    check: Effect.gen(function*() {
      for (const code of ["EROFS", "EACCES", "ENOSPC"]) {
        const { at, path } = yield* file("old")
        const error = yield* Effect.flip(CacheFile.write(path, "new").pipe(unwritable(code)))
        assert.strictEqual(error._tag, "PlatformError")
        assert.deepStrictEqual([readFileSync(path, "utf8"), readdirSync(at)], ["old", ["token.json"]])
      }
    })
  },
  {
    input: "a folder or a pipe in the place of the file, a circle of links",
    gives: "`PlatformError`, at once",
    check: Effect.gen(function*() {
      const at = yield* folder
      const [directory, pipe, link] = ["directory", "pipe", "link"].map((name) => join(at, name))
      if (directory === undefined || pipe === undefined || link === undefined) return assert.fail("no paths")
      mkdirSync(directory)
      spawnSync("mkfifo", [pipe])
      symlinkSync("link", link)
      for (const path of [directory, pipe, link]) {
        assert.strictEqual((yield* Effect.flip(CacheFile.readText(path)))._tag, "PlatformError")
      }
      for (const path of [directory, link]) {
        assert.strictEqual((yield* Effect.flip(CacheFile.write(path, "new")))._tag, "PlatformError")
      }
      assert.deepStrictEqual(readdirSync(at), ["directory", "link", "pipe"])
    })
  },
  {
    input: "registration file without id, secret or time",
    gives: "`CacheUnreadable`, names the member",
    check: sync(() => {
      for (const name of ["clientId", "clientSecret", "expiresAt"]) {
        const result = CachedRegistration.decode(secret({ ...registration, [name]: undefined }))
        if (Result.isSuccess(result)) assert.fail("it was read")
        else assert.include(result.failure.message, `${name} is missing`)
      }
    })
  },
  {
    input: "a registration for the other grant, with other scopes, with less than 15 minutes left",
    gives: "`CachedRegistration.isUsable` is false",
    check: sync(() => {
      const read = Result.getOrThrow(CachedRegistration.decode(secret(registration)))
      const at = { grant: "device", scopes: [], now } as const
      assert.isTrue(CachedRegistration.isUsable(read, at))
      assert.isFalse(CachedRegistration.isUsable(read, { ...at, grant: "code" }))
      assert.isFalse(CachedRegistration.isUsable(read, { ...at, scopes: ["a"] }))
      const late = DateTime.makeUnsafe("2027-02-24T07:45:01Z")
      assert.isFalse(CachedRegistration.isUsable(read, { ...at, now: late }))
    })
  }
]
