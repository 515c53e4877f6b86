/**
 * The three operations for both clients: plain requests in the official client's form and in ours, and generators for requests
 * and responses.
 */
import {
  CreateTokenCommand,
  RegisterClientCommand,
  type SSOOIDCClient,
  StartDeviceAuthorizationCommand
} from "@aws-sdk/client-sso-oidc"
import type * as Operation from "@sso-oidc/core/aws/Operation"
import * as CreateToken from "@sso-oidc/core/CreateToken"
import * as RegisterClient from "@sso-oidc/core/RegisterClient"
import type * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as StartDeviceAuthorization from "@sso-oidc/core/StartDeviceAuthorization"
import * as Arbitrary from "effect/Arbitrary"
import type * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

// -----------------------------------------------------------------------------
// generators
// -----------------------------------------------------------------------------

/** One of these values. */
export const oneOf = <A>(values: ReadonlyArray<A>): Arbitrary.Arbitrary<A> =>
  Arbitrary.filterMap(
    Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: values.length - 1 }))),
    (at) => at in values ? Result.succeed(values[at] as A) : Result.failVoid
  )

// -----------------------------------------------------------------------------
// requests
// -----------------------------------------------------------------------------

/** Texts that JSON, URLs and headers treat differently from plain texts. */
export const odd = [
  "",
  "sso:account:access",
  "Zoë \u00e9\u0301 日本語 \u{1f511}",
  "\u202ertl\u2028\u2029\ufeff",
  "quote\" back\\slash /slash <b>&amp;</b>",
  "line\nreturn\rtab\tnull\u0000bell\u0007",
  "lone \ud800 surrogate",
  "__proto__",
  "null",
  "0",
  "{\"a\":1}",
  "%2F+%20?a=b&c#d"
] as const

const Text = Schema.Union([Schema.String, Schema.Literals(odd)])

/** Secrets are opaque and may be long: a client secret of the service is a JWT of about 1.8 kB. */
const Secret = Schema.Union([
  Schema.NonEmptyString,
  Schema.Literals(["s", "eyJ.\"\\/+=~ ü\u{1f511}", "0123456789abcdef".repeat(128), "é".repeat(20_000)])
])

const Texts = Schema.mutable(Schema.Array(Text))

const PlainRegister = Schema.Struct({
  clientName: Text,
  clientType: Text,
  scopes: Schema.optionalKey(Texts),
  redirectUris: Schema.optionalKey(Texts),
  grantTypes: Schema.optionalKey(Texts),
  issuerUrl: Schema.optionalKey(Text),
  entitledApplicationArn: Schema.optionalKey(Text)
})

const PlainStart = Schema.Struct({ clientId: Text, clientSecret: Secret, startUrl: Text })

const client = { clientId: Text, clientSecret: Secret, scope: Schema.optionalKey(Texts) }

const PlainDevice = Schema.Struct({
  ...client,
  grantType: Schema.Literal(CreateToken.deviceCodeGrantType),
  deviceCode: Secret
})

const PlainCode = Schema.Struct({
  ...client,
  grantType: Schema.Literal("authorization_code"),
  code: Secret,
  redirectUri: Text,
  codeVerifier: Schema.optionalKey(Secret)
})

const PlainRefresh = Schema.Struct({ ...client, grantType: Schema.Literal("refresh_token"), refreshToken: Secret })

/** One request, in the form of each client. */
export interface Request {
  readonly plain: Readonly<Record<string, unknown>>
  readonly ours: (oidc: SsoOidc.Service) => Effect.Effect<object, OurError>
  readonly official: (client: SSOOIDCClient) => Promise<object>
}

export type OurError = RegisterClient.Error | StartDeviceAuthorization.Error | CreateToken.Error

export const register = (plain: typeof PlainRegister.Type): Request => ({
  plain,
  ours: (oidc) => oidc.registerClient(plain),
  official: (client) => client.send(new RegisterClientCommand(plain))
})

export const start = (plain: typeof PlainStart.Type): Request => ({
  plain,
  ours: (oidc) => oidc.startDeviceAuthorization({ ...plain, clientSecret: Redacted.make(plain.clientSecret) }),
  official: (client) => client.send(new StartDeviceAuthorizationCommand(plain))
})

export const device = (plain: typeof PlainDevice.Type): Request => ({
  plain,
  ours: (oidc) =>
    oidc.createToken({
      ...plain,
      clientSecret: Redacted.make(plain.clientSecret),
      deviceCode: Redacted.make(plain.deviceCode)
    }),
  official: (client) => client.send(new CreateTokenCommand(plain))
})

