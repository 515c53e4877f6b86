/**
 * The files of session, against the tools that share them: each reads what the other wrote.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import * as CacheFile from "@sso-oidc/core/aws/CacheFile"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import * as CachedRegistration from "@sso-oidc/session/CachedRegistration"
import * as CachedToken from "@sso-oidc/session/CachedToken"
import { run } from "@sso-oidc/test-kit/child"
import * as Issued from "@sso-oidc/test-kit/issued"
import { isMissing } from "@sso-oidc/test-kit/tools"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { readdirSync } from "node:fs"
import { delimiter, dirname, join } from "node:path"
import * as Homes from "../support/homes.ts"
import { atLeast, awsCli } from "../support/machine.ts"
import { recipe } from "../support/recipes.ts"

const name = "e2e"

/** A home with one session. */
const home = Effect.map(Homes.make([name]), (made) => ({ ...made, ...made.session(name) }))

type Home = Effect.Success<typeof home>

/** Logs in at the emulator, and writes the token as a session does, with so many seconds left. */
const written = Effect.fnUntraced(function*(home: Home, secondsLeft: number) {
  const token = yield* Issued.issued(home.settings, secondsLeft)
  yield* Homes.write(home, token)
  return token
})

const provide = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  effect.pipe(
    Effect.scoped,
    Effect.provide(NodeServices.layer),
    Effect.provide(EmulatorServer.layer({ autoApprove: 0 }))
  )

const aws = awsCli()
const { path, version } = aws.found ?? { path: "", version: "" }

/** Logs in with the AWS CLI in the home, as the README of the emulator says. */
const loggedIn = Effect.fnUntraced(function*(at: Home) {
  const { url } = yield* EmulatorServer.EmulatorServer
  const old = atLeast(version, "2.13.0") ? "" : recipe("sh", "AWS_DATA_PATH=", url)
  const device = atLeast(version, "2.22.0") ? " --use-device-code" : ""
  const shell = yield* run("bash", {
    env: {
      HOME: at.path,
      PATH: `${dirname(path)}${delimiter}${process.env["PATH"]}`,
      ...(old === "" ? { AWS_ENDPOINT_URL_SSO_OIDC: url } : {})
    },
    input: `set -euo pipefail\n${old}\naws sso login --sso-session e2e --no-browser${device}\n`
  })
  const { code, stderr, stdout } = yield* shell.ended
  assert.strictEqual(code, 0, `${stdout}${stderr}`)
})

describe.skipIf(isMissing(aws))(`the cache's files, and ${aws.title}`, () => {
  it.live("writes a token and a registration under our names, and we read both (S5)", () =>
    Effect.gen(function*() {
      const at = yield* home
      yield* loggedIn(at)
      assert.deepStrictEqual(
        readdirSync(at.cache).map((name) => join(at.cache, name)).sort(),
        [at.token, at.registration].sort()
      )
      const token = Homes.read(at.token)
      assert.isTrue(CachedToken.isOf(token, at.settings))
      assert.isTrue(CachedToken.isRefreshable(token, DateTime.makeUnsafe(Date.now())))
      const text = Homes.textOf(at.registration)
      const registration = Result.getOrThrow(CachedRegistration.decode(Redacted.make(text)))
      assert.deepStrictEqual(JSON.parse(Redacted.value(CachedRegistration.encode(registration))), JSON.parse(text))
      assert.strictEqual(registration.clientId, token.clientId)
      assert.isTrue(
        CachedRegistration.isUsable(registration, {
          grant: "device",
          scopes: at.settings.scopes ?? [],
          now: DateTime.makeUnsafe(Date.now())
        })
      )
    }).pipe(provide), 90_000)

  it.live(
    "logs in with a registration that we wrote, and over a token that we wrote (S5)",
    () =>
      Effect.gen(function*() {
        const at = yield* home
        const before = yield* written(at, 3600)
        const registration = yield* Issued.registered
        const cached = CachedRegistration.fromRegistration(registration, "device")
        const text = Redacted.value(CachedRegistration.encode(cached))
        yield* CacheFile.write(at.registration, text)
        yield* loggedIn(at)
        assert.strictEqual(Homes.textOf(at.registration), text)
        const after = Homes.read(at.token)
        assert.strictEqual(after.clientId, registration.clientId)
        assert.notStrictEqual(Redacted.value(after.accessToken), Redacted.value(before.accessToken))
      }).pipe(provide),
    90_000
  )
})
