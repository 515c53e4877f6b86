/**
 * The exceptions of CreateTokenWithIAM, and the errors of its signature, with the requests that reach them at the emulator, as data.
 *
 * Each way runs through the official client and through ours. The table in docs/emulator.md is made of their words.
 */
import { CreateTokenWithIAMCommand, SSOOIDCClient } from "@aws-sdk/client-sso-oidc"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as Application from "@sso-oidc/emulator/Application"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import * as CreateTokenWithIAM from "@sso-oidc/iam/CreateTokenWithIAM"
import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/testing/TestClock"
import { type Keys, layerKeys } from "./iamRequests.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/** The members of a request. */
export interface Members {
  readonly [member: string]: string | ReadonlyArray<string> | undefined
}

/** A response, in the members that both clients show. */
export type Answer =
  | { readonly _tag: "Success"; readonly body: Readonly<Record<string, unknown>> }
  | {
    readonly _tag: "Failure"
    /** The name of the exception, or the error type of the signature. */
    readonly type: string
    readonly status: unknown
    readonly description: string | undefined
    readonly error: unknown
  }

/** Sends one request with these keys. */
export type Send = (members: Members, keys?: Keys) => Effect.Effect<Answer>

export interface Way {
  readonly type: string
  readonly words: string
  /** The options of the emulator. */
  readonly options?: Emulator.Options
  readonly run: (send: Send) => Effect.Effect<Answer, never, Emulator.Emulator>
}

// -----------------------------------------------------------------------------
// requests
// -----------------------------------------------------------------------------

/** The access key of the emulator. */
export const keys: Keys = {
  accessKeyId: "AKIAIOSFODNN7EXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
}

const [application] = Application.defaults
if (application === undefined) throw new Error("the emulator has no application")
export const clientId = application.applicationArn

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url")

/** A JWT of a test's own issuer, valid for so many seconds. The emulator does not check its signature. */
export const jwt = (seconds = 60, claims: object = {}): string =>
  `${part({ alg: "RS256" })}.${
    part({
      iss: "https://idp.example",
      sub: "ada",
      aud: "app",
      exp: Math.floor(Date.now() / 1000) + seconds,
      jti: crypto.randomUUID(),
      ...claims
    })
  }.${Buffer.from(crypto.randomUUID()).toString("base64url")}`

const bearer = (members: Members = {}): Members => ({
  clientId,
  grantType: CreateTokenWithIAM.jwtBearerGrantType,
  assertion: jwt(),
  ...members
})

const code = (status: "approved" | "pending" | "expired"): Emulator.Options => ({
  applications: [{
    applicationArn: clientId,
    codes: [{ code: Redacted.make("the-code"), redirectUri: "https://app.example/back", status }]
  }]
})

const redeemed: Members = {
  clientId,
  grantType: "authorization_code",
  code: "the-code",
  redirectUri: "https://app.example/back"
}

const of = (given: Partial<Application.Application>): Emulator.Options => ({
  applications: [{ applicationArn: clientId, ...given }]
})

const key = (given: Partial<Application.AccessKey>): Emulator.Options => ({
  accessKeys: [{
    accessKeyId: keys.accessKeyId,
    secretAccessKey: Redacted.make(keys.secretAccessKey),
    ...given
  }]
})

