/**
 * The four operations of the portal for both clients: requests in the official client's form and in ours, generators for them, and a response
 * of each.
 */
import {
  GetRoleCredentialsCommand,
  ListAccountRolesCommand,
  ListAccountsCommand,
  LogoutCommand,
  SSOClient
} from "@aws-sdk/client-sso"
import type * as Operation from "@sso-oidc/core/aws/Operation"
import * as GetRoleCredentials from "@sso-oidc/portal/GetRoleCredentials"
import * as ListAccountRoles from "@sso-oidc/portal/ListAccountRoles"
import * as ListAccounts from "@sso-oidc/portal/ListAccounts"
import * as Logout from "@sso-oidc/portal/Logout"
import * as PortalClient from "@sso-oidc/portal/PortalClient"
import * as Arbitrary from "effect/Arbitrary"
import type * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { officialOf, oursOf } from "./differential-clients.ts"

// -----------------------------------------------------------------------------
// clients
// -----------------------------------------------------------------------------

/** One call of the official client of the portal. */
export const official = officialOf((config) => new SSOClient(config))

/** One call of our client of the portal. */
export const ours = oursOf(PortalClient.make)

/** The members of a success, its secrets as text, at any depth. */
export const revealed = (value: unknown): unknown =>
  Redacted.isRedacted(value)
    ? Redacted.value(value)
    : Array.isArray(value)
    ? value.map(revealed)
    : Predicate.isObject(value)
    ? Object.fromEntries(Object.entries(value).map(([name, member]) => [name, revealed(member)]))
    : value

/** The members of a success of the official client, without absent members at any depth, and without its metadata. */
export const present = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(present)
    : Predicate.isObject(value)
    ? Object.fromEntries(
      Object.entries(value).filter(([name, member]) => name !== "$metadata" && member !== undefined && member !== null)
        .map(([name, member]) => [name, present(member)])
    )
    : value

const member = (u: unknown, key: string): unknown => Predicate.hasProperty(u, key) ? u[key] : undefined

/** An exception of the official client in the form of `oursException`. */
export const officialException = (error: unknown) =>
  present({
    type: member(error, "name"),
    description: member(error, "message"),
    status: member(member(error, "$metadata"), "httpStatusCode"),
    requestId: member(member(error, "$metadata"), "requestId")
  })

/** An exception of ours in the form of `officialException`. */
export const oursException = (error: unknown) =>
  present({
    type: member(error, "_tag"),
    description: member(error, "errorDescription"),
    status: member(error, "status"),
    requestId: member(error, "requestId")
  })

// -----------------------------------------------------------------------------
// requests
// -----------------------------------------------------------------------------

/** One request, in the form of each client. */
export interface Request {
  /** The parameters of the query, by the names of the wire. */
  readonly query: Readonly<Record<string, string>>
  readonly accessToken: string
  readonly ours: (portal: PortalClient.Service) => Effect.Effect<object, OurError>
  readonly official: (client: SSOClient) => Promise<object>
}

export type OurError = GetRoleCredentials.Error | ListAccounts.Error | ListAccountRoles.Error | Logout.Error

/** Texts that a query treats differently from plain texts. */
export const odd = [
  "",
  "AQoDYXdzEPn//+/=",
  "a+b",
  "a b",
  "a  b ",
  "%2F+%20?a=b&c#d;e",
  "Zoë é\u0301 日本語 \u{1f511}",
  "quote\" ' back\\slash /slash <b>&amp;</b>",
  "!*()~-._@,:$[]{}|^`",
  "line\nreturn\rtab\tnull\u0000bell\u0007",
  "__proto__",
  "null",
  "0",
  "\u202ertl\u2028\ufeff"
] as const

const WellFormed = Schema.String.check(
  Schema.makeFilter((text: string) => text.isWellFormed() ? undefined : "a text without lone surrogates")
)

const Text = Schema.Union([WellFormed, Schema.Literals(odd)])

// HTTP drops white space around a value, and both clients send it
const Token = Schema.Union([
  Schema.String.check(Schema.isPattern(/^[!-~]{1,40}$/)),
  Schema.Literals(["aoaAAAAAGk:MGUCMQC/+==", "t", "0123456789abcdef".repeat(256), "a b,c;d\"e", "ÿ\u00e9"])
])

const Most = Schema.Union([
  Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 100 })),
  Schema.Int,
  Schema.Literals([0, -0, 1.5, 1e21, 1e-7, 2 ** 53])
])

const page = { nextToken: Schema.optionalKey(Text), maxResults: Schema.optionalKey(Most) }

