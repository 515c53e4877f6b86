import { assert, describe, it } from "@effect/vitest"
import * as Account from "@sso-oidc/emulator/Account"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import { folder, run } from "@sso-oidc/test-kit/child"
import { isMissing } from "@sso-oidc/test-kit/tools"
import * as Effect from "effect/Effect"
import { createHash } from "node:crypto"
import { readdirSync, readFileSync } from "node:fs"
import { delimiter, dirname, join } from "node:path"
import { atLeast, awsCli } from "../support/machine.ts"
import { recipe } from "../support/recipes.ts"

const aws = awsCli()
const { path, version } = aws.found ?? { path: "", version: "" }

/** The commands of docs/emulator.md for this version, without the start of the emulator. */
const script = (url: string): string =>
  [
    "set -euo pipefail",
    recipe("sh", "mktemp -d", url),
    ...(atLeast(version, "2.13.0")
      ? [recipe("sh", "--use-device-code", url).replace(atLeast(version, "2.22.0") ? "" : " --use-device-code", "")]
      : [recipe("sh", "AWS_DATA_PATH=", url), recipe("sh", "aws sso login --sso-session emulator --no-browser\n", url)])
  ].join("\n")

/** The commands of docs/emulator.md that get accounts, roles and credentials after a login. */
const portalScript = (url: string): string =>
  [
    ...(atLeast(version, "2.13.0") ? [] : [recipe("sh", "cp -r", url)]),
    recipe("sh", "aws configure export-credentials", url),
    recipe("sh", "aws sso list-accounts", url)
  ].join("\n")

/** Runs the script, and more commands after it, in a shell with a temporary folder of ours. */
const loggingIn = Effect.fnUntraced(function*(more: (url: string) => string = () => "") {
  const { url } = yield* EmulatorServer.EmulatorServer
  const temporary = yield* folder
  const env = { PATH: `${dirname(path)}${delimiter}${process.env["PATH"]}`, TMPDIR: temporary }
  const shell = yield* run("bash", { env, input: `${script(url)}\n${more(url)}` })
  const cached = Effect.sync((): Readonly<Record<string, string>> => {
    const [home = assert.fail("the recipe made no home")] = readdirSync(temporary)
    const name = `${createHash("sha1").update("emulator").digest("hex")}.json`
    return JSON.parse(readFileSync(join(temporary, home, ".aws/sso/cache", name), "utf8"))
  })
  /** Runs a recipe in another shell of that home. */
  const later = Effect.fnUntraced(function*(words: string) {
    const HOME = join(temporary, readdirSync(temporary)[0] ?? assert.fail("the recipe made no home"))
    const shell = yield* run("bash", {
      env: {
        ...env,
        HOME,
        AWS_CONFIG_FILE: join(HOME, "config"),
        ...(atLeast(version, "2.13.0")
          ? { AWS_ENDPOINT_URL_SSO: url, AWS_ENDPOINT_URL_SSO_OIDC: url }
          : { AWS_DATA_PATH: join(HOME, "aws-data") })
      },
      input: recipe("sh", words, url)
    })
    return yield* shell.ended
  })
  return { shell, cached, later }
})

// the AWS CLI mostly waits for its next poll
describe.skipIf(isMissing(aws))(
  `${aws.title}, with the commands of docs/emulator.md (E1)`,
  { concurrent: true },
  () => {
    it.live(
      "logs in, is slowed down if it polls too early, gets accounts, roles and credentials, and logs out (E1, E3, E7)",
      () =>
        Effect.gen(function*() {
          const emulator = yield* Emulator.Emulator
          const { cached, later, shell } = yield* loggingIn(portalScript)
          const { code, stderr, stdout } = yield* shell.ended
          assert.strictEqual(code, 0, `${stdout}${stderr}`)
          assert.include(stdout, "Successfully logged into Start URL: https://emulator.awsapps.com/start")
          const token = yield* cached
          assert.match(token["accessToken"] ?? "", /^aoa/)
          assert.match(token["refreshToken"] ?? "", /^aor/)
          assert.strictEqual(token["region"], "eu-west-1")
          assert.closeTo(Date.parse(token["expiresAt"] ?? "") - Date.now(), 3_600_000, 60_000)
          assert.closeTo(Date.parse(token["registrationExpiresAt"] ?? "") - Date.now(), 90 * 86_400_000, 60_000)

          const [, credentials = "", ...lists] = stdout.split(/^(?=\{)/m)
          const exported: Readonly<Record<string, string>> = JSON.parse(credentials)
          assert.match(exported["AccessKeyId"] ?? "", /^ASIA[A-Z2-7]{16}$/)
          assert.lengthOf(exported["SessionToken"] ?? "", 816)
          assert.closeTo(Date.parse(exported["Expiration"] ?? "") - Date.now(), 3_600_000, 60_000)
          const [accounts, roles, direct] = lists.map((text): unknown => JSON.parse(text))
          assert.deepStrictEqual(accounts, {
            accountList: Account.defaults.map(({ roles: _, ...account }) => account)
          })
          assert.deepStrictEqual(roles, {
            roleList: ["AdministratorAccess", "ReadOnlyAccess"].map((roleName) => ({
              roleName,
              accountId: "111122223333"
            }))
          })
          assert.property(direct, "roleCredentials")

          assert.lengthOf((yield* emulator.state.snapshot).sessions, 1)
          const out = yield* later("aws sso logout")
          assert.strictEqual(out.code, 0, out.stderr)
          const { accessTokens, sessions } = yield* emulator.state.snapshot
          assert.deepStrictEqual([accessTokens, sessions], [[], []])
        }).pipe(Effect.provide(EmulatorServer.layer({ autoApprove: "1 second" }))),
      90_000
    )

    it.live("ends with an error if the person denies (E1, E3)", () =>
      Effect.gen(function*() {
        const emulator = yield* Emulator.Emulator
        const { shell } = yield* loggingIn()
        yield* emulator.authorizations.deny(yield* shell.printed(/^[A-Z]{4}-[A-Z]{4}$/m))
        const { code, stderr } = yield* shell.ended
        assert.strictEqual(code, 254, stderr)
        assert.include(stderr, "(AccessDeniedException) when calling the CreateToken operation")
      }).pipe(Effect.provide(EmulatorServer.layer())), 90_000)
  }
)