/** The exceptions of the model. */
export const ways: ReadonlyArray<Way> = [
  {
    type: "AccessDeniedException",
    words: "the user is not assigned to the application",
    options: of({ isAssigned: false }),
    run: (send) => send(bearer())
  },
  {
    type: "AuthorizationPendingException",
    words: "the person has not decided about the authorization code",
    options: code("pending"),
    run: (send) => send(redeemed)
  },
  {
    type: "ExpiredTokenException",
    words: "the assertion has expired",
    run: (send) => send(bearer({ assertion: jwt(-1) }))
  },
  {
    type: "ExpiredTokenException",
    words: "the authorization code has expired",
    options: code("expired"),
    run: (send) => send(redeemed)
  },
  {
    type: "InvalidClientException",
    words: "the application is unknown",
    run: (send) => send(bearer({ clientId: clientId.replace(/apl-.*/, "apl-0") }))
  },
  {
    type: "InvalidGrantException",
    words: "the application does not trust the issuer of the assertion",
    options: of({ issuers: ["https://other.example"] }),
    run: (send) => send(bearer())
  },
  {
    type: "InvalidGrantException",
    words: "the application is not for the audience of the assertion",
    options: of({ audiences: ["other"] }),
    run: (send) => send(bearer())
  },
  {
    type: "InvalidGrantException",
    words: "the assertion was used before",
    run: (send) => {
      const request = bearer()
      return Effect.andThen(send(request), send(request))
    }
  },
  {
    type: "InvalidGrantException",
    words: "the authorization code is unknown, or was used before",
    options: code("approved"),
    run: (send) => Effect.andThen(send(redeemed), send(redeemed))
  },
  {
    type: "InvalidGrantException",
    words: "the redirect URI or the code verifier is not that of the code",
    options: code("approved"),
    run: (send) => send({ ...redeemed, codeVerifier: "a".repeat(43) })
  },
  {
    type: "InvalidGrantException",
    words: "the refresh token is unknown, or was used before",
    run: (send) => send({ clientId, grantType: "refresh_token", refreshToken: "aor-unknown" })
  },
  {
    type: "InvalidGrantException",
    words: "the subject token is unknown, or has expired",
    run: (send) =>
      send({
        clientId,
        grantType: CreateTokenWithIAM.tokenExchangeGrantType,
        subjectToken: "aoa-unknown",
        subjectTokenType: CreateTokenWithIAM.accessTokenType
      })
  },
  {
    type: "InvalidRequestException",
    words: "a member of the grant is missing",
    run: (send) => send({ clientId, grantType: CreateTokenWithIAM.jwtBearerGrantType })
  },
  {
    type: "InvalidRequestException",
    words: "the assertion is no signed JWT with `iss` and `exp`",
    run: (send) => send(bearer({ assertion: "no.jwt" }))
  },
  {
    type: "InvalidRequestException",
    words: "`subjectTokenType` or `requestedTokenType` is unknown",
    run: (send) =>
      send({
        clientId,
        grantType: CreateTokenWithIAM.tokenExchangeGrantType,
        subjectToken: "aoa-unknown",
        subjectTokenType: "urn:ietf:params:oauth:token-type:jwt"
      })
  },
  {
    type: "InvalidRequestRegionException",
    words: "the application is in another region",
    options: of({ region: "eu-west-2" }),
    run: (send) => send(bearer())
  },
  {
    type: "InvalidScopeException",
    words: "the application does not have a scope of the request",
    run: (send) => send(bearer({ scope: ["openid", "another"] }))
  },
  {
    type: "SlowDownException",
    words: "there are more than `requestsPerSecond` requests in one second",
    options: { requestsPerSecond: 1 },
    run: (send) => Effect.andThen(send(bearer()), send(bearer()))
  },
  {
    type: "UnauthorizedClientException",
    words: "the application does not have the grant",
    options: of({ grantTypes: ["refresh_token"] }),
    run: (send) => send(bearer())
  },
  {
    type: "UnsupportedGrantTypeException",
    words: "the grant type is unknown",
    run: (send) => send({ clientId, grantType: "password" })
  }
]

/** The errors of the signature. */
export const signature: ReadonlyArray<Way> = [
  {
    type: "AccessDeniedException",
    words: "`isAllowed` of the access key is `false`",
    options: key({ isAllowed: false }),
    run: (send) => send(bearer())
  },
  {
    type: "ExpiredTokenException",
    words: "the access key has expired",
    options: key({ expiresAt: 1 }),
    run: (send) => send(bearer())
  },
  {
    type: "InvalidSignatureException",
    words: "the secret of the access key is wrong",
    run: (send) => send(bearer(), { ...keys, secretAccessKey: "another" })
  },
  {
    type: "InvalidSignatureException",
    words: "the clock of the client is more than 5 minutes behind",
    run: (send) =>
      Effect.andThen(Emulator.Emulator.use((emulator) => emulator.clock.advance("6 minutes")), send(bearer())).pipe(
        Effect.orDie
      )
  },
  {
    type: "InvalidSignatureException",
    words: "the clock of the client is more than 5 minutes ahead",
    run: (send) =>
      Effect.andThen(Emulator.Emulator.use((emulator) => emulator.clock.advance("-6 minutes")), send(bearer())).pipe(
        Effect.orDie
      )
  },
  {
    type: "InvalidSignatureException",
    words: "the signature is for another region than the option `region`",
    options: { region: "eu-west-1" },
    run: (send) => send(bearer())
  },
  {
    type: "UnrecognizedClientException",
    words: "the access key is unknown",
    run: (send) => send(bearer(), { ...keys, accessKeyId: "AKIDUNKNOWN" })
  },
  {
    type: "UnrecognizedClientException",
    words: "the session token is missing, or is another one",
    options: key({ sessionToken: Redacted.make("the-session-token") }),
    run: (send) => send(bearer())
  }
]

// -----------------------------------------------------------------------------
// clients
// -----------------------------------------------------------------------------

const member = (u: unknown, name: string): unknown => Predicate.hasProperty(u, name) ? u[name] : undefined

const textOf = (u: unknown): string | undefined => typeof u === "string" && u !== "" ? u : undefined

const plainOf = (value: unknown): unknown =>
  Redacted.isRedacted(value)
    ? Redacted.value(value)
    : typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).map(([name, one]) => [name, plainOf(one)]))
    : value

