/**
 * Where ours differs from the official client on purpose. Each difference is pinned by one test that asserts what both
 * do, so that it fails when either changes; `docs/wire.md` has one row for each, and a test holds it to this list.
 */

export interface Difference {
  /** What happens. */
  readonly when: string
  /** What the official client does. */
  readonly official: string
  /** What ours does. */
  readonly ours: string
  readonly why: string
  /** The title of the test that pins it. */
  readonly test: string
}

const difference = (when: string, official: string, ours: string, why: string, test: string): Difference => ({
  when,
  official,
  ours,
  why,
  test
})

export const requests = {
  resend: difference(
    "a 500 is answered",
    "sends the request three times, a refresh token too",
    "sends it once",
    "whether a request may be sent again belongs to the operation; a refresh token may be good for one use",
    "C8: only the official client sends a request again by itself"
  ),
  emptySecret: difference(
    "a secret of the request is empty",
    "sends it",
    "`RequestInvalid`; nothing is sent",
    "an empty secret is a mistake of the caller, never a credential",
    "C2: only ours refuses an empty secret"
  ),
  missing: difference(
    "a required member of the request is missing",
    "sends the rest",
    "`RequestInvalid`; nothing is sent, and `detail` names the member",
    "the service answers with no more than `invalid_request`",
    "C3: only ours refuses a request without its required members"
  ),
  otherGrant: difference(
    "members of two grants are given",
    "sends both",
    "sends those of `grantType`",
    "a secret goes nowhere where it is not needed",
    "C2: only the official client sends members of another grant along"
  ),
  headers: difference(
    "any request",
    "adds `x-amz-user-agent`, `amz-sdk-invocation-id`, `amz-sdk-request`, and Node's version in `user-agent`",
    "adds `user-agent` with its own name and version, and no other header",
    "each is one more header for CORS to allow, and nothing needs them",
    "C9: only the official client adds headers about itself"
  )
} as const

export const endpoints = {
  environmentRegion: difference(
    "no region is given",
    "takes `AWS_REGION`, or a profile's",
    "`EndpointError`",
    "`AWS_REGION` is the workload's region and seldom the portal's",
    "C7: only the official client takes its region from the environment"
  ),
  environmentEndpoint: difference(
    "`AWS_ENDPOINT_URL_SSO_OIDC` is set",
    "sends there by itself",
    "reads it through `Environment` alone",
    "a library reads no environment that it was not pointed at; a browser has none",
    "C7: only the official client takes its endpoint from the environment by itself"
  ),
  star: difference(
    "the region is `*`",
    "accepts it, with a warning on the console",
    "`EndpointError`",
    "it is no host label",
    "C7: only ours refuses the region *"
  ),
  fipsRegion: difference(
    "the region is an old pseudo region, `fips-us-east-1` or `us-east-1-fips`",
    "turns FIPS on and calls `us-east-1`",
    "`EndpointError` that names `useFipsEndpoint`",
    "FIPS is asked for by its option, and a name is not taken apart",
    "C7: only the official client reads FIPS out of a region's name"
  ),
  euscGlobal: difference(
    "the region is `aws-eusc-global`",
    "takes it for one of the partition aws",
    "takes it for one of aws-eusc",
    "each partition's pseudo region belongs to it; the SDK's data forgets this one",
    "C7: only ours puts aws-eusc-global into its partition"
  ),
  capitals: difference(
    "the region is written in capitals",
    "a host of the partition `aws`, whatever the region",
    "the region in small letters, in its own partition",
    "hosts do not tell capitals apart, but the partitions' patterns do",
    "only ours finds the partition of a region in capitals (C7)"
  ),
  plainHttp: difference(
    "a custom endpoint is plain http to another machine",
    "sends the client secret there in the clear",
    "`EndpointError`",
    "secrets go over TLS, or stay on this machine",
    "C7: only ours refuses plain http to another machine"
  ),
  userInfo: difference(
    "a custom endpoint holds user info",
    "drops it silently",
    "`EndpointError`",
    "who put it there expects it to be used",
    "C7: only ours refuses user info in a custom endpoint"
  ),
  query: difference(
    "a custom endpoint has a query or a fragment",
    "drops them silently",
    "`EndpointError`",
    "who put them there expects them to be used",
    "C7: only ours refuses a query or a fragment in a custom endpoint"
  ),
  scheme: difference(
    "a custom endpoint is neither http nor https",
    "hands the request to its handler",
    "`EndpointError`",
    "no transport speaks it",
    "C7: only ours refuses a custom endpoint that is not http"
  ),
  control: difference(
    "a custom endpoint has characters in it that cannot be seen",
    "drops them, or encodes them",
    "`EndpointError`",
    "what a person reads must be what is called",
    "C7: only ours refuses control characters in a custom endpoint"
  ),
  emptyEndpoint: difference(
    "the custom endpoint is an empty text",
    "takes the region's endpoint",
    "`EndpointError`",
    "an endpoint that was meant and is missing must not become AWS's; `Environment` does read an empty variable as none",
    "C7: only ours refuses an empty custom endpoint"
  ),
  slash: difference(
    "a custom endpoint ends with a slash below a path",
    "sends `/base//token`",
    "sends `/base/token`",
    "a server may well tell them apart",
    "C7: only ours drops the slashes at the end of a custom endpoint"
  ),
  early: difference(
    "FIPS or dual-stack is asked for together with a custom endpoint",
    "fails when the first request is sent",
    "fails when the layer is built",
    "a bad configuration is known at the start of the program",
    "C7: only ours refuses a bad configuration before the first request"
  )
} as const

