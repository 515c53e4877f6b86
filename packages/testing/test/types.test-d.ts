/**
 * What the compiler checks. If the line below a `@ts-expect-error` compiles, the check fails.
 */
import * as CreateToken from "@sso-oidc/core/CreateToken"
import * as RegisterClient from "@sso-oidc/core/RegisterClient"
import type * as SsoOidc from "@sso-oidc/core/SsoOidc"
import type * as StartDeviceAuthorization from "@sso-oidc/core/StartDeviceAuthorization"
import * as FaultyTransport from "@sso-oidc/testing/FaultyTransport"
import { exception, type ExceptionName, success } from "@sso-oidc/testing/ScriptedTransport"
import * as Redacted from "effect/Redacted"
import { describe, expectTypeOf, it } from "vitest"

describe("ScriptedTransport: steps have the operation's types", () => {
  it("takes only an exception that the operation's model lists", () => {
    exception(CreateToken.operation, "AuthorizationPendingException")
    // @ts-expect-error -- RegisterClient's model does not list it
    exception(RegisterClient.operation, "AuthorizationPendingException")
    // @ts-expect-error -- no exception at all
    exception(CreateToken.operation, "TransportError")
    expectTypeOf<ExceptionName<StartDeviceAuthorization.Exception>>().toEqualTypeOf<
      | "InternalServerException"
      | "InvalidClientException"
      | "InvalidRequestException"
      | "SlowDownException"
      | "UnauthorizedClientException"
    >()
  })

  it("takes no exception for what only a signature can fail with", () => {
    expectTypeOf<ExceptionName<{ readonly _tag: "ClockSkewed" } | CreateToken.Exception>>()
      .toEqualTypeOf<CreateToken.Exception["_tag"]>()
    expectTypeOf<ExceptionName<never>>().toEqualTypeOf<never>()
  })

  it("takes only the operation's own response, with Redacted secrets", () => {
    success(CreateToken.operation, { accessToken: Redacted.make("a token"), tokenType: "Bearer" })
    // @ts-expect-error -- a bare string is not a secret
    success(CreateToken.operation, { accessToken: "a token", tokenType: "Bearer" })
    // @ts-expect-error -- tokenType is required
    success(CreateToken.operation, { accessToken: Redacted.make("a token") })
    // @ts-expect-error -- a response of another operation
    success(RegisterClient.operation, { accessToken: Redacted.make("a token"), tokenType: "Bearer" })
  })

  it("takes only an expectation about the operation's own request", () => {
    const token = { accessToken: Redacted.make("a token"), tokenType: "Bearer" }
    success(CreateToken.operation, token, { expect: { grantType: "refresh_token", clientId: "id" } })
    success(CreateToken.operation, token, { expect: (request) => request.clientId === "id" })
    // @ts-expect-error -- no such member
    success(CreateToken.operation, token, { expect: { clientName: "a tool" } })
    // @ts-expect-error -- no such grant type
    success(CreateToken.operation, token, { expect: { grantType: "password" } })
  })
})

describe("FaultyTransport: plans have the operations' types", () => {
  it("names operations of the service, so a misspelt name is refused", () => {
    FaultyTransport.perOperation({ CreateToken: [FaultyTransport.connectionRefused] })
    // @ts-expect-error -- no operation
    FaultyTransport.perOperation({ CreateTokn: [FaultyTransport.connectionRefused] })
    FaultyTransport.perOperation<SsoOidc.OperationName | "CreateTokenWithIAM">({
      CreateTokenWithIAM: [FaultyTransport.connectionRefused]
    })
    // @ts-expect-error -- a further operation has to be named
    FaultyTransport.perOperation({ CreateTokenWithIAM: [FaultyTransport.connectionRefused] })
  })
})
