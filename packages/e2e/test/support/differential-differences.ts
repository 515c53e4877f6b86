/**
 * The differences between the official client and ours that are on purpose. One test for each difference asserts what both
 * clients do, so it fails if either changes. `docs/wire.md` has one row for each difference, and a test compares its tables
 * with this list.
 */

import { difference } from "./differential-difference.ts"
import { portalEndpoints, portalErrors, portalRequests, portalResponses } from "./differential-portal-differences.ts"

export const requests = {
  resend: difference(
    "the status is 500",
    "sends the request three times, a refresh token too",
    "sends it once",
    "the operation decides whether a request may be sent again: a refresh token may work only once",
    "only the official client sends a request again by itself (C8)"
  ),
  emptySecret: difference(
    "a secret of the request is empty",
    "sends it",
    "`RequestInvalid`; nothing is sent",
    "an empty secret is a mistake of the caller, and never a credential",
    "only ours refuses an empty secret (C2)"
  ),
  missing: difference(
    "a required member of the request is missing",
    "sends the rest",
    "`RequestInvalid`; nothing is sent, and `detail` names the member",
    "the service would respond only with `invalid_request`",
    "only ours refuses a request without its required members (C3)"
  ),
  otherGrant: difference(
    "members of two grants are given",
    "sends both",
    "sends those of `grantType`",
    "a secret is sent only where it is needed",
    "only the official client also sends members of another grant (C2)"
  ),
  headers: difference(
    "any request",
    "adds `x-amz-user-agent`, `amz-sdk-invocation-id`, `amz-sdk-request`, and Node's version in `user-agent`",
    "adds `user-agent` with its own name and version, and no other header",
    "CORS must allow each header, and nothing needs these",
    "only the official client adds headers about itself (C9)"
  )
} as const

export const endpoints = {
  environmentRegion: difference(
    "no region is given",
    "takes `AWS_REGION`, or a profile's",
    "`EndpointError`",
    "`AWS_REGION` is the workload's region and seldom the portal's",
    "only the official client takes its region from the environment (C7)"
  ),
  environmentEndpoint: difference(
    "`AWS_ENDPOINT_URL_SSO_OIDC` is set",
    "sends there by itself",
    "reads it only through `Environment`",
    "a library should read the environment only on request, and a browser has none",
    "only the official client takes its endpoint from the environment by itself (C7)"
  ),
  star: difference(
    "the region is `*`",
    "accepts it, with a warning on the console",
    "`EndpointError`",
    "it is not a host label",
    "only ours refuses the region * (C7)"
  ),
  fipsRegion: difference(
    "the region is an old pseudo region, `fips-us-east-1` or `us-east-1-fips`",
    "turns FIPS on and calls `us-east-1`",
    "`EndpointError` that names `useFipsEndpoint`",
    "FIPS has its own option, and a region's name is not split",
    "only the official client reads FIPS from a region's name (C7)"
  ),
  euscGlobal: difference(
    "the region is `aws-eusc-global`",
    "uses the partition aws",
    "uses the partition aws-eusc",
    "each pseudo region belongs to its partition; the SDK's data lacks this one",
    "only ours finds the partition of aws-eusc-global (C7)"
  ),
  capitals: difference(
    "the region is written in capitals",
    "calls a host of the partition `aws` for any region",
    "calls the region in lower case, in its own partition",
    "host names ignore case, but the partitions' patterns do not",
    "only ours finds the partition of a region in capitals (C7)"
  ),
  plainHttp: difference(
    "a custom endpoint is plain http to another machine",
    "sends the client secret there in the clear",
    "`EndpointError`",
    "secrets are sent with TLS, or stay on this machine",
    "only ours refuses plain http to another machine (C7)"
  ),
  userInfo: difference(
    "a custom endpoint holds user info",
    "drops it silently",
    "`EndpointError`",
    "a user who sets it expects an effect",
    "only ours refuses user info in a custom endpoint (C7)"
  ),
  query: difference(
    "a custom endpoint has a query or a fragment",
    "drops them silently",
    "`EndpointError`",
    "a user who sets them expects an effect",
    "only ours refuses a query or a fragment in a custom endpoint (C7)"
  ),
  scheme: difference(
    "a custom endpoint is neither http nor https",
    "gives the request to its handler",
    "`EndpointError`",
    "no transport supports it",
    "only ours refuses a custom endpoint that is not http (C7)"
  ),
  control: difference(
    "a custom endpoint has invisible characters",
    "drops them, or encodes them",
    "`EndpointError`",
    "the endpoint that a person reads must be the endpoint that is called",
    "only ours refuses control characters in a custom endpoint (C7)"
  ),
  emptyEndpoint: difference(
    "the custom endpoint is an empty text",
    "takes the region's endpoint",
    "`EndpointError`",
    "a missing endpoint must not become AWS's; only `Environment` reads an empty variable as absent",
    "only ours refuses an empty custom endpoint (C7)"
  ),
  slash: difference(
    "a custom endpoint's path ends with a slash",
    "sends `/base//token`",
    "sends `/base/token`",
    "a server may treat the two paths differently",
    "only ours drops the slashes at the end of a custom endpoint (C7)"
  ),
  early: difference(
    "FIPS or dual-stack is set together with a custom endpoint",
    "fails when the first request is sent",
    "fails when the layer is built",
    "the program reports a bad configuration at its start",
    "only ours refuses a bad configuration before the first request (C7)"
  )
} as const

