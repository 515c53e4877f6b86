import { assert, it } from "@effect/vitest"
import * as Operation from "@sso-oidc/core/aws/Operation"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as SsoOidcError from "@sso-oidc/core/SsoOidcError"
import * as SsoOidcService from "@sso-oidc/core/SsoOidcService"
import * as Wire from "@sso-oidc/test-kit/wire"
import * as Effect from "effect/Effect"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Schema from "effect/Schema"
import * as Relayed from "../../src/internal/relayed.ts"

it.effect("a page sends a new operation of core's list to the relay too", () =>
  Effect.gen(function*() {
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
    const wire = Wire.responding(() => Wire.json({}))
    const request = HttpClientRequest.post("https://oidc.eu-west-1.amazonaws.com/revoke")
    const relay = "https://relay.example/sso-oidc"
    const page = Relayed.through(wire.client, relay, [...SsoOidc.operations, revoke])
    assert.strictEqual((yield* page.execute(request)).status, 200)
    assert.strictEqual(wire.sent[0]?.url, `${relay}/eu-west-1/revoke`)
    const without = yield* Effect.flip(Relayed.through(wire.client, relay).execute(request))
    assert.include(without.cause, { sent: "no", code: "NOT_RELAYED" })
  }))
