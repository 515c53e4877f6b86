/**
 * Promises that the compiler keeps. Each `@ts-expect-error` fails the check when the line below it compiles.
 */
import * as CreateToken from "@sso-oidc/core/CreateToken"
import * as RegisterClient from "@sso-oidc/core/RegisterClient"
import type * as StartDeviceAuthorization from "@sso-oidc/core/StartDeviceAuthorization"
import * as FaultyTransport from "@sso-oidc/testing/FaultyTransport"
import { answer, type ExceptionName, refuse } from "@sso-oidc/testing/ScriptedTransport"
import * as Redacted from "effect/Redacted"
import { describe, expectTypeOf, it } from "vitest"

describe("scripted: steps are typed by the operation", () => {
  it("a refusal is one that the operation's model lists", () => {
    refuse(CreateToken.operation, "AuthorizationPendingException")
    // @ts-expect-error -- RegisterClient's model does not list it
    refuse(RegisterClient.operation, "AuthorizationPendingException")
    // @ts-expect-error -- no exception at all
    refuse(CreateToken.operation, "TransportError")
    expectTypeOf<ExceptionName<StartDeviceAuthorization.Exception>>().toEqualTypeOf<
      | "InternalServerException"
      | "InvalidClientException"
      | "InvalidRequestException"
      | "SlowDownException"
      | "UnauthorizedClientException"
    >()
  })

  it("what a signature fails with is no answer of the service", () => {
    expectTypeOf<ExceptionName<{ readonly _tag: "ClockSkewed" } | CreateToken.Exception>>()
      .toEqualTypeOf<CreateToken.Exception["_tag"]>()
    expectTypeOf<ExceptionName<never>>().toEqualTypeOf<never>()
  })

  it("an answer is the operation's own, and its secrets are Redacted", () => {
    answer(CreateToken.operation, { accessToken: Redacted.make("a token"), tokenType: "Bearer" })
    // @ts-expect-error -- a bare string is no secret
    answer(CreateToken.operation, { accessToken: "a token", tokenType: "Bearer" })
    // @ts-expect-error -- tokenType is required
    answer(CreateToken.operation, { accessToken: Redacted.make("a token") })
    // @ts-expect-error -- an answer of another operation
    answer(RegisterClient.operation, { accessToken: Redacted.make("a token"), tokenType: "Bearer" })
  })

  it("an expectation is of the operation's own request", () => {
    const token = { accessToken: Redacted.make("a token"), tokenType: "Bearer" }
    answer(CreateToken.operation, token, { expect: { grantType: "refresh_token", clientId: "id" } })
    answer(CreateToken.operation, token, { expect: (request) => request.clientId === "id" })
    // @ts-expect-error -- no such member
    answer(CreateToken.operation, token, { expect: { clientName: "a tool" } })
    // @ts-expect-error -- no such grant
    answer(CreateToken.operation, token, { expect: { grantType: "password" } })
  })
})

describe("faulty: plans are typed", () => {
  it("a plan names operations of the service, so that a misspelt one is no plan without faults", () => {
    FaultyTransport.perOperation({ CreateToken: [FaultyTransport.refuse] })
    // @ts-expect-error -- no operation
    FaultyTransport.perOperation({ CreateTokn: [FaultyTransport.refuse] })
  })
})
