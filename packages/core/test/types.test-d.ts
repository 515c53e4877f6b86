/**
 * Laws that the compiler checks. Each `@ts-expect-error` fails if the line below it compiles.
 */
import type * as ClientError from "@sso-oidc/core/aws/ClientError"
import type * as Operation from "@sso-oidc/core/aws/Operation"
import * as CreateToken from "@sso-oidc/core/CreateToken"
import type * as RegisterClient from "@sso-oidc/core/RegisterClient"
import type * as Registration from "@sso-oidc/core/Registration"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import type * as SsoOidcError from "@sso-oidc/core/SsoOidcError"
import type * as StartDeviceAuthorization from "@sso-oidc/core/StartDeviceAuthorization"
import * as Token from "@sso-oidc/core/Token"
import type * as Config from "effect/Config"
import type * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import type * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import { describe, expectTypeOf, it } from "vitest"

declare const oidc: SsoOidc.Service
declare const secret: Redacted.Redacted

type Fails<F extends (...args: never) => Effect.Effect<unknown, unknown, unknown>> = Effect.Error<ReturnType<F>>
type Needs<F extends (...args: never) => Effect.Effect<unknown, unknown, unknown>> = Effect.Services<ReturnType<F>>

type ClientTags = "TransportError" | "UnexpectedResponse" | "RequestInvalid"

describe("each operation has exactly its own error type (C3)", () => {
  it("the client's own three errors", () => {
    expectTypeOf<ClientError.ClientError["_tag"]>().toEqualTypeOf<ClientTags>()
  })

  it("RegisterClient", () => {
    expectTypeOf<Fails<SsoOidc.Service["registerClient"]>>().toEqualTypeOf<
      | SsoOidcError.InternalServerException
      | SsoOidcError.InvalidClientMetadataException
      | SsoOidcError.InvalidRedirectUriException
      | SsoOidcError.InvalidRequestException
      | SsoOidcError.InvalidScopeException
      | SsoOidcError.SlowDownException
      | SsoOidcError.UnsupportedGrantTypeException
      | ClientError.ClientError
    >()
    expectTypeOf<Fails<SsoOidc.Service["registerClient"]>["_tag"]>().toEqualTypeOf<
      | "InternalServerException"
      | "InvalidClientMetadataException"
      | "InvalidRedirectUriException"
      | "InvalidRequestException"
      | "InvalidScopeException"
      | "SlowDownException"
      | "UnsupportedGrantTypeException"
      | ClientTags
    >()
  })

  it("StartDeviceAuthorization", () => {
    expectTypeOf<Fails<SsoOidc.Service["startDeviceAuthorization"]>>().toEqualTypeOf<
      | SsoOidcError.InternalServerException
      | SsoOidcError.InvalidClientException
      | SsoOidcError.InvalidRequestException
      | SsoOidcError.SlowDownException
      | SsoOidcError.UnauthorizedClientException
      | ClientError.ClientError
    >()
    expectTypeOf<Fails<SsoOidc.Service["startDeviceAuthorization"]>["_tag"]>().toEqualTypeOf<
      | "InternalServerException"
      | "InvalidClientException"
      | "InvalidRequestException"
      | "SlowDownException"
      | "UnauthorizedClientException"
      | ClientTags
    >()
  })

  it("CreateToken", () => {
    expectTypeOf<Fails<SsoOidc.Service["createToken"]>>().toEqualTypeOf<
      | SsoOidcError.AccessDeniedException
      | SsoOidcError.AuthorizationPendingException
      | SsoOidcError.ExpiredTokenException
      | SsoOidcError.InternalServerException
      | SsoOidcError.InvalidClientException
      | SsoOidcError.InvalidGrantException
      | SsoOidcError.InvalidRequestException
      | SsoOidcError.InvalidScopeException
      | SsoOidcError.SlowDownException
      | SsoOidcError.UnauthorizedClientException
      | SsoOidcError.UnsupportedGrantTypeException
      | ClientError.ClientError
    >()
    expectTypeOf<Fails<SsoOidc.Service["createToken"]>["_tag"]>().toEqualTypeOf<
      | "AccessDeniedException"
      | "AuthorizationPendingException"
      | "ExpiredTokenException"
      | "InternalServerException"
      | "InvalidClientException"
      | "InvalidGrantException"
      | "InvalidRequestException"
      | "InvalidScopeException"
      | "SlowDownException"
      | "UnauthorizedClientException"
      | "UnsupportedGrantTypeException"
      | ClientTags
    >()
  })

  it("execute fails with the errors of the named method", () => {
    expectTypeOf(oidc.execute(CreateToken.operation, deviceGrant)).toEqualTypeOf(oidc.createToken(deviceGrant))
    expectTypeOf<Operation.Operation.Error<typeof CreateToken.operation>>().toEqualTypeOf<CreateToken.Error>()
    expectTypeOf<Operation.Operation.Error<typeof RegisterClient.operation>>().toEqualTypeOf<RegisterClient.Error>()
    expectTypeOf<Operation.Operation.Error<typeof StartDeviceAuthorization.operation>>().toEqualTypeOf<
      StartDeviceAuthorization.Error
    >()
  })

  it("no exception is assignable to another, nor to the client's own errors", () => {
    expectTypeOf<SsoOidcError.InvalidGrantException>().not.toExtend<SsoOidcError.InvalidClientException>()
    expectTypeOf<SsoOidcError.InvalidGrantException>().not.toExtend<ClientError.ClientError>()
  })

  it("only the exceptions with a reason, an endpoint or a region in the model have that member", () => {
    expectTypeOf<SsoOidcError.AccessDeniedException>().toHaveProperty("reason")
    expectTypeOf<SsoOidcError.InvalidRequestException>().toHaveProperty("reason")
    expectTypeOf<SsoOidcError.InvalidRequestRegionException>().toHaveProperty("endpoint")
    expectTypeOf<SsoOidcError.InvalidRequestRegionException>().toHaveProperty("region")
    expectTypeOf<SsoOidcError.InvalidGrantException>().not.toHaveProperty("reason")
    expectTypeOf<SsoOidcError.InvalidRequestException>().not.toHaveProperty("region")
  })

  it("sent has one of three values", () => {
    expectTypeOf<ClientError.TransportError["sent"]>().toEqualTypeOf<"no" | "maybe" | "answered">()
  })

  it("a bad region or endpoint is in the layer's error channel, and the transport in its requirements", () => {
    expectTypeOf(SsoOidc.layer({ region: "eu-west-1" })).toEqualTypeOf<
      Layer.Layer<SsoOidc.SsoOidc, ClientError.EndpointError, HttpClient.HttpClient>
    >()
    expectTypeOf<Layer.Error<ReturnType<typeof SsoOidc.layerConfig>>>().toEqualTypeOf<
      ClientError.EndpointError | Config.ConfigError
    >()
  })
})

