/**
 * docs/portal.md: its programs run against the emulator, and its tools take credentials from them.
 */
import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3"
import { assert, describe, it } from "@effect/vitest"
import * as Endpoint from "@sso-oidc/core/aws/Endpoint"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import { service } from "@sso-oidc/portal/PortalService"
import * as NodeSession from "@sso-oidc/session/node/NodeSession"
import { run } from "@sso-oidc/test-kit/child"
import { isMissing } from "@sso-oidc/test-kit/tools"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as References from "effect/References"
import * as Result from "effect/Result"
import { createHash } from "node:crypto"
import { delimiter, dirname } from "node:path"
import { awsCli, botocore } from "../support/machine.ts"
import * as PortalHome from "../support/portalHome.ts"
import * as Recipes from "../support/portalRecipes.ts"
import * as S3 from "../support/s3.ts"

const emulator = Layer.provide(EmulatorServer.layer(), Layer.succeed(References.MinimumLogLevel, "Warn"))

const getRole = "GET /federation/credentials"

/** Runs a program of the page in a home, to its end. */
const ended = Effect.fnUntraced(function*(
  home: PortalHome.Home,
  words: string,
  options: { readonly args?: ReadonlyArray<string>; readonly env?: Readonly<Record<string, string>> } = {}
) {
  const path = Recipes.program(words)
  const child = yield* run(process.execPath, {
    args: [path, ...options.args ?? []],
    env: { ...home.variables, ...options.env }
  })
  return yield* child.ended
})

const inHome = <A, E, R>(use: (home: PortalHome.Home) => Effect.Effect<A, E, R>, config?: string) =>
  Effect.flatMap(PortalHome.make(config), use).pipe(Effect.scoped, Effect.provide(emulator))

const notLoggedIn = "This session is not logged in: no token is stored. Run: aws sso login --profile dev\n"

describe("docs/portal.md", () => {
  it.live(
    "the ten lines list the accounts, and say what to run without a login (P3)",
    () =>
      inHome((home) =>
        Effect.gen(function*() {
          const words = "portal.accounts"
          assert.deepStrictEqual(yield* ended(home, words), { code: 0, stdout: "", stderr: notLoggedIn })
          yield* home.login
          assert.deepStrictEqual(yield* ended(home, words), {
            code: 0,
            stdout: "111122223333 Development\n444455556666 Production\n",
            stderr: ""
          })
        })
      ),
    30_000
  )

  it.live(
    "the list of all roles shows an account that fails, and goes on (P5)",
    () =>
      inHome((home) =>
        Effect.gen(function*() {
          yield* home.login
          yield* Emulator.Emulator.use(({ faults }) =>
            faults.arm({ _tag: "Exception", operation: "ListAccountRoles", exception: "InvalidRequestException" })
          )
          const { code, stderr, stdout } = yield* ended(home, "portal.allRoles")
          assert.strictEqual(code, 0)
          assert.match(stderr, /^(\d{12}): .+\n$/)
          assert.include(stdout, "ReadOnlyAccess\n")
        })
      ),
    30_000
  )

  it.live(
    "an S3Client gets credentials for the role of the profile (P7)",
    () =>
      inHome((home) =>
        Effect.gen(function*() {
          const s3 = yield* S3.make
          yield* home.login
          const { code, stderr, stdout } = yield* ended(home, "s3.send", { env: { AWS_ENDPOINT_URL_S3: s3.url } })
          assert.deepStrictEqual([code, stdout, stderr], [0, "a-bucket\n", ""])
          assert.match(s3.seen[0]?.accessKeyId ?? "", /^ASIA/)
          assert.deepStrictEqual(home.sent(), [getRole])
        })
      ),
    30_000
  )

  it.live(
    "a server sends one request for 50 requests of its own, and ends with the signal (P6, P7)",
    () =>
      inHome((home) =>
        Effect.gen(function*() {
          yield* home.login
          const path = Recipes.program("createServer")
          const port = yield* S3.freePort
          const child = yield* run(process.execPath, {
            args: [path],
            env: { ...home.variables, PORT: String(port) }
          })
          const get = Effect.promise(() => fetch(`http://127.0.0.1:${port}/`).then((response) => response.text())).pipe(
            Effect.catchDefect(() => Effect.succeed(""))
          )
          while (!(yield* get).startsWith("The credentials are valid until 2")) yield* Effect.sleep("20 millis")
          const texts = yield* Effect.all(Array.from({ length: 50 }, () => get), { concurrency: "unbounded" })
          assert.strictEqual(new Set(texts).size, 1)
          assert.deepStrictEqual(home.sent(), [getRole])
          yield* child.signal("SIGTERM")
          assert.strictEqual((yield* Effect.timeout(child.ended, "10 seconds")).code, 0)
        })
      ),
    30_000
  )

  it.live(
    "two identities at one start URL never get each other's credentials (P6)",
    () =>
      inHome((home) =>
        Effect.gen(function*() {
          // each section has a token of its own
          for (const name of ["me", "me-as-admin"]) {
            yield* home.login
            const text = Object.values(home.tokens())[0] ?? assert.fail("no token")
            home.write(`.aws/sso/cache/${createHash("sha1").update(name).digest("hex")}.json`, text)
          }
          const { code, stderr, stdout } = yield* ended(home, "[\"work\", \"admin\"]")
          assert.deepStrictEqual([code, stderr], [0, ""])
          const [, work, admin] = /^work (\S+)\nadmin (\S+)\n$/.exec(stdout) ?? []
          assert.notStrictEqual(work, admin)
          assert.deepStrictEqual(home.sent(), [getRole, getRole])
        }), Recipes.block("ini", "[profile work]")),
    30_000
  )

  it.live("each partition is called as the table says (P9)", () =>
    inHome((home) =>
      Effect.gen(function*() {
        const environment = ConfigProvider.fromEnvRecord({ HOME: home.path })
        const settings = yield* Effect.forEach(["china", "govcloud"], (session) => NodeSession.settings({ session }))
          .pipe(
            Effect.provideService(ConfigProvider.ConfigProvider, environment)
          )
        const rows = Recipes.rowsBelow("China and GovCloud")
        assert.deepStrictEqual(rows.map(([region]) => region), ["us-east-1", ...settings.map(({ region }) => region)])
        for (const [region = "", host = "", fips = ""] of rows) {
          const of = (useFipsEndpoint: boolean) =>
            Result.getOrThrow(Endpoint.resolve(service, { region, useFipsEndpoint }))
          assert.deepStrictEqual([of(false), of(true)], [`https://${host}`, `https://${fips}`])
        }
      }), Recipes.block("ini", "cn-north-1")))
})

