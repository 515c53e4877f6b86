/**
 * The portal over a client, a session and a cache.
 */
import type * as AccessToken from "@sso-oidc/core/AccessToken"
import * as ClientError from "@sso-oidc/core/aws/ClientError"
import * as UserFunction from "@sso-oidc/core/aws/UserFunction"
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import * as Stream from "effect/Stream"
import type * as CredentialsCache from "../CredentialsCache.ts"
import type * as Portal from "../Portal.ts"
import type * as PortalClient from "../PortalClient.ts"
import * as PortalError from "../PortalError.ts"
import * as RoleCredentials from "../RoleCredentials.ts"
import * as Keeping from "./keeping.ts"
import * as Pages from "./pages.ts"

/** What a portal works with. */
export interface Self {
  /** It waits between requests, and sends them again. */
  readonly client: PortalClient.Service
  readonly accessToken: AccessToken.Service
  readonly cache: CredentialsCache.Service
  readonly role: Portal.Options["role"]
}

// -----------------------------------------------------------------------------
// requests
// -----------------------------------------------------------------------------

/** How often one call asks the session for another token. A session ends at the second 401; a program's own may go on. */
const mostTokens = 3

/** The error with what was asked for, if the portal has no access to give to it. Its own sentence seldom names that. */
const about = (
  { accountId, roleName }: Partial<RoleCredentials.Role>,
  error: Portal.RequestError
): Portal.RequestError => {
  const isForbidden = error instanceof PortalError.ForbiddenException
  if (!isForbidden && !(error instanceof PortalError.ResourceNotFoundException)) return error
  const fields: PortalError.ExceptionFields = {
    status: error.status,
    ...(error.errorDescription === undefined ? {} : { errorDescription: error.errorDescription }),
    ...(error.requestId === undefined ? {} : { requestId: error.requestId }),
    ...(error.retryAfter === undefined ? {} : { retryAfter: error.retryAfter }),
    ...(accountId === undefined ? {} : { accountId }),
    ...(roleName === undefined ? {} : { roleName })
  }
  return isForbidden ? new PortalError.ForbiddenException(fields) : new PortalError.ResourceNotFoundException(fields)
}

/**
 * Sends a request with the session's token. The outer error is one of the session, and the inner one is one of the request.
 */
const send = Effect.fnUntraced(function*<A>(
  { accessToken }: Self,
  request: (token: Redacted.Redacted<string>) => Effect.Effect<A, Portal.RequestError>,
  asked: Partial<RoleCredentials.Role> = {}
): Effect.fn.Return<Result.Result<A, Portal.RequestError>, AccessToken.Error> {
  let token = yield* UserFunction.effectOf("AccessToken.get", accessToken.get)
  for (let tokens = 1;; tokens++) {
    const result = yield* Effect.result(request(token.accessToken))
    const isRejected = Result.isFailure(result) && result.failure instanceof PortalError.UnauthorizedException
    if (!isRejected || tokens === mostTokens) return Result.mapError(result, (error) => about(asked, error))
    token = yield* UserFunction.call("AccessToken.refreshed", accessToken.refreshed, token.accessToken)
  }
})

// -----------------------------------------------------------------------------
// lists
// -----------------------------------------------------------------------------

/** An error of a request, apart from those of the session, which may have the same class. */
interface OfRequest {
  readonly _tag: "OfRequest"
  readonly error: Portal.RequestError
}

type ListError = AccessToken.Error | OfRequest

const ofRequest = (error: Portal.RequestError): OfRequest => ({ _tag: "OfRequest", error })

const plain = (error: ListError): Portal.Error => error._tag === "OfRequest" ? error.error : error

const page = <A>(
  self: Self,
  request: (token: Redacted.Redacted<string>) => Effect.Effect<A, Portal.RequestError>,
  asked?: Partial<RoleCredentials.Role>
): Effect.Effect<A, ListError> =>
  Effect.flatMap(send(self, request, asked), (result) => Effect.fromResult(Result.mapError(result, ofRequest)))

type Limit = <A, E>(effect: Effect.Effect<A, E>) => Effect.Effect<A, E>

const unlimited: Limit = (effect) => effect

/** An account whose names a terminal can show: its administrator chose them. */
const visible = ({ accountId, accountName, emailAddress }: Portal.Account): Portal.Account => ({
  accountId,
  ...(accountName === undefined ? {} : { accountName: Wire.printable(accountName) }),
  ...(emailAddress === undefined ? {} : { emailAddress: Wire.printable(emailAddress) })
})

const accountsOf = (self: Self, limit: Limit): Stream.Stream<Portal.Account, ListError> =>
  Pages.all(
    "ListAccounts",
    (nextToken) =>
      limit(page(self, (accessToken) => self.client.listAccounts({ accessToken, maxResults: Pages.size, nextToken })))
        .pipe(
          Effect.map(({ accountList, nextToken }) => ({ entries: accountList?.map(visible), nextToken }))
        ),
    ofRequest
  )

