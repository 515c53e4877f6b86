/**
 * Every exception that the model lists for the three operations, and the requests that reach it at the emulator, as data.
 *
 * A way to an exception is written once, over a {@link Driver}. It consists of raw JSON bodies, and of what a person and time
 * do. So the same ways run over plain HTTP, through official clients and through ours. The table in docs/emulator.md is made of
 * their words. A way begins at a new emulator, with an interval of 1 s and codes of 600 s.
 *
 * The exceptions that no ordinary request reaches are in {@link armed}.
 */
import * as CreateToken from "@sso-oidc/core/CreateToken"
import * as RegisterClient from "@sso-oidc/core/RegisterClient"
import * as StartDeviceAuthorization from "@sso-oidc/core/StartDeviceAuthorization"
import * as Effect from "effect/Effect"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/** A request's JSON body. A member that is `undefined` is not sent. */
export interface Body {
  readonly [member: string]: string | ReadonlyArray<string> | undefined
}

export interface Success {
  readonly _tag: "Success"
  readonly body: Readonly<Record<string, unknown>>
}

/** An exception, in the members that the client shows. */
export interface ExceptionResponse {
  readonly _tag: "Exception"
  /** The model's name: the class that the client throws, or the name in the header. */
  readonly exception: string
  readonly error: string | undefined
  readonly errorDescription: string | undefined
  readonly reason: string | undefined
  readonly status: number | undefined
  readonly requestId: string | undefined
}

export type ServiceResponse = Success | ExceptionResponse

/** The three operations of a client. A result that is neither a success nor an exception of the model is a defect. */
export interface Calls {
  readonly register: (body: Body) => Effect.Effect<ServiceResponse>
  readonly start: (body: Body) => Effect.Effect<ServiceResponse>
  readonly token: (body: Body) => Effect.Effect<ServiceResponse>
}

/** The calls that a way to an exception is made of. */
export interface Driver extends Calls {
  /** The same for another client, over plain HTTP: for ways that need many requests, where the client does not matter. */
  readonly others: Calls
  /** The same without HTTP, as the emulator's own process can call it. An exception is a defect. */
  readonly inside: Pick<Calls, "register" | "start">
  readonly approve: (userCode: string) => Effect.Effect<void>
  readonly deny: (userCode: string) => Effect.Effect<void>
  /** Moves the emulator's time. */
  readonly advance: (milliseconds: number) => Effect.Effect<void>
  /** Makes the emulator give the exception to the next request of the operation. */
  readonly arm: (armed: Armed & { readonly errorDescription: string }) => Effect.Effect<void>
}

export type OperationName = "RegisterClient" | "StartDeviceAuthorization" | "CreateToken"

/** One way to an exception: in words that follow "when", and as requests. The last request gets the exception. */
export interface Way {
  readonly operation: OperationName
  readonly exception: string
  readonly words: string
  /** The description, if the service's own text was observed. Any other exception only has to have a text. */
  readonly errorDescription?: string
  readonly run: (driver: Driver) => Effect.Effect<ServiceResponse>
}

/** An exception that no ordinary request reaches, and how it is armed. */
export interface Armed {
  readonly operation: OperationName
  readonly exception: string
  readonly reason?: string
}

// -----------------------------------------------------------------------------
// steps
// -----------------------------------------------------------------------------

const deviceCode = CreateToken.deviceCodeGrantType
const startUrl = "https://d-1234567890.awsapps.com/start"
const registration: Body = { clientName: "a tool", clientType: "public", scopes: ["sso:account:access"] }
const day = 24 * 60 * 60 * 1000

/** The response of a step that must succeed before the step with the exception. */
const done = (step: Effect.Effect<ServiceResponse>): Effect.Effect<Success["body"]> =>
  Effect.flatMap(
    step,
    (response) =>
      response._tag === "Success"
        ? Effect.succeed(response.body)
        : Effect.die(`an earlier step failed: ${response.exception}`)
  )

const text = (body: Success["body"], member: string): string => {
  const value = body[member]
  if (typeof value !== "string") throw new Error(`the response has no ${member}`)
  return value
}

const registered = (driver: Driver, metadata: Body = {}) =>
  Effect.map(done(driver.register({ ...registration, ...metadata })), (body) => ({
    clientId: text(body, "clientId"),
    clientSecret: text(body, "clientSecret")
  }))

const started = Effect.fnUntraced(function*(driver: Driver, metadata: Body = {}) {
  const client = yield* registered(driver, metadata)
  const code = yield* done(driver.start({ ...client, startUrl }))
  return {
    client,
    userCode: text(code, "userCode"),
    poll: { ...client, grantType: deviceCode, deviceCode: text(code, "deviceCode") } satisfies Body
  }
})

