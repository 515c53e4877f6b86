/**
 * The programs that the session is designed for, as their authors write them. What differs is the service, which is the emulator's.
 */
import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3"
import * as NodeRedis from "@effect/platform-node/NodeRedis"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import * as EmulatorTransport from "@sso-oidc/emulator/EmulatorTransport"
import * as AwsSdk from "@sso-oidc/portal/AwsSdk"
import { folder } from "@sso-oidc/test-kit/child"
import * as Redis from "@sso-oidc/test-kit/redis"
import * as Tools from "@sso-oidc/test-kit/tools"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Redacted from "effect/Redacted"
import * as References from "effect/References"
import * as TestClock from "effect/testing/TestClock"
import * as TestConsole from "effect/testing/TestConsole"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as LoginView from "sso-oidc/LoginView"
import * as Node from "sso-oidc/node"
import * as NodeTransport from "sso-oidc/NodeTransport"
import * as Sealer from "sso-oidc/Sealer"
import * as Session from "sso-oidc/Session"
import * as SsoOidc from "sso-oidc/SsoOidc"
import * as TokenStore from "sso-oidc/TokenStore"
import * as PortalHome from "./support/portalHome.ts"
import * as S3 from "./support/s3.ts"

const startUrl = "https://corp.awsapps.com/start"

/** The environment of a user with the profile `dev`, in an SSH session. */
const environment = Effect.gen(function*() {
  const { url } = yield* EmulatorServer.EmulatorServer
  const home = yield* folder
  mkdirSync(join(home, ".aws"))
  writeFileSync(
    join(home, ".aws/config"),
    `[profile dev]\nsso_session = corp\n[sso-session corp]\nsso_start_url = ${startUrl}\nsso_region = eu-west-1\n`
  )
  const variables = { HOME: home, AWS_ENDPOINT_URL_SSO_OIDC: url, SSH_CONNECTION: "10.0.0.1 1 10.0.0.2 22" }
  return ConfigProvider.layer(ConfigProvider.fromEnvRecord(variables))
})

// its log would stand among what the programs print
const approving = Layer.provide(
  EmulatorServer.layer({ autoApprove: 0 }),
  Layer.succeed(References.MinimumLogLevel, "Warn")
)

