/**
 * One call of one operation: encode, send, judge the answer, decode. It never sends a second time.
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpBody from "effect/http/HttpBody"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type * as Tracer from "effect/Tracer"
import * as ClientError from "../aws/ClientError.ts"
import type * as Operation from "../aws/Operation.ts"
import * as Wire from "../aws/Wire.ts"
import * as Body from "./body.ts"
import * as Failure from "./failure.ts"
import * as Head from "./head.ts"
import * as Mask from "./mask.ts"
import * as Undelivered from "./undelivered.ts"

/** What all calls of one client share. */
export interface Settings {
  readonly client: HttpClient.HttpClient
  readonly endpoint: string
  readonly region: string
  readonly requestTimeout: Duration.Duration
  readonly maxResponseBytes: number
  readonly userAgent: string
}

const rpcService = "SSO OIDC"
const signingName = "sso-oauth"

export const make = (settings: Settings) =>
<Request, Response, E, R>(
  operation: Operation.Operation<Request, Response, E, R>,
  input: Request
): Effect.Effect<Response, E | ClientError.ClientError, R> =>
  Effect.useSpan(
    `${rpcService}.${operation.name}`,
    {
      kind: "client",
      attributes: {
        "rpc.system": "aws-api",
        "rpc.service": rpcService,
        "rpc.method": operation.name,
        "cloud.region": settings.region
      }
    },
    (span) =>
      send(settings, operation, input, span).pipe(
        Effect.tapError((error) =>
          Effect.sync(() => {
            if (!isPace(error)) span.attribute("error.type", tagOf(error))
          })
        ),
        // a span keeps what its effect ends with: behind a function, since no code and no URL may be read from it
        Effect.map((response) => () => Effect.succeed(response)),
        // "not yet" and "slower" are answers, not failures: the span must not end as an error
        Effect.catchIf(isPace, (error) => Effect.succeed(() => Effect.fail(error))),
        Effect.withParentSpan(span, { captureStackTrace: false })
      )
  ).pipe(Effect.flatMap((outcome) => outcome()))

const tagOf = (error: unknown): string =>
  Predicate.hasProperty(error, "_tag") && typeof error._tag === "string" ? error._tag : "_OTHER"

// under a 5xx they are a failure of the service, whatever the body says
const isPace = (error: unknown): boolean => {
  const tag = tagOf(error)
  return (tag === "AuthorizationPendingException" || tag === "SlowDownException") &&
    Predicate.hasProperty(error, "status") && typeof error.status === "number" && error.status < 500
}

const send = Effect.fnUntraced(function*<Request, Response, E, R>(
  settings: Settings,
  operation: Operation.Operation<Request, Response, E, R>,
  input: Request,
  span: Tracer.Span
): Effect.fn.Return<Response, E | ClientError.ClientError, R> {
  const secrets = yield* secretsOf(operation.name, input)
  const encoded = yield* encode(settings, operation, input)
  const request = operation.sign === undefined
    ? encoded
    : yield* operation.sign(encoded, { region: settings.region, signingName })
  if (Object.values(request.headers).some((value) => !isHeaderValue(value))) {
    return yield* invalid(operation.name, "a header value has characters that no header may have")
  }
  const isNamed = (response: HttpClientResponse.HttpClientResponse): boolean =>
    response.status >= 400 && response.status < 500 &&
    Failure.find(operation, Head.errorType(response), {}).exception !== undefined
  const answer = yield* exchange(settings, operation.name, request, secrets, span, isNamed)
  return yield* answer.redirect
    ? unexpected(operation.name, answer, secrets, { problem: "redirect" })
    : judge(operation, answer, secrets)
})

// -----------------------------------------------------------------------------
// request
// -----------------------------------------------------------------------------

const invalid = (operation: string, detail: string) => new ClientError.RequestInvalid({ operation, detail })

const encode = <Request, Response, E, R>(
  settings: Settings,
  operation: Operation.Operation<Request, Response, E, R>,
  input: Request
): Effect.Effect<HttpClientRequest.HttpClientRequest, ClientError.RequestInvalid> =>
  Effect.suspend(() => Schema.encodeEffect(operation.request)(input)).pipe(
    Effect.mapError((error) => invalid(operation.name, oneLine(error.message))),
    Effect.map((members) =>
      HttpClientRequest.make(operation.method)(`${settings.endpoint}${operation.path}`, {
        urlParams: operation.query,
        headers: { "user-agent": settings.userAgent },
        body: HttpBody.jsonUnsafe(members)
      })
    ),
    // a getter that throws, or members that no JSON can hold
    Effect.catchDefect(() => invalid(operation.name, "the request cannot be read"))
  )

