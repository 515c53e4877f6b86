/**
 * The files of role credentials, against the AWS CLI: each uses what the other wrote, and asks the portal for nothing.
 */
import { assert, describe, it } from "@effect/vitest"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import * as CredentialsCache from "@sso-oidc/portal/CredentialsCache"
import * as Portal from "@sso-oidc/portal/Portal"
import { run } from "@sso-oidc/test-kit/child"
import { isMissing } from "@sso-oidc/test-kit/tools"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as References from "effect/References"
import { delimiter, dirname } from "node:path"
import * as Node from "sso-oidc/node"
import { atLeast, awsCli } from "../support/machine.ts"
import * as PortalHome from "../support/portalHome.ts"
import { recipe } from "../support/recipes.ts"

const aws = awsCli()
const { path, version } = aws.found ?? { path: "", version: "" }

const emulator = Layer.provide(EmulatorServer.layer(), Layer.succeed(References.MinimumLogLevel, "Warn"))

const getRole = "GET /federation/credentials"

/** What the AWS CLI uses in the home for the profile `dev`. */
const ofCli = Effect.fnUntraced(function*(home: PortalHome.Home) {
  const old = atLeast(version, "2.13.0") ? "" : recipe("sh", "AWS_DATA_PATH=", home.url).replaceAll("sso-oidc", "sso")
  const shell = yield* run("bash", {
    env: { ...home.variables, PATH: `${dirname(path)}${delimiter}${process.env["PATH"]}` },
    input: `set -euo pipefail\n${old}\naws configure export-credentials --profile dev\n`
  })
  const { code, stderr, stdout } = yield* shell.ended
  assert.strictEqual(code, 0, `${stdout}${stderr}`)
  const given: Readonly<Record<string, unknown>> = JSON.parse(stdout)
  const { AccessKeyId, Expiration, SecretAccessKey, SessionToken } = given
  return { AccessKeyId, SecretAccessKey, SessionToken, ends: Date.parse(String(Expiration)) }
})

/** What a program with our cache uses. */
const ofOurs = (home: PortalHome.Home) =>
  Portal.Portal.use((portal) => portal.credentials()).pipe(
    Effect.provide(home.at(Node.portal({ profile: "dev", credentialsCache: CredentialsCache.layerAwsCache() }))),
    Effect.map(({ accessKeyId, expiration, secretAccessKey, sessionToken }) => ({
      AccessKeyId: accessKeyId,
      SecretAccessKey: Redacted.value(secretAccessKey),
      SessionToken: Redacted.value(sessionToken),
      ends: Math.floor(DateTime.toEpochMillis(expiration) / 1000) * 1000
    }))
  )

describe.skipIf(isMissing(aws))(`role credentials in files, and ${aws.title}`, () => {
  it.live("it uses the credentials that our cache wrote, and sends nothing (P6)", () =>
    Effect.gen(function*() {
      const home = yield* PortalHome.make()
      yield* home.login
      const ours = yield* ofOurs(home)
      assert.deepStrictEqual(home.sent(), [getRole])
      const files = home.credentials()
      assert.deepStrictEqual(yield* ofCli(home), ours)
      assert.deepStrictEqual(home.sent(), [])
      // and it leaves our file as it is
      assert.deepStrictEqual(home.credentials(), files)
    }).pipe(Effect.scoped, Effect.provide(emulator)), 60_000)

  it.live("our cache uses the credentials that it wrote, and sends nothing (P6)", () =>
    Effect.gen(function*() {
      const home = yield* PortalHome.make()
      yield* home.login
      const theirs = yield* ofCli(home)
      assert.deepStrictEqual(home.sent(), [getRole])
      const files = home.credentials()
      assert.lengthOf(Object.keys(files), 1)
      assert.deepStrictEqual(yield* ofOurs(home), theirs)
      assert.deepStrictEqual([home.sent(), home.credentials()], [[], files])
    }).pipe(Effect.scoped, Effect.provide(emulator)), 60_000)
})