export const responses = {
  otherSuccess: difference(
    "the status is 201, 204 or another 2xx",
    "a success with the members that are there",
    "`UnexpectedResponse`, `status`",
    "the model has only 200; another 2xx comes from a server in between",
    "only ours refuses a 2xx that is not 200 (C4)"
  ),
  redirect: difference(
    "the status is 3xx and the response names an exception",
    "that exception",
    "`UnexpectedResponse`, `redirect`",
    "the service does not redirect; a server in between does",
    "only ours refuses an exception on a 3xx (C4)"
  ),
  empty: difference(
    "a 200 has no body, `{}`, an array or a text",
    "a success without members",
    "`UnexpectedResponse`, `malformed`",
    "a token that is `undefined` would fail later, in another place",
    "only ours refuses a success that is empty or not an object (C4)"
  ),
  noJson: difference(
    "a 200 is HTML, or `null`",
    "`SyntaxError`, or `TypeError`",
    "`UnexpectedResponse`, `malformed`, with content type and request id",
    "the error should show that a captive portal responded",
    "only ours describes a success that is not a JSON object (C4)"
  ),
  missing: difference(
    "a 200 lacks a required member",
    "a success without it",
    "`UnexpectedResponse`, `malformed`; `detail` names the member",
    "a token that is `undefined` would fail later, in another place",
    "only ours refuses a success without its required members (C4)"
  ),
  emptyText: difference(
    "a member of a 200 is an empty text",
    "an empty text",
    "absent; refused if the member is required",
    "an empty text means the same as `null`",
    "only ours reads an empty text as absent (C4)"
  ),
  seconds: difference(
    "`expiresIn` or `interval` is below 1 or not a number; `clientIdIssuedAt` is not a number",
    "returns it unchanged",
    "absent",
    "a clock cannot use it; the layers above have the RFC's defaults",
    "only ours reads an unusable expiresIn or interval as absent (C4)"
  ),
  numberText: difference(
    "a number of a 200 is written as a text of digits",
    "returns it unchanged",
    "the number",
    "if an interval of \"8\" were ignored, polls would come too early",
    "only ours reads a text of digits as a number (C4)"
  ),
  type: difference(
    "a member of a 200 has another JSON type than the model's",
    "returns it unchanged",
    "`UnexpectedResponse`, `malformed`",
    "the value must match its TypeScript type",
    "only ours refuses a member of another type (C4)"
  ),
  url: difference(
    "a verification URI is neither https nor http to loopback",
    "returns it unchanged",
    "`UnexpectedResponse`, `malformed`",
    "a program may open it for a person",
    "only ours refuses a verification URI that is not https (C7)"
  ),
  control: difference(
    "a text for a person has invisible characters",
    "returns it unchanged",
    "`UnexpectedResponse`, `malformed`",
    "they could control a terminal or deceive a person",
    "only ours refuses control characters in the texts of a success (C7)"
  ),
  tooLarge: difference(
    "the body is over 256 KiB",
    "reads all of it",
    "`UnexpectedResponse`, `tooLarge`; the rest is not read",
    "a response of the service has about 3 kB, and the sender must not use up memory",
    "only ours refuses a body over its cap (C7)"
  ),
  utf8: difference(
    "the body is not UTF-8",
    "replaces invalid bytes with U+FFFD",
    "`UnexpectedResponse`, `malformed`",
    "a changed token would be a wrong token",
    "only ours refuses a success that is not UTF-8 (C4)"
  ),
  encoding: difference(
    "the body has a content encoding that the transport did not decode",
    "`SyntaxError`",
    "`UnexpectedResponse`, `contentEncoding`",
    "the transport is at fault, and the error says so",
    "only ours reports a content encoding that was not decoded (C4)"
  )
} as const

