/**
 * Says what a response means that is not about the grant, but about the signature.
 *
 * The front of AWS's services checks the signature. Its errors are not in the model, and have a `message` in place of the members
 * of OAuth. Two of their types have the names of exceptions of the model.
 *
 * @see https://docs.aws.amazon.com/singlesignon/latest/OIDCAPIReference/CommonErrors.html
 */
import type * as Operation from "@sso-oidc/core/aws/Operation"
import type * as Service from "@sso-oidc/core/aws/Service"
import * as IamError from "../IamError.ts"

/** What a type means by itself. `"signature"`: the signature is wrong, perhaps because of the clock. */
const meanings = {
  RequestExpired: "skewed",
  RequestInTheFuture: "skewed",
  RequestTimeTooSkewed: "skewed",
  AuthFailure: "signature",
  InvalidSignatureException: "signature",
  SignatureDoesNotMatch: "signature",
  IncompleteSignature: "rejected",
  IncompleteSignatureException: "rejected",
  InvalidClientTokenId: "rejected",
  MissingAuthenticationToken: "rejected",
  MissingAuthenticationTokenException: "rejected",
  NotAuthorized: "denied",
  UnrecognizedClientException: "rejected",
  AccessDenied: "denied",
  AccessDeniedException: "denied",
  ExpiredToken: "expired",
  ExpiredTokenException: "expired"
} as const

type Meaning = (typeof meanings)[keyof typeof meanings]

const isMeant = (type: string): type is keyof typeof meanings => Object.hasOwn(meanings, type)

/** The types that the operation's model does not have, for the list of its exceptions. */
export const types: ReadonlyArray<Service.ExceptionType> = Object.keys(meanings)
  .filter((type) => type !== "AccessDeniedException" && type !== "ExpiredTokenException")
  .map((type) => ({ type, status: 403 }))

// Some services repeat the whole signed request in the message.
const sentenceIn = (response: Service.ErrorResponse): string | undefined =>
  (response.text("message") ?? response.text("Message"))?.replace(/\s*The Canonical String.*/s, "") || undefined

const timeOf = (text: string): number =>
  Date.parse(text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z"))

// A clock that was never set may be 56 years behind. What is further off is no time of a clock.
const furthest = 100 * 365 * 86_400_000

const possible = (skew: number): number | undefined => Math.abs(skew) <= furthest ? skew : undefined

/** How far this machine's clock is ahead, by the service's own words: the time of the signature comes first, and that of the service last. */
const skewIn = (sentence: string): number | undefined => {
  const [signed = "", , service = ""] = sentence.match(/\b\d{8}T\d{6}Z\b/g) ?? []
  return possible(timeOf(signed) - timeOf(service))
}

// AWS accepts 5 minutes. The response came later than the signature, so that a little less may be one.
const nearest = 4 * 60_000

/** How far this machine's clock is ahead, by the date of the response. A clock that is right by that date is no explanation. */
const skewSince = (ahead: number): number | undefined => Math.abs(ahead) >= nearest ? possible(ahead) : undefined

const isSkewed = (meaning: Meaning, sentence: string): boolean =>
  meaning === "skewed" || (meaning === "signature" && /^Signature (?:expired|not yet current)/i.test(sentence))

/**
 * The error of the signature that a response means. `undefined` if it is an exception of the model: it has an `error`, as OAuth defines, or
 * neither an `error` nor a `message` and another status than 403.
 */
export const errorOf = (
  type: string,
  response: Service.ErrorResponse
): IamError.CredentialsError | IamError.ClockSkewed | undefined => {
  if (!isMeant(type)) return undefined
  const meaning = meanings[type]
  const sentence = sentenceIn(response)
  const { requestId, status } = response.common
  if (response.text("error") !== undefined || (sentence === undefined && status !== 403)) {
    // a type that the model has
    if (!types.some((one) => one.type === type)) return undefined
  }
  const detail = {
    ...(sentence !== undefined && { detail: sentence }),
    ...(requestId !== undefined && { requestId }),
    code: type,
    status
  }
  if (isSkewed(meaning, sentence ?? "")) {
    const skew = skewIn(sentence ?? "") ?? skewSince(response.ahead?.() ?? Number.NaN)
    return new IamError.ClockSkewed({ ...detail, ...(skew !== undefined && { skewMillis: skew }) })
  }
  return new IamError.CredentialsError({
    ...detail,
    problem: meaning === "expired" || meaning === "denied" ? meaning : "rejected"
  })
}

/**
 * An operation whose error responses about the signature are errors of the signature.
 *
 * A response without a type has the code of two exceptions: `invalid_request`. If it names a region, it is that of the wrong region.
 */
export const withSignature = <Request, Response, E, R, Name extends string>(
  operation: Operation.Operation<Request, Response, E, R, Name>
): Operation.Operation<Request, Response, E | IamError.CredentialsError | IamError.ClockSkewed, R, Name> => ({
  ...operation,
  exceptions: [...operation.exceptions, ...types],
  exception: (type, response) =>
    errorOf(type, response) ?? operation.exception(
      type === "InvalidRequestException" && response.text("region") !== undefined
        ? "InvalidRequestRegionException"
        : type,
      response
    )
})
