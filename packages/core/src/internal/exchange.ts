/**
 * Sends a request once, and receives the head of its response, and its body up to a cap.
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import type * as Tracer from "effect/Tracer"
import * as ClientError from "../aws/ClientError.ts"
import type * as Operation from "../aws/Operation.ts"
import type * as Service from "../aws/Service.ts"
import * as Wire from "../aws/Wire.ts"
import * as Body from "./body.ts"
import * as Failure from "./failure.ts"
import * as Head from "./head.ts"
import * as Mask from "./mask.ts"
import * as Undelivered from "./undelivered.ts"

/** The settings that all exchanges of one client share. */
export interface Settings {
  readonly endpoint: string
  readonly client: HttpClient.HttpClient
  readonly requestTimeout: Duration.Duration
  readonly maxResponseBytes: number
}

/** A response, as far as it was read. */
export interface Received extends Wire.Body {
  readonly response: HttpClientResponse.HttpClientResponse
  readonly redirect: boolean
  /** The error type in the header. It takes precedence over the members of the body. */
  readonly named: string | undefined
  /** The part of the response that every error made of it has. */
  readonly common: Service.CommonDetail
}

const hostOf = (url: string): string => URL.canParse(url) ? new URL(url).host : ""

export const exchange = (
  settings: Settings,
  operation: Operation.Any,
  request: HttpClientRequest.HttpClientRequest,
  secrets: ReadonlyArray<string>,
  span: Tracer.Span
): Effect.Effect<Received, ClientError.TransportError> =>
  Effect.suspend(() => {
    let head: Omit<Received, keyof Wire.Body> | undefined
    const received = (response: HttpClientResponse.HttpClientResponse, called: string) =>
      // A caller's own `fetch` may return anything as a response.
      Effect.catchDefect(
        readHead(response),
        () => Effect.fail(failed({ sent: "maybe", code: "BAD_RESPONSE", transient: false }, called))
      )
    const readHead = Effect.fnUntraced(function*(response: HttpClientResponse.HttpClientResponse) {
      if (!Number.isInteger(response.status) || response.status < 0) throw new TypeError()
      const requestId = requestIdOf(response, secrets)
      span.attribute("http.response.status_code", response.status)
      if (requestId !== undefined) span.attribute("aws.request_id", requestId)
      const named = Wire.errorTypeIn(Head.errorType(response))
      yield* Effect.logDebug(
        `${operation.name} got HTTP ${response.status}${
          named === undefined ? "" : ` ${Mask.cleanCode(named, secrets)}`
        }${requestId === undefined ? "" : ` (request ${requestId})`}`
      )
      const retryAfter = yield* Head.retryAfter(response)
      return head = {
        response,
        named,
        common: {
          status: response.status,
          ...(requestId === undefined ? {} : { requestId }),
          ...(retryAfter === undefined ? {} : { retryAfter })
        },
        redirect: Wire.isRedirect(response)
      }
    })
    const failed = ({ sent, ...rest }: Undelivered.Failed, called: string) =>
      new ClientError.TransportError({
        operation: operation.name,
        host: hostOf(called),
        ...rest,
        // After the headers, any failure means that the response was lost.
        sent: head === undefined ? sent : "answered",
        ...head?.common
      })
    return Effect.gen(function*() {
      // The query may name an account and a role, so the log shows the URL without it.
      yield* Effect.logDebug(`${operation.name} is sent to ${settings.endpoint}${operation.path}`)
      // The scope closes the connection if the response is not read to its end.
      const response = yield* HttpClient.withScope(settings.client).execute(request)
      const known = yield* received(response, request.url)
      return { ...known, ...(known.redirect ? Body.none : yield* Body.read(response, settings.maxResponseBytes)) }
    }).pipe(
      Effect.scoped,
      Effect.catchTag("HttpClientError", (error) =>
        Effect.gen(function*() {
          // An `HttpClient` that filters by status fails with the response in its error.
          if (head === undefined && error.response !== undefined) yield* received(error.response, error.request.url)
          // A response from another URL is no reason to send the request again.
          if (head?.redirect === true) return { ...head, ...Body.none }
          // The header named an exception: it counts, even if the body cannot be read.
          if (head !== undefined && isException(operation, head)) return { ...head, ...Body.none }
          // The URL of the request as it was sent: a relay has another host than the endpoint.
          return yield* failed(Undelivered.classify(error, (name) => Mask.cleanName(name, secrets)), error.request.url)
        })),
      Effect.timeoutOrElse({
        duration: settings.requestTimeout,
        orElse: () =>
          Effect.fail(
            failed({
              sent: "maybe",
              code: "TIMEOUT",
              transient: true,
              hint: "Check the network and proxy, or raise requestTimeout."
            }, request.url)
          )
      }),
      Effect.tapError((error) => Effect.logDebug(error.message)),
      // Effect's own client span ends a 4xx with an error that holds the request, and it sends its trace headers to AWS.
      Effect.provideService(HttpClient.TracerDisabledWhen, () => true),
      Effect.provideService(HttpClient.TracerPropagationEnabled, false)
    )
  })

const isException = (operation: Operation.Any, { common: { status }, named }: Pick<Received, "common" | "named">) =>
  status >= 400 && status < 500 && Failure.find(operation, named, {}).exception !== undefined

const requestIdOf = (
  response: HttpClientResponse.HttpClientResponse,
  secrets: ReadonlyArray<string>
): string | undefined => {
  const id = Mask.clean(Head.requestId(response) ?? "", secrets)
  return id === "" ? undefined : id
}
