/**
 * What `Session.token` gives for each bad token file, over the real store in the AWS CLI's cache: rows of a table in `docs/session.md`.
 */
import { assert } from "@effect/vitest"
import type * as AccessToken from "@sso-oidc/core/AccessToken"
import * as CacheFile from "@sso-oidc/core/aws/CacheFile"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as KernelLock from "@sso-oidc/session/node/KernelLock"
import * as Session from "@sso-oidc/session/Session"
import * as SessionSettings from "@sso-oidc/session/SessionSettings"
import * as TokenStore from "@sso-oidc/session/TokenStore"
import { folder } from "@sso-oidc/test-kit/child"
import * as Files from "@sso-oidc/test-kit/files"
import * as Wire from "@sso-oidc/test-kit/wire"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as TestClock from "effect/testing/TestClock"
import { spawnSync } from "node:child_process"
import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout } from "node:timers/promises"
import type { Row } from "./sessionBadConfigs.ts"

const settings = Result.getOrThrow(
  SessionSettings.make({ startUrl: "https://corp.awsapps.com/start", region: "eu-west-1", name: "corp" })
)

const at = (secondsFromNow: number): string =>
  new Date(Date.now() + secondsFromNow * 1000).toISOString().replace(/\.\d+/, "")

/** The members of a token file. The token lasts for so many seconds. */
const token = (seconds: number) => ({
  startUrl: settings.startUrl,
  region: settings.region,
  accessToken: "planted-access",
  expiresAt: at(seconds),
  clientId: "client-id",
  clientSecret: "planted-client",
  registrationExpiresAt: at(86_400),
  refreshToken: "planted-refresh"
})

const [hour, minute, past] = [3600, 60, -60]

/** A session over a folder, in which `prepare` makes the token file at its path. The service gives a token to each request. */
const over = Effect.fnUntraced(function*(prepare: (path: string) => void, watch: Files.Watch = {}) {
  const directory = yield* folder
  const path = join(directory, `${yield* CacheFile.hash(settings.key)}.json`)
  prepare(path)
  const wire = Wire.responding(() =>
    Wire.json({ accessToken: "new-access", refreshToken: "new-refresh", tokenType: "Bearer", expiresIn: hour })
  )
  const warnings: Array<string> = []
  const logger = Logger.layer([Logger.make(({ logLevel, message }) => {
    if (logLevel === "Warn") warnings.push(String(message))
  })])
  const store = yield* Layer.build(TokenStore.layerAwsCache({ directory }).pipe(Layer.provide(KernelLock.layer))).pipe(
    Effect.map((context) => Context.get(context, TokenStore.TokenStore)),
    Files.watched(watch)
  )
  const made = yield* Session.make(settings, { requestTimeout: "1 second" }).pipe(
    Effect.provideService(SsoOidc.SsoOidc, yield* Wire.client(wire)),
    Effect.provideService(TokenStore.TokenStore, store)
  )
  return {
    path,
    store,
    sent: wire.sent,
    warnings,
    token: Effect.map(made.session.token(), ({ accessToken }) => Redacted.value(accessToken)).pipe(
      Effect.provide(logger)
    )
  }
})

const text = (members: unknown) => (path: string) =>
  writeFileSync(path, typeof members === "string" ? members : JSON.stringify(members))

const noPath = (error: AccessToken.Error): AccessToken.Error => {
  assert.notInclude(JSON.stringify(error) + error.message, "planted")
  assert.notInclude(error.message, "/")
  return error
}

/** Nothing is sent, and the token is refused for this reason. The file stays as it is. */
const notLoggedIn = Effect.fnUntraced(function*(
  reason: AccessToken.NotLoggedIn["reason"],
  members: unknown,
  words = ""
) {
  const { path, sent, token } = yield* over(text(members))
  const before = readFileSync(path, "utf8")
  const error = noPath(yield* Effect.flip(token))
  assert.strictEqual(error._tag === "NotLoggedIn" && error.reason, reason, error.message)
  assert.include(error.message, words)
  assert.include(error.message, "Run: aws sso login --sso-session corp")
  assert.lengthOf(sent, 0)
  assert.strictEqual(readFileSync(path, "utf8"), before)
})

