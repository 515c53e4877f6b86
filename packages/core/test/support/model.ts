/**
 * The exceptions of the service's model (SSO OIDC, 2019-06-10), repeated as a fixture. Tests compare the operations with it. No
 * exception has a `message`. All have `error` and `error_description`.
 */

type Operation = "RegisterClient" | "StartDeviceAuthorization" | "CreateToken" | "CreateTokenWithIAM"

export interface ModelledException {
  readonly type: string
  readonly status: number
  readonly error: string
  readonly members: ReadonlyArray<"reason" | "endpoint" | "region">
  readonly operations: ReadonlyArray<Operation>
}

const register = "RegisterClient"
const start = "StartDeviceAuthorization"
const token = "CreateToken"
const iam = "CreateTokenWithIAM"

const row = (
  type: string,
  status: number,
  error: string,
  operations: ReadonlyArray<Operation>,
  members: ModelledException["members"] = []
): ModelledException => ({ type, status, error, members, operations })

export const exceptions: ReadonlyArray<ModelledException> = [
  row("AccessDeniedException", 400, "access_denied", [token, iam], ["reason"]),
  row("AuthorizationPendingException", 400, "authorization_pending", [token, iam]),
  row("ExpiredTokenException", 400, "expired_token", [token, iam]),
  row("InternalServerException", 500, "server_error", [register, start, token, iam]),
  row("InvalidClientException", 401, "invalid_client", [start, token, iam]),
  row("InvalidClientMetadataException", 400, "invalid_client_metadata", [register]),
  row("InvalidGrantException", 400, "invalid_grant", [token, iam]),
  row("InvalidRedirectUriException", 400, "invalid_redirect_uri", [register]),
  row("InvalidRequestException", 400, "invalid_request", [register, start, token, iam], ["reason"]),
  row("InvalidRequestRegionException", 400, "invalid_request", [iam], ["endpoint", "region"]),
  row("InvalidScopeException", 400, "invalid_scope", [register, token, iam]),
  row("SlowDownException", 400, "slow_down", [register, start, token, iam]),
  row("UnauthorizedClientException", 400, "unauthorized_client", [start, token, iam]),
  row("UnsupportedGrantTypeException", 400, "unsupported_grant_type", [register, token, iam])
]

export const exceptionsOf = (operation: Operation): ReadonlyArray<ModelledException> =>
  exceptions.filter((exception) => exception.operations.includes(operation))