const PlainCredentials = Schema.Struct({ accessToken: Token, accountId: Text, roleName: Text })
const PlainAccounts = Schema.Struct({ accessToken: Token, ...page })
const PlainRoles = Schema.Struct({ accessToken: Token, accountId: Text, ...page })
const PlainLogout = Schema.Struct({ accessToken: Token })

const pageOf = ({ maxResults, nextToken }: { readonly maxResults?: number; readonly nextToken?: string }) => ({
  ...(nextToken === undefined ? {} : { next_token: nextToken }),
  ...(maxResults === undefined ? {} : { max_result: String(maxResults) })
})

const hidden = <A extends { readonly accessToken: string }>(plain: A) => ({
  ...plain,
  accessToken: Redacted.make(plain.accessToken)
})

export const credentials = (plain: typeof PlainCredentials.Type): Request => ({
  query: { role_name: plain.roleName, account_id: plain.accountId },
  accessToken: plain.accessToken,
  ours: (portal) => portal.getRoleCredentials(hidden(plain)),
  official: (client) => client.send(new GetRoleCredentialsCommand(plain))
})

export const accounts = (plain: typeof PlainAccounts.Type): Request => ({
  query: pageOf(plain),
  accessToken: plain.accessToken,
  ours: (portal) => portal.listAccounts(hidden(plain)),
  official: (client) => client.send(new ListAccountsCommand(plain))
})

export const roles = (plain: typeof PlainRoles.Type): Request => ({
  query: { account_id: plain.accountId, ...pageOf(plain) },
  accessToken: plain.accessToken,
  ours: (portal) => portal.listAccountRoles(hidden(plain)),
  official: (client) => client.send(new ListAccountRolesCommand(plain))
})

export const logout = (plain: typeof PlainLogout.Type): Request => ({
  query: {},
  accessToken: plain.accessToken,
  ours: (portal) => portal.logout(hidden(plain)),
  official: (client) => client.send(new LogoutCommand(plain))
})

/** Each operation with a generator of its requests. */
export const requests: ReadonlyArray<{
  readonly operation: Operation.Any
  readonly arbitrary: Arbitrary.Arbitrary<Request>
}> = [
  {
    operation: GetRoleCredentials.operation,
    arbitrary: Arbitrary.map(Arbitrary.schema(PlainCredentials), credentials)
  },
  { operation: ListAccounts.operation, arbitrary: Arbitrary.map(Arbitrary.schema(PlainAccounts), accounts) },
  { operation: ListAccountRoles.operation, arbitrary: Arbitrary.map(Arbitrary.schema(PlainRoles), roles) },
  { operation: Logout.operation, arbitrary: Arbitrary.map(Arbitrary.schema(PlainLogout), logout) }
]

// -----------------------------------------------------------------------------
// calls
// -----------------------------------------------------------------------------

/** One call of each operation, for a given response. */
export interface Call {
  readonly name: PortalClient.OperationName
  readonly request: Request
  readonly exceptions: ReadonlyArray<{ readonly type: string; readonly status: number }>
  /** A valid response. */
  readonly response: Readonly<Record<string, unknown>>
}

export const accessToken = "an-access-token-1234567890"

const accountId = "111122223333"

/** The parts of the credentials of a response. */
export const parts = {
  accessKeyId: "ASIAIOSFODNN7EXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
  sessionToken: "IQoJb3JpZ2luX2VjEOz//+token==",
  expiration: 1767225600000
} as const

export const calls: ReadonlyArray<Call> = [
  {
    name: "GetRoleCredentials",
    request: credentials({ accessToken, accountId, roleName: "Admin" }),
    exceptions: GetRoleCredentials.operation.exceptions,
    response: { roleCredentials: parts }
  },
  {
    name: "ListAccounts",
    request: accounts({ accessToken }),
    exceptions: ListAccounts.operation.exceptions,
    response: {
      nextToken: "next+/=",
      accountList: [
        { accountId, accountName: "Zoë's \u{1f511}", emailAddress: "root@example.com" },
        { accountId: "000000000000" }
      ]
    }
  },
  {
    name: "ListAccountRoles",
    request: roles({ accessToken, accountId }),
    exceptions: ListAccountRoles.operation.exceptions,
    response: { nextToken: "next+/=", roleList: [{ roleName: "Admin", accountId }, { roleName: "a+=,.@-_" }] }
  },
  {
    name: "Logout",
    request: logout({ accessToken }),
    exceptions: Logout.operation.exceptions,
    response: {}
  }
]

/** The call by its operation's name. */
export const callOf = (name: Call["name"]): Call => {
  const call = calls.find((call) => call.name === name)
  if (call === undefined) throw new Error(name)
  return call
}
