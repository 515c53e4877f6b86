/**
 * The function for AWS SDKs of a program on Node. It reads the environment of the process, so that each test sets it.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import * as CredentialsCache from "@sso-oidc/portal/CredentialsCache"
import { run } from "@sso-oidc/test-kit/child"
import { bundled } from "@sso-oidc/test-kit/program"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as References from "effect/References"
import { join } from "node:path"
import { inspect } from "node:util"
import * as Node from "sso-oidc/node"
import * as PortalHome from "./support/portalHome.ts"

const dev = { profile: "dev" } as const

const emulator = Layer.provide(EmulatorServer.layer(), Layer.succeed(References.MinimumLogLevel, "Warn"))

const getRole = "GET /federation/credentials"

/** Makes the function, and disposes of it at the end of the test. */
const make = <E = never, E2 = never>(options: Node.PortalOptions<E, E2> = dev) =>
  Effect.acquireRelease(
    Effect.sync(() => Node.credentials(options)),
    (credentials) => Effect.promise(() => credentials.dispose())
  )

const got = (credentials: Node.Credentials, options?: { readonly forceRefresh?: boolean }) =>
  Effect.promise(() => credentials(options))

/** The error that a call rejects with. */
const rejected = (credentials: Node.Credentials, options?: { readonly forceRefresh?: boolean }) =>
  Effect.promise(() => credentials(options).then(() => assert.fail("it gave credentials"), (error: unknown) => error))

const sentenceOf = (error: unknown): string => error instanceof Error ? error.message : assert.fail(inspect(error))

/** Runs a test in a new home, with the variables of that home in this process. */
const inHome = <A, E, R>(
  use: (home: PortalHome.Home) => Effect.Effect<A, E, R>,
  config?: string,
  env?: Readonly<Record<string, string>>
) =>
  Effect.flatMap(
    PortalHome.make(config, env),
    (home) => PortalHome.inEnvironment(home.variables, Effect.scoped(use(home)))
  )
    .pipe(Effect.scoped, Effect.provide(emulator))