export const code = ({ codeVerifier, ...plain }: typeof PlainCode.Type): Request => ({
  plain: codeVerifier === undefined ? plain : { ...plain, codeVerifier },
  ours: (oidc) =>
    oidc.createToken({
      ...plain,
      clientSecret: Redacted.make(plain.clientSecret),
      code: Redacted.make(plain.code),
      ...(codeVerifier === undefined ? {} : { codeVerifier: Redacted.make(codeVerifier) })
    }),
  official: (client) => client.send(new CreateTokenCommand({ ...plain, codeVerifier }))
})

export const refresh = (plain: typeof PlainRefresh.Type): Request => ({
  plain,
  ours: (oidc) =>
    oidc.createToken({
      ...plain,
      clientSecret: Redacted.make(plain.clientSecret),
      refreshToken: Redacted.make(plain.refreshToken)
    }),
  official: (client) => client.send(new CreateTokenCommand(plain))
})

/** Each kind of request, with its path and its generator. */
export const requests: ReadonlyArray<{
  readonly name: string
  readonly path: string
  readonly arbitrary: Arbitrary.Arbitrary<Request>
}> = [
  {
    name: "RegisterClient",
    path: "/client/register",
    arbitrary: Arbitrary.map(Arbitrary.schema(PlainRegister), register)
  },
  {
    name: "StartDeviceAuthorization",
    path: "/device_authorization",
    arbitrary: Arbitrary.map(Arbitrary.schema(PlainStart), start)
  },
  {
    name: "CreateToken (device code)",
    path: "/token",
    arbitrary: Arbitrary.map(Arbitrary.schema(PlainDevice), device)
  },
  {
    name: "CreateToken (authorization code)",
    path: "/token",
    arbitrary: Arbitrary.map(Arbitrary.schema(PlainCode), code)
  },
  {
    name: "CreateToken (refresh token)",
    path: "/token",
    arbitrary: Arbitrary.map(Arbitrary.schema(PlainRefresh), refresh)
  }
]

// -----------------------------------------------------------------------------
// calls
// -----------------------------------------------------------------------------

/** One call of each operation, for a given response. */
export interface Call {
  readonly name: "RegisterClient" | "StartDeviceAuthorization" | "CreateToken"
  readonly request: Request
  readonly exceptions: ReadonlyArray<{ readonly type: string; readonly error: string; readonly status: number }>
  /** A valid response, and the members that ours requires. */
  readonly response: Readonly<Record<string, unknown>>
  readonly required: ReadonlyArray<string>
}

const listed = ({ exceptions }: Pick<Operation.Any, "exceptions">): Call["exceptions"] =>
  exceptions.map(({ error = "", status, type }) => ({ type, error, status }))

export const secret = { clientSecret: "client-secret-1234567890", deviceCode: "device-code-ABCDEFGHIJ" } as const

export const calls: ReadonlyArray<Call> = [
  {
    name: "RegisterClient",
    request: register({ clientName: "a-tool", clientType: "public" }),
    exceptions: listed(RegisterClient.operation),
    response: {
      clientId: "registered",
      clientSecret: "a-new-secret",
      clientIdIssuedAt: 1767225600,
      clientSecretExpiresAt: 1775001600,
      authorizationEndpoint: "https://oidc.eu-west-1.amazonaws.com/authorize",
      tokenEndpoint: "https://oidc.eu-west-1.amazonaws.com/token"
    },
    required: ["clientId", "clientSecret", "clientSecretExpiresAt"]
  },
  {
    name: "StartDeviceAuthorization",
    request: start({
      clientId: "registered",
      clientSecret: secret.clientSecret,
      startUrl: "https://my.awsapps.com/start"
    }),
    exceptions: listed(StartDeviceAuthorization.operation),
    response: {
      deviceCode: "a-device-code",
      userCode: "BRCJ-PDVT",
      verificationUri: "https://my.awsapps.com/start/#/device",
      verificationUriComplete: "https://my.awsapps.com/start/#/device?user_code=BRCJ-PDVT",
      expiresIn: 600,
      interval: 1
    },
    required: ["deviceCode", "userCode", "verificationUri"]
  },
  {
    name: "CreateToken",
    request: device({ ...secret, clientId: "registered", grantType: CreateToken.deviceCodeGrantType }),
    exceptions: listed(CreateToken.operation),
    response: {
      accessToken: "an-access-token",
      tokenType: "Bearer",
      expiresIn: 28800,
      refreshToken: "a-refresh-token",
      idToken: "an-id-token"
    },
    required: ["accessToken", "tokenType"]
  }
]

/** The call by its operation's name. */
export const callOf = (name: Call["name"]): Call => {
  const call = calls.find((call) => call.name === name)
  if (call === undefined) throw new Error(name)
  return call
}
