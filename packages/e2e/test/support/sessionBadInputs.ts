/**
 * What each bad input gives: the rows of the table in `docs/session.md`, each with a check of what the code does.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert } from "@effect/vitest"
import * as CacheFile from "@sso-oidc/core/aws/CacheFile"
import * as AwsConfig from "@sso-oidc/session/AwsConfig"
import type { AwsConfigError, ProfileNotFound } from "@sso-oidc/session/AwsConfigError"
import * as CachedRegistration from "@sso-oidc/session/CachedRegistration"
import * as CachedToken from "@sso-oidc/session/CachedToken"
import * as SessionSettings from "@sso-oidc/session/SessionSettings"
import { folder } from "@sso-oidc/test-kit/child"
import * as ConfigProvider from "effect/ConfigProvider"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import type * as Path from "effect/Path"
import { systemError } from "effect/PlatformError"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import { spawnSync } from "node:child_process"
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"

type Check = Effect.Effect<void, unknown, FileSystem.FileSystem | Path.Path | Scope.Scope>

export interface Row {
  /** What is given. It is markdown. */
  readonly input: string
  /** What comes of it. */
  readonly gives: string
  readonly check: Check
}

// -----------------------------------------------------------------------------
// config
// -----------------------------------------------------------------------------

const url = "sso_start_url = https://corp.awsapps.com/start\n"
const region = "sso_region = eu-west-1\n"
const profile = "[profile dev]\nsso_session = corp\n"
const good = `${profile}[sso-session corp]\n${url}${region}`

interface Given {
  readonly config?: string | Uint8Array
  readonly env?: Readonly<Record<string, string>>
  readonly wanted?: AwsConfig.Wanted
  /** Makes something else in the place of the config file. */
  readonly make?: (path: string) => void
}

const resolved = ({ config, env = {}, make, wanted = { profile: "dev" } }: Given) =>
  Effect.gen(function*() {
    const home = yield* folder
    mkdirSync(join(home, ".aws"))
    if (config !== undefined) writeFileSync(join(home, ".aws/config"), config)
    make?.(join(home, ".aws/config"))
    return yield* AwsConfig.resolve(wanted).pipe(
      Effect.provide(NodeServices.layer),
      Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnvRecord({ HOME: home, ...env })))
    )
  })

type Facts = Partial<Record<"_tag" | "source" | "section" | "setting" | "line" | "code" | "near", unknown>>

/** Fails with these facts, and with a sentence that has the words in it. */
const fails = (given: Given, facts: Facts, words: string): Check =>
  Effect.map(Effect.flip(resolved(given)), (error: AwsConfigError | ProfileNotFound) => {
    for (const [name, value] of Object.entries(facts)) assert.deepStrictEqual(Reflect.get(error, name), value, name)
    assert.include(error.message, words)
    assert.notInclude(JSON.stringify(error) + error.message, "planted")
  })

const all = (checks: ReadonlyArray<Check>): Check => Effect.all(checks, { discard: true })

const config = (text: string, facts: Facts, words: string) =>
  fails({ config: text }, { _tag: "AwsConfigError", ...facts }, words)

const warned = (text: string, lines: ReadonlyArray<number>): Check =>
  Effect.map(
    resolved({ config: text }),
    ({ warnings }) => assert.deepStrictEqual(warnings.map(({ line }) => line), lines)
  )