/** A client with its token, one interval after the token came. */
const signedIn = Effect.fnUntraced(function*(driver: Driver) {
  const { client, poll, userCode } = yield* started(driver)
  yield* driver.approve(userCode)
  const token = yield* done(driver.token(poll))
  yield* driver.advance(1000)
  const refresh: Body = { ...client, grantType: "refresh_token", refreshToken: text(token, "refreshToken") }
  return { client, poll, refresh }
})

/**
 * The most requests that one second may have. TestClock's second lasts until a test moves it. The last ten come over HTTP,
 * where each counts as one.
 */
const crowd = (
  driver: Driver,
  send: (calls: Driver["inside"]) => Effect.Effect<ServiceResponse>
): Effect.Effect<void> =>
  Effect.forEach(
    Array.from({ length: 500 }, (_, n) => n < 490 ? driver.inside : driver.others),
    (calls) => done(send(calls)),
    { concurrency: 8, discard: true }
  )

const register = (metadata: Body) => (driver: Driver) => driver.register({ ...registration, ...metadata })

/** A start by a new client, with some members changed. */
const start = (changes: Body, metadata: Body = {}) => (driver: Driver) =>
  Effect.flatMap(registered(driver, metadata), (client) => driver.start({ ...client, startUrl, ...changes }))

/** A first poll, with some members changed. */
const poll = (changes: Body) => (driver: Driver) =>
  Effect.flatMap(started(driver), ({ poll }) => driver.token({ ...poll, ...changes }))

// -----------------------------------------------------------------------------
// catalogue
// -----------------------------------------------------------------------------

const invalidClient = "Invalid client provided"
const invalidGrant = "Invalid grant provided"

const registerClient: ReadonlyArray<Omit<Way, "operation">> = [
  {
    exception: "InvalidClientMetadataException",
    words: "`clientType` is not `public`",
    run: register({ clientType: "confidential" })
  },
  {
    exception: "InvalidClientMetadataException",
    words: "`clientName` is blank",
    run: register({ clientName: " " })
  },
  {
    exception: "InvalidRedirectUriException",
    words: "a redirect URI is plain http to another machine",
    run: register({ redirectUris: ["http://example.com/callback"] })
  },
  {
    exception: "InvalidRequestException",
    words: "`clientName` is missing",
    run: register({ clientName: undefined })
  },
  {
    exception: "InvalidRequestException",
    words: "`issuerUrl` is plain http to another machine",
    run: register({ issuerUrl: "http://example.com/start" })
  },
  {
    exception: "InvalidRequestException",
    words: "the body is over 64 KiB",
    run: register({ clientName: "x".repeat(64 * 1024) })
  },
  {
    exception: "InvalidScopeException",
    words: "a scope has a space in it",
    run: register({ scopes: ["two words"] })
  },
  {
    exception: "InvalidScopeException",
    words: "`authorization_code` comes without scopes",
    run: register({ grantTypes: ["authorization_code"], scopes: undefined })
  },
  {
    exception: "InvalidScopeException",
    words: "`authorization_code` comes with the device code's grant type",
    run: register({ grantTypes: ["authorization_code", deviceCode] })
  },
  {
    exception: "SlowDownException",
    words: "more than 500 requests come in one second",
    run: (driver) =>
      Effect.andThen(crowd(driver, ({ register }) => register(registration)), driver.register(registration))
  },
  {
    exception: "UnsupportedGrantTypeException",
    words: "`grantTypes` has another grant, such as `password`",
    run: register({ grantTypes: ["password"] })
  }
]

const startDeviceAuthorization: ReadonlyArray<Omit<Way, "operation">> = [
  {
    exception: "InvalidClientException",
    words: "the client is unknown",
    errorDescription: invalidClient,
    run: start({ clientId: "nobody" })
  },
  {
    exception: "InvalidClientException",
    words: "its secret is wrong",
    errorDescription: invalidClient,
    run: start({ clientSecret: "wrong" })
  },
  {
    exception: "InvalidClientException",
    words: "the client's 90 days are over",
    errorDescription: invalidClient,
    run: Effect.fnUntraced(function*(driver: Driver) {
      const client = yield* registered(driver)
      yield* driver.advance(90 * day)
      return yield* driver.start({ ...client, startUrl })
    })
  },
  {
    exception: "InvalidRequestException",
    words: "`startUrl` is missing",
    run: start({ startUrl: undefined })
  },
  {
    exception: "InvalidRequestException",
    words: "`startUrl` is plain http to another machine",
    run: start({ startUrl: "http://example.com/start" })
  },
  {
    exception: "SlowDownException",
    words: "more than 500 requests come in one second",
    run: Effect.fnUntraced(function*(driver: Driver) {
      const request = { ...(yield* registered(driver)), startUrl }
      yield* crowd(driver, ({ start }) => start(request))
      return yield* driver.start(request)
    })
  },
  {
    exception: "UnauthorizedClientException",
    words: "the client was not registered for device codes",
    run: start({}, { grantTypes: ["refresh_token"] })
  }
]

