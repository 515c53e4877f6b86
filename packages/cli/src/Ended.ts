/**
 * How the command ends: the exit code and the sentence for each error.
 *
 * docs/cli.md has the table of the exit codes for readers. A test compares the two.
 */
import type * as AccessToken from "@sso-oidc/core/AccessToken"
import * as Wire from "@sso-oidc/core/aws/Wire"
import type * as Portal from "@sso-oidc/portal/Portal"
import type * as NodeSession from "@sso-oidc/session/node/NodeSession"
import type * as Session from "@sso-oidc/session/Session"
import type * as SessionLogout from "@sso-oidc/session/SessionLogout"
import * as Data from "effect/Data"

/** The exit codes. A program that `exec` ran has its own. */
export const codes = {
  done: 0,
  rejected: 1,
  usage: 2,
  network: 3,
  busy: 4,
  store: 5,
  bug: 70,
  notRunnable: 126,
  notThere: 127,
  interrupted: 130
} as const

/** The command line cannot be used, or needs a terminal that is not there. Nothing was sent. */
export class UsageError extends Data.TaggedError("UsageError")<{
  /** What is wrong, and what to do. */
  readonly message: string
}> {}

/** The command could not write or use something of its own, other than the store. */
export class CommandError extends Data.TaggedError("CommandError")<{
  /** What is wrong, and what to do. */
  readonly message: string
  /** The exit code. */
  readonly code: typeof codes[keyof typeof codes]
  /** The name of the error in the output of `--json`. */
  readonly tag: string
}> {}

/** The command ends with this exit code, and there is nothing more to say. */
export class Exited extends Data.TaggedError("Exited")<{ readonly code: number }> {}

/** Every error that a command can end with. */
export type Failure =
  | UsageError
  | CommandError
  | NodeSession.Error
  | AccessToken.Error
  | Session.EnsureError
  | Portal.CredentialsError
  | SessionLogout.LogoutAllUnsupported

// what may mend by waiting
const isBusy = (status: number): boolean => status === 429 || status >= 500

/** The service says no, without the type of an exception. A proxy says so in HTML. */
const isRejected = (
  { contentType = "", status }: { readonly contentType?: string; readonly status: number }
): boolean => /json/i.test(contentType) && (status === 401 || status === 403 || status === 404)

/** The exit code of an error. */
export const codeOf = (error: Failure): number => {
  switch (error._tag) {
    case "CommandError":
      return error.code
    case "NotLoggedIn":
    case "SessionEnded":
    case "AccessDeniedException":
    case "AuthorizationDenied":
    case "AuthorizationExpired":
    case "ExpiredTokenException":
    case "CallbackInvalid":
    case "ForbiddenException":
    case "InvalidClientException":
    case "InvalidClientMetadataException":
    case "InvalidGrantException":
    case "InvalidRedirectUriException":
    case "InvalidRequestException":
    case "InvalidScopeException":
    case "ResourceNotFoundException":
    case "UnauthorizedClientException":
    case "UnauthorizedException":
    case "UnsupportedGrantTypeException":
      return codes.rejected
    case "DeviceCodeExpired":
      return error.failures === 0
        ? codes.rejected
        : isBusy(error.lastTrouble?.status ?? 0)
        ? codes.busy
        : codes.network
    case "UsageError":
    case "AwsConfigError":
    case "CallbackUnavailable":
    case "ConfigError":
    case "EndpointError":
    case "LogoutAllUnsupported":
    case "ProfileNotFound":
    case "RequestInvalid":
    case "RoleUnusable":
    case "TransportOptionsError":
      return codes.usage
    case "TransportError":
      return codes.network
    case "UnexpectedResponse":
      return isBusy(error.status) ? codes.busy : isRejected(error) ? codes.rejected : codes.network
    case "AuthorizationPendingException":
    case "ExchangePossiblyLost":
    case "InternalServerException":
    case "SessionPossiblyLost":
    case "SlowDownException":
    case "StoreBusy":
    case "TokenPossiblyLost":
    case "TooManyRequestsException":
      return codes.busy
    case "StoreError":
      return codes.store
  }
}

/** The name of an error in the output of `--json`. */
export const tagOf = (error: Failure): string => error._tag === "CommandError" ? error.tag : error._tag

/** A text in one line, without control characters. */
export const oneLine = (text: string): string => {
  const line = text.replace(/\s+/g, " ").trim()
  return Wire.isPrintable(line) ? line : Wire.printable(line)
}

/** The sentence of an error, in one line. */
export const sentenceOf = (error: Failure): string => {
  // the message of an error of Effect's config has the name of its class around it
  const sentence = oneLine(error.message).replace(/^SchemaError\((.*)\)$/, "$1").replace(/^SourceError: /, "")
    // the command has no such options
    .replace(", or raise requestTimeout", "")
    .replace(/ (?:than|of) maxResponseBytes/, " than the command takes")
  if (error._tag === "ForbiddenException" || error._tag === "ResourceNotFoundException") {
    return sentence.replace("list the accounts to see which there are", "sso-oidc accounts lists them")
      .replace("list the roles", "sso-oidc roles lists them")
  }
  if (error._tag === "AuthorizationExpired") return sentence.replace("the device grant", "--device")
  if (error._tag === "UnexpectedResponse") {
    const toDo = isBusy(error.status)
      ? "AWS is busy: try again later."
      : isRejected(error)
      ? "The service rejected the request: log in again, and check the account and the role."
      : undefined
    return toDo === undefined ? sentence : sentence.replace("Check the proxy, region and endpoint.", toDo)
  }
  // the command has flags for what the library only names
  if (error._tag === "CallbackUnavailable") {
    return sentence.replace("Use the device grant, or another port.", "Give another --port, or --device.")
  }
  if (error._tag !== "ProfileNotFound" && error._tag !== "AwsConfigError") return sentence
  // the command names its own flag, and writes such a profile itself
  const own = sentence.replace("`aws configure sso`", "`sso-oidc configure`")
  return error._tag === "AwsConfigError"
    ? own
    : own.replace(", which the program names", `, which --${error.kind} names`)
}

/** The sentence of a mistake in this program. It has no stack trace, which may hold what a person must not paste into a report. */
export const bug = (defect: unknown): string =>
  `sso-oidc has a bug (${
    oneLine(defect instanceof Error ? `${defect.name}: ${defect.message}` : typeof defect)
  }). Please report it with this line.`
