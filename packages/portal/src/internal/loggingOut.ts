/**
 * Tells the portal of a logout, at the region of the token.
 */
import * as ClientError from "@sso-oidc/core/aws/ClientError"
import * as Retry from "@sso-oidc/core/aws/Retry"
import type * as PortalLogout from "@sso-oidc/core/PortalLogout"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as Redacted from "effect/Redacted"
import type * as Portal from "../Portal.ts"
import * as PortalClient from "../PortalClient.ts"
import type * as PortalError from "../PortalError.ts"

const rejected: Effect.Effect<PortalLogout.Response> = Effect.succeed("rejected")

/** A portal that is too busy has not ended the session: that is no response to the logout. */
const busy = ({ _tag, status, ...error }: PortalError.TooManyRequestsException) =>
  new ClientError.UnexpectedResponse({
    operation: "Logout",
    problem: "status",
    status,
    code: _tag,
    ...(error.requestId === undefined ? {} : { requestId: error.requestId }),
    ...(error.retryAfter === undefined ? {} : { retryAfter: error.retryAfter }),
    body: Redacted.make("", { label: "body" })
  })

export const make = (
  http: HttpClient.HttpClient,
  { retry, ...options }: Portal.LogoutOptions
): PortalLogout.Service["logout"] =>
({ accessToken, region }) =>
  Effect.gen(function*() {
    const client = yield* PortalClient.make({ ...options, region })
    yield* Retry.make(client, { times: 2, maxElapsed: "5 seconds", ...retry }).logout({ accessToken })
    return "accepted" as const
  }).pipe(
    Effect.provideService(HttpClient.HttpClient, http),
    Effect.catchTags({
      EndpointError: ({ message }) =>
        Effect.fail(new ClientError.RequestInvalid({ operation: "Logout", detail: message })),
      TooManyRequestsException: (error) => Effect.fail(busy(error)),
      ForbiddenException: () => rejected,
      InvalidRequestException: () => rejected,
      UnauthorizedException: () => rejected
    })
  )