export const answers = {
  otherSuccess: difference(
    "the status is 201, 204 or another 2xx",
    "a success, of whatever members there are",
    "`UnexpectedResponse`, `status`",
    "the model knows 200 alone; another comes from something in between",
    "C4: only ours refuses a 2xx that is not 200"
  ),
  redirect: difference(
    "the status is 3xx and the answer names an exception",
    "that exception",
    "`UnexpectedResponse`, `redirect`",
    "the service does not redirect; something in between does",
    "C4: only ours refuses an exception on a 3xx"
  ),
  empty: difference(
    "a 200 has no body, `{}`, an array or a text",
    "a success without members",
    "`UnexpectedResponse`, `malformed`",
    "a token that is `undefined` fails later, and elsewhere",
    "C4: only ours refuses a success that is empty or no object"
  ),
  noJson: difference(
    "a 200 is HTML, or `null`",
    "`SyntaxError`, or `TypeError`",
    "`UnexpectedResponse`, `malformed`, with content type and request id",
    "a captive portal should be seen for what it is",
    "C4: only ours names a success that is no JSON object"
  ),
  missing: difference(
    "a 200 lacks a required member",
    "a success without it",
    "`UnexpectedResponse`, `malformed`; `detail` names the member",
    "a token that is `undefined` fails later, and elsewhere",
    "C4: only ours refuses a success without its required members"
  ),
  emptyText: difference(
    "a member of a 200 is an empty text",
    "an empty text",
    "absent; refused where it is required",
    "an empty text says as little as a `null`",
    "C4: only ours reads an empty text as absent"
  ),
  seconds: difference(
    "`expiresIn` or `interval` is below 1, or no number; `clientIdIssuedAt` is no number",
    "given on as it is",
    "absent",
    "no clock can use it; the layers above have the RFC's defaults",
    "C4: only ours reads an unusable expiresIn or interval as absent"
  ),
  numberText: difference(
    "a number of a 200 is written as a text of digits",
    "given on as it is",
    "the number",
    "an interval of \"8\" that is passed over leads to polls that come too early",
    "only ours reads a text of digits as the number that it says (C4)"
  ),
  type: difference(
    "a member of a 200 has another JSON type than the model's",
    "given on as it is",
    "`UnexpectedResponse`, `malformed`",
    "the types say what is there",
    "C4: only ours refuses a member of another type"
  ),
  url: difference(
    "a verification URI is no https, nor http to loopback",
    "given on as it is",
    "`UnexpectedResponse`, `malformed`",
    "a person is sent there, by a program that may open it",
    "C7: only ours refuses a verification URI that is not https"
  ),
  control: difference(
    "a text that a person sees has characters in it that cannot be seen",
    "given on as it is",
    "`UnexpectedResponse`, `malformed`",
    "a terminal would obey them, or a person be deceived",
    "C7: only ours refuses control characters in the texts of a success"
  ),
  tooLarge: difference(
    "the body is over 256 KiB",
    "reads all of it",
    "`UnexpectedResponse`, `tooLarge`; the rest is not read",
    "an answer of the service has about 3 kB; memory is not the sender's to spend",
    "C7: only ours refuses a body over its cap"
  ),
  utf8: difference(
    "the body is no UTF-8",
    "puts U+FFFD for what it cannot read",
    "`UnexpectedResponse`, `malformed`",
    "a token that was changed is a wrong one",
    "C4: only ours refuses a success that is no UTF-8"
  ),
  encoding: difference(
    "the body has a content encoding that nobody undid",
    "`SyntaxError`",
    "`UnexpectedResponse`, `contentEncoding`",
    "the transport is at fault, and the error says so",
    "C4: only ours names a content encoding that was not undone"
  )
} as const