describe("docs/portal.md: credential_process", () => {
  const words = "console.log(JSON.stringify"

  /** A home whose profile `tools` runs the program. */
  const withTools = <A, E, R>(use: (home: PortalHome.Home) => Effect.Effect<A, E, R>) =>
    Effect.gen(function*() {
      const path = Recipes.program(words)
      const profile = Recipes.block("ini", "credential_process")
        .replace("node /opt/tools/credentials.mjs", `${process.execPath} ${path}`)
      return yield* inHome(use, `${PortalHome.config()}\n${profile}`)
    }).pipe(Effect.scoped)

  it.live(
    "the program prints what the tools take, and keeps it for its next run (P6, P7)",
    () =>
      withTools((home) =>
        Effect.gen(function*() {
          const out = yield* ended(home, words, { args: ["dev"] })
          assert.deepStrictEqual(out, { code: 1, stdout: "", stderr: notLoggedIn })
          yield* home.login
          const first = yield* ended(home, words, { args: ["dev"] })
          assert.deepStrictEqual([first.code, first.stderr], [0, ""])
          const given: Readonly<Record<string, unknown>> = JSON.parse(first.stdout)
          assert.deepStrictEqual(Object.keys(given).sort(), [
            "AccessKeyId",
            "AccountId",
            "Expiration",
            "SecretAccessKey",
            "SessionToken",
            "Version"
          ])
          assert.include(given, { Version: 1, AccountId: PortalHome.role.accountId })
          const second = yield* ended(home, words, { args: ["dev"] })
          // the file has whole seconds
          const whole = (text: string) => text.replace(/\.\d+Z/, "Z").replace(/\.000Z/, "Z")
          assert.strictEqual(whole(second.stdout), whole(first.stdout))
          assert.deepStrictEqual(home.sent(), [getRole])
        })
      ),
    30_000
  )

  it.live(
    "the SDK that CDK uses takes them, by the profile alone (P7)",
    () =>
      withTools((home) =>
        Effect.gen(function*() {
          const s3 = yield* S3.make
          yield* home.login
          const client = new S3Client({ region: "eu-central-1", endpoint: s3.url, forcePathStyle: true })
          yield* PortalHome.inEnvironment(
            { ...home.variables, AWS_PROFILE: "tools" },
            Effect.promise(() => client.send(new ListBucketsCommand()))
          )
          client.destroy()
          assert.deepStrictEqual(s3.seen.map(({ accessKeyId }) => accessKeyId), [keyIn(home)])
        })
      ),
    30_000
  )

  const aws = awsCli()

  it.live.skipIf(isMissing(aws))(`${aws.title} takes them (P7)`, () =>
    withTools((home) =>
      Effect.gen(function*() {
        yield* home.login
        const child = yield* run("aws", {
          args: ["configure", "export-credentials", "--profile", "tools"],
          env: {
            ...home.variables,
            PATH: `${dirname(aws.found?.path ?? "")}${delimiter}${process.env["PATH"]}`
          }
        })
        const { code, stderr, stdout } = yield* child.ended
        assert.strictEqual(code, 0, stderr)
        const given: Readonly<Record<string, unknown>> = JSON.parse(stdout)
        assert.strictEqual(given["AccessKeyId"], keyIn(home))
      })
    ), 60_000)

  const python = botocore()

  it.live.skipIf(isMissing(python))(
    `${python.title} takes them, and shows our sentence (P7)`,
    () =>
      withTools((home) =>
        Effect.gen(function*() {
          const script = "import botocore.session as s\n" +
            "print(s.Session(profile='tools').get_credentials().get_frozen_credentials().access_key)\n"
          const start = Effect.flatMap(
            run(python.found?.path ?? "python3", { args: ["-c", script], env: home.variables }),
            ({ ended }) => ended
          )
          const failed = yield* start
          assert.strictEqual(failed.code, 1)
          assert.include(failed.stderr, notLoggedIn.trim())
          yield* home.login
          const { code, stderr, stdout } = yield* start
          assert.strictEqual(code, 0, stderr)
          assert.strictEqual(stdout.trim(), keyIn(home))
        })
      ),
    60_000
  )
})

/** The access key in the only file of role credentials. */
const keyIn = (home: PortalHome.Home): string => {
  const [text = "", ...others] = Object.values(home.credentials())
  assert.deepStrictEqual(others, [])
  return /"AccessKeyId":\s*"(ASIA\w+)"/.exec(text)?.[1] ?? assert.fail("no access key")
}