const createToken: ReadonlyArray<Omit<Way, "operation">> = [
  {
    exception: "AccessDeniedException",
    words: "the person denied the login",
    run: Effect.fnUntraced(function*(driver: Driver) {
      const { poll, userCode } = yield* started(driver)
      yield* driver.deny(userCode)
      return yield* driver.token(poll)
    })
  },
  {
    exception: "AuthorizationPendingException",
    words: "the person has not decided yet",
    errorDescription: "Authorization is still pending",
    run: poll({})
  },
  {
    exception: "ExpiredTokenException",
    words: "the device code has expired",
    run: Effect.fnUntraced(function*(driver: Driver) {
      const { poll } = yield* started(driver)
      yield* driver.advance(600_000)
      return yield* driver.token(poll)
    })
  },
  {
    exception: "InvalidClientException",
    words: "the client is unknown",
    errorDescription: invalidClient,
    run: poll({ clientId: "nobody" })
  },
  {
    exception: "InvalidClientException",
    words: "its secret is wrong",
    errorDescription: invalidClient,
    run: poll({ clientSecret: "wrong" })
  },
  {
    exception: "InvalidGrantException",
    words: "the device code is unknown",
    errorDescription: invalidGrant,
    run: poll({ deviceCode: "unknown" })
  },
  {
    exception: "InvalidGrantException",
    words: "the device code belongs to another client",
    errorDescription: invalidGrant,
    run: Effect.fnUntraced(function*(driver: Driver) {
      const { poll, userCode } = yield* started(driver)
      yield* driver.approve(userCode)
      return yield* driver.token({ ...poll, ...(yield* registered(driver)) })
    })
  },
  {
    exception: "InvalidGrantException",
    words: "the device code has already given its token",
    errorDescription: invalidGrant,
    run: (driver) => Effect.flatMap(signedIn(driver), ({ poll }) => driver.token(poll))
  },
  {
    exception: "InvalidGrantException",
    words: "the refresh token was used before",
    errorDescription: "Invalid refresh token provided",
    run: Effect.fnUntraced(function*(driver: Driver) {
      const { refresh } = yield* signedIn(driver)
      yield* done(driver.token(refresh))
      return yield* driver.token(refresh)
    })
  },
  {
    exception: "InvalidGrantException",
    words: "the refresh token belongs to another client",
    errorDescription: "Invalid refresh token provided",
    run: Effect.fnUntraced(function*(driver: Driver) {
      const { refresh } = yield* signedIn(driver)
      return yield* driver.token({ ...refresh, ...(yield* registered(driver)) })
    })
  },
  {
    exception: "InvalidGrantException",
    words: "the session's 8 hours are over",
    errorDescription: "Invalid refresh token provided",
    run: Effect.fnUntraced(function*(driver: Driver) {
      const { refresh } = yield* signedIn(driver)
      yield* driver.advance(8 * 60 * 60 * 1000)
      return yield* driver.token(refresh)
    })
  },
  {
    exception: "InvalidGrantException",
    words: "the authorization code is unknown",
    errorDescription: invalidGrant,
    run: Effect.fnUntraced(function*(driver: Driver) {
      const redirectUri = "http://127.0.0.1/oauth/callback"
      const client = yield* registered(driver, { grantTypes: ["authorization_code"], redirectUris: [redirectUri] })
      return yield* driver.token({ ...client, grantType: "authorization_code", code: "unknown", redirectUri })
    })
  },
  {
    exception: "InvalidRequestException",
    words: "the device code's grant comes without `deviceCode`",
    run: poll({ deviceCode: undefined })
  },
  {
    exception: "InvalidRequestException",
    words: "`refresh_token` comes without `refreshToken`",
    run: poll({ deviceCode: undefined, grantType: "refresh_token" })
  },
  {
    exception: "InvalidRequestException",
    words: "`authorization_code` comes without `code` or `redirectUri`",
    run: Effect.fnUntraced(function*(driver: Driver) {
      const redirectUri = "http://127.0.0.1/oauth/callback"
      const client = yield* registered(driver, { grantTypes: ["authorization_code"], redirectUris: [redirectUri] })
      const response = yield* driver.token({ ...client, grantType: "authorization_code", redirectUri })
      return response._tag === "Success"
        ? response
        : yield* driver.token({ ...client, grantType: "authorization_code", code: "unknown" })
    })
  },
  {
    exception: "InvalidScopeException",
    words: "a scope has a space in it",
    run: poll({ scope: ["two words"] })
  },
  {
    exception: "SlowDownException",
    words: "a poll comes before its interval is over, while the login is pending",
    run: Effect.fnUntraced(function*(driver: Driver) {
      const { poll } = yield* started(driver)
      yield* driver.token(poll)
      yield* driver.advance(900)
      return yield* driver.token(poll)
    })
  },
  {
    exception: "UnauthorizedClientException",
    words: "the client was not registered for this grant type",
    run: Effect.fnUntraced(function*(driver: Driver) {
      const client = yield* registered(driver, { grantTypes: [deviceCode] })
      return yield* driver.token({ ...client, grantType: "refresh_token", refreshToken: "any" })
    })
  },
  {
    exception: "UnsupportedGrantTypeException",
    words: "`grantType` is another grant, such as `password`",
    run: poll({ grantType: "password" })
  }
]

