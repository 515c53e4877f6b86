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

/** It dies with a `RangeError` if an option cannot be used. */
export const make = Effect.fnUntraced(function*(
  { retry, ...options }: Portal.LogoutOptions
): Effect.fn.Return<PortalLogout.Service["logout"], never, HttpClient.HttpClient> {
  const http = yield* HttpClient.HttpClient
  const { base, cap, maxElapsed, maxRetryAfter, times } = retry ?? {}
  // An option that is `undefined` is not given.
  const retries = { base, cap, maxRetryAfter, times: times ?? 2, maxElapsed: maxElapsed ?? "5 seconds" }
  const clientOf = (region: string) =>
    Effect.map(PortalClient.make({ ...options, region }), (client) => Retry.make(client, retries))
  // The region does not matter here. An endpoint that cannot be used is an error of each logout.
  yield* Effect.ignore(clientOf("us-east-1"))
  return ({ accessToken, region }) =>
    clientOf(region).pipe(
      Effect.flatMap((client) => client.logout({ accessToken })),
      Effect.as("accepted" as const),
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
})
