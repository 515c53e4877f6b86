/**
 * What each bad config gives: rows of the table in `docs/session.md`, each with a check of what the code does.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert } from "@effect/vitest"
import * as AwsConfig from "@sso-oidc/session/AwsConfig"
import type { AwsConfigError, ProfileNotFound } from "@sso-oidc/session/AwsConfigError"
import * as SessionSettings from "@sso-oidc/session/SessionSettings"
import { folder } from "@sso-oidc/test-kit/child"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import type * as Path from "effect/Path"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import { spawnSync } from "node:child_process"
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"

/** Does what the row says, and fails if the code does something else. */
export type Check = Effect.Effect<void, unknown, FileSystem.FileSystem | Path.Path | Scope.Scope>

export interface Row {
  /** What is given. It is markdown. */
  readonly input: string
  /** What comes of it. */
  readonly gives: string
  readonly check: Check
}

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

export const rows: ReadonlyArray<Row> = [
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