/** Gives the error, and checks that nothing was sent. */
const storeError = Effect.fnUntraced(function*(prepare: (path: string) => void, watch?: Files.Watch) {
  const { sent, token } = yield* over(prepare, watch)
  const error = noPath(yield* Effect.flip(token))
  assert.strictEqual(error._tag, "StoreError", error.message)
  assert.lengthOf(sent, 0)
})

/** Every call that would write fails with this code. */
const unwritable = (code: string): Files.Watch => ({
  before: (call, ...args) => {
    const [, options] = args
    const reads = call === "open" && typeof options === "object" && options !== null && "flag" in options &&
      options.flag === "r"
    return /^(open|makeDirectory|rename|remove|truncate|chmod)$/.test(call) && !reads
      ? Effect.fail(Files.failure(code))
      : Effect.void
  }
})

export const rows: ReadonlyArray<Row> = [
  {
    input: "no token file, no folder",
    gives: "`NotLoggedIn` absent",
    check: Effect.gen(function*() {
      for (const prepare of [() => {}, (path: string) => rmSync(join(path, ".."), { recursive: true })]) {
        const { sent, token } = yield* over(prepare)
        const error = noPath(yield* Effect.flip(token))
        assert.strictEqual(error._tag === "NotLoggedIn" && error.reason, "absent")
        assert.lengthOf(sent, 0)
      }
    })
  },
  {
    input: "a file that is empty, cut off, not JSON, of more than 1 MiB, or JSON but no object",
    gives: "`NotLoggedIn` unreadable. The file stays",
    check: Effect.gen(function*() {
      const texts = ["", "{\"accessToken\":\"planted", "planted", "5", "[]", "null", `"${"x".repeat(1024 * 1024)}"`]
      for (const one of texts) yield* notLoggedIn("unreadable", one, "it is not a JSON object")
    })
  },
  {
    input: "`accessToken` or `expiresAt` absent, empty, of another type; `expiresAt` without a zone, a number, words",
    gives: "`NotLoggedIn` unreadable, names the member. The file stays",
    check: Effect.gen(function*() {
      const good = token(hour)
      for (const value of [undefined, null, "", 5, {}]) {
        yield* notLoggedIn("unreadable", { ...good, accessToken: value }, "accessToken is missing, empty or not a text")
        yield* notLoggedIn("unreadable", { ...good, expiresAt: value }, "expiresAt is missing, or is not a time")
      }
      for (const expiresAt of ["2026-11-26T08:00:00", "2026-11-26", "tomorrow", "+300000-01-01T00:00:00Z"]) {
        yield* notLoggedIn("unreadable", { ...good, expiresAt }, "expiresAt is missing, or is not a time")
      }
    })
  },
  {
    input: "`expiresAt` as `…Z`, `….123Z`, `…UTC`, `+02:00`, with a small `t` or `z`",
    gives: "the token",
    check: Effect.gen(function*() {
      const time = at(4 * hour).slice(0, -1)
      for (const expiresAt of [`${time}Z`, `${time}.123Z`, `${time}UTC`, `${time}+02:00`, `${time.toLowerCase()}z`]) {
        const made = yield* over(text({ ...token(hour), expiresAt }))
        assert.strictEqual(yield* made.token, "planted-access")
        assert.lengthOf(made.sent, 0)
      }
    })
  },
  {
    input: "no refresh token, no client, or a registration that has expired or cannot be read",
    gives: "the token until it expires, then `NotLoggedIn` expired. Nothing is sent",
    check: Effect.gen(function*() {
      const changes = [
        { refreshToken: undefined },
        { clientId: undefined },
        { clientSecret: "" },
        { registrationExpiresAt: undefined },
        { registrationExpiresAt: "soon" },
        { registrationExpiresAt: at(past) }
      ]
      for (const change of changes) {
        const valid = yield* over(text({ ...token(minute), ...change }))
        assert.strictEqual(yield* valid.token, "planted-access")
        assert.lengthOf(valid.sent, 0)
        yield* notLoggedIn("expired", { ...token(past), ...change })
      }
    })
  },
  {
    input: "the token of another start URL or region",
    gives: "`NotLoggedIn` absent, and one warning. Nothing is sent",
    check: Effect.gen(function*() {
      for (const change of [{ startUrl: "https://other.awsapps.com/start" }, { region: "us-east-1" }]) {
        yield* notLoggedIn("absent", { ...token(past), ...change }, "the token of another start URL or region")
        const made = yield* over(text({ ...token(hour), ...change }))
        yield* Effect.flip(made.token)
        yield* Effect.flip(made.token)
        assert.lengthOf(made.warnings, 1)
        assert.lengthOf(made.sent, 0)
      }
    })
  },
  {
    input: "members of other tools, a file that others can read",
    gives: "a refresh keeps the members, and the file has mode 0600",
    check: Effect.gen(function*() {
      const others = { ofAnotherTool: { a: [1] }, another: null }
      const made = yield* over((path) => {
        text({ ...token(past), ...others })(path)
        chmodSync(path, 0o644)
      })
      assert.strictEqual(yield* made.token, "new-access")
      assert.deepInclude(JSON.parse(readFileSync(made.path, "utf8")), { ...others, refreshToken: "new-refresh" })
      assert.strictEqual(statSync(made.path).mode & 0o777, 0o600)
    })
  },
  {
    input: "a folder that is read-only, a full disk",
    gives: "a token that is valid, else `StoreError`. Nothing is sent",
    check: Effect.gen(function*() {
      for (const code of ["EROFS", "EACCES", "ENOSPC"]) {
        const valid = yield* over(text(token(minute)), unwritable(code))
        assert.strictEqual(yield* valid.token, "planted-access")
        assert.lengthOf(valid.sent, 0)
        yield* storeError(text(token(past)), unwritable(code))
      }
    })
  },
  {
    input: "a folder, a pipe or a circle of links in the place of the file",
    gives: "`StoreError`, at once",
    check: Effect.gen(function*() {
      yield* storeError((path) => mkdirSync(path))
      yield* storeError((path) => void spawnSync("mkfifo", [path]))
      yield* storeError((path) => symlinkSync(path, path))
    })
  },
  {
    input: "a lock file that cannot be written",
    gives: "a refresh without the lock, and one warning",
    check: Effect.gen(function*() {
      const made = yield* over((path) => {
        text(token(past))(path)
        mkdirSync(`${path}.lock`)
      })
      assert.strictEqual(yield* made.token, "new-access")
      assert.lengthOf(made.sent, 1)
      assert.lengthOf(made.warnings, 1)
      assert.include(made.warnings[0], "goes on without a lock")
    })
  },
  {
    input: "a process that holds the lock and stands still",
    gives: "a token that is valid, else `StoreBusy`. Nothing is sent",
    check: Effect.gen(function*() {
      yield* TestClock.setTime(Date.now())
      for (const [left, outcome] of [[10 * minute, "planted-access"], [past, "StoreBusy"]] as const) {
        const made = yield* over(text(token(left)))
        const held = yield* Deferred.make<void>()
        const holder = yield* Effect.forkChild(
          made.store.exclusively(
            settings.key,
            () => Effect.andThen(Deferred.succeed(held, undefined), Effect.never),
            { wait: Duration.seconds(1) }
          )
        )
        yield* Deferred.await(held)
        const asked = yield* Effect.forkChild(
          Effect.catch(made.token, (error) => Effect.succeed(noPath(error)._tag))
        )
        while (asked.pollUnsafe() === undefined) {
          yield* TestClock.adjust("500 millis")
          // The files need real time. Meanwhile the clock of the test must not run far ahead.
          yield* Effect.promise(() => setTimeout(5))
        }
        assert.strictEqual(yield* Fiber.join(asked), outcome)
        assert.lengthOf(made.sent, 0)
        yield* Fiber.interrupt(holder)
      }
    }).pipe(Effect.provide(TestClock.layer()))
  }
]