const configRows: ReadonlyArray<Row> = [
  {
    input: "no config file, and no profile asked for",
    gives: "`ProfileNotFound`, which says how to write one",
    check: fails(
      { wanted: {} },
      { _tag: "ProfileNotFound" },
      "Write one with `aws configure sso`, or add the section [default]."
    )
  },
  {
    input: "a profile that is asked for and absent",
    gives: "`ProfileNotFound` with near names",
    check: fails(
      { config: good, wanted: { profile: "dve" } },
      { _tag: "ProfileNotFound", near: ["dev"] },
      "Did you mean \"dev\"?"
    )
  },
  {
    input: "`[x]` or `[Profile x]` in place of `[profile x]`, a name with a blank and without quotes",
    gives: "`ProfileNotFound` with the line and the header to write",
    check: all(
      ["[dev]", "[Profile dev]", "[profiles dev]"].map((header) =>
        fails(
          { config: `\n${header}\n` },
          { _tag: "ProfileNotFound", line: 2 },
          `Line 2 has ${header}: write [profile dev] there.`
        )
      )
    )
  },
  {
    input: "a file that is not UTF-8",
    gives: "`AwsConfigError`",
    check: all(
      [Buffer.from("[profile b\xfc]\n", "latin1"), Buffer.from("[profile a]\n", "utf16le").fill(0xff, 0, 1)].map((
        config
      ) =>
        fails(
          { config },
          { _tag: "AwsConfigError", source: "config" },
          "it is not UTF-8 (PowerShell's > writes UTF-16)."
        )
      )
    )
  },
  {
    input: "a file that may not be read, a folder, a pipe",
    gives: "`AwsConfigError` with the system's code, if it has one",
    check: all([
      fails(
        { make: (path) => mkdirSync(path) },
        { _tag: "AwsConfigError", code: "EISDIR" },
        "(EISDIR): it cannot be read."
      ),
      fails({ make: (path) => symlinkSync(path, path) }, { code: "ELOOP" }, "(ELOOP): it cannot be read."),
      fails({ make: (path) => spawnSync("mkfifo", [path]) }, { code: "BadResource" }, "Check that it is a file")
    ])
  },
  {
    input: "a file of more than 1 MiB",
    gives: "`AwsConfigError`",
    check: config(`${good}#${"x".repeat(1024 * 1024)}`, { source: "config" }, "it has more than 1 MiB.")
  },
  {
    input: "`/dev/null` as a file",
    gives: "an empty file",
    check: fails(
      { config: good, env: { AWS_CONFIG_FILE: "/dev/null" } },
      { _tag: "ProfileNotFound" },
      "has no profile \"dev\""
    )
  },
  {
    input: "the session's section absent",
    gives: "`AwsConfigError`, names section and setting",
    check: config(
      profile,
      { section: "profile dev", setting: "sso_session", line: 2 },
      "names [sso-session corp], which is absent."
    )
  },
  {
    input: "`sso_region` or `sso_start_url` absent or empty",
    gives: "`AwsConfigError`, names section, setting, and the problem that is the likely cause",
    check: all([
      config(
        `${profile}[sso-session corp]\n${url}`,
        { section: "sso-session corp", setting: "sso_region" },
        "is missing or empty."
      ),
      config(
        `${profile}[sso-session corp]\n${url}sso_region =\n`,
        { setting: "sso_region", line: 5 },
        "is missing or empty."
      ),
      config(
        `${profile}[sso-session corp]\n${url}sso_region: planted\n`,
        { setting: "sso_region" },
        "Line 5 may be the cause:"
      ),
      config(`${profile}[sso-session corp]\n${region}`, { setting: "sso_start_url" }, "is missing or empty."),
      config(`[profile dev]\n${region}`, { section: "profile dev", setting: "sso_start_url" }, "is missing or empty.")
    ])
  },
  {
    input: "a value that goes on in the next line or has a control character, in a setting that a login uses",
    gives: "`AwsConfigError` with its line",
    check: all([
      config(
        `[sso-session corp]\n${url}${region}  planted = x\n${profile}`,
        { setting: "sso_region", line: 3 },
        "goes on in the next line."
      ),
      config(
        `${good}sso_registration_scopes = a\u001bplanted\n`,
        { line: 6 },
        "has characters in it that cannot be seen."
      )
    ])
  },
  {
    input: "the same in `region`, `sso_account_id` or `sso_role_name` of the profile",
    gives: "a warning",
    check: warned(`${profile}region = x\n  y = z\nsso_role_name = a\n  b\n[sso-session corp]\n${url}${region}`, [4, 6])
  },
  {
    input: "profile and session disagree",
    gives: "`AwsConfigError`, names the setting, not the values",
    check: config(
      `${profile}sso_region = planted\n[sso-session corp]\n${url}${region}`,
      { section: "profile dev", setting: "sso_region", line: 3 },
      "is not the same as in [sso-session corp], line 6."
    )
  },
  {
    input: "a profile with `login_session`",
    gives: "`AwsConfigError`, names the command `aws login`",
    check: config(
      `${profile}login_session = planted\n`,
      { setting: "login_session", line: 3 },
      "belongs to the command `aws login`."
    )
  },
  {
    input: "a region that is no host label, a start URL that is not https",
    gives: "`AwsConfigError`",
    check: all([
      config(
        `${profile}[sso-session corp]\n${url}sso_region = planted/\n`,
        { setting: "sso_region", line: 5 },
        "is not a region name."
      ),
      config(
        `${profile}[sso-session corp]\nsso_start_url = http://planted\n`,
        { setting: "sso_start_url", line: 4 },
        "must be an https URL"
      )
    ])
  },
  {
    input: "an endpoint with http off loopback, or together with FIPS or dual-stack",
    gives: "`AwsConfigError`, names the variable or the setting",
    check: all([
      fails(
        { config: good, env: { AWS_ENDPOINT_URL: "http://planted" } },
        { source: "environment", setting: "AWS_ENDPOINT_URL" },
        "is plain http to another machine."
      ),
      fails(
        { config: good, env: { AWS_ENDPOINT_URL_SSO: "https://planted", AWS_USE_FIPS_ENDPOINT: "true" } },
        { source: "environment", setting: "AWS_USE_FIPS_ENDPOINT" },
        "cannot be used together with AWS_ENDPOINT_URL_SSO."
      )
    ])
  },
  {
    input: "a flag that is neither `true` nor `false`",
    gives: "`AwsConfigError`, names the variable or the setting",
    check: all([
      fails(
        { config: good, env: { AWS_USE_FIPS_ENDPOINT: "planted" } },
        { source: "environment" },
        "is neither true nor false."
      ),
      config(
        `${good}sso_use_device_code = planted\n`,
        { setting: "sso_use_device_code", line: 6 },
        "is neither true nor false."
      )
    ])
  },
  {
    input: "`services` names a section that is absent",
    gives: "`AwsConfigError`",
    check: config(
      `[profile dev]\nservices = x\n${good.slice(14)}`,
      { setting: "services", line: 2 },
      "names [services x], which is absent."
    )
  },
  {
    input: "an account id that is not 12 digits, a role that is absent",
    gives: "`AwsConfigError`, only from `SessionSettings.role`",
    check: Effect.map(resolved({ config: `${profile}sso_account_id = planted\n${good.slice(33)}` }), (settings) => {
      const result = SessionSettings.role(settings)
      assert.isTrue(Result.isFailure(result))
      if (Result.isFailure(result)) assert.include(result.failure.message, "sso_account_id is not 12 digits.")
      const without = SessionSettings.role({ ...settings, accountId: "123456789012" })
      if (Result.isFailure(without)) assert.include(without.failure.message, "sso_role_name is missing.")
      else assert.fail("the role is absent")
    })
  },
  {
    input: "the same section or setting twice, a trailing comment, `[DEFAULT]`, `k: v`",
    gives: "a warning",
    check: warned(`${good}k = 1\nk = 2\nl = 3 # x\nm: 4\n[DEFAULT]\n${profile}`, [7, 8, 9, 10, 11, 12])
  }
]

// -----------------------------------------------------------------------------
// cache
// -----------------------------------------------------------------------------

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

const cacheRows: ReadonlyArray<Row> = [
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

export const rows: ReadonlyArray<Row> = [...configRows, ...cacheRows]