describe("the operations have no requirements, and need no AWS credentials (C5)", () => {
  it("R is never", () => {
    expectTypeOf<Needs<SsoOidc.Service["registerClient"]>>().toEqualTypeOf<never>()
    expectTypeOf<Needs<SsoOidc.Service["startDeviceAuthorization"]>>().toEqualTypeOf<never>()
    expectTypeOf<Needs<SsoOidc.Service["createToken"]>>().toEqualTypeOf<never>()
  })

  it("execute has only the requirements of the operation", () => {
    interface Credentials extends Context.Service<Credentials, string> {}
    type Signed = Operation.Operation<RegisterClient.Request, RegisterClient.Response, never, Credentials>
    const run = (signed: Signed) => oidc.execute(signed, { clientName: "n", clientType: "public" })
    expectTypeOf<Needs<typeof run>>().toEqualTypeOf<Credentials>()
    expectTypeOf<Fails<typeof run>>().toEqualTypeOf<ClientError.ClientError>()
  })
})

const client = { clientId: "c", clientSecret: secret }
const deviceGrant = {
  ...client,
  grantType: "urn:ietf:params:oauth:grant-type:device_code",
  deviceCode: secret
} as const satisfies CreateToken.Request

describe("a grant without a required member does not compile (C2)", () => {
  it("complete grants compile", () => {
    oidc.createToken(deviceGrant)
    oidc.createToken({ ...client, grantType: "authorization_code", code: secret, redirectUri: "http://127.0.0.1/" })
    oidc.createToken({
      ...client,
      grantType: "authorization_code",
      code: secret,
      redirectUri: "http://127.0.0.1/",
      codeVerifier: secret,
      scope: ["a"]
    })
    oidc.createToken({ ...client, grantType: "refresh_token", refreshToken: secret })
  })

  it("the device grant needs deviceCode", () => {
    // @ts-expect-error -- no deviceCode
    oidc.createToken({ ...client, grantType: "urn:ietf:params:oauth:grant-type:device_code" })
    // @ts-expect-error -- a member of another grant is no substitute
    oidc.createToken({ ...client, grantType: CreateToken.deviceCodeGrantType, refreshToken: secret })
    // @ts-expect-error -- undefined is not a device code
    oidc.createToken({ ...client, grantType: CreateToken.deviceCodeGrantType, deviceCode: undefined })
  })

  it("the code grant needs code and redirectUri", () => {
    // @ts-expect-error -- no redirectUri
    oidc.createToken({ ...client, grantType: "authorization_code", code: secret })
    // @ts-expect-error -- no code
    oidc.createToken({ ...client, grantType: "authorization_code", redirectUri: "http://127.0.0.1/" })
  })

  it("the refresh grant needs refreshToken", () => {
    // @ts-expect-error -- no refreshToken
    oidc.createToken({ ...client, grantType: "refresh_token" })
  })

  it("a grant needs one of the three types, and the client", () => {
    // @ts-expect-error -- the model's example, with a hyphen, is not a grant type
    oidc.createToken({ ...client, grantType: "urn:ietf:params:oauth:grant-type:device-code", deviceCode: secret })
    // @ts-expect-error -- no grantType
    oidc.createToken({ ...client, deviceCode: secret })
    // @ts-expect-error -- no clientSecret
    oidc.createToken({ clientId: "c", grantType: "refresh_token", refreshToken: secret })
    // @ts-expect-error -- no clientId
    oidc.createToken({ clientSecret: secret, grantType: "refresh_token", refreshToken: secret })
  })
})