// A schema's message names members and what they should be, never their values.
const oneLine = (message: string): string => Wire.printable(message.replace(/\s+/g, " "))

/** RFC 9110 section 5.5: visible ASCII, space, tab, and the bytes that are opaque to it. */
const isHeaderValue = (value: string): boolean => /^[\t\u0020-\u007e\u0080-\u00ff]*$/.test(value)

/** The secrets that this request carries, so that an answer that repeats one can be masked. */
const secretsOf = (
  operation: string,
  input: unknown
): Effect.Effect<ReadonlyArray<string>, ClientError.RequestInvalid> =>
  Effect.try({
    try: () =>
      Predicate.isObject(input)
        ? Object.values(input).filter(Redacted.isRedacted).map(Redacted.value).filter(Predicate.isString)
        : [],
    catch: () => invalid(operation, "a secret of the request was wiped")
  })

// -----------------------------------------------------------------------------
// exchange
// -----------------------------------------------------------------------------

interface Answer extends Wire.Body {
  readonly response: HttpClientResponse.HttpClientResponse
  readonly redirect: boolean
  readonly requestId: string | undefined
  readonly retryAfter: number | undefined
}

const hostOf = (url: string): string => URL.canParse(url) ? new URL(url).host : ""

const exchange = (
  settings: Settings,
  operation: string,
  request: HttpClientRequest.HttpClientRequest,
  secrets: ReadonlyArray<string>,
  span: Tracer.Span,
  isNamed: (response: HttpClientResponse.HttpClientResponse) => boolean
): Effect.Effect<Answer, ClientError.TransportError> =>
  Effect.suspend(() => {
    let head: Omit<Answer, keyof Wire.Body> | undefined
    const received = (response: HttpClientResponse.HttpClientResponse, called: string) =>
      // a `fetch` of the program's own may give anything for a response
      Effect.catchDefect(
        readHead(response),
        () => Effect.fail(failed({ sent: "maybe", code: "BAD_RESPONSE", transient: false }, called))
      )
    const readHead = Effect.fnUntraced(function*(response: HttpClientResponse.HttpClientResponse) {
      if (!Number.isInteger(response.status) || response.status < 0) throw new TypeError("a response without a status")
      const requestId = requestIdOf(response, secrets)
      span.attribute("http.response.status_code", response.status)
      if (requestId !== undefined) span.attribute("aws.request_id", requestId)
      const type = Wire.errorTypeIn(Head.errorType(response))
      yield* Effect.logDebug(
        `${operation} got HTTP ${response.status}${type === undefined ? "" : ` ${cleanCode(type, secrets)}`}${
          requestId === undefined ? "" : ` (request ${requestId})`
        }`
      )
      return head = {
        response,
        requestId,
        retryAfter: yield* Head.retryAfter(response),
        redirect: Wire.isRedirect(response)
      }
    })
    // a redirect's body is not read, and an opaque one has none
    const unread = { bytes: new Uint8Array(), tooLarge: false }
    const failed = ({ sent, ...rest }: Undelivered.Failed, called: string) =>
      new ClientError.TransportError({
        operation,
        host: hostOf(called),
        ...rest,
        // a failure after the headers is a lost response, whatever its cause
        sent: head === undefined ? sent : "answered",
        ...(head === undefined ? {} : { status: head.response.status }),
        ...(head?.requestId === undefined ? {} : { requestId: head.requestId }),
        ...(head?.retryAfter === undefined ? {} : { retryAfter: head.retryAfter })
      })
    return Effect.gen(function*() {
      yield* Effect.logDebug(`${operation} is sent to ${request.url}`)
      // in a scope of its own, so that a response that is not read to its end closes its connection
      const response = yield* HttpClient.withScope(settings.client).execute(request)
      const known = yield* received(response, request.url)
      return { ...known, ...(known.redirect ? unread : yield* Body.read(response, settings.maxResponseBytes)) }
    }).pipe(
      Effect.scoped,
      Effect.catchTag("HttpClientError", (error) =>
        Effect.gen(function*() {
          // a client that filters by status fails with the response in its error
          if (head === undefined && error.response !== undefined) yield* received(error.response, error.request.url)
          // which is no reason to send again where it came from another URL
          if (head?.redirect === true) return { ...head, ...unread }
          // nor is an exception that the header has named, though its body cannot be read
          if (head !== undefined && isNamed(head.response)) return { ...head, ...unread }
          // of the request as it was sent: a relay is another host than the endpoint's
          return yield* failed(Undelivered.classify(error, (name) => cleanName(name, secrets)), error.request.url)
        })),
      Effect.timeoutOrElse({
        duration: settings.requestTimeout,
        orElse: () => Effect.fail(failed({ sent: "maybe", code: "TIMEOUT", transient: true }, request.url))
      }),
      Effect.tapError((error) => Effect.logDebug(error.message)),
      // Effect's own client span ends a 4xx with an error that holds the request, and its headers go to AWS
      Effect.provideService(HttpClient.TracerDisabledWhen, () => true),
      Effect.provideService(HttpClient.TracerPropagationEnabled, false)
    )
  })

