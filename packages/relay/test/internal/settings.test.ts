import { assert, describe, it } from "@effect/vitest"
import * as Operation from "@sso-oidc/core/aws/Operation"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as SsoOidcError from "@sso-oidc/core/SsoOidcError"
import * as SsoOidcService from "@sso-oidc/core/SsoOidcService"
import { asked, options } from "@sso-oidc/test-kit/relay"
import * as Wire from "@sso-oidc/test-kit/wire"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Handling from "../../src/internal/handling.ts"
import * as Settings from "../../src/internal/settings.ts"

const revoke = Operation.make({
  service: SsoOidcService.service,
  name: "RevokeToken",
  method: "POST",
  path: "/revoke",
  request: Schema.Struct({ token: Schema.String }),
  response: Schema.Struct({}),
  exceptions: [SsoOidcError.InternalServerException],
  resend: () => "anytime"
})

const routesOf = (...operations: ReadonlyArray<Operation.Any>) =>
  Result.getOrThrow(Settings.check(options, [...SsoOidc.operations, ...operations])).routes

describe("the relay's routes", () => {
  it("are one for each region and operation of core's list", () => {
    assert.deepStrictEqual(
      [...Result.getOrThrow(Settings.check(options)).routes.keys()],
      options.regions.flatMap((region) => SsoOidc.operations.map(({ path }) => `/sso-oidc/${region}${path}`))
    )
  })

  it.effect("follow a new operation of that list without a change here", () =>
    Effect.gen(function*() {
      const settings = Result.getOrThrow(Settings.check(options, [...SsoOidc.operations, revoke]))
      const wire = Wire.responding(() => Wire.json({}))
      const relay = Handling.handler(settings, wire.client)
      const body = { token: "t", other: 1 }
      const response = yield* relay(asked({ path: "/eu-west-1/revoke", body }))
      assert.strictEqual(response.status, 200)
      assert.include(wire.sent[0], { method: "POST", url: "https://oidc.eu-west-1.amazonaws.com/revoke" })
      assert.deepStrictEqual(JSON.parse(wire.sent[0]?.body ?? ""), { token: "t" })
      assert.strictEqual((yield* relay(asked({ path: "/eu-west-1/revoke", body: {} }))).status, 400)
    }))

  it.each<[string, Operation.Any]>([
    ["has no body", { ...revoke, method: "GET", hasBody: false }],
    ["has a constant query", { ...revoke, query: { aws_iam: "t" } }],
    [
      "has members outside the body",
      { ...revoke, bindings: Operation.bindings({ token: Operation.header("x-token") }) }
    ]
  ])("leave out an operation that %s, since the relay passes on only bodies", (_, one) => {
    assert.strictEqual(routesOf(revoke).size, routesOf().size + options.regions.length)
    assert.strictEqual(routesOf(one).size, routesOf().size)
  })
})