const rolesOf = (self: Self, limit: Limit, accountId: string): Stream.Stream<string, ListError> =>
  Pages.all(
    "ListAccountRoles",
    (nextToken) =>
      limit(page(self, (accessToken) =>
        self.client.listAccountRoles({ accessToken, accountId, maxResults: Pages.size, nextToken }), { accountId }))
        .pipe(
          Effect.map(({ nextToken, roleList }) => ({
            entries: roleList?.map(({ roleName }) =>
              roleName
            ),
            nextToken
          }))
        ),
    ofRequest
  )

/** The most requests in flight for all roles of all accounts. */
const mostInFlight = 4

/**
 * So many accounts in a row that fail because the portal is down, or cannot be reached, are enough: each took up to 8 requests. The others fail
 * with the same error, and without a request. Otherwise 665 accounts would take hours.
 */
const mostFailures = 4

const isDown = (error: Portal.RequestError): boolean => error._tag === "TransportError" || Wire.isBusy(error)

const allRolesOf = (self: Self): Stream.Stream<Portal.AccountRole | Portal.AccountFailure, Portal.Error> =>
  Stream.unwrap(Effect.map(Semaphore.make(mostInFlight), (semaphore) => {
    const limit: Limit = (effect) => semaphore.withPermit(effect)
    let failedInRow = 0
    let lastFailure: Portal.RequestError | undefined
    const failureOf = (account: Portal.Account, error: Portal.RequestError): Portal.AccountFailure => ({
      _tag: "AccountFailure",
      account,
      error
    })
    const elementsOf = (
      account: Portal.Account
    ): Effect.Effect<ReadonlyArray<Portal.AccountRole | Portal.AccountFailure>, AccessToken.Error> =>
      Effect.suspend(() => {
        if (lastFailure !== undefined && failedInRow >= mostFailures) {
          return Effect.succeed([failureOf(account, lastFailure)])
        }
        return Stream.runCollect(rolesOf(self, limit, account.accountId)).pipe(
          Effect.map((roles) => {
            failedInRow = 0
            return roles.map((roleName) => ({ _tag: "AccountRole" as const, account, roleName }))
          }),
          Effect.catch((error) => {
            if (error._tag !== "OfRequest") return Effect.fail(error)
            failedInRow = isDown(error.error) ? failedInRow + 1 : 0
            lastFailure = error.error
            return Effect.succeed([failureOf(account, error.error)])
          })
        )
      })
    return accountsOf(self, limit).pipe(
      Stream.mapError(plain),
      Stream.mapEffect(elementsOf, { concurrency: mostInFlight }),
      Stream.flatMap(Stream.fromIterable)
    )
  }))

// -----------------------------------------------------------------------------
// credentials
// -----------------------------------------------------------------------------

const unusable = (detail: string) =>
  new ClientError.UnexpectedResponse({
    operation: "GetRoleCredentials",
    problem: "malformed",
    status: 200,
    detail,
    body: Redacted.make("", { label: "body" })
  })

/** Fetches credentials. The portal's are of no use if they have expired by this machine's clock. */
const fetch = (self: Self) =>
  Effect.fnUntraced(function*(
    key: CredentialsCache.Key
  ): Effect.fn.Return<RoleCredentials.RoleCredentials, Portal.Error> {
    const { accountId, roleName } = key
    const result = yield* send(self, (accessToken) =>
      self.client.getRoleCredentials({ accessToken, accountId, roleName }), { accountId, roleName })
    const credentials = RoleCredentials.fromResponse(key, yield* Effect.fromResult(result))
    if (credentials === undefined) {
      return yield* unusable("expiration is no time")
    }
    if (DateTime.toEpochMillis(credentials.expiration) <= (yield* Clock.currentTimeMillis)) {
      return yield* unusable("the credentials have expired already. Set this machine's clock")
    }
    return credentials
  }, Wire.withSpan("Portal.fetchCredentials"))

const roleOf = (
  self: Self,
  given: RoleCredentials.Role | undefined
): Result.Result<RoleCredentials.Role, RoleCredentials.RoleUnusable> => {
  const named = given ?? self.role
  if (named === undefined) return Result.fail(new RoleCredentials.RoleUnusable({ problem: "absent" }))
  return Result.isResult(named) ? Result.flatMap(named, RoleCredentials.role) : RoleCredentials.role(named)
}

// -----------------------------------------------------------------------------
// service
// -----------------------------------------------------------------------------

export const make = Effect.fnUntraced(function*(self: Self): Effect.fn.Return<Portal.Service, never, Scope.Scope> {
  const keeping = Keeping.make(self.cache, yield* Effect.scope, fetch(self))
  return {
    accounts: Stream.mapError(accountsOf(self, unlimited), plain),
    roles: (accountId) =>
      // The name of a role is not needed here.
      Stream.unwrap(Effect.map(
        Effect.fromResult(RoleCredentials.role({ accountId, roleName: "-" })),
        () =>
          rolesOf(self, unlimited, accountId).pipe(
            Stream.map((roleName) => ({ accountId, roleName })),
            Stream.mapError(plain)
          )
      )),
    allRoles: allRolesOf(self),
    credentials: (role, options) =>
      Effect.flatMap(
        Effect.fromResult(roleOf(self, role)),
        (named) => keeping.get({ session: self.accessToken.key, ...named }, options?.forceRefresh === true)
      )
  }
})