describe("the programs of a session", () => {
  it.live("a service asks for a token, and says what to run if there is none (S14)", () =>
    Effect.gen(function*() {
      const program = Effect.gen(function*() {
        const session = yield* Session.Session
        const token = yield* session.token({ minLeft: "10 minutes" })
        yield* Console.log(String(token.accessToken))
      }).pipe(
        Effect.catchTag("NotLoggedIn", (error) => Console.log(error.message)),
        Effect.provide(Node.session({ profile: "dev" }))
      )
      yield* Effect.provide(program, yield* environment)
      assert.deepStrictEqual(yield* TestConsole.logLines, [
        "This session is not logged in: no token is stored. Run: aws sso login --profile dev"
      ])
    }).pipe(Effect.provide(approving), Effect.provide(TestConsole.layer), Effect.scoped))

  it.live("a user of an AWS SDK gives it credentials, with or without a runtime of their own (P7)", () =>
    Effect.gen(function*() {
      const [home, s3Server] = [yield* PortalHome.make(), yield* S3.make]
      yield* home.login
      yield* PortalHome.inEnvironment(
        home.variables,
        Effect.gen(function*() {
          const place = { region: "us-east-1", endpoint: s3Server.url, forcePathStyle: true }

          const credentials = Node.credentials({ profile: "dev" })
          const s3 = new S3Client({ ...place, credentials })

          // with a runtime of your own
          const runtime = ManagedRuntime.make(home.at(Node.portal({ profile: "dev" })))
          const other = new S3Client({ ...place, credentials: AwsSdk.credentials(runtime) })

          yield* Effect.acquireRelease(
            Effect.void,
            () => Effect.promise(() => Promise.all([credentials.dispose(), runtime.dispose()]))
          )
          for (const client of [s3, other]) {
            const { Buckets = [] } = yield* Effect.promise(() => client.send(new ListBucketsCommand()))
            assert.deepStrictEqual(Buckets.map(({ Name }) => Name), ["a-bucket"])
            client.destroy()
          }
          assert.lengthOf(s3Server.seen.filter(({ accessKeyId }) => accessKeyId?.startsWith("ASIA")), 2)
        })
      )
    }).pipe(Effect.scoped, Effect.provide(approving)))

  it.live("a command logs its person in, only if it must, and shows how on standard error (S14)", () =>
    Effect.gen(function*() {
      const deploy = Command.make(
        "deploy",
        { profile: Flag.String("profile").pipe(Flag.withDefault("default")) },
        ({ profile }) =>
          Session.Session.use((session) => session.ensure({ onEvent: LoginView.terminal })).pipe(
            Effect.andThen(Console.log("deployed")),
            Effect.provide(Node.session({ profile }))
          )
      )
      const run = Command.runWith(deploy, { version: "1.0.0" })(["--profile", "dev"]).pipe(
        Effect.provide(NodeServices.layer),
        Effect.provide(yield* environment)
      )
      yield* run
      const said = yield* TestConsole.errorLines
      assert.include(String(said[0]), "this is an SSH session")
      yield* run
      assert.deepStrictEqual(yield* TestConsole.logLines, ["deployed", "deployed"])
      // the second run needs no person
      assert.lengthOf(yield* TestConsole.errorLines, said.length)
    }).pipe(Effect.provide(approving), Effect.provide(TestConsole.layer), Effect.scoped))

  it.live.skipIf(Tools.isMissing(Redis.tool))(
    "a serverless function keeps its token in Redis, sealed (S22)",
    () =>
      Effect.gen(function*() {
        const { url: endpoint } = yield* EmulatorServer.EmulatorServer
        const [url, prefix] = [yield* Redis.shared, yield* Redis.prefix]
        const ring: Sealer.Ring = {
          current: "2026",
          keys: { "2026": Redacted.make(crypto.getRandomValues(new Uint8Array(32))) }
        }
        const make = () =>
          ManagedRuntime.make(
            Session.layer({ startUrl, name: "billing" }).pipe(
              Layer.provide(
                SsoOidc.layer({ region: "eu-west-1", endpoint }).pipe(Layer.provide(NodeTransport.layer()))
              ),
              Layer.provide(
                TokenStore.sealed(TokenStore.layerRedis({ prefix })).pipe(Layer.provide(Sealer.layer(ring)))
              ),
              Layer.provide(NodeRedis.layer({ url }))
            )
          )
        const runtime = make()
        const handler = () => runtime.runPromise(Session.Session.use((session) => session.token()))
        const command = make()
        yield* Effect.acquireRelease(Effect.void, () =>
          Effect.promise(() => Promise.all([runtime.dispose(), command.dispose()])))
        const error = yield* Effect.flip(Effect.tryPromise({ try: handler, catch: String }))
        assert.include(error, "Run: aws sso login --sso-session billing")
        // the operator's command has the same layers
        const token = yield* Effect.promise(() =>
          command.runPromise(Session.Session.use((session) => session.login()))
        )
        const given = yield* Effect.promise(handler)
        assert.strictEqual(Redacted.value(given.accessToken), Redacted.value(token.accessToken))
      }).pipe(Effect.provide(approving), Effect.scoped)
  )

  it.effect("a test needs no file and no socket (S23)", () =>
    Effect.gen(function*() {
      const session = yield* Session.Session
      const login = yield* Effect.forkChild(session.ensure())
      yield* TestClock.adjust("10 seconds")
      const token = yield* Fiber.join(login)
      yield* TestClock.adjust("2 hours")
      const next = yield* session.token()
      assert.isAbove(next.expiresAt.epochMilliseconds, 3 * 3_600_000)
      assert.notStrictEqual(Redacted.value(next.accessToken), Redacted.value(token.accessToken))
    }).pipe(Effect.provide(
      Session.layer({ startUrl: "https://emulator.awsapps.com/start", name: "s" }).pipe(
        Layer.provide(SsoOidc.layer({ region: "eu-west-1" })),
        Layer.provideMerge(EmulatorTransport.layer({ autoApprove: 0 })),
        Layer.provideMerge(TokenStore.layerMemory)
      )
    )))
})
