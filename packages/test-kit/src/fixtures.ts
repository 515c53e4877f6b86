/**
 * Requests and responses for tests, with one value for each member of the model.
 */
import * as CreateToken from "@sso-oidc/core/CreateToken"
import type * as RegisterClient from "@sso-oidc/core/RegisterClient"
import type * as SsoOidc from "@sso-oidc/core/SsoOidc"
import type * as StartDeviceAuthorization from "@sso-oidc/core/StartDeviceAuthorization"
import type * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"

/** Secrets with characters that JSON, URLs and base64 encode differently. No two share a piece of eight characters. */
export const secret = {
  clientSecret: "cs/Zq8+vK\"2n\\Wp4=Xr7~Jd%Lm",
  deviceCode: "dc-Hy6_tB9sGf3kNw0Ue5Oi",
  code: "ac+Rj2/mV8 xCl4&bTz7?Qa",
  codeVerifier: "cv.Ks5~pD1-wMn6_yEg3fHu",
  refreshToken: "aor:Bv7/nQ3+zJx9=tLc2Wr",
  accessToken: "aoa:Gm4/kY8+sPd1=hXe6Vb",
  idToken: "eyJhb.Iw5TfA2.oRz8-qNj3_U"
} as const

export type SecretName = keyof typeof secret

export const registerRequest: RegisterClient.Request = {
  clientName: "a-tool",
  clientType: "public",
  scopes: ["sso:account:access", "codewhisperer:completions"],
  redirectUris: ["http://127.0.0.1/oauth/callback"],
  grantTypes: ["authorization_code", "refresh_token"],
  issuerUrl: "https://d-0123456789.awsapps.com/start",
  entitledApplicationArn: "arn:aws:sso::123456789012:application/ssoins-1/apl-2"
}

export const startRequest: StartDeviceAuthorization.Request = {
  clientId: "client-id",
  clientSecret: Redacted.make(secret.clientSecret),
  startUrl: "https://d-0123456789.awsapps.com/start"
}

export const deviceRequest = {
  grantType: CreateToken.deviceCodeGrantType,
  clientId: "client-id",
  clientSecret: Redacted.make(secret.clientSecret),
  deviceCode: Redacted.make(secret.deviceCode),
  scope: ["sso:account:access"]
} as const satisfies CreateToken.Request

export const codeRequest = {
  grantType: "authorization_code",
  clientId: "client-id",
  clientSecret: Redacted.make(secret.clientSecret),
  code: Redacted.make(secret.code),
  redirectUri: "http://127.0.0.1:54321/oauth/callback",
  codeVerifier: Redacted.make(secret.codeVerifier),
  scope: ["sso:account:access"]
} as const satisfies CreateToken.Request

export const refreshRequest = {
  grantType: "refresh_token",
  clientId: "client-id",
  clientSecret: Redacted.make(secret.clientSecret),
  refreshToken: Redacted.make(secret.refreshToken),
  scope: ["sso:account:access"]
} as const satisfies CreateToken.Request

export const registerResponse = {
  authorizationEndpoint: null,
  clientId: "registered-client",
  clientIdIssuedAt: 1767225600,
  clientSecret: secret.clientSecret,
  clientSecretExpiresAt: 1775001600,
  tokenEndpoint: null
}

export const startResponse = {
  deviceCode: secret.deviceCode,
  expiresIn: 600,
  interval: 1,
  userCode: "BRCJ-PDVT",
  verificationUri: "https://d-0123456789.awsapps.com/start/#/device",
  verificationUriComplete: "https://d-0123456789.awsapps.com/start/#/device?user_code=BRCJ-PDVT"
}

/** With the three members that the public model lacks. */
export const tokenResponse = {
  accessToken: secret.accessToken,
  aws_sso_app_session_id: null,
  expiresIn: 3600,
  idToken: secret.idToken,
  issuedTokenType: null,
  originSessionId: null,
  refreshToken: secret.refreshToken,
  tokenType: "Bearer"
}

export type AnyError = RegisterClient.Error | StartDeviceAuthorization.Error | CreateToken.Error

/** One call that core can make. */
export interface Call {
  readonly name: string
  readonly operation: "RegisterClient" | "StartDeviceAuthorization" | "CreateToken"
  readonly path: string
  readonly run: (oidc: SsoOidc.Service) => Effect.Effect<unknown, AnyError>
  /** The secrets that its request holds. */
  readonly asked: ReadonlyArray<SecretName>
  /** A success response, and the members that it must have. */
  readonly response: Readonly<Record<string, unknown>>
  readonly required: ReadonlyArray<string>
  /** An exception that the operation lists. */
  readonly exception: { readonly type: string; readonly error: string; readonly status: number }
}

const token = {
  operation: "CreateToken",
  path: "/token",
  response: tokenResponse,
  required: ["accessToken", "tokenType"],
  exception: { type: "InvalidGrantException", error: "invalid_grant", status: 400 }
} as const

/** Every operation, and every grant of CreateToken. */
export const calls: ReadonlyArray<Call> = [
  {
    name: "RegisterClient",
    operation: "RegisterClient",
    path: "/client/register",
    run: (oidc) => oidc.registerClient(registerRequest),
    asked: [],
    response: registerResponse,
    required: ["clientId", "clientSecret", "clientSecretExpiresAt"],
    exception: { type: "InvalidClientMetadataException", error: "invalid_client_metadata", status: 400 }
  },
  {
    name: "StartDeviceAuthorization",
    operation: "StartDeviceAuthorization",
    path: "/device_authorization",
    run: (oidc) => oidc.startDeviceAuthorization(startRequest),
    asked: ["clientSecret"],
    response: startResponse,
    required: ["deviceCode", "userCode", "verificationUri"],
    exception: { type: "InvalidClientException", error: "invalid_client", status: 401 }
  },
  {
    ...token,
    name: "CreateToken (device code)",
    run: (oidc) => oidc.createToken(deviceRequest),
    asked: ["clientSecret", "deviceCode"]
  },
  {
    ...token,
    name: "CreateToken (authorization code)",
    run: (oidc) => oidc.createToken(codeRequest),
    asked: ["clientSecret", "code", "codeVerifier"]
  },
  {
    ...token,
    name: "CreateToken (refresh token)",
    run: (oidc) => oidc.createToken(refreshRequest),
    asked: ["clientSecret", "refreshToken"]
  }
]
