/**
 * The four operations as calls of a client over a scripted wire, each with a request and a response.
 */
import type * as Client from "@sso-oidc/core/aws/Client"
import * as GetRoleCredentials from "@sso-oidc/portal/GetRoleCredentials"
import * as ListAccountRoles from "@sso-oidc/portal/ListAccountRoles"
import * as ListAccounts from "@sso-oidc/portal/ListAccounts"
import * as Logout from "@sso-oidc/portal/Logout"
import * as PortalClient from "@sso-oidc/portal/PortalClient"
import * as PortalService from "@sso-oidc/portal/PortalService"
import * as Wire from "@sso-oidc/test-kit/wire"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as Redacted from "effect/Redacted"

/** Secrets with characters that JSON, URLs and base64 encode differently. No two share a piece of eight characters. */
export const secret = {
  accessToken: "aoaAAAAA:MGUCMQDh/Zq8+vK\"2n~Wp4=Xr7",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
  sessionToken: "IQoJb3JpZ2luX2VjEOz//+tc9=zL5"
} as const

export const accessToken = Redacted.make(secret.accessToken, { label: "accessToken" })

export const accountId = "111122223333"

export const credentials = {
  accessKeyId: "ASIAIOSFODNN7EXAMPLE",
  secretAccessKey: secret.secretAccessKey,
  sessionToken: secret.sessionToken,
  expiration: 1767225600000
} as const

export interface Call {
  readonly operation: (typeof PortalClient.operations)[number]
  /** The URL below the endpoint. */
  readonly url: string
  readonly response: Readonly<Record<string, unknown>>
  readonly run: (
    client: PortalClient.Service
  ) => Effect.Effect<object, GetRoleCredentials.Error | ListAccounts.Error | ListAccountRoles.Error | Logout.Error>
}

export const calls: ReadonlyArray<Call> = [
  {
    operation: GetRoleCredentials.operation,
    url: `/federation/credentials?account_id=${accountId}&role_name=Admin`,
    response: { roleCredentials: credentials },
    run: (client) => client.getRoleCredentials({ accessToken, accountId, roleName: "Admin" })
  },
  {
    operation: ListAccounts.operation,
    url: "/assignment/accounts?next_token=n%2F1&max_result=100",
    response: { accountList: [{ accountId }] },
    run: (client) => client.listAccounts({ accessToken, nextToken: "n/1", maxResults: 100 })
  },
  {
    operation: ListAccountRoles.operation,
    url: `/assignment/roles?account_id=${accountId}&next_token=n%2F1&max_result=100`,
    response: { roleList: [{ roleName: "Admin", accountId }] },
    run: (client) => client.listAccountRoles({ accessToken, accountId, nextToken: "n/1", maxResults: 100 })
  },
  {
    operation: Logout.operation,
    url: "/logout",
    response: {},
    run: (client) => client.logout({ accessToken })
  }
]

/** A client of eu-west-1 over the wire. */
export const clientOf = (wire: Wire.Wire, options?: Partial<Client.Options>): Effect.Effect<PortalClient.Service> =>
  PortalClient.make({ region: "eu-west-1", ...options }).pipe(
    Effect.provideService(HttpClient.HttpClient, wire.client),
    Effect.orDie
  )

/** An exception as the portal sends it. */
export const exception = (
  type: string,
  status: number,
  message: unknown = "As the portal said",
  headers: Readonly<Record<string, string>> = {}
): Response =>
  Wire.json({ message, __type: PortalService.errorType(type) }, { status, headers: { requestid: "r-1", ...headers } })

/** Runs a call against this response. */
export const answered = <A, E>(run: (client: PortalClient.Service) => Effect.Effect<A, E>, response: () => Response) =>
  Effect.flatMap(clientOf(Wire.responding(response)), run)
