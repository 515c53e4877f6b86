/**
 * The four operations of the portal as transitions of the state, at a given time.
 *
 * They check in this order: the access token, its requests in this second, its scopes, the members of the request, and what is
 * assigned to the person.
 */
import type * as GetRoleCredentials from "@sso-oidc/portal/GetRoleCredentials"
import type * as ListAccountRoles from "@sso-oidc/portal/ListAccountRoles"
import type * as ListAccounts from "@sso-oidc/portal/ListAccounts"
import type * as Logout from "@sso-oidc/portal/Logout"
import * as PortalError from "@sso-oidc/portal/PortalError"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type { Account } from "../../Account.ts"
import type * as Accounts from "./accounts.ts"
import { raisePortal } from "./exceptions.ts"
import type { Settings } from "./options.ts"
import * as Pages from "./pages.ts"
import * as Random from "./random.ts"
import type * as State from "./state.ts"

/** The scope that opens the portal. A client without any scope has it too, as at AWS. */
export const scope = "sso:account:access"

const noAccess = raisePortal(PortalError.ForbiddenException, "No access")

const refusals: Readonly<Record<Pages.Problem, string>> = {
  // The words of the portal
  size: `ResultSize parameter must be within the valid limits of: 1-${Pages.mostSize}`,
  token: "next_token is no token of this list"
}

export const make = (settings: Settings, state: State.State, accounts: Accounts.Accounts) => {
  const pageOf = Pages.make()

  /** Checks the token of a request, and counts the request. */
  const authorize = (accessToken: Redacted.Redacted, now: number): Result.Result<
    string,
    PortalError.ForbiddenException | PortalError.TooManyRequestsException | PortalError.UnauthorizedException
  > => {
    const text = Redacted.value(accessToken)
    const token = state.accessToken(text, now)
    if (token === undefined) {
      return raisePortal(PortalError.UnauthorizedException, "Session token not found or invalid")
    }
    if (state.portalThrottled(text, now)) {
      return raisePortal(PortalError.TooManyRequestsException, "HTTP 429 Unknown Code")
    }
    return token.scopes.length === 0 || token.scopes.includes(scope) ? Result.succeed(text) : noAccess
  }

  /** The account with this number, in which the person has a role. */
  const open = (accountId: string): Result.Result<
    Account,
    PortalError.ForbiddenException | PortalError.InvalidRequestException | PortalError.ResourceNotFoundException
  > => {
    if (!/^\d{12}$/.test(accountId)) {
      return raisePortal(PortalError.InvalidRequestException, "account_id must have 12 digits")
    }
    const account = accounts.get(accountId)
    if (account === undefined) {
      return raisePortal(PortalError.ResourceNotFoundException, `There is no account ${accountId}`)
    }
    return account.roles.length === 0 ? noAccess : Result.succeed(account)
  }

  const page = <A>(...args: Parameters<typeof pageOf<A>>) =>
    Result.mapError(pageOf(...args), (problem) =>
      new PortalError.InvalidRequestException({
        errorDescription: refusals[problem],
        status: PortalError.InvalidRequestException.status
      }))

  const listAccounts = (
    request: ListAccounts.Request,
    now: number
  ): Result.Result<ListAccounts.Response, ListAccounts.Exception> =>
    Result.gen(function*() {
      yield* authorize(request.accessToken, now)
      const assigned = accounts.list().filter(({ roles }) => roles.length > 0)
      const { items, nextToken } = yield* page("accounts", assigned, ({ accountId }) => accountId, request)
      return {
        ...(nextToken === undefined ? {} : { nextToken }),
        accountList: items.map(({ roles: _, ...account }) => account)
      }
    })

  const listAccountRoles = (
    request: ListAccountRoles.Request,
    now: number
  ): Result.Result<ListAccountRoles.Response, ListAccountRoles.Exception> =>
    Result.gen(function*() {
      yield* authorize(request.accessToken, now)
      const { accountId, roles } = yield* open(request.accountId)
      const { items, nextToken } = yield* page(`roles ${accountId}`, roles, (roleName) => roleName, request)
      return {
        ...(nextToken === undefined ? {} : { nextToken }),
        roleList: items.map((roleName) => ({ roleName, accountId }))
      }
    })

  const getRoleCredentials = (
    request: GetRoleCredentials.Request,
    now: number
  ): Result.Result<GetRoleCredentials.Response, GetRoleCredentials.Exception> =>
    Result.gen(function*() {
      yield* authorize(request.accessToken, now)
      if (request.roleName === "") {
        return yield* raisePortal(PortalError.InvalidRequestException, "role_name is missing")
      }
      const { roles } = yield* open(request.accountId)
      if (!roles.includes(request.roleName)) return yield* noAccess
      return {
        roleCredentials: {
          accessKeyId: Random.accessKeyId(),
          secretAccessKey: Redacted.make(Random.secretAccessKey(), { label: "secretAccessKey" }),
          sessionToken: Redacted.make(Random.sessionToken(), { label: "sessionToken" }),
          // Credentials of a role outlive the session, as at AWS
          expiration: now + settings.roleSessionDuration * 1000
        }
      }
    })

  const logout = (request: Logout.Request, now: number): Result.Result<Logout.Response, Logout.Exception> =>
    Result.map(authorize(request.accessToken, now), (token) => {
      state.endSessionOf(token, now)
      return {}
    })

  return { listAccounts, listAccountRoles, getRoleCredentials, logout }
}
