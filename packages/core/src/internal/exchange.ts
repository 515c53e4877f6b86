/**
 * Sends a request once, and receives the head of its response, and its body up to a cap.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import type * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Scope from "effect/Scope"
import type * as Tracer from "effect/Tracer"
import * as ClientError from "../aws/ClientError.ts"
import type * as Operation from "../aws/Operation.ts"
import type * as Service from "../aws/Service.ts"
import * as Wire from "../aws/Wire.ts"
import * as Body from "./body.ts"
import * as Failure from "./failure.ts"
import * as Head from "./head.ts"
import * as Limit from "./limit.ts"
import * as Log from "./log.ts"
import * as Mask from "./mask.ts"
import * as Undelivered from "./undelivered.ts"

/** The settings that all exchanges of one client share. */
export interface Settings {
  readonly endpoint: string
  /** The client whose connection closes with the scope: that of `HttpClient.withScope`, and the scope is for it alone. */
  readonly client: HttpClient.HttpClient.With<HttpClientError.HttpClientError, Scope.Scope>
  readonly requestTimeout: Duration.Duration
  readonly maxResponseBytes: number
}

interface Received extends Wire.Body {
  readonly status: number
  readonly headers: Head.Headers
  readonly redirect: boolean
  /** The error type in the header. It takes precedence over the members of the body. */
  readonly named: string | undefined
  /** How far this clock is ahead of the `Date` of the response, in milliseconds. `NaN` without a `Date`. */
  readonly ahead: () => number
  /** The part of the response that every error made of it has. */
  readonly common: Service.CommonDetail
}

/** A response, as far as it was read. */
export type { Received }

const hostOf = (url: string): string => URL.canParse(url) ? new URL(url).host : ""

export const exchange = (
  settings: Settings,
  operation: Operation.Any,
  request: HttpClientRequest.HttpClientRequest,
  secrets: ReadonlyArray<string>,
  span: Tracer.Span
): Effect.Effect<Received, ClientError.TransportError> =>
  Effect.withFiber((fiber) => {
    const { name } = operation
    const scope = Scope.makeUnsafe()
    let head: Received | undefined
    let requests = 0
    let isRead = false

    const readHead = (response: HttpClientResponse.HttpClientResponse): Received | undefined => {
      // A caller's own `fetch` may return anything as a response.
      try {
        const { headers, status } = response
        if (!Number.isInteger(status) || status < 0) return undefined
        const requestId = Mask.clean(Head.requestId(headers) ?? "", secrets)
        span.attribute("http.response.status_code", status)
        if (requestId !== "") span.attribute("aws.request_id", requestId)
        const named = Wire.errorTypeIn(Head.header(headers, "x-amzn-errortype"))
        Log.debug(fiber, span, () =>
          `${name} got HTTP ${status}${named === undefined ? "" : ` ${Mask.cleanCode(named, secrets)}`}${
            requestId && ` (request ${requestId})`
          }`)
        const now = () =>
          fiber.getRef(Clock.Clock).currentTimeMillisUnsafe()
        const retryAfter = Head.retryAfter(headers, now)
        return head = {
          ...Body.none,
          status,
          headers,
          named,
          ahead: () =>
            now() - Head.date(headers),
          common: { status, ...(requestId && { requestId }), ...(retryAfter && { retryAfter }) },
          redirect: Wire.isRedirect(response)
        }
      } catch {
        return undefined
      }
    }

    const failed = (called: string, { sent, ...rest }: Undelivered.Failed) => {
      const error = new ClientError.TransportError({
        operation: name,
        host: hostOf(called),
        ...rest,
        // After the headers, any failure means that the response was lost.
        sent: head === undefined ? sent : "answered",
        ...head?.common
      })
      Log.debug(fiber, span, () =>
        error.message)
      return Effect.fail(error)
    }

    const malformed = (called: string) => failed(called, { sent: "maybe", code: "BAD_RESPONSE", transient: false })

    // The query may name an account and a role, so the log shows the URL without it.
    Log.debug(fiber, span, () => `${name} is sent to ${settings.endpoint}${operation.path}`)
    const received = settings.client.execute(request).pipe(
      Effect.flatMap((
        response
      ): Effect.Effect<Received, ClientError.TransportError | HttpClientError.HttpClientError> => {
        const received = readHead(response)
        if (received === undefined) return malformed(request.url)
        if (received.redirect) return Effect.succeed(received)
        return Effect.map(
          Body.read(response, received.headers, settings.maxResponseBytes),
          (body): Received => {
            isRead = !body.tooLarge
            return { ...received, ...body }
          }
        )
      }),
      Effect.catch((error): Effect.Effect<Received, ClientError.TransportError> => {
        if (error._tag === "TransportError") return Effect.fail(error)
        // An `HttpClient` that filters by status fails with the response in its error.
        if (head === undefined && error.response !== undefined && readHead(error.response) === undefined) {
          return malformed(error.request.url)
        }
        // A response from another URL is no reason to send the request again. The header named an exception: it counts, even if
        // the body cannot be read.
        if (head !== undefined && (head.redirect || isException(operation, head))) return Effect.succeed(head)
        // The URL of the request as it was sent: a relay has another host than the endpoint.
        return failed(error.request.url, Undelivered.classify(error, (name) => Mask.cleanName(name, secrets)))
      }),
      // The scope is for `HttpClient.withScope` alone, which aborts each request when it closes. So it closes the connection of each response
      // that was not read to its end. A caller's client that repeats requests leaves several. After one response that was read, nothing is
      // left to abort, and an abort takes 10 µs. So the scope stays open then: nothing else may put a finalizer into it.
      Effect.onExit((exit) => isRead && requests === 1 ? Effect.void : Scope.close(scope, exit))
    )
    let context: Context.Context<Scope.Scope> = Context.add(fiber.context, Scope.Scope, scope)
    // Effect's own client span ends a 4xx with an error that holds the request, and it sends its trace headers to AWS. Effect asks
    // once for each request that it sends.
    context = Context.add(context, HttpClient.TracerDisabledWhen, () => ++requests > 0)
    context = Context.add(context, HttpClient.TracerPropagationEnabled, false)
    return Limit.within(received, context, settings.requestTimeout, () =>
      failed(request.url, {
        sent: "maybe",
        code: "TIMEOUT",
        transient: true,
        hint: "Check the network and proxy, or raise requestTimeout."
      }))
  })

const isException = (operation: Operation.Any, { named, status }: Received) =>
  status >= 400 && status < 500 && Failure.find(operation, named, {}).exception !== undefined