// -----------------------------------------------------------------------------
// answer
// -----------------------------------------------------------------------------

const clean = (text: string, secrets: ReadonlyArray<string>): string =>
  Wire.printable(Mask.maskSecrets(Wire.printable(text), secrets))

/** A name that the platform or a transport gave. */
const cleanName = (name: string, secrets: ReadonlyArray<string>): string =>
  Wire.printable(Mask.maskName(Wire.printable(name), secrets))

/** A code that the service, or something in its place, gave. Those that decide what to do are words of ours. */
const cleanCode = (code: string, secrets: ReadonlyArray<string>): string =>
  Wire.busyTypes.has(code) ? code : /^[a-z_]+$/i.test(code) ? cleanName(code, secrets) : clean(code, secrets)

const requestIdOf = (
  response: HttpClientResponse.HttpClientResponse,
  secrets: ReadonlyArray<string>
): string | undefined => {
  const id = clean(Head.requestId(response) ?? "", secrets)
  return id === "" ? undefined : id
}

const unexpected = (
  operation: string,
  answer: Answer,
  secrets: ReadonlyArray<string>,
  what: { readonly problem: ClientError.Problem; readonly code?: string | undefined; readonly detail?: string }
): ClientError.UnexpectedResponse => {
  const { bytes, requestId, response, retryAfter, tooLarge } = answer
  const type = Head.contentType(response)
  const code = what.code ?? Wire.errorTypeIn(Head.errorType(response))
  const length = tooLarge || answer.redirect ? Head.contentLength(response) : bytes.length
  return new ClientError.UnexpectedResponse({
    operation,
    problem: what.problem,
    status: response.status,
    ...(what.detail === undefined ? {} : { detail: what.detail }),
    ...(code === undefined ? {} : { code: cleanCode(code, secrets) }),
    ...(requestId === undefined ? {} : { requestId }),
    ...(retryAfter === undefined ? {} : { retryAfter }),
    ...(type === undefined ? {} : { contentType: clean(type, secrets) }),
    ...(length === undefined ? {} : { length }),
    body: Redacted.make(Body.excerpt(bytes), { label: "body" })
  })
}

const judge = <Request, Response, E, R>(
  operation: Operation.Operation<Request, Response, E, R>,
  answer: Answer,
  secrets: ReadonlyArray<string>
): Effect.Effect<Response, E | ClientError.UnexpectedResponse> => {
  const { response } = answer
  const refuse = (
    problem: ClientError.Problem,
    more?: { readonly code?: string | undefined; readonly detail?: string }
  ) => Effect.fail(unexpected(operation.name, answer, secrets, { problem, ...more }))
  const members = answer.tooLarge ? undefined : Wire.jsonObject(answer.bytes)
  const body = members === undefined ? undefined : Wire.present(members)
  const { code, exception } = Failure.find(operation, Head.errorType(response), body ?? {})
  // the header decides before the body is judged: an exception that it names stands, whatever the body is
  if (exception === undefined || response.status < 400) {
    if (answer.tooLarge) return refuse("tooLarge")
    if (Head.isEncoded(response) && !Wire.isText(answer.bytes)) return refuse("contentEncoding")
  }
  if (response.status === 200) {
    if (body === undefined) return refuse("malformed", { detail: "the body is no JSON object" })
    // an empty text says as little as a null, and an optional one must not cost the answer
    const given = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== ""))
    return Schema.decodeUnknownEffect(operation.response)(given).pipe(
      Effect.catch((error) => refuse("malformed", { detail: oneLine(error.message) }))
    )
  }
  if (exception === undefined || response.status < 400) return refuse("status", { code })
  const text = (key: string): string | undefined => {
    const value = body?.[key]
    const text = typeof value === "string" ? clean(value, secrets) : ""
    return text === "" ? undefined : text
  }
  const optional = <K extends string, V>(key: K, value: V | undefined) => value === undefined ? {} : { [key]: value }
  return Effect.fail(
    new exception({
      // the model's own code is no text of the service
      error: body?.["error"] === exception.error ? exception.error : text("error") ?? exception.error,
      status: response.status,
      ...optional("errorDescription", text("error_description")),
      ...optional("requestId", answer.requestId),
      ...optional("retryAfter", answer.retryAfter),
      ...optional("reason", text("reason")),
      ...optional("endpoint", text("endpoint")),
      ...optional("region", text("region"))
    })
  )
}
