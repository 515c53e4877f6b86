/**
 * The parts of `NodeSession.layer`, for a program that combines them with other clients of the same session.
 */
import { assert, describe, it } from "@effect/vitest"
import * as CachedToken from "@sso-oidc/session/CachedToken"
import * as NodeSession from "@sso-oidc/session/node/NodeSession"
import * as Session from "@sso-oidc/session/Session"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Path from "effect/Path"
import * as Redacted from "effect/Redacted"
import { createHash } from "node:crypto"
import { corp, inHome, write } from "../support/home.ts"
import * as OidcServer from "../support/oidcServer.ts"
import * as Portal from "../support/portal.ts"
import * as Service from "../support/service.ts"
import { plain } from "../support/sessions.ts"

const dev = { profile: "dev" } as const

const file = `.aws/sso/cache/${createHash("sha1").update("corp").digest("hex")}.json`

/** Stores an expired token, as the AWS CLI does. */
const put = Effect.gen(function*() {
  const token = yield* Service.stored("-1 second")
  write(yield* Config.String("HOME"), { [file]: Redacted.value(CachedToken.encode(token)) })
})

describe("NodeSession.settings", () => {
  it.live("reads the files at each run, and keeps nothing (S2)", () =>
    Effect.gen(function*() {
      const settings = NodeSession.settings(dev)
      assert.include(yield* settings, { key: "corp", region: "eu-west-1", profile: "dev" })
      write(yield* Config.String("HOME"), { ".aws/config": corp.replace("eu-west-1", "us-east-1") })
      assert.include(yield* settings, { region: "us-east-1" })
      write(yield* Config.String("HOME"), { ".aws/config": "" })
      assert.strictEqual((yield* Effect.flip(settings))._tag, "ProfileNotFound")
    }).pipe(inHome({ ".aws/config": corp })))

  it.live("takes settings by hand, with the endpoints of the environment (S2)", () =>
    Effect.gen(function*() {
      const settings = yield* NodeSession.settings({ startUrl: Service.startUrl, region: "eu-west-1" })
      assert.include(settings, {
        key: Service.startUrl,
        portalEndpoint: "https://portal.example",
        portalEndpointSource: "AWS_ENDPOINT_URL_SSO"
      })
    }).pipe(inHome({}, { AWS_ENDPOINT_URL_SSO: "https://portal.example" })))
})

describe("NodeSession.layerSettings", () => {
  it.live("is a session over any transport, which tells the portal of its logout if there is one (S11, S20)", () =>
    Effect.gen(function*() {
      const server = yield* OidcServer.make()
      const portal = Portal.make()
      yield* put
      let requests = 0
      const settings = yield* NodeSession.settings(dev)
      // the program counts what its transport sends
      const counted = Layer.effect(
        HttpClient.HttpClient,
        Effect.map(HttpClient.HttpClient, HttpClient.tapRequest(() => Effect.sync(() => void requests++)))
      ).pipe(Layer.provide(NodeSession.transport(settings)))
      const layer = NodeSession.layerSettings({ ...settings, endpoint: server.url }).pipe(Layer.provide(counted))
      const report = yield* Session.Session.use((session) =>
        Effect.gen(function*() {
          assert.strictEqual(plain(yield* session.token()), "access-1")
          return yield* session.logout()
        })
      ).pipe(Effect.provide(layer), portal.provide)
      assert.deepStrictEqual(report, { removed: 1, untold: [], left: [] })
      assert.deepStrictEqual(portal.told, ["access-1 eu-west-1"])
      assert.deepStrictEqual(portal.forgotten, [{ key: "corp" }])
      assert.deepStrictEqual([requests, server.bodies.length], [1, 1])
      // without it, the report says that the service was not told
      yield* put
      const alone = yield* Session.Session.use((session) => session.logout()).pipe(Effect.provide(layer))
      assert.strictEqual(alone.untold.length, 1)
    }).pipe(Effect.scoped, inHome({ ".aws/config": corp })))
})

describe("NodeSession.layerFiles", () => {
  it.live("gives the files and the paths of this machine", () =>
    Effect.gen(function*() {
      const [files, paths] = [yield* FileSystem.FileSystem, yield* Path.Path]
      assert.isTrue(yield* files.exists(paths.join(import.meta.dirname, "NodeSession.parts.test.ts")))
    }).pipe(Effect.provide(NodeSession.layerFiles)))
})
