/**
 * Laws that the compiler checks. Each `@ts-expect-error` fails if the line below it compiles.
 */
import type * as ClientError from "@sso-oidc/core/aws/ClientError"
import type * as Operation from "@sso-oidc/core/aws/Operation"
import type * as SsoOidc from "@sso-oidc/core/SsoOidc"
import type * as SsoOidcError from "@sso-oidc/core/SsoOidcError"
import * as CreateTokenWithIAM from "@sso-oidc/iam/CreateTokenWithIAM"
import * as Credentials from "@sso-oidc/iam/Credentials"
import type * as IamError from "@sso-oidc/iam/IamError"
import type * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import { describe, expectTypeOf, it } from "vitest"

declare const oidc: SsoOidc.Service
declare const secret: Redacted.Redacted
declare const sdkProvider: (properties?: Record<string, unknown>) => Promise<{
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
  readonly expiration?: Date
  readonly credentialScope?: string
}>

type Needs<F extends (...args: never) => Effect.Effect<unknown, unknown, unknown>> = Effect.Services<ReturnType<F>>

describe("CreateTokenWithIAM", () => {
  it("needs the client and Credentials (C5, I2)", () => {
    expectTypeOf<Needs<typeof CreateTokenWithIAM.createToken>>().toEqualTypeOf<
      SsoOidc.SsoOidc | Credentials.Credentials
    >()
    expectTypeOf(oidc.execute(CreateTokenWithIAM.operation, request)).toEqualTypeOf<
      Effect.Effect<CreateTokenWithIAM.Response, CreateTokenWithIAM.Error, Credentials.Credentials>
    >()
  })

  it("is the only operation that needs anything (C5, I2)", () => {
    expectTypeOf<Needs<SsoOidc.Service["registerClient"]>>().toEqualTypeOf<never>()
    expectTypeOf<Needs<SsoOidc.Service["startDeviceAuthorization"]>>().toEqualTypeOf<never>()
    expectTypeOf<Needs<SsoOidc.Service["createToken"]>>().toEqualTypeOf<never>()
    type Anonymous = (typeof SsoOidc.operations)[number]
    type Required = Effect.Services<ReturnType<NonNullable<Anonymous["authenticate"]>>>
    expectTypeOf<Required>().toEqualTypeOf<never>()
  })

  it("fails with exactly its exceptions, those of the client, and those of the signature (C3)", () => {
    expectTypeOf<CreateTokenWithIAM.Error>().toEqualTypeOf<
      | SsoOidcError.AccessDeniedException
      | SsoOidcError.AuthorizationPendingException
      | SsoOidcError.ExpiredTokenException
      | SsoOidcError.InternalServerException
      | SsoOidcError.InvalidClientException
      | SsoOidcError.InvalidGrantException
      | SsoOidcError.InvalidRequestException
      | SsoOidcError.InvalidRequestRegionException
      | SsoOidcError.InvalidScopeException
      | SsoOidcError.SlowDownException
      | SsoOidcError.UnauthorizedClientException
      | SsoOidcError.UnsupportedGrantTypeException
      | IamError.ClockSkewed
      | IamError.CredentialsError
      | ClientError.ClientError
    >()
    expectTypeOf<Operation.Operation.Error<typeof CreateTokenWithIAM.operation>>().toEqualTypeOf<
      CreateTokenWithIAM.Error
    >()
  })

  it("takes the members of one grant (C2)", () => {
    const clientId = "arn:aws:sso::111122223333:application/a/b"
    const grants: ReadonlyArray<CreateTokenWithIAM.Request> = [
      request,
      { clientId, grantType: "refresh_token", refreshToken: secret, scope: ["openid"] },
      { clientId, grantType: "authorization_code", code: secret, redirectUri: "https://app.example" },
      {
        clientId,
        grantType: CreateTokenWithIAM.tokenExchangeGrantType,
        subjectToken: secret,
        subjectTokenType: CreateTokenWithIAM.accessTokenType
      }
    ]
    // @ts-expect-error: the grant needs an assertion
    const missing: CreateTokenWithIAM.Request = { clientId, grantType: CreateTokenWithIAM.jwtBearerGrantType }
    const another: CreateTokenWithIAM.Request = {
      clientId,
      grantType: "refresh_token",
      refreshToken: secret,
      // @ts-expect-error: a member of another grant
      assertion: secret
    }
    // @ts-expect-error: a secret is Redacted
    const clear: CreateTokenWithIAM.Request = { clientId, grantType: "refresh_token", refreshToken: "a-token" }
    return [grants, missing, another, clear]
  })

  it("keeps the secrets of its response Redacted (C2, C6)", () => {
    expectTypeOf<CreateTokenWithIAM.Response["accessToken"]>().toEqualTypeOf<Redacted.Redacted>()
    expectTypeOf<CreateTokenWithIAM.AdditionalDetails["identityContext"]>().toEqualTypeOf<
      Redacted.Redacted | undefined
    >()
    expectTypeOf<typeof CreateTokenWithIAM.Response.Type>().toExtend<CreateTokenWithIAM.Response>()
    expectTypeOf<CreateTokenWithIAM.Response>().toExtend<typeof CreateTokenWithIAM.Response.Type>()
  })
})

describe("Credentials", () => {
  it("has layers that need nothing and cannot fail, and takes a provider of the AWS SDK", () => {
    type Plain = Layer.Layer<Credentials.Credentials>
    expectTypeOf(Credentials.layerEnvironment).toEqualTypeOf<Plain>()
    expectTypeOf(Credentials.layerKeys({ accessKeyId: "AKID", secretAccessKey: secret })).toEqualTypeOf<Plain>()
    expectTypeOf(Credentials.layerProvider(sdkProvider)).toEqualTypeOf<Plain>()
  })
})

const request: CreateTokenWithIAM.Request = {
  clientId: "arn:aws:sso::111122223333:application/a/b",
  grantType: CreateTokenWithIAM.jwtBearerGrantType,
  assertion: secret
}
