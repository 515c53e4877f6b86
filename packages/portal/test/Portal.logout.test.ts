import { assert, describe, it } from "@effect/vitest"
import { PortalLogout } from "@sso-oidc/core/PortalLogout"
import * as CredentialsCache from "@sso-oidc/portal/CredentialsCache"
import * as Portal from "@sso-oidc/portal/Portal"
import * as Wire from "@sso-oidc/test-kit/wire"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Played from "./support/portal.ts"

const accessToken = Redacted.make("the-access-token")

const logoutOver = (wire: Wire.Wire, options?: Portal.LogoutOptions, cache = CredentialsCache.layerMemory) =>
  Layer.build(
    Portal.layerLogout(options).pipe(
      Layer.provide([cache, Layer.succeed(HttpClient.HttpClient, wire.client)])
    )
  ).pipe(Effect.map(Context.get(PortalLogout)))

const { toTheEnd } = Played

describe("a logout at the portal", () => {
  it.effect("sends the token to the region that it was issued in, without a body (P8)", () =>
    Effect.gen(function*() {
      const wire = Wire.responding(() => new Response(null, { status: 200 }))
      const { logout } = yield* logoutOver(wire)
      assert.strictEqual(yield* logout({ accessToken, region: "eu-west-1" }), "accepted")
      assert.strictEqual(yield* logout({ accessToken, region: "cn-north-1" }), "accepted")
      assert.deepStrictEqual(wire.sent.map(({ body, method, url }) => [method, url, body]), [
        ["POST", "https://portal.sso.eu-west-1.amazonaws.com/logout", ""],
        ["POST", "https://portal.sso.cn-north-1.amazonaws.com.cn/logout", ""]
      ])
      assert.strictEqual(wire.sent[0]?.headers["x-amz-sso_bearer_token"], "the-access-token")
      assert.isUndefined(wire.sent[0]?.headers["content-type"])
    }))

  it.effect("that the portal rejects is no error (S20)", () =>
    Effect.gen(function*() {
      for (
        const response of [
          Played.unauthorized,
          () => Played.exception("InvalidRequestException", 400, "no"),
          () => Played.exception("ForbiddenException", 403, "no")
        ]
      ) {
        const { logout } = yield* logoutOver(Wire.responding(response))
        assert.strictEqual(yield* logout({ accessToken, region: "eu-west-1" }), "rejected")
      }
    }))

  it.effect("that got no response of the portal's is an error, after 3 tries within 5 s (S20)", () =>
    Effect.gen(function*() {
      for (
        const [wire, tag] of [
          [Wire.responding(() => Played.tooMany()), "UnexpectedResponse"],
          [Wire.responding(() => new Response("<html>", { status: 503 })), "UnexpectedResponse"],
          [Wire.broken({ sent: "no", code: "ECONNREFUSED", transient: true }), "TransportError"]
        ] as const
      ) {
        const { logout } = yield* logoutOver(wire)
        const error = yield* Effect.flip(toTheEnd(logout({ accessToken, region: "eu-west-1" })))
        assert.strictEqual(error._tag, tag)
        assert.notInclude(error.message, "the-access-token")
        assert.lengthOf(wire.sent, 3)
      }
    }))

  it.effect("for a region that is none sends nothing (S20)", () =>
    Effect.gen(function*() {
      const wire = Wire.responding(() => new Response(null, { status: 200 }))
      const { logout } = yield* logoutOver(wire)
      const error = yield* Effect.flip(logout({ accessToken, region: "eu-west-1.evil.example/" }))
      assert.strictEqual(error._tag, "RequestInvalid")
      assert.lengthOf(wire.sent, 0)
    }))

  it.effect("with an option that cannot be used ends the layer (P8)", () =>
    Effect.gen(function*() {
      const wire = Wire.responding(() => new Response(null, { status: 200 }))
      for (const options of [{ retry: { times: -1 } }, { requestTimeout: 0 }, { maxResponseBytes: 0 }]) {
        const exit = yield* Effect.exit(logoutOver(wire, options))
        assert.isTrue(Exit.isFailure(exit) && Cause.hasDies(exit.cause))
      }
    }))

  it.effect("goes to the custom endpoint, if there is one (P9)", () =>
    Effect.gen(function*() {
      const wire = Wire.responding(() => new Response(null, { status: 200 }))
      const { logout } = yield* logoutOver(wire, { endpoint: "http://127.0.0.1:8484" })
      yield* logout({ accessToken, region: "eu-west-1" })
      assert.strictEqual(wire.sent[0]?.url, "http://127.0.0.1:8484/logout")
    }))

  it.effect("forgets the role credentials of the portal's cache (S20)", () =>
    Effect.gen(function*() {
      const cache = Context.get(yield* Layer.build(CredentialsCache.layerMemory), CredentialsCache.CredentialsCache)
      const { log, portal } = yield* Played.make({ cache })
      const role = { accountId: Played.number(0), roleName: "Admin" }
      yield* portal.credentials(role)
      const { forget } = yield* logoutOver(
        Wire.responding(() => new Response(null, { status: 200 })),
        {},
        Layer.succeed(CredentialsCache.CredentialsCache, cache)
      )
      yield* forget({ key: "corp" })
      assert.strictEqual((yield* portal.credentials(role)).accessKeyId, "ASIA2")
      assert.lengthOf(log.at, 2)
    }))
})
