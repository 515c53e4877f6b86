/**
 * CreateTokenWithIAM for both clients: requests of each grant, and both clients over transports that record the bytes of a request.
 */
import {
  CreateTokenWithIAMCommand,
  type CreateTokenWithIAMCommandInput,
  SSOOIDCClient,
  type SSOOIDCClientConfig
} from "@aws-sdk/client-sso-oidc"
import type * as Endpoint from "@sso-oidc/core/aws/Endpoint"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as CreateTokenWithIAM from "@sso-oidc/iam/CreateTokenWithIAM"
import * as Credentials from "@sso-oidc/iam/Credentials"
import * as Wire from "@sso-oidc/test-kit/wire"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/testing/TestClock"
import { vi } from "vitest"
import { type OfficialRequest, searchOf, settled, urlOf } from "./differential-clients.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/** A signed request as it reached the transport. */
export interface Signed {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** The plain members of a request, in the order of the model, and the same request of ours. */
export interface Case {
  readonly plain: CreateTokenWithIAMCommandInput
  readonly ours: CreateTokenWithIAM.Request
}

/** Keys in clear text. */
export interface Keys {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string | undefined
}

// -----------------------------------------------------------------------------
// requests
// -----------------------------------------------------------------------------

/** The members of one grant, whose secrets are given in clear text. */
const secrets: ReadonlySet<string> = new Set(["code", "codeVerifier", "refreshToken", "assertion", "subjectToken"])

const decode = Schema.decodeUnknownSync(Schema.toType(CreateTokenWithIAM.Request))

/** Both forms of a request. A member that is `undefined` is left out. */
export const caseOf = (given: CreateTokenWithIAMCommandInput): Case => {
  const members = Object.entries(given).filter(([, value]) => value !== undefined)
  return {
    plain: given,
    ours: decode(Object.fromEntries(members.map(([name, value]) => [
      name,
      secrets.has(name) && typeof value === "string" ? Redacted.make(value) : value
    ])))
  }
}

export const application = "arn:aws:sso::111122223333:application/ssoins-1111111111111111/apl-2222222222222222"

const Text = Schema.Union([
  Schema.String,
  Schema.Literals(["", "Zoë é 日本語 \u{1f511}", "a\"b\\c/d", "line\nfeed", "%2F+%20?a=b&c", "lone \ud800"])
])
const Secret = Schema.Union([Schema.NonEmptyString, Schema.Literals(["eyJ.eyJ.c2ln", "0123456789abcdef".repeat(128)])])
const Scope = Schema.optionalKey(Schema.Array(Text))

/** Requests of all grants, with their members in the order of the model. */
export const requests: Arbitrary.Arbitrary<Case> = Arbitrary.map(
  Arbitrary.schema(Schema.Union([
    Schema.Struct({
      clientId: Text,
      grantType: Schema.Literal("authorization_code"),
      code: Secret,
      scope: Scope,
      redirectUri: Text,
      codeVerifier: Schema.optionalKey(Secret)
    }),
    Schema.Struct({
      clientId: Text,
      grantType: Schema.Literal("refresh_token"),
      refreshToken: Secret,
      scope: Scope
    }),
    Schema.Struct({
      clientId: Text,
      grantType: Schema.Literal(CreateTokenWithIAM.jwtBearerGrantType),
      assertion: Secret,
      scope: Scope
    }),
    Schema.Struct({
      clientId: Text,
      grantType: Schema.Literal(CreateTokenWithIAM.tokenExchangeGrantType),
      scope: Scope,
      subjectToken: Secret,
      subjectTokenType: Text,
      requestedTokenType: Schema.optionalKey(Text)
    })
  ])),
  ({ scope, ...rest }) => caseOf({ ...rest, ...(scope !== undefined && { scope: [...scope] }) })
)

/** The texts of keys: visible ASCII, as AWS makes them, and any other. */
const Key = Schema.Union([
  Schema.String.check(Schema.isPattern(/^[A-Za-z0-9+/=_.-]{16,60}$/)),
  Schema.Literals(["wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "!\"#$%&'()*+,-./:;<=>?@[]^_`{|}~"])
])

export const keys: Arbitrary.Arbitrary<Keys> = Arbitrary.schema(Schema.Struct({
  accessKeyId: Schema.Literals(["AKIDEXAMPLE", "ASIAIOSFODNN7EXAMPLE"]),
  secretAccessKey: Key,
  sessionToken: Schema.optionalKey(Schema.Union([Key, Schema.Literal("IQoJb3JpZ2luX2VjE+/=".repeat(60))]))
}))

/** Times from 2001 to 2096, in milliseconds since 1970. */
export const times: Arbitrary.Arbitrary<number> = Arbitrary.schema(
  Schema.Int.check(Schema.isBetween({ minimum: 1_000_000_000_000, maximum: 4_000_000_000_000 }))
)

// -----------------------------------------------------------------------------
// the official client
// -----------------------------------------------------------------------------

const isRequest = (value: object): value is { headers: Record<string, string> } => "headers" in value

/** The headers that only the official client sends. */
const extra = /^(?:amz-sdk-|x-amz-user-agent$|user-agent$|content-length$)/

const textOf = (body: unknown): string =>
  typeof body === "string" ? body : body instanceof Uint8Array ? new TextDecoder().decode(body) : ""

const remove =
  <Args extends { readonly request: unknown }, Output>(next: (args: Args) => Promise<Output>) =>
  (args: Args): Promise<Output> => {
    if (typeof args.request === "object" && args.request !== null && isRequest(args.request)) {
      for (const name of Object.keys(args.request.headers)) if (extra.test(name)) delete args.request.headers[name]
    }
    return next(args)
  }

/**
 * The request of the official client, signed at a time. With `plain`, the headers that only the official client sends are removed before it signs,
 * so that both clients sign the same headers.
 */
export const official = (
  input: CreateTokenWithIAMCommandInput,
  { millis, plain, ...options }: Partial<Endpoint.Options> & {
    readonly keys: Keys
    readonly millis: number
    readonly plain: boolean
  }
): Effect.Effect<Signed> =>
  Effect.promise(async () => {
    const sent: Array<OfficialRequest> = []
    const { keys, region = "eu-west-1", ...endpoint } = options
    const config: SSOOIDCClientConfig = {
      ...settled,
      region,
      useFipsEndpoint: endpoint.useFipsEndpoint ?? false,
      useDualstackEndpoint: endpoint.useDualstackEndpoint ?? false,
      ...(endpoint.endpoint !== undefined && { endpoint: endpoint.endpoint }),
      credentials: {
        accessKeyId: keys.accessKeyId,
        secretAccessKey: keys.secretAccessKey,
        ...(keys.sessionToken !== undefined && { sessionToken: keys.sessionToken })
      },
      requestHandler: {
        metadata: { handlerProtocol: "http/1.1" },
        handle: (request: OfficialRequest) => {
          sent.push(request)
          return Promise.resolve({ response: { statusCode: 200, headers: {}, body: new TextEncoder().encode("{}") } })
        }
      }
    }
    const client = new SSOOIDCClient(config)
    if (plain) {
      client.middlewareStack.addRelativeTo(remove, {
        relation: "before",
        toMiddleware: "httpSigningMiddleware",
        name: "removeExtraHeaders"
      })
    }
    vi.useFakeTimers({ toFake: ["Date"], now: millis })
    try {
      await client.send(new CreateTokenWithIAMCommand(input))
    } finally {
      vi.useRealTimers()
    }
    const [request] = sent
    if (request === undefined) throw new Error("the official client sent nothing")
    return {
      method: request.method,
      url: `${urlOf(request)}${searchOf(request.query)}`,
      headers: request.headers,
      body: textOf(request.body)
    }
  })

// -----------------------------------------------------------------------------
// ours
// -----------------------------------------------------------------------------

export const layerKeys = ({ accessKeyId, secretAccessKey, sessionToken }: Keys) =>
  Credentials.layerKeys({
    accessKeyId,
    secretAccessKey: Redacted.make(secretAccessKey),
    ...(sessionToken !== undefined && { sessionToken: Redacted.make(sessionToken) })
  })

/** The request of our client, signed at a time of the test clock. */
export const ours = (
  input: CreateTokenWithIAM.Request,
  { keys, millis, ...options }: Partial<Endpoint.Options> & { readonly keys: Keys; readonly millis: number }
): Effect.Effect<Signed, CreateTokenWithIAM.Error> =>
  Effect.gen(function*() {
    yield* TestClock.setTime(millis)
    const wire = Wire.responding(() => Wire.json({ accessToken: "a-token", tokenType: "Bearer" }))
    const oidc = yield* Effect.orDie(
      Effect.provideService(SsoOidc.make({ region: "eu-west-1", ...options }), HttpClient.HttpClient, wire.client)
    )
    yield* CreateTokenWithIAM.createToken(input).pipe(
      Effect.provideService(SsoOidc.SsoOidc, oidc),
      Effect.provide(layerKeys(keys))
    )
    const [request] = wire.sent
    if (request === undefined) return yield* Effect.die("our client sent nothing")
    return request
  })
