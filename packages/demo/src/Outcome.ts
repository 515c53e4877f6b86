/**
 * How a login ends, for the shell: one exit code and one sentence for each way.
 *
 * docs/errors.md has the same table for readers; a test holds the two together.
 */
import type { EndpointError } from "@sso-oidc/core/aws/ClientError"
import type * as DeviceGrant from "@sso-oidc/device-grant/DeviceGrant"
import type { TransportOptionsError } from "@sso-oidc/transport-node/TransportOptionsError"
import type * as Config from "effect/Config"
import * as Data from "effect/Data"
import * as Runtime from "effect/Runtime"

/** The ways in which a login ends without a token. */
export const exitCodes = {
  denied: 10,
  expired: 11,
  unreachable: 12,
  clientRefused: 13,
  grantInvalid: 14,
  requestInvalid: 15,
  unexpectedAnswer: 16,
  serviceFailed: 17,
  transport: 18,
  tokenPossiblyLost: 19,
  configuration: 20
} as const

export type Way = keyof typeof exitCodes

const headings: { readonly [W in Way]: string } = {
  denied: "Denied",
  expired: "Expired",
  unreachable: "Expired, no answer",
  clientRefused: "Client refused",
  grantInvalid: "Grant not valid",
  requestInvalid: "Start URL or request not valid",
  unexpectedAnswer: "Unexpected answer",
  serviceFailed: "Service failed",
  transport: "No connection",
  tokenPossiblyLost: "Token possibly lost",
  configuration: "Bad configuration"
}

/** What `main` ends with: the sentence is printed, and the code is the process's. */
export class Ended extends Data.TaggedError("Ended")<{ readonly way: Way; readonly message: string }> {
  override readonly [Runtime.errorExitCode] = exitCodes[this.way]
  override readonly [Runtime.errorReported] = false
}

/** All that a login from the command line can fail with. */
export type LoginFailure = DeviceGrant.LoginError | EndpointError | TransportOptionsError | Config.ConfigError

export const wayOf = (error: LoginFailure): Way => {
  switch (error._tag) {
    case "AccessDeniedException":
      return "denied"
    case "DeviceCodeExpired":
      return error.failures === 0 ? "expired" : "unreachable"
    case "InvalidClientException":
    case "InvalidClientMetadataException":
    case "InvalidRedirectUriException":
    case "UnauthorizedClientException":
    case "UnsupportedGrantTypeException":
      return "clientRefused"
    case "InvalidGrantException":
      return "grantInvalid"
    case "InvalidRequestException":
    case "InvalidScopeException":
      return "requestInvalid"
    case "UnexpectedResponse":
      return "unexpectedAnswer"
    case "InternalServerException":
    case "SlowDownException":
      return "serviceFailed"
    case "TransportError":
      return "transport"
    case "TokenPossiblyLost":
      return "tokenPossiblyLost"
    case "RequestInvalid":
    case "EndpointError":
    case "TransportOptionsError":
    case "ConfigError":
      return "configuration"
  }
}

// a schema's failure comes wrapped in its class name
const sentenceOf = (error: LoginFailure): string =>
  error.message.replace(/\s+/g, " ").trim().replace(/^SchemaError\((.*)\)$/, "$1")

/** One line: what kind of end, and the error's own sentence. */
export const ended = (error: LoginFailure): Ended => {
  const way = wayOf(error)
  return new Ended({ way, message: `${headings[way]}: ${sentenceOf(error)}` })
}

/** An end that is no error of the login: flags that do not go together. */
export const misused = (sentence: string): Ended =>
  new Ended({ way: "configuration", message: `${headings.configuration}: ${sentence}` })