export const errors = {
  rfc: difference(
    "an error names its type only in the RFC's `error`",
    "`Unknown`, which has no exception's class",
    "the exception with that OAuth code",
    "proxies strip `x-amzn-*`, and other servers speak RFC 6749 and 8628",
    "only ours finds an error by the RFC's member (C4)"
  ),
  nullCode: difference(
    "`code` is `null` and `__type` names the type",
    "`TypeError`",
    "the exception",
    "the service sends absent members as `null`",
    "only ours ignores a code that is null (C4)"
  ),
  numberCode: difference(
    "`code` is a number",
    "an error named `400`",
    "ignores it and reads `__type` and `error`",
    "a status is not a type",
    "only ours ignores a code that is a number (C4)"
  ),
  emptyHeader: difference(
    "the header `x-amzn-errortype` is empty",
    "an error without a name",
    "ignores it and reads the body",
    "an empty text names nothing",
    "only ours ignores an empty header (C4)"
  ),
  padded: difference(
    "the type has white space around it",
    "an error with that name, which has no exception's class",
    "the exception",
    "it occurs in a header that two hops joined; HTTP strips the rest",
    "only ours removes white space around a type (C4)"
  ),
  capitalCode: difference(
    "`Code` names the type, and `code` is absent",
    "the exception",
    "ignores it and reads `__type` and `error`",
    "restJson1 spells it `code`, and no response of the service is known with another spelling",
    "only the official client reads Code as code (C4)"
  ),
  html: difference(
    "the body of an error is HTML",
    "`SyntaxError` for any header",
    "the exception that the header names, else `UnexpectedResponse` with status, request id and content type",
    "the error should show that a proxy sent the 503",
    "only ours reads the header of an error that is not JSON (C4)"
  ),
  unlisted: difference(
    "the operation does not list the exception",
    "an exception of that class",
    "`UnexpectedResponse` with its name as `code`",
    "the error type of an operation is exactly what the model lists",
    "only ours refuses an exception that the operation does not list (C3)"
  ),
  encoded: difference(
    "the body of an error has a content encoding that the transport did not decode",
    "`SyntaxError` for any header",
    "the exception that the header names, else `UnexpectedResponse`, `contentEncoding`",
    "a pending login must not end because of a body that is not needed",
    "only ours reads the header of an error whose body cannot be read (C4)"
  ),
  nullTexts: difference(
    "`error` of an exception is `null`",
    "`null`",
    "the OAuth code that the model gives the exception",
    "its type says that it is present",
    "only ours fills in the OAuth code of an exception (C3)"
  ),
  otherTypes: difference(
    "`error` or `error_description` is not a text",
    "returns it unchanged",
    "absent, or the exception's own code",
    "their types say that they are texts",
    "only ours removes texts of an exception that are not texts (C3)"
  ),
  message: difference(
    "the message of an exception",
    "`UnknownError`, or the body's `message`, which the model does not have",
    "a sentence made of `error_description`, what to do, the type, the status and the request id",
    "a person must understand it",
    "only ours has a message made of error_description (C3)"
  ),
  control: difference(
    "`error_description` has control characters, or is very long",
    "returns it unchanged",
    "one line of at most 1,024 characters without them",
    "logs and terminals show it",
    "only ours cleans the texts of an exception (C7)"
  ),
  mask: difference(
    "`error_description` repeats a secret of the request",
    "returns it unchanged",
    "the secret is masked",
    "programs log errors",
    "only ours masks a secret that an exception repeats (C6)"
  ),
  retryAfter: difference(
    "the response has a `retry-after` header",
    "no member of the error has it",
    "`retryAfter` in seconds",
    "the caller must know how long to wait",
    "only ours has the retry-after of an exception (C3)"
  )
} as const

/** The tables of `docs/wire.md`, by the names of their lists. */
export const sections = {
  requests: { heading: "Requests", list: requests },
  endpoints: { heading: "Endpoints", list: endpoints },
  responses: { heading: "Responses", list: responses },
  errors: { heading: "Errors", list: errors },
  portalRequests: { heading: "Requests to the portal", list: portalRequests },
  portalEndpoints: { heading: "Endpoints of the portal", list: portalEndpoints },
  portalResponses: { heading: "Responses of the portal", list: portalResponses },
  portalErrors: { heading: "Errors of the portal", list: portalErrors }
} as const
