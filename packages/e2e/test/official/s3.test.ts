/**
 * A client of the AWS SDK for JavaScript that takes our credentials. Its requests end at loopback.
 */
import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3"
import { assert, describe, it } from "@effect/vitest"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import * as AwsSdk from "@sso-oidc/portal/AwsSdk"
import * as Portal from "@sso-oidc/portal/Portal"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Redacted from "effect/Redacted"
import * as References from "effect/References"
import * as Node from "sso-oidc/node"
import * as PortalHome from "../support/portalHome.ts"
import * as S3 from "../support/s3.ts"

const emulator = (roleSessionDuration: Duration.Input = "1 hour") =>
  Layer.provide(EmulatorServer.layer({ roleSessionDuration }), Layer.succeed(References.MinimumLogLevel, "Warn"))

const list = (client: S3Client) => Effect.promise(() => client.send(new ListBucketsCommand()))

/** A client over S3 in play, and how often it asked for credentials. */
const clientOf = Effect.fnUntraced(function*(endpoint: string, credentials: AwsSdk.Provider) {
  let calls = 0
  const client = yield* Effect.acquireRelease(
    Effect.sync(() =>
      new S3Client({
        region: "eu-central-1",
        endpoint,
        forcePathStyle: true,
        credentials: (options?: AwsSdk.ProviderOptions) => {
          calls++
          return credentials(options)
        }
      })
    ),
    (client) => Effect.sync(() => client.destroy())
  )
  return { client, calls: () => calls }
})

/** A runtime that has the portal of the profile `dev`. */
const runtimeOf = (home: PortalHome.Home) =>
  Effect.acquireRelease(
    Effect.sync(() => ManagedRuntime.make(home.at(Node.portal({ profile: "dev" })))),
    (runtime) => runtime.disposeEffect
  )

describe("an S3Client of the AWS SDK", () => {
  it.live("signs with the access key and sends the session token that the portal gave, asked once (P7)", () =>
    Effect.gen(function*() {
      const [home, s3] = [yield* PortalHome.make(), yield* S3.make]
      yield* home.login
      const runtime = yield* runtimeOf(home)
      const { calls, client } = yield* clientOf(s3.url, AwsSdk.credentials(runtime))
      const { Buckets = [] } = yield* list(client)
      assert.deepStrictEqual(Buckets.map(({ Name }) => Name), ["a-bucket"])
      yield* list(client)
      const kept = yield* Effect.promise(() => runtime.runPromise(Portal.Portal.use((portal) => portal.credentials())))
      const of = { accessKeyId: kept.accessKeyId, region: "eu-central-1", token: Redacted.value(kept.sessionToken) }
      assert.deepStrictEqual(s3.seen, [of, of])
      assert.strictEqual(calls(), 1)
      assert.deepStrictEqual(home.sent(), ["GET /federation/credentials"])
    }).pipe(Effect.scoped, Effect.provide(emulator())))

  it.live("asks again with less than 5 minutes left, and gets the kept credentials while they are fresh (P6, P7)", () =>
    Effect.gen(function*() {
      const [home, s3] = [yield* PortalHome.make(), yield* S3.make]
      yield* home.login
      const { calls, client } = yield* clientOf(s3.url, AwsSdk.credentials(yield* runtimeOf(home)))
      yield* list(client)
      const before = calls()
      yield* list(client)
      // it may ask more than once for one request
      assert.isAbove(calls(), before)
      const [first, second] = s3.seen
      assert.strictEqual(first?.accessKeyId, second?.accessKeyId)
      assert.deepStrictEqual(home.sent(), ["GET /federation/credentials"])
    }).pipe(Effect.scoped, Effect.provide(emulator("4 minutes"))))

  it.live("gets new credentials before the old ones end (P6, P7)", () =>
    Effect.gen(function*() {
      const [home, s3] = [yield* PortalHome.make(), yield* S3.make]
      yield* home.login
      const { client } = yield* clientOf(s3.url, AwsSdk.credentials(yield* runtimeOf(home)))
      yield* list(client)
      yield* Effect.sleep("1100 millis")
      yield* list(client)
      const [first, second] = s3.seen
      assert.notStrictEqual(first?.accessKeyId, second?.accessKeyId)
      assert.deepStrictEqual(home.sent(), ["GET /federation/credentials", "GET /federation/credentials"])
    }).pipe(Effect.scoped, Effect.provide(emulator("2 seconds"))))

  it.live("50 clients at once cause one request for credentials (P6, P7)", () =>
    Effect.gen(function*() {
      const [home, s3] = [yield* PortalHome.make(), yield* S3.make]
      yield* home.login
      const credentials = AwsSdk.credentials(yield* runtimeOf(home))
      const clients = yield* Effect.forEach(Array.from({ length: 50 }), () => clientOf(s3.url, credentials))
      yield* Effect.forEach(clients, ({ client }) => list(client), { concurrency: "unbounded" })
      assert.strictEqual(s3.seen.length, 50)
      assert.strictEqual(new Set(s3.seen.map(({ accessKeyId }) => accessKeyId)).size, 1)
      assert.deepStrictEqual(home.sent(), ["GET /federation/credentials"])
    }).pipe(Effect.scoped, Effect.provide(emulator())))

  it.live("fails with our sentence, sends nothing, and goes on after a login (P7)", () =>
    Effect.gen(function*() {
      const [home, s3] = [yield* PortalHome.make(), yield* S3.make]
      const { client } = yield* clientOf(s3.url, AwsSdk.credentials(yield* runtimeOf(home)))
      const error = yield* Effect.promise(() =>
        client.send(new ListBucketsCommand()).then(() => assert.fail("it listed"), (error: unknown) => error)
      )
      assert.include(error, { _tag: "NotLoggedIn" })
      assert.strictEqual(
        error instanceof Error ? error.message : "",
        "This session is not logged in: no token is stored. Run: aws sso login --profile dev"
      )
      assert.deepStrictEqual([s3.seen, home.sent()], [[], []])
      yield* home.login
      yield* list(client)
      assert.strictEqual(s3.seen.length, 1)
    }).pipe(Effect.scoped, Effect.provide(emulator())))
})
