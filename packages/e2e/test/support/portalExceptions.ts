/**
 * Every exception of the portal, and the requests that reach it at the emulator, as data.
 *
 * A way to an exception prepares the emulator, and gives the request that gets it. Each client sends that request. The table in
 * docs/emulator.md is made of the words of the ways.
 */
import * as Official from "@aws-sdk/client-sso"
import * as CreateToken from "@sso-oidc/core/CreateToken"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import * as PortalClient from "@sso-oidc/portal/PortalClient"
import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/** The members of a request. A member that is absent is not sent. */
export interface Members {
  readonly accessToken?: string
  readonly accountId?: string
  readonly roleName?: string
  readonly nextToken?: string
  readonly maxResults?: number
}

/** An exception, in the members that a client shows. */
export interface Shown {
  readonly exception: string
  readonly message: string
  readonly status: number
  /** Absent if the client does not read the portal's header. */
  readonly requestId?: string
}

export type OperationName = PortalClient.OperationName

/** One way to an exception: in words that follow "when", and as the request that gets it. */
export interface Way {
  readonly operation: OperationName
  readonly exception: string
  readonly words: string
  /** The message, if the portal's own text was observed. Any other exception only has to have a text. */
  readonly message?: string
  readonly prepare: Effect.Effect<Members, unknown, Emulator.Emulator>
}

/** Sends a request, which must fail. A failure that is no exception of the portal is a defect. */
export type Send = (operation: OperationName, members: Members) => Effect.Effect<Shown, never, Scope.Scope>

// -----------------------------------------------------------------------------
// clients
// -----------------------------------------------------------------------------

const member = (u: unknown, key: string): unknown => Predicate.hasProperty(u, key) ? u[key] : undefined

const namespace = "com.amazonaws.switchboard.portal#"

const operationOf = (name: OperationName) =>
  PortalClient.operations.find((operation) => operation.name === name) ?? PortalClient.operations[0]

/** Plain HTTP. The exception is what the body says. */
export const raw = (url: string): Send => (name, { accessToken, accountId, maxResults, nextToken, roleName }) =>
  Effect.promise(async (signal) => {
    const { method, path } = operationOf(name)
    const query = new URLSearchParams(
      Object.entries({
        account_id: accountId,
        role_name: roleName,
        next_token: nextToken,
        max_result: maxResults
      }).flatMap(([key, value]) => value === undefined ? [] : [[key, String(value)]])
    )
    const response = await fetch(`${url}${path}?${query}`, {
      method,
      headers: accessToken === undefined ? {} : { "x-amz-sso_bearer_token": accessToken },
      signal
    })
    const json: unknown = await response.json()
    const type = String(member(json, "__type"))
    if (!type.startsWith(namespace)) throw new Error(`HTTP ${response.status} with the error type "${type}"`)
    return {
      exception: type.slice(namespace.length),
      message: String(member(json, "message")),
      status: response.status,
      requestId: response.headers.get("requestid") ?? ""
    }
  })

const commands = (given: Members) => {
  // The official client sends no request without a required member, so that it gets an empty one
  const token = { accessToken: given.accessToken ?? "" }
  const page = { nextToken: given.nextToken, maxResults: given.maxResults }
  const accountId = given.accountId ?? ""
  return {
    GetRoleCredentials: (client: Official.SSOClient) =>
      client.send(new Official.GetRoleCredentialsCommand({ ...token, accountId, roleName: given.roleName ?? "" })),
    ListAccounts: (client: Official.SSOClient) => client.send(new Official.ListAccountsCommand({ ...token, ...page })),
    ListAccountRoles: (client: Official.SSOClient) =>
      client.send(new Official.ListAccountRolesCommand({ ...token, ...page, accountId })),
    Logout: (client: Official.SSOClient) => client.send(new Official.LogoutCommand(token))
  } satisfies Record<OperationName, unknown>
}

/**
 * `@aws-sdk/client-sso`, without a retry of its own. Its model lacks `ForbiddenException`: there the name counts. It does not read
 * the header of the portal's request id.
 */
export const official = (url: string): Send => (name, members) =>
  Effect.acquireRelease(
    Effect.sync(() => new Official.SSOClient({ region: "us-east-1", endpoint: url, maxAttempts: 1 })),
    (client) => Effect.sync(() => client.destroy())
  ).pipe(
    Effect.flatMap((client) =>
      Effect.flip(Effect.tryPromise({ try: () => commands(members)[name](client), catch: (error) => error }))
    ),
    Effect.map((error) => {
      if (!(error instanceof Official.SSOServiceException)) throw error
      const type = new Map<string, unknown>(Object.entries(Official)).get(error.name)
      if (error.name !== "ForbiddenException" && !(typeof type === "function" && error instanceof type)) throw error
      return {
        exception: error.name,
        message: error.message,
        status: error.$metadata.httpStatusCode ?? 0
      }
    }),
    Effect.orDie
  )