const successOf = (output: object): Answer => ({
  _tag: "Success",
  body: Object.fromEntries(
    Object.entries(output).filter(([name, value]) => name !== "$metadata" && value !== undefined && value !== null)
      .map(([name, value]) => [name, plainOf(value)])
  )
})

const inputOf = (members: Members) => {
  const text = (name: string) => textOf(members[name])
  return {
    clientId: text("clientId"),
    grantType: text("grantType"),
    code: text("code"),
    refreshToken: text("refreshToken"),
    assertion: text("assertion"),
    scope: Array.isArray(members["scope"]) ? [...members["scope"]] : undefined,
    redirectUri: text("redirectUri"),
    subjectToken: text("subjectToken"),
    subjectTokenType: text("subjectTokenType"),
    requestedTokenType: text("requestedTokenType"),
    codeVerifier: text("codeVerifier")
  }
}

/** The official client, which signs with the machine's clock. */
export const official = (url: string): Send => (members, given = keys) =>
  Effect.tryPromise({
    try: async () => {
      const client = new SSOOIDCClient({
        region: "us-east-1",
        endpoint: url,
        maxAttempts: 1,
        credentials: {
          accessKeyId: given.accessKeyId,
          secretAccessKey: given.secretAccessKey,
          ...(given.sessionToken !== undefined && { sessionToken: given.sessionToken })
        }
      })
      try {
        return await client.send(new CreateTokenWithIAMCommand(inputOf(members)))
      } finally {
        client.destroy()
      }
    },
    catch: (error) => error
  }).pipe(
    Effect.match({
      onSuccess: successOf,
      onFailure: (error): Answer => ({
        _tag: "Failure",
        type: textOf(member(error, "name")) ?? String(error),
        status: member(member(error, "$metadata"), "httpStatusCode"),
        description: textOf(member(error, "error_description")),
        error
      })
    })
  )

const AnyMembers = Schema.Record(Schema.String, Schema.Unknown)

const decode = Schema.decodeUnknownOption(CreateTokenWithIAM.operation.request)

/** Our client over the Node transport, which signs with the test clock. */
export const ours = (url: string): Send => (given, access = keys) => {
  const members: Readonly<Record<string, unknown>> = JSON.parse(JSON.stringify(given))
  return SsoOidc.SsoOidc.use((oidc) =>
    Option.match(decode(members), {
      onSome: (request) => oidc.execute(CreateTokenWithIAM.operation, request),
      onNone: () =>
        oidc.execute({ ...CreateTokenWithIAM.operation, request: AnyMembers, resend: () => "unsent" }, members)
    })
  ).pipe(
    Effect.match({
      onSuccess: successOf,
      onFailure: (error): Answer => ({
        _tag: "Failure",
        type: textOf(member(error, "code")) ?? error._tag,
        status: member(error, "status"),
        description: textOf(member(error, "errorDescription")),
        error
      })
    }),
    Effect.provide(
      Layer.merge(
        SsoOidc.layer({ region: "us-east-1", endpoint: url }).pipe(Layer.provide(NodeTransport.layer())),
        layerKeys(access)
      )
    ),
    Effect.orDie
  )
}

export const clients = [["the official JavaScript client", official], ["our client", ours]] as const

/** The whole of a way, for one client at an emulator of its own, whose clock is the machine's. */
export const walk = (way: Way, make: (url: string) => Send): Effect.Effect<Answer> =>
  Effect.gen(function*() {
    yield* TestClock.setTime(Date.now())
    const { url } = yield* EmulatorServer.EmulatorServer
    return yield* way.run(make(url))
  }).pipe(Effect.scoped, Effect.provide(Layer.fresh(EmulatorServer.layer(way.options))), Effect.orDie)

// -----------------------------------------------------------------------------
// documentation
// -----------------------------------------------------------------------------

const sentence = (words: string): string => `${words.charAt(0).toUpperCase()}${words.slice(1)}.`

const names = new Set(ways.map(({ type }) => type))

/** Every exception of the model, in its order. */
export const modelled = CreateTokenWithIAM.operation.exceptions.filter(({ error }) => error !== undefined)

const rows = (all: ReadonlyArray<Way>, type: string): string => {
  const words = all.filter((way) => way.type === type).map((way) => sentence(way.words))
  return words.length === 0 ? "It is armed." : words.join(" ")
}

/** The table of docs/emulator.md. */
export const table: string = [
  "| exception | HTTP, `error` | when |",
  "|---|---|---|",
  ...modelled.map(({ error = "", status, type }) => `| \`${type}\` | ${status} \`${error}\` | ${rows(ways, type)} |`),
  ...[...new Set(signature.map(({ type }) => type))].map((type) => `| \`${type}\` | 403 | ${rows(signature, type)} |`)
].join("\n")

export const reached = names