const of = (operation: OperationName, ways: ReadonlyArray<Omit<Way, "operation">>): ReadonlyArray<Way> =>
  ways.map((way) => ({ operation, ...way }))

/** Every way to an exception by ordinary requests, in the model's order. */
export const ways: ReadonlyArray<Way> = [
  ...of("RegisterClient", registerClient),
  ...of("StartDeviceAuthorization", startDeviceAuthorization),
  ...of("CreateToken", createToken)
]

const kms = [
  "KMS_NotFoundException",
  "KMS_InvalidKeyUsageException",
  "KMS_InvalidStateException",
  "KMS_DisabledException"
]

const operationNames: ReadonlyArray<OperationName> = ["RegisterClient", "StartDeviceAuthorization", "CreateToken"]

/** The exceptions that no ordinary request reaches: faults of the service's own, and customer-managed KMS keys. */
export const armed: ReadonlyArray<Armed> = [
  ...operationNames.flatMap((operation): ReadonlyArray<Armed> => [
    { operation, exception: "InternalServerException" },
    ...kms.map((reason) => ({ operation, exception: "InvalidRequestException", reason }))
  ]),
  {
    operation: "CreateToken",
    exception: "AccessDeniedException",
    reason: "KMS_AccessDeniedException"
  }
]

/** An ordinary request of the operation. It gets the exception that was armed directly before it. */
export const runArmed = Effect.fnUntraced(function*(driver: Driver, entry: Armed, errorDescription: string) {
  const { poll } = yield* started(driver)
  const { clientId, clientSecret } = poll
  const requests: Readonly<Record<OperationName, Effect.Effect<ServiceResponse>>> = {
    RegisterClient: driver.register(registration),
    StartDeviceAuthorization: driver.start({ clientId, clientSecret, startUrl }),
    CreateToken: driver.token(poll)
  }
  yield* driver.arm({ ...entry, errorDescription })
  return yield* requests[entry.operation]
})

// -----------------------------------------------------------------------------
// model
// -----------------------------------------------------------------------------

/** An exception as the model has it for an operation. */
export interface Modelled {
  readonly operation: string
  readonly exception: string
  readonly error: string
  readonly status: number
}

/** Every exception of every operation, read from the operations' values. */
export const modelled: ReadonlyArray<Modelled> = [
  RegisterClient.operation,
  StartDeviceAuthorization.operation,
  CreateToken.operation
].flatMap(({ exceptions, name }) =>
  exceptions.map(({ error = "", status, type }) => ({ operation: name, exception: type, error, status }))
)

// -----------------------------------------------------------------------------
// documentation
// -----------------------------------------------------------------------------

const armedWords = (entries: ReadonlyArray<Armed>): ReadonlyArray<string> => {
  const reasons = entries.flatMap(({ reason }) => reason === undefined ? [] : [`\`${reason}\``])
  return [
    ...(entries.length > reasons.length ? ["it is armed"] : []),
    ...(reasons.length === 0 ? [] : [`it is armed with the \`reason\` ${reasons.join(", ")}`])
  ]
}

const sentence = (words: string): string => `${words.charAt(0).toUpperCase()}${words.slice(1)}.`

/** The table of docs/emulator.md. */
export const table: string = [
  "| operation | exception | HTTP, `error` | when |",
  "|---|---|---|---|",
  ...modelled.map(({ error, exception, operation, status }) => {
    const here = (entry: Way | Armed) => entry.operation === operation && entry.exception === exception
    const words = [...ways.filter(here).map((way) => way.words), ...armedWords(armed.filter(here))].map(sentence)
    return `| ${operation} | \`${exception}\` | ${status} \`${error}\` | ${words.join(" ")} |`
  })
].join("\n")