describe("Node.credentials", () => {
  it.live("gives what an SDK takes, from one request for all its callers (P6, P7)", () =>
    inHome((home) =>
      Effect.gen(function*() {
        yield* home.login
        const credentials = yield* make()
        const all = yield* Effect.forEach(Array.from({ length: 50 }), () => got(credentials), {
          concurrency: "unbounded"
        })
        const { accessKeyId, accountId, expiration, secretAccessKey, sessionToken, ...others } = yield* got(credentials)
        assert.deepStrictEqual(others, {})
        assert.deepStrictEqual([...new Set(all.map((each) => each.accessKeyId))], [accessKeyId])
        assert.strictEqual(accountId, PortalHome.role.accountId)
        assert.instanceOf(expiration, Date)
        assert.isAbove(expiration.getTime(), Date.now() + 3_000_000)
        assert.lengthOf(secretAccessKey, 40)
        assert.isAbove(sessionToken.length, 100)
        assert.deepStrictEqual(home.sent(), [getRole])
        const next = yield* got(credentials, { forceRefresh: true })
        assert.notStrictEqual(next.accessKeyId, accessKeyId)
        assert.deepStrictEqual(home.sent(), [getRole])
      })
    ))

  it.live("reads nothing before the first call, and goes on after each correction of a person (P7, S2)", () =>
    inHome((home) =>
      Effect.gen(function*() {
        const credentials = yield* make()
        assert.include(yield* rejected(credentials), { _tag: "ProfileNotFound" })
        home.write(".aws/config", PortalHome.config("sso_account_id = 111122223333\n"))
        assert.include(yield* rejected(credentials), { _tag: "RoleUnusable", problem: "config" })
        // another start URL than that of the login, and no role in that account
        const config = PortalHome.config("sso_account_id = 444455556666\nsso_role_name = Admin\n")
        home.write(".aws/config", config.replace("corp.awsapps.com", "crop.awsapps.com"))
        const absent = yield* rejected(credentials)
        assert.include(absent, { _tag: "NotLoggedIn", reason: "absent" })
        assert.match(sentenceOf(absent), /Run: aws sso login --profile dev$/)
        home.write(".aws/config", config)
        assert.include(yield* rejected(credentials), { _tag: "NotLoggedIn", reason: "absent" })
        yield* home.login
        assert.include(yield* rejected(credentials), { _tag: "ForbiddenException" })
        yield* Emulator.Emulator.use(({ accounts }) => accounts.assign("444455556666", "Admin"))
        assert.strictEqual((yield* got(credentials)).accountId, "444455556666")
        home.write(".aws/config", PortalHome.config())
        // settings that work are kept
        assert.strictEqual((yield* got(credentials, { forceRefresh: true })).accountId, "444455556666")
      }), "# nothing yet\n"))

  it.live("keeps settings that work, whatever becomes of the files, until a call fails (P7)", () =>
    inHome((home) =>
      Effect.gen(function*() {
        yield* home.login
        const credentials = yield* make()
        const { accessKeyId } = yield* got(credentials)
        home.write(".aws/config", "[profile dev")
        assert.strictEqual((yield* got(credentials)).accessKeyId, accessKeyId)
        yield* Emulator.Emulator.use(({ accounts }) => accounts.unassign("111122223333", "ReadOnlyAccess"))
        assert.include(
          yield* rejected(credentials, { forceRefresh: true }),
          { _tag: "ForbiddenException" }
        )
        // what is wrong now is what a person has to mend
        assert.include(yield* rejected(credentials), { _tag: "ProfileNotFound" })
        home.write(".aws/config", PortalHome.config())
        assert.strictEqual((yield* got(credentials)).accessKeyId, accessKeyId)
      })
    ))

  it.live("reads the environment of the process at the call, not at the start (P7, S2)", () =>
    inHome((home) =>
      Effect.gen(function*() {
        yield* home.login
        const credentials = yield* make({})
        assert.include(yield* rejected(credentials), { _tag: "ProfileNotFound" })
        process.env["AWS_PROFILE"] = "dev"
        assert.strictEqual((yield* got(credentials)).accountId, PortalHome.role.accountId)
      })
    ))

  it.live("keeps credentials in the files of the AWS CLI if it is told to (P6)", () =>
    inHome((home) =>
      Effect.gen(function*() {
        yield* home.login
        const options = () => ({ ...dev, credentialsCache: CredentialsCache.layerAwsCache() })
        const first = yield* got(yield* make(options()))
        assert.strictEqual((yield* got(yield* make(options()))).accessKeyId, first.accessKeyId)
        assert.deepStrictEqual(home.sent(), [getRole])
        assert.lengthOf(Object.keys(home.credentials()), 1)
      })
    ))

  it.live("rejects after it was disposed of, also the calls in flight, with a sentence (P7)", () =>
    inHome((home) =>
      Effect.gen(function*() {
        yield* home.login
        const [unused, credentials] = [yield* make(), yield* make()]
        yield* Effect.promise(() => unused.dispose())
        assert.match(sentenceOf(yield* rejected(unused)), /have been disposed of.+Node\.credentials\.$/)
        assert.deepStrictEqual(home.sent(), [])
        yield* Emulator.Emulator.use(({ faults }) =>
          faults.arm({ _tag: "Delay", operation: "GetRoleCredentials", duration: Duration.seconds(30) })
        )
        const call = rejected(credentials)
        const running = credentials().then(() => "credentials", sentenceOf)
        while (!home.sent().includes(getRole)) yield* Effect.sleep("2 millis")
        yield* Effect.promise(() => credentials.dispose())
        assert.match(yield* Effect.promise(() => running), /disposed of/)
        assert.match(sentenceOf(yield* call), /disposed of/)
        yield* Effect.promise(() => credentials.dispose())
      })
    ))

  it.live("ends while it is being built too, and a mistake in the program is a RangeError at each call (P7)", () =>
    inHome((home) =>
      Effect.gen(function*() {
        yield* home.login
        const early = yield* make()
        const call = early().then(() => "credentials", sentenceOf)
        yield* Effect.promise(() => early.dispose())
        assert.match(yield* Effect.promise(() => call), /disposed of/)
        const mistaken = yield* make({ ...dev, retry: { times: -1 } })
        for (let call = 0; call < 2; call++) {
          const error = yield* rejected(mistaken)
          assert.instanceOf(error, RangeError)
          assert.include(sentenceOf(error), "Retry: times")
        }
        assert.deepStrictEqual(home.sent(), [])
      })
    ))

  it.live(
    "does not keep a process alive, and leaves its standard output alone (P7)",
    () =>
      inHome((home) =>
        Effect.gen(function*() {
          yield* home.login
          const program = bundled(join(import.meta.dirname, "support/credentialsProgram.ts"))
          const start = (env: Readonly<Record<string, string>> = {}) =>
            Effect.flatMap(
              run(process.execPath, { args: [program], env: { ...home.variables, ...env } }),
              ({ ended }) => ended
            )
          const { code, stderr, stdout } = yield* Effect.timeout(start(), "20 seconds")
          assert.deepStrictEqual([code, stderr], [0, ""])
          assert.match(stdout, /^ASIA\w{16}\n$/)
          // a warning of a session: the token of another start URL
          home.write(".aws/config", PortalHome.config().replace("corp.awsapps.com", "other.awsapps.com"))
          const failed = yield* start()
          assert.deepStrictEqual([failed.code, failed.stdout], [1, ""])
          assert.include(failed.stderr, "The AWS cache store has the token of another start URL")
          assert.include(failed.stderr, "Run: aws sso login --profile dev")
        })
      ),
    30_000
  )
})
