/**
 * One call of one operation: encode, send, judge the answer, decode. It never sends a second time.
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpBody from "effect/http/HttpBody"
import * as HttpClient from "effect/http/HttpClient"
import type * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type * as Tracer from "effect/Tracer"
import type * as Operation from "../Operation.ts"
import * as SsoOidcError from "../SsoOidcError.ts"
import * as TransportCause from "../TransportCause.ts"
import * as Body from "./body.ts"
import * as Failure from "./failure.ts"
import * as Head from "./head.ts"
import * as Text from "./text.ts"

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
): Effect.Effect<Response, E | SsoOidcError.ClientError, R> =>
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
        Effect.map(Result.succeed),
        // "not yet" and "slower" are answers, not failures: the span must not end as an error
        Effect.catchIf(isPace, (error) => Effect.succeed(Result.fail(error))),
        Effect.withParentSpan(span, { captureStackTrace: false })
      )
  ).pipe(Effect.flatMap(Effect.fromResult))

const tagOf = (error: unknown): string =>
  Predicate.hasProperty(error, "_tag") && typeof error._tag === "string" ? error._tag : "_OTHER"

const isPace = (error: unknown): boolean => {
  const tag = tagOf(error)
  return tag === "AuthorizationPendingException" || tag === "SlowDownException"
}

const send = Effect.fnUntraced(function*<Request, Response, E, R>(
  settings: Settings,
  operation: Operation.Operation<Request, Response, E, R>,
  input: Request,
  span: Tracer.Span
): Effect.fn.Return<Response, E | SsoOidcError.ClientError, R> {
  const secrets = yield* secretsOf(operation.name, input)
  const encoded = yield* encode(settings, operation, input)
  const request = operation.sign === undefined
    ? encoded
    : yield* operation.sign(encoded, { region: settings.region, signingName })
  if (Object.values(request.headers).some((value) => !isHeaderValue(value))) {
    return yield* invalid(operation.name, "a header value has characters that no header may have")
  }
  const answer = yield* exchange(settings, operation.name, request, span)
  return yield* answer.redirect
    ? unexpected(operation.name, answer, secrets, { problem: "redirect" })
    : judge(operation, answer, secrets)
})

// -----------------------------------------------------------------------------
// request
// -----------------------------------------------------------------------------

const invalid = (operation: string, detail: string) => new SsoOidcError.RequestInvalid({ operation, detail })

const encode = <Request, Response, E, R>(
  settings: Settings,
  operation: Operation.Operation<Request, Response, E, R>,
  input: Request
): Effect.Effect<HttpClientRequest.HttpClientRequest, SsoOidcError.RequestInvalid> =>
  Schema.encodeEffect(operation.request)(input).pipe(
    Effect.mapError((error) => invalid(operation.name, oneLine(error.message))),
    Effect.map((members) =>
      HttpClientRequest.make(operation.method)(`${settings.endpoint}${operation.path}`, {
        urlParams: operation.query,
        headers: { "user-agent": settings.userAgent },
        body: HttpBody.jsonUnsafe(members)
      })
    )
  )

// A schema's message names members and what they should be, never their values.
const oneLine = (message: string): string => Text.printable(message.replace(/\s+/g, " "))

/** RFC 9110 section 5.5: visible ASCII, space, tab, and the bytes that are opaque to it. */
const isHeaderValue = (value: string): boolean => /^[\t\u0020-\u007e\u0080-\u00ff]*$/.test(value)

/** The secrets that this request carries, so that an answer that repeats one can be masked. */
const secretsOf = (
  operation: string,
  input: unknown
): Effect.Effect<ReadonlyArray<string>, SsoOidcError.RequestInvalid> =>
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

interface Answer extends Body.Body {
  readonly response: HttpClientResponse.HttpClientResponse
  readonly redirect: boolean
  readonly retryAfter: number | undefined
}

const exchange = (
  settings: Settings,
  operation: string,
  request: HttpClientRequest.HttpClientRequest,
  span: Tracer.Span
): Effect.Effect<Answer, SsoOidcError.TransportError> =>
  Effect.suspend(() => {
    let head: HttpClientResponse.HttpClientResponse | undefined
    const failed = (
      sent: "no" | "maybe",
      rest: { readonly code: string; readonly heals: boolean; readonly cause?: SsoOidcError.TransportError["cause"] }
    ) => {
      const id = head && Head.requestId(head)
      const { cause, ...known } = rest
      return new SsoOidcError.TransportError({
        operation,
        ...known,
        ...(cause === undefined ? {} : { cause }),
        // a failure after the headers is a lost answer, whatever its cause
        sent: head === undefined ? sent : "answered",
        ...(head === undefined ? {} : { status: head.status }),
        ...(id === undefined ? {} : { requestId: Text.printable(id) })
      })
    }
    return Effect.gen(function*() {
      // in a scope of its own, so that an answer that is not read to its end closes its connection
      const response = yield* HttpClient.withScope(settings.client).execute(request)
      head = response
      const id = Head.requestId(response)
      span.attribute("http.response.status_code", response.status)
      if (id !== undefined) span.attribute("aws.request_id", Text.printable(id))
      const retryAfter = yield* Head.retryAfter(response)
      const redirect = Head.isRedirect(response)
      // a redirect's body is nobody's business, and an opaque one has none
      const body = redirect
        ? { bytes: new Uint8Array(), tooLarge: false }
        : yield* Body.read(response, settings.maxResponseBytes)
      return { ...body, response, redirect, retryAfter }
    }).pipe(
      Effect.scoped,
      Effect.catchTag("HttpClientError", (error) => Effect.fail(failed(...classify(error)))),
      Effect.timeoutOrElse({
        duration: settings.requestTimeout,
        orElse: () => Effect.fail(failed("maybe", { code: "TIMEOUT", heals: true }))
      }),
      // Effect's own client span ends a 4xx with an error that holds the request, and its headers go to AWS
      Effect.provideService(HttpClient.TracerDisabledWhen, () => true),
      Effect.provideService(HttpClient.TracerPropagationEnabled, false)
    )
  })