/** `@sso-oidc/portal` over the Node transport. */
export const ours = (url: string): Send => (name, members) => {
  const required = { accessToken: "no-token-of-the-emulator", accountId: "", roleName: "", ...members }
  const request = { ...required, accessToken: Redacted.make(required.accessToken) }
  return Effect.gen(function*() {
    const client = yield* PortalClient.make({ region: "us-east-1", endpoint: url })
    const calls = {
      GetRoleCredentials: client.getRoleCredentials(request),
      ListAccounts: client.listAccounts(request),
      ListAccountRoles: client.listAccountRoles(request),
      Logout: client.logout(request)
    } satisfies Record<OperationName, unknown>
    const error = yield* Effect.flip(Effect.asVoid<unknown, unknown, never>(calls[name]))
    return yield* Schema.decodeUnknownEffect(Exception)({
      exception: member(error, "_tag"),
      message: member(error, "errorDescription"),
      status: member(error, "status"),
      requestId: member(error, "requestId")
    })
  }).pipe(Effect.provide(NodeTransport.layer()), Effect.orDie)
}

const Exception = Schema.Struct({
  exception: Schema.String.check(Schema.isPattern(/Exception$/)),
  message: Schema.String,
  status: Schema.Finite,
  requestId: Schema.String
})

// -----------------------------------------------------------------------------
// steps
// -----------------------------------------------------------------------------

/** A login of a client with these scopes. */
const loggedIn = (scopes: ReadonlyArray<string> = ["sso:account:access"]) =>
  Effect.gen(function*() {
    const emulator = yield* Emulator.Emulator
    const { clientId, clientSecret } = yield* emulator.registerClient({
      clientName: "a tool",
      clientType: "public",
      scopes
    })
    const startUrl = "https://d-1234567890.awsapps.com/start"
    const { deviceCode, userCode } = yield* emulator.startDeviceAuthorization({ clientId, clientSecret, startUrl })
    yield* emulator.authorizations.approve(userCode)
    const grantType = CreateToken.deviceCodeGrantType
    const { accessToken } = yield* emulator.createToken({ clientId, clientSecret, grantType, deviceCode })
    return { emulator, token: accessToken, accessToken: Redacted.value(accessToken) }
  })

const accountId = "111122223333"
const roleName = "ReadOnlyAccess"
const empty = "000000000001"

/** A request with a token of a login. */
const request = (members: Omit<Members, "accessToken">): Way["prepare"] =>
  Effect.map(loggedIn(), ({ accessToken }) => ({ accessToken, ...members }))

/** A request of an account in which the person has no role. */
const withoutRole = (members: Omit<Members, "accessToken">): Way["prepare"] =>
  Effect.andThen(
    Emulator.Emulator.use(({ accounts }) => accounts.put({ accountId: empty, roles: [] })),
    request({ ...members, accountId: empty })
  )

// -----------------------------------------------------------------------------
// catalogue
// -----------------------------------------------------------------------------

type WithoutOperation = Omit<Way, "operation">

/** The ways of every operation. `members` are those of a request that succeeds. */
const common = (members: Omit<Members, "accessToken">): ReadonlyArray<WithoutOperation> => {
  const invalid = { exception: "UnauthorizedException", message: "Session token not found or invalid" }
  return [
    {
      exception: "ForbiddenException",
      words: "the token's scopes do not have `sso:account:access`",
      message: "No access",
      prepare: Effect.map(loggedIn(["another:scope"]), ({ accessToken }) => ({ accessToken, ...members }))
    },
    {
      exception: "TooManyRequestsException",
      words: "it is the 20th request with the token in a second",
      message: "HTTP 429 Unknown Code",
      prepare: Effect.gen(function*() {
        const { accessToken, emulator, token } = yield* loggedIn()
        for (let n = 0; n < 19; n++) yield* emulator.listAccounts({ accessToken: token })
        return { accessToken, ...members }
      })
    },
    { ...invalid, words: "the token is missing", prepare: Effect.succeed(members) },
    { ...invalid, words: "the token is unknown", prepare: Effect.succeed({ accessToken: "unknown", ...members }) },
    {
      ...invalid,
      words: "the token has expired",
      prepare: Effect.tap(request(members), TestClock.adjust("1 hour"))
    },
    {
      ...invalid,
      words: "its session was logged out",
      prepare: Effect.map(
        Effect.tap(loggedIn(), ({ emulator, token }) => emulator.logout({ accessToken: token })),
        ({ accessToken }) => ({ accessToken, ...members })
      )
    }
  ]
}

