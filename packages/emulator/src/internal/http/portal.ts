/**
 * The handlers of the portal's operations, which have no body: their members are in the query and in a header.
 */
import type * as Operation from "@sso-oidc/core/aws/Operation"
import * as GetRoleCredentials from "@sso-oidc/portal/GetRoleCredentials"
import * as ListAccountRoles from "@sso-oidc/portal/ListAccountRoles"
import * as ListAccounts from "@sso-oidc/portal/ListAccounts"
import * as Logout from "@sso-oidc/portal/Logout"
import type * as PortalClient from "@sso-oidc/portal/PortalClient"
import * as PortalError from "@sso-oidc/portal/PortalError"
import * as Effect from "effect/Effect"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import type * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { Service } from "../../Emulator.ts"
import { whatIsWrong } from "../issues.ts"
import { portalException, raisePortal } from "../service/exceptions.ts"
import * as Dialect from "./dialect.ts"
import * as Request from "./request.ts"

type Handler = (
  request: HttpServerRequest.HttpServerRequest
) => Effect.Effect<HttpServerResponse.HttpServerResponse>

type Body = Readonly<Record<string, unknown>>

// Stand in for missing members, so that the emulator checks the token first. It accepts none of them. The schema of a token refuses
// an empty text
const missing: Readonly<Record<string, string>> = { accessToken: " ", accountId: "", roleName: "" }

/** The parameter that is in the query twice. Which of them counts would be a guess. */
const twice = (operation: Pick<Operation.Any, "bindings">, query: URLSearchParams): string | undefined =>
  Object.values(operation.bindings?.members ?? {})
    .find((binding) => binding.in === "query" && query.getAll(binding.name).length > 1)?.name

/** Reads the members, runs the operation, and makes the response or the exception. */
const handler = <Input, Output, E extends Dialect.Exception>(
  { clock }: Service,
  operation: Operation.Operation<Input, Output, E>,
  run: (input: Input) => Effect.Effect<Output, E>,
  body: (output: Output) => Body | undefined
): Handler => {
  const decode = Schema.decodeUnknownResult(operation.request)
  const parse = (request: HttpServerRequest.HttpServerRequest): Result.Result<Input, Dialect.Exception> => {
    const query = Request.query(request)
    const repeated = twice(operation, query)
    if (repeated !== undefined) {
      return raisePortal(PortalError.InvalidRequestException, `${repeated} is there twice`)
    }
    const given = operation.bindings?.read({ query: Object.fromEntries(query), headers: request.headers })
    // An empty header is a missing one. An empty parameter is a wrong one, as the operations say
    const members = Object.entries(given ?? {}).filter(([name, value]) => name !== "accessToken" || value !== "")
      // A text that is no number is a size out of range
      .map(([name, value]) => [name, Number.isNaN(value) ? 0 : value] as const)
    return Result.mapError(
      decode({ ...missing, ...Object.fromEntries(members) }),
      (error) => portalException(PortalError.InvalidRequestException, whatIsWrong(error))
    )
  }
  return Effect.fnUntraced(function*(request) {
    const result = yield* Effect.result(Effect.flatMap(Effect.fromResult(parse(request)), run))
    const now = yield* clock.now
    return Result.match(result, {
      onFailure: (exception) => Dialect.failure(exception, now),
      onSuccess: (output) => Dialect.portalSuccess(body(output), now)
    })
  })
}

/** The operations of the portal that the emulator has, by name. */
export const handlers = (emulator: Service): { readonly [Name in PortalClient.OperationName]?: Handler } => ({
  GetRoleCredentials: handler(
    emulator,
    GetRoleCredentials.operation,
    emulator.getRoleCredentials,
    ({ roleCredentials: { accessKeyId, expiration, secretAccessKey, sessionToken } }) => ({
      roleCredentials: {
        accessKeyId,
        secretAccessKey: Redacted.value(secretAccessKey),
        sessionToken: Redacted.value(sessionToken),
        expiration
      }
    })
  ),
  ListAccounts: handler(
    emulator,
    ListAccounts.operation,
    emulator.listAccounts,
    ({ accountList = [], nextToken = null }) => ({
      nextToken,
      accountList: accountList.map(({ accountId, accountName = null, emailAddress = null }) => ({
        accountId,
        accountName,
        emailAddress
      }))
    })
  ),
  ListAccountRoles: handler(
    emulator,
    ListAccountRoles.operation,
    emulator.listAccountRoles,
    ({ nextToken = null, roleList = [] }) => ({ nextToken, roleList })
  ),
  Logout: handler(emulator, Logout.operation, emulator.logout, () => undefined)
})
