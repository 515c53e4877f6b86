/**
 * The differences at the portal between the official client and ours that are on purpose, as `differential-differences.ts` has those of OIDC.
 * What only repeats a difference of OIDC is not here.
 */
import { difference } from "./differential-difference.ts"

export const portalRequests = {
  emptyToken: difference(
    "the access token is empty",
    "sends an empty header",
    "`RequestInvalid`; nothing is sent",
    "an empty secret is a mistake of the caller, and never a credential",
    "only ours refuses an empty access token (P1)"
  ),
  header: difference(
    "the access token has a line break or another character that HTTP does not allow",
    "gives it to its handler, which throws a `TypeError` with the header",
    "`RequestInvalid` that names the header; nothing is sent",
    "such a header would be another request, and the error must not show the token",
    "only ours refuses a token that no header can have (P1)"
  ),
  missing: difference(
    "a required member of the request is missing",
    "sends the rest",
    "`RequestInvalid`; nothing is sent, and `detail` names the member",
    "the portal would respond only with `InvalidRequestException`",
    "only ours refuses a request of the portal without its required members (P1)"
  ),
  notFinite: difference(
    "`maxResults` is `NaN` or infinite",
    "sends `max_result=NaN`",
    "`RequestInvalid`; nothing is sent",
    "it is a mistake of the caller",
    "only ours refuses a size of a page that is not finite (P1)"
  ),
  resend: difference(
    "the status is 429",
    "sends the request three times",
    "sends it once; `Retry` and `Portal` send it again, after a wait",
    "a second request at once makes the limit worse",
    "only the official client sends a request to the portal again by itself (P1)"
  )
} as const

export const portalEndpoints = {
  variable: difference(
    "`AWS_ENDPOINT_URL_SSO` is set",
    "sends there by itself",
    "reads it only through `Environment`",
    "a library should read the environment only on request, and a browser has none",
    "only the official client takes the portal's endpoint from the environment by itself (P9)"
  )
} as const

export const portalResponses = {
  logoutText: difference(
    "a 200 to Logout is HTML, or JSON that is no object",
    "a success",
    "`UnexpectedResponse`, `malformed`",
    "a captive portal responded, and the session goes on",
    "only ours refuses a success of Logout that is not of the portal (P1)"
  ),
  noContent: difference(
    "the status of a response to Logout is 201, 202 or 204",
    "a success",
    "`UnexpectedResponse`, `status`",
    "the model has only 200; another 2xx comes from a server in between",
    "only ours refuses a 2xx to Logout that is not 200 (P1)"
  ),
  parts: difference(
    "a 200 has no `roleCredentials`, or a part of them is absent, `null`, empty or of another type",
    "a success with the parts that are there",
    "`UnexpectedResponse`, `malformed`; `detail` names the part, and no value",
    "credentials that are `undefined` would fail later, in another place",
    "only ours refuses role credentials with a part missing (P2)"
  ),
  expiration: difference(
    "`expiration` is later than a `Date` can be",
    "returns it unchanged",
    "`UnexpectedResponse`, `malformed`",
    "credentials with such a time would never be renewed",
    "only ours refuses an expiration that is no time (P2)"
  ),
  digits: difference(
    "`expiration` is written as a text of digits",
    "returns the text",
    "the number",
    "the value must match its TypeScript type",
    "only ours reads an expiration that is a text of digits (P2)"
  ),
  entry: difference(
    "an account has no `accountId`, a role has no `roleName`, or an entry of a list is `null`",
    "returns the entry as it is",
    "`UnexpectedResponse`, `malformed`; `detail` names the entry",
    "an entry without its name cannot be used, and must not disappear",
    "only ours refuses an entry of a list without its name (P1)"
  ),
  otherTypes: difference(
    "`accountName`, `emailAddress` or a role's `accountId` is not a text, or empty",
    "returns it unchanged",
    "absent",
    "their types say that they are texts; a wrong label must not hide an account",
    "only ours leaves out a label that is not a text (P1)"
  ),
  nextToken: difference(
    "`nextToken` is not a text",
    "returns it unchanged",
    "`UnexpectedResponse`, `malformed`",
    "as an absent one it would end the list, and hide the rest",
    "only ours refuses a next page that is not a text (P1)"
  ),
  list: difference(
    "`accountList` or `roleList` is not a list",
    "returns it unchanged",
    "`UnexpectedResponse`, `malformed`",
    "the value must match its TypeScript type",
    "only ours refuses a list that is not a list (P1)"
  ),
  control: difference(
    "an account's number, a role's name or the id of an access key has invisible characters",
    "returns it unchanged",
    "`UnexpectedResponse`, `malformed`",
    "they could control a terminal; the free name of an account may have them, and a view cleans it",
    "only ours refuses invisible characters in the names of the portal (P1)"
  )
} as const

export const portalErrors = {
  forbidden: difference(
    "the type is `ForbiddenException`",
    "an error with that name, which has no exception's class",
    "the exception, with status 403",
    "the portal sends it, but its model does not list it",
    "only ours has a class for ForbiddenException (P2)"
  ),
  requestId: difference(
    "the request id is in the header `RequestId`",
    "does not find it",
    "`requestId`",
    "the portal sends no other, and AWS support asks for it",
    "only ours finds the request id of the portal (P1)"
  ),
  untyped: difference(
    "an error names no type",
    "`Unknown`, with the body's `message`",
    "`UnexpectedResponse`, `status`, without the `message`",
    "a server in between responded; it must not end a session with its 401",
    "neither finds an exception of the portal by its status alone (P1)"
  ),
  oauth: difference(
    "an error has only `error`, as OAuth servers write it",
    "`Unknown`",
    "`UnexpectedResponse` with `error` as `code`",
    "the portal is no OAuth server",
    "neither finds an exception of the portal by an OAuth code (P1)"
  ),
  message: difference(
    "the message of an exception",
    "the body's `message`, or `UnknownError`",
    "a sentence made of `message`, what to do, the type, the status and the request id; `errorDescription` is `message`",
    "a person must understand it",
    "only ours says what to do in the message of an exception of the portal (P1)"
  ),
  capitalMessage: difference(
    "`Message` has the text, and `message` is absent",
    "the text",
    "ignores it",
    "the model spells it `message`, and no response of the portal is known with another spelling",
    "only the official client reads Message as message (P1)"
  ),
  otherMessage: difference(
    "`message` is not a text",
    "returns it unchanged, as the message of the error",
    "absent",
    "its type says that it is a text",
    "only ours removes a message of the portal that is not a text (P1)"
  ),
  mask: difference(
    "`message` repeats the access token, or has control characters",
    "returns it unchanged",
    "the token is masked, and the text is one line without them",
    "programs and terminals show errors",
    "only ours masks an access token that an exception repeats (P1)"
  ),
  html: difference(
    "the body of an error is HTML",
    "`SyntaxError`",
    "the exception that the header names, else `UnexpectedResponse` with status and content type",
    "the error should show that a proxy responded",
    "only ours describes an error of the portal that is not JSON (P1)"
  ),
  unlisted: difference(
    "the operation does not list the exception, as Logout does not list `ResourceNotFoundException`",
    "an exception of that class",
    "`UnexpectedResponse` with its name as `code`",
    "the error type of an operation is exactly what its module lists",
    "only ours refuses an exception that an operation of the portal does not list (P1)"
  )
} as const
