/**
 * The command and the AWS CLI over one cache: a login with either is a login for the other, and so is a logout.
 */
import { assert, describe, it } from "@effect/vitest"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import { run } from "@sso-oidc/test-kit/child"
import * as Program from "@sso-oidc/test-kit/program"
import { isMissing } from "@sso-oidc/test-kit/tools"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as References from "effect/References"
import { delimiter, dirname, join } from "node:path"
import { atLeast, awsCli } from "../support/machine.ts"
import * as PortalHome from "../support/portalHome.ts"
import { recipe } from "../support/recipes.ts"

const aws = awsCli()
const { path, version } = aws.found ?? { path: "", version: "" }

const emulator = Layer.provide(
  EmulatorServer.layer({ autoApprove: 0 }),
  Layer.succeed(References.MinimumLogLevel, "Warn")
)

const program = Program.bundled(join(import.meta.dirname, "../../../cli/src/bin.ts"))

/** Runs our command in the home. */
const ours = Effect.fnUntraced(function*(home: PortalHome.Home, ...args: ReadonlyArray<string>) {
  const running = yield* run(process.execPath, {
    args: [program, ...args, "--profile", "dev", "--json"],
    env: home.variables,
    input: ""
  })
  const { code, stderr, stdout } = yield* running.ended
  return { code, stderr, json: JSON.parse(stdout) }
})

/** Runs lines of the AWS CLI in the home. An old version takes the address of one service from a file. */
const theirs = Effect.fnUntraced(function*(home: PortalHome.Home, service: "sso-oidc" | "sso", lines: string) {
  const old = atLeast(version, "2.13.0")
    ? ""
    : recipe("sh", "AWS_DATA_PATH=", home.url).replaceAll("sso-oidc", service)
  const shell = yield* run("bash", {
    env: { ...home.variables, PATH: `${dirname(path)}${delimiter}${process.env["PATH"]}` },
    input: `set -euo pipefail\n${old}\n${lines}\n`
  })
  const { code, stderr, stdout } = yield* shell.ended
  assert.strictEqual(code, 0, `${stdout}${stderr}`)
  return stdout
})

const register = "POST /client/register"
const getRole = "GET /federation/credentials"

/** The names of the files of the AWS CLI: the token and the registration. A login of ours leaves a file with `tool` in it. */
const filesOf = (home: PortalHome.Home) =>
  Object.entries(home.tokens())
    .filter(([name, text]) => name.endsWith(".json") && !("tool" in JSON.parse(text)))
    .map(([name]) => name)

describe.skipIf(isMissing(aws))(`the command sso-oidc, and ${aws.title}`, () => {
  it.live(
    "uses the other's login, registration and role credentials, and each ends the other's login (S5, S17, P6, S20)",
    () =>
      Effect.gen(function*() {
        const home = yield* PortalHome.make()
        const device = atLeast(version, "2.22.0") ? " --use-device-code" : ""
        yield* theirs(home, "sso-oidc", `aws sso login --profile dev --no-browser${device}`)
        assert.include(home.sent(), register)
        const files = filesOf(home)
        assert.lengthOf(files, 2)
        const accounts = yield* ours(home, "accounts")
        assert.deepStrictEqual([accounts.code, accounts.json.length], [0, 2], accounts.stderr)
        assert.deepStrictEqual(home.sent(), ["GET /assignment/accounts"])
        const logout = yield* ours(home, "logout")
        assert.deepStrictEqual(logout.json, { removed: 1, untold: [], left: [] })
        assert.deepStrictEqual(home.sent(), ["POST /logout"])
        assert.lengthOf(filesOf(home), 1)

        // the registration of the AWS CLI is still good
        const login = yield* ours(home, "login", "--device")
        assert.deepInclude(login.json, { state: "valid", refreshable: true, warnings: [] }, login.stderr)
        assert.notInclude(home.sent(), register)
        assert.deepStrictEqual(filesOf(home), files)
        const given = JSON.parse(yield* theirs(home, "sso", "aws configure export-credentials --profile dev"))
        assert.deepStrictEqual(home.sent(), [getRole])
        // the AWS CLI keeps them where the command looks
        const credentials = yield* ours(home, "credentials")
        assert.strictEqual(credentials.code, 0, credentials.stderr)
        assert.include(JSON.stringify(credentials.json), given.AccessKeyId)
        assert.deepStrictEqual(home.sent(), [])
        yield* theirs(home, "sso", "aws sso logout")
        assert.deepStrictEqual(home.sent(), ["POST /logout"])
        const status = yield* ours(home, "status")
        assert.deepStrictEqual([status.code, status.json.state], [1, "absent"])
        assert.deepStrictEqual(home.sent(), [])
      }).pipe(Effect.scoped, Effect.provide(emulator)),
    90_000
  )
})
