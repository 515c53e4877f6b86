/**
 * The exit code and the sentence for each way in which a login can end.
 *
 * docs/errors.md has the same table for readers. A test compares the two.
 */
import type { EndpointError } from "@sso-oidc/core/aws/ClientError"
import type * as DeviceGrant from "@sso-oidc/device-grant/DeviceGrant"
import type * as NodeSession from "@sso-oidc/session/node/NodeSession"
import type { EnsureError } from "@sso-oidc/session/Session"
import type { TransportOptionsError } from "@sso-oidc/transport-node/TransportOptionsError"
import type * as Config from "effect/Config"
import * as Data from "effect/Data"
import * as Runtime from "effect/Runtime"

/** The exit code of each way in which a login ends without a token. */
export const exitCodes = {
  denied: 10,
  expired: 11,
  unreachable: 12,
  clientRefused: 13,
  grantInvalid: 14,
  requestInvalid: 15,
  unexpectedResponse: 16,
  serviceFailed: 17,
  transport: 18,
  tokenPossiblyLost: 19,
  configuration: 20,
  store: 21
} as const

/** A way in which a login ends without a token. */
export type Way = keyof typeof exitCodes

const headings: { readonly [W in Way]: string } = {
  denied: "Denied",
  expired: "Expired",
  unreachable: "Expired, no response",
  clientRefused: "Client refused",
  grantInvalid: "Grant not valid",
  requestInvalid: "Start URL or request not valid",
  unexpectedResponse: "Unexpected response",
  serviceFailed: "Service failed",
  transport: "No connection",
  tokenPossiblyLost: "Token possibly lost",
  configuration: "Bad configuration",
  store: "Token not kept"
}

/** The error that `main` ends with. Its sentence is printed, and its code is the exit code of the process. */
export class Ended extends Data.TaggedError("Ended")<{ readonly way: Way; readonly message: string }> {
  override readonly [Runtime.errorExitCode] = exitCodes[this.way]
  override readonly [Runtime.errorReported] = false
}

/** The errors of a login from the command line, kept or not. */
export type LoginFailure =
  | DeviceGrant.LoginError
  | EndpointError
  | TransportOptionsError
  | Config.ConfigError
  | NodeSession.Error
  | EnsureError

/** The way in which a login with this error ends. */
export const wayOf = (error: LoginFailure): Way => {
  switch (error._tag) {
    case "AccessDeniedException":
    case "AuthorizationDenied":
      return "denied"
    case "DeviceCodeExpired":
      return error.failures === 0 ? "expired" : "unreachable"
    case "AuthorizationExpired":
    case "ExpiredTokenException":
      return "expired"
    case "InvalidClientException":
    case "InvalidClientMetadataException":
    case "InvalidRedirectUriException":
    case "UnauthorizedClientException":
    case "UnsupportedGrantTypeException":
      return "clientRefused"
    case "InvalidGrantException":
    case "CallbackInvalid":
      return "grantInvalid"
    case "InvalidRequestException":
    case "InvalidScopeException":
      return "requestInvalid"
    case "UnexpectedResponse":
      return "unexpectedResponse"
    case "AuthorizationPendingException":
    case "InternalServerException":
    case "SlowDownException":
      return "serviceFailed"
    case "TransportError":
      return "transport"
    case "TokenPossiblyLost":
    case "ExchangePossiblyLost":
      return "tokenPossiblyLost"
    case "StoreError":
    case "StoreBusy":
      return "store"
    case "RequestInvalid":
    case "AwsConfigError":
    case "ProfileNotFound":
    case "CallbackUnavailable":
    case "EndpointError":
    case "TransportOptionsError":
    case "ConfigError":
      return "configuration"
  }
}

// the message of a schema's error has the name of its class around it
const sentenceOf = (error: LoginFailure): string =>
  error.message.replace(/\s+/g, " ").trim().replace(/^SchemaError\((.*)\)$/, "$1")

/** One line: the way in which the login ended, and the sentence of the error. */
export const ended = (error: LoginFailure): Ended => {
  const way = wayOf(error)
  return new Ended({ way, message: `${headings[way]}: ${sentenceOf(error)}` })
}

/** The end for flags that cannot be used. */
export const misused = (sentence: string): Ended =>
  new Ended({ way: "configuration", message: `${headings.configuration}: ${sentence}` })