describe("a plain string is not a secret (C2)", () => {
  it("in a request", () => {
    // @ts-expect-error -- clientSecret
    oidc.startDeviceAuthorization({ clientId: "c", clientSecret: "s", startUrl: "https://x.example" })
    // @ts-expect-error -- clientSecret
    oidc.createToken({ ...deviceGrant, clientSecret: "s" })
    // @ts-expect-error -- deviceCode
    oidc.createToken({ ...deviceGrant, deviceCode: "s" })
    // @ts-expect-error -- refreshToken
    oidc.createToken({ ...client, grantType: "refresh_token", refreshToken: "s" })
    // @ts-expect-error -- code
    oidc.createToken({ ...client, grantType: "authorization_code", code: "s", redirectUri: "http://127.0.0.1/" })
    const grant = {
      ...client,
      grantType: "authorization_code",
      code: secret,
      redirectUri: "http://127.0.0.1/"
    } as const
    // @ts-expect-error -- codeVerifier
    oidc.createToken({ ...grant, codeVerifier: "s" })
  })

  it("in a response", () => {
    expectTypeOf<RegisterClient.Response["clientSecret"]>().toEqualTypeOf<Redacted.Redacted>()
    expectTypeOf<StartDeviceAuthorization.Response["deviceCode"]>().toEqualTypeOf<Redacted.Redacted>()
    expectTypeOf<CreateToken.Response["accessToken"]>().toEqualTypeOf<Redacted.Redacted>()
    expectTypeOf<NonNullable<CreateToken.Response["refreshToken"]>>().toEqualTypeOf<Redacted.Redacted>()
    expectTypeOf<NonNullable<CreateToken.Response["idToken"]>>().toEqualTypeOf<Redacted.Redacted>()
    expectTypeOf<ClientError.UnexpectedResponse["body"]>().toEqualTypeOf<Redacted.Redacted>()
  })
})

describe("members have their names on the wire (C1)", () => {
  it("of requests", () => {
    expectTypeOf<keyof RegisterClient.Request>().toEqualTypeOf<
      "clientName" | "clientType" | "scopes" | "redirectUris" | "grantTypes" | "issuerUrl" | "entitledApplicationArn"
    >()
    expectTypeOf<keyof StartDeviceAuthorization.Request>().toEqualTypeOf<"clientId" | "clientSecret" | "startUrl">()
    type Members<T> = T extends unknown ? keyof T : never
    expectTypeOf<Members<CreateToken.Request>>().toEqualTypeOf<
      | "clientId"
      | "clientSecret"
      | "grantType"
      | "deviceCode"
      | "code"
      | "refreshToken"
      | "scope"
      | "redirectUri"
      | "codeVerifier"
    >()
  })

  it("of responses", () => {
    expectTypeOf<keyof RegisterClient.Response>().toEqualTypeOf<
      | "clientId"
      | "clientSecret"
      | "clientIdIssuedAt"
      | "clientSecretExpiresAt"
      | "authorizationEndpoint"
      | "tokenEndpoint"
    >()
    expectTypeOf<keyof StartDeviceAuthorization.Response>().toEqualTypeOf<
      "deviceCode" | "userCode" | "verificationUri" | "verificationUriComplete" | "expiresIn" | "interval"
    >()
    expectTypeOf<keyof CreateToken.Response>().toEqualTypeOf<
      "accessToken" | "tokenType" | "expiresIn" | "refreshToken" | "idToken"
    >()
  })

  it("an absent member of a response is never undefined, and that of a request may be", () => {
    expectTypeOf<StartDeviceAuthorization.Response>().toExtend<{ readonly interval?: number }>()
    expectTypeOf<CreateToken.Response>().toExtend<{ readonly refreshToken?: Redacted.Redacted }>()
    oidc.registerClient({ clientName: "n", clientType: "public", scopes: undefined })
  })
})

describe("stored texts", () => {
  it("the encodings of a registration and of a token are secrets by type (C6)", () => {
    expectTypeOf<typeof Registration.Registration.Encoded>().toEqualTypeOf<Redacted.Redacted<string>>()
    expectTypeOf<typeof Token.Token.Encoded>().toEqualTypeOf<Redacted.Redacted<string>>()
    expectTypeOf<typeof Token.Token.Type>().toEqualTypeOf<Token.Token>()
    // @ts-expect-error a plain string is not a secret
    Token.decode("{}")
  })

  it("a secret of a token is a Redacted, and may be absent but never undefined (C2)", () => {
    expectTypeOf<Token.Token["accessToken"]>().toEqualTypeOf<Redacted.Redacted<string>>()
    expectTypeOf<Token.Token>().toExtend<{ readonly refreshToken?: Redacted.Redacted }>()
    expectTypeOf<Token.Refreshable["refreshToken"]>().toEqualTypeOf<Redacted.Redacted<string>>()
    expectTypeOf<Token.Token["registration"]>().toEqualTypeOf<Registration.Registration>()
  })
})