export const errors = {
  rfc: difference(
    "an error names its type in the RFC's `error` alone",
    "`Unknown`, of no exception's class",
    "the exception with that OAuth code",
    "proxies strip `x-amzn-*`, and other servers speak RFC 6749 and 8628",
    "C4: only ours finds an error by the RFC's member"
  ),
  nullCode: difference(
    "`code` is `null` and `__type` names the type",
    "`TypeError`",
    "the exception",
    "the service sends absent members as `null`",
    "C4: only ours passes over a code that is null"
  ),
  numberCode: difference(
    "`code` is a number",
    "an error named `400`",
    "passes over it to `__type` and `error`",
    "a status is no type",
    "C4: only ours passes over a code that is a number"
  ),
  emptyHeader: difference(
    "the header `x-amzn-errortype` is empty",
    "an error without a name",
    "passes over it to the body",
    "an empty text says as little as none",
    "C4: only ours passes over an empty header"
  ),
  padded: difference(
    "the type has white space around it",
    "an error of that name, of no exception's class",
    "the exception",
    "a header that two hops joined has some; HTTP strips the rest",
    "C4: only ours drops white space around a type"
  ),
  capitalCode: difference(
    "`Code` names the type, and `code` is absent",
    "the exception",
    "passes over it to `__type` and `error`",
    "restJson1 spells it `code`; no answer of the service is known with another spelling",
    "C4: only the official client reads Code for code"
  ),
  html: difference(
    "the body of an error is HTML",
    "`SyntaxError`, whatever the header says",
    "the exception that the header names, else `UnexpectedResponse` with status, request id and content type",
    "a proxy's 503 should be seen for what it is",
    "C4: only ours reads the header of an error that is no JSON"
  ),
  unlisted: difference(
    "the exception is one that the operation does not list",
    "an exception of that class",
    "`UnexpectedResponse` with its name as `code`",
    "the error type of an operation is exactly what the model lists",
    "C3: only ours refuses an exception that the operation does not list"
  ),
  encoded: difference(
    "the body of an error has a content encoding that the transport did not undo",
    "`SyntaxError`, whatever the header says",
    "the exception that the header names, else `UnexpectedResponse`, `contentEncoding`",
    "a pending login must not end because of a body that nothing reads",
    "only ours reads the header of an error whose body cannot be read (C4)"
  ),
  nullTexts: difference(
    "`error` of an exception is `null`",
    "`null`",
    "the OAuth code that the model gives the exception",
    "the types say that it is there",
    "C3: only ours fills in the OAuth code of an exception"
  ),
  otherTypes: difference(
    "`error` or `error_description` is no text",
    "given on as it is",
    "absent, or the exception's own code",
    "the types say that they are texts",
    "C3: only ours drops texts of an exception that are none"
  ),
  message: difference(
    "the message of an exception",
    "`UnknownError`, or the body's `message`, which the model does not have",
    "a sentence made of `error_description`, what to do, the type, the status and the request id",
    "a person reads it",
    "C3: only ours has a message made of error_description"
  ),
  control: difference(
    "`error_description` has control characters in it, or is very long",
    "given on as it is",
    "one line of at most 1,024 characters without them",
    "it ends in a log or a terminal",
    "C7: only ours cleans the texts of an exception"
  ),
  mask: difference(
    "`error_description` repeats a secret of the request",
    "given on as it is",
    "the secret is masked",
    "errors are logged",
    "C6: only ours masks a secret that an exception repeats"
  ),
  retryAfter: difference(
    "the answer has a `retry-after` header",
    "no member of the error has it",
    "`retryAfter` in seconds",
    "who polls must know how long to wait",
    "C3: only ours has the retry-after of an exception"
  )
} as const

export const sections = { Requests: requests, Endpoints: endpoints, Answers: answers, Errors: errors } as const

/** The row of `docs/wire.md`. */
export const row = ({ official, ours, test, when, why }: Difference): string =>
  `| ${when} | ${official} | ${ours} | ${why} | ${test} |`