const size: ReadonlyArray<WithoutOperation> = [0, 101].map((maxResults) => ({
  exception: "InvalidRequestException",
  words: `\`max_result\` is ${maxResults}`,
  message: "ResultSize parameter must be within the valid limits of: 1-100",
  prepare: request({ accountId, maxResults })
}))

const foreign: WithoutOperation = {
  exception: "InvalidRequestException",
  words: "`next_token` is of another list",
  prepare: Effect.gen(function*() {
    const emulator = yield* Emulator.Emulator
    yield* emulator.accounts.put({ accountId: empty, roles: ["a", "b"] })
    const { accessToken, token } = yield* loggedIn()
    const { nextToken = "" } = yield* emulator.listAccountRoles({ accessToken: token, accountId: empty, maxResults: 1 })
    return { accessToken, accountId, nextToken }
  })
}

const ofAccount = (members: Omit<Members, "accessToken">): ReadonlyArray<WithoutOperation> => [
  {
    exception: "ForbiddenException",
    words: "no role in the account is assigned to the person",
    message: "No access",
    prepare: withoutRole(members)
  },
  {
    exception: "InvalidRequestException",
    words: "`account_id` has not 12 digits",
    prepare: request({ ...members, accountId: "1234" })
  },
  {
    exception: "ResourceNotFoundException",
    words: "the account is unknown",
    prepare: request({ ...members, accountId: "999999999999" })
  }
]

const catalogue: Readonly<Record<OperationName, ReadonlyArray<WithoutOperation>>> = {
  GetRoleCredentials: [
    ...common({ accountId, roleName }),
    ...ofAccount({ roleName }),
    {
      exception: "ForbiddenException",
      words: "the role is not assigned to the person, or is unknown",
      message: "No access",
      prepare: request({ accountId, roleName: "Another" })
    },
    {
      exception: "InvalidRequestException",
      words: "`role_name` is empty",
      prepare: request({ accountId, roleName: "" })
    }
  ],
  ListAccounts: [...common({}), ...size, foreign],
  ListAccountRoles: [...common({ accountId }), ...ofAccount({}), ...size, foreign],
  Logout: common({})
}

export const ways: ReadonlyArray<Way> = PortalClient.operations.flatMap(({ name }) =>
  catalogue[name].map((way) => ({ operation: name, ...way }))
)

/** Every exception that our operations list, with its status. */
export const modelled = PortalClient.operations.flatMap(({ exceptions, name }) =>
  exceptions.map(({ status, type }) => ({ operation: name, exception: type, status }))
)

/** The exceptions that no ordinary request reaches. They can be armed. */
export const armedOnly = [
  { operation: "ListAccounts", exception: "ResourceNotFoundException" },
  { operation: "Logout", exception: "InvalidRequestException" }
] as const

/** The clients, over the emulator in the context. */
export const clients: ReadonlyArray<readonly [string, Effect.Effect<Send, never, EmulatorServer.EmulatorServer>]> = ([
  ["plain HTTP", raw],
  ["the official JavaScript client", official],
  ["our client", ours]
] as const).map(([name, make]) => [name, Effect.map(EmulatorServer.EmulatorServer, ({ url }) => make(url))])

/** The whole of a way, for one client at an emulator of its own. */
export const walk = (way: Way, make: Effect.Effect<Send, never, EmulatorServer.EmulatorServer>) =>
  Effect.gen(function*() {
    const send = yield* make
    return yield* send(way.operation, yield* way.prepare)
  }).pipe(Effect.scoped, Effect.provide(Layer.fresh(EmulatorServer.layer())))

// -----------------------------------------------------------------------------
// documentation
// -----------------------------------------------------------------------------

const sentence = (words: string): string => `${words.charAt(0).toUpperCase()}${words.slice(1)}.`

/** The table of docs/emulator.md. */
export const table: string = [
  "| operation | exception | HTTP | when |",
  "|---|---|---|---|",
  ...modelled.map(({ exception, operation, status }) => {
    const words = ways.filter((way) => way.operation === operation && way.exception === exception)
      .map((way) => sentence(way.words))
    return `| ${operation} | \`${exception}\` | ${status} | ${words.length === 0 ? "It is armed." : words.join(" ")} |`
  })
].join("\n")