type Failed = [
  "no" | "maybe",
  { readonly code: string; readonly heals: boolean; readonly cause?: SsoOidcError.TransportError["cause"] }
]

const classify = (error: HttpClientError.HttpClientError): Failed => {
  const { reason } = error
  switch (reason._tag) {
    case "InvalidUrlError":
    case "EncodeError":
      return ["no", { code: reason._tag === "EncodeError" ? "ENCODE" : "INVALID_URL", heals: false }]
    case "TransportError": {
      const { cause } = reason
      return TransportCause.isTransportCause(cause)
        ? [cause.sent, {
          code: Text.printable(cause.code),
          heals: cause.heals,
          cause: copyOf({ name: cause.name, code: cause.code, syscall: cause.syscall })
        }]
        : ["maybe", { code: codeOf(cause) ?? "UNKNOWN", heals: true, cause: copyOf(cause) }]
    }
    default:
      return ["maybe", { code: codeOf(causeOf(reason)) ?? "BODY", heals: true, cause: copyOf(causeOf(reason)) }]
  }
}

const causeOf = (reason: object): unknown => "cause" in reason ? reason.cause : undefined

const stringMember = (u: unknown, key: string): string | undefined =>
  Predicate.hasProperty(u, key) && typeof u[key] === "string" && u[key] !== "" ? Text.printable(u[key]) : undefined

// fetch wraps the platform's error in a TypeError; the code is one level down
const codeOf = (cause: unknown): string | undefined =>
  stringMember(cause, "code") ?? (Predicate.hasProperty(cause, "cause") ? stringMember(cause.cause, "code") : undefined)

const copyOf = (cause: unknown): NonNullable<SsoOidcError.TransportError["cause"]> => {
  const code = codeOf(cause)
  const syscall = stringMember(cause, "syscall") ??
    (Predicate.hasProperty(cause, "cause") ? stringMember(cause.cause, "syscall") : undefined)
  return {
    name: stringMember(cause, "name") ?? "Error",
    ...(code === undefined ? {} : { code }),
    ...(syscall === undefined ? {} : { syscall })
  }
}

// -----------------------------------------------------------------------------
// answer
// -----------------------------------------------------------------------------

const clean = (text: string, secrets: ReadonlyArray<string>): string =>
  Text.printable(Text.maskSecrets(Text.printable(text), secrets))

const unexpected = (
  operation: string,
  answer: Answer,
  secrets: ReadonlyArray<string>,
  what: { readonly problem: SsoOidcError.Problem; readonly code?: string | undefined; readonly detail?: string }
): SsoOidcError.UnexpectedResponse => {
  const { bytes, response, retryAfter, tooLarge } = answer
  const id = Head.requestId(response)
  const type = Head.contentType(response)
  const length = tooLarge || answer.redirect ? Head.contentLength(response) : bytes.length
  return new SsoOidcError.UnexpectedResponse({
    operation,
    problem: what.problem,
    status: response.status,
    ...(what.detail === undefined ? {} : { detail: what.detail }),
    ...(what.code === undefined ? {} : { code: clean(what.code, secrets) }),
    ...(id === undefined ? {} : { requestId: clean(id, secrets) }),
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
): Effect.Effect<Response, E | SsoOidcError.UnexpectedResponse> => {
  const { response } = answer
  const refuse = (
    problem: SsoOidcError.Problem,
    more?: { readonly code?: string | undefined; readonly detail?: string }
  ) => Effect.fail(unexpected(operation.name, answer, secrets, { problem, ...more }))
  if (answer.tooLarge) return refuse("tooLarge")
  const body = Body.jsonObject(answer.bytes)
  if (body === undefined && answer.bytes.length > 0 && Head.isEncoded(response)) return refuse("contentEncoding")
  if (response.status === 200) {
    if (body === undefined) return refuse("malformed", { detail: "the body is no JSON object" })
    return Schema.decodeUnknownEffect(operation.response)(body).pipe(
      Effect.catch((error) => refuse("malformed", { detail: oneLine(error.message) }))
    )
  }
  const { code, exception } = Failure.find(operation, Head.errorType(response), body ?? {})
  if (exception === undefined || response.status < 400) return refuse("status", { code })
  const text = (key: string): string | undefined => {
    const value = body?.[key]
    return typeof value === "string" && value !== "" ? clean(value, secrets) : undefined
  }
  const optional = <K extends string, V>(key: K, value: V | undefined) => value === undefined ? {} : { [key]: value }
  const id = Head.requestId(response)
  return Effect.fail(
    new exception({
      error: text("error") ?? exception.error,
      status: response.status,
      ...optional("errorDescription", text("error_description")),
      ...optional("requestId", id === undefined ? undefined : clean(id, secrets)),
      ...optional("retryAfter", answer.retryAfter),
      ...optional("reason", text("reason")),
      ...optional("endpoint", text("endpoint")),
      ...optional("region", text("region"))
    })
  )
}
