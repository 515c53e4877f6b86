/**
 * A scripted transport. It records the requests of core, and responds as the test says.
 */
import type * as Client from "@sso-oidc/core/aws/Client"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as SsoOidcService from "@sso-oidc/core/SsoOidcService"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpClientResponse from "effect/http/HttpClientResponse"

/** One request, as the transport received it. */
export interface Sent {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly signal: AbortSignal
}

export interface Wire {
  readonly client: HttpClient.HttpClient
  /** All requests, in order. */
  readonly sent: Array<Sent>
}

const bodyOf = (request: HttpClientRequest.HttpClientRequest): string =>
  request.body._tag === "Uint8Array" ? new TextDecoder().decode(request.body.body) : ""

export const make = (
  respond: (
    sent: Sent,
    request: HttpClientRequest.HttpClientRequest
  ) => Effect.Effect<Response, HttpClientError.HttpClientError>
): Wire => {
  const sent: Array<Sent> = []
  const client = HttpClient.make((request, url, signal) =>
    Effect.suspend(() => {
      const one = {
        method: request.method,
        url: url.href,
        headers: { ...request.headers },
        body: bodyOf(request),
        signal
      }
      sent.push(one)
      return respond(one, request)
    }).pipe(Effect.map((response) => HttpClientResponse.fromWeb(request, response)))
  )
  return { client, sent }
}

/** Responds at once. */
export const responding = (respond: (sent: Sent) => Response): Wire => make((sent) => Effect.sync(() => respond(sent)))

/** Never responds. */
export const silent: () => Wire = () => make(() => Effect.never)

/** Fails with a reason. */
export const failing = (
  reason: (request: HttpClientRequest.HttpClientRequest) => HttpClientError.HttpClientErrorReason
): Wire => make((_, request) => Effect.fail(new HttpClientError.HttpClientError({ reason: reason(request) })))

/** Fails as a transport does, with a `TransportError` of this cause. */
export const broken = (cause: unknown): Wire =>
  failing((request) => new HttpClientError.TransportError({ request, cause }))

/** A JSON response. */
export const json = (body: unknown, init?: { readonly status?: number; readonly headers?: HeadersInit }): Response =>
  new Response(JSON.stringify(body), {
    status: init?.status ?? 200,
    headers: { "content-type": "application/json", ...Object.fromEntries(new Headers(init?.headers ?? {})) }
  })

/** An exception in the service's dialect, with its type in the header. */
export const exception = (
  type: string,
  body: unknown,
  init?: { readonly status?: number; readonly headers?: Record<string, string> }
): Response =>
  json(body, {
    status: init?.status ?? 400,
    headers: {
      "x-amzn-errortype": SsoOidcService.errorTypeHeader(type),
      "x-amzn-requestid": "7b5ee6f0-0000-4000-8000-000000000001",
      ...init?.headers
    }
  })

/** A client of eu-west-1 over the wire. */
export const client = (wire: Wire, options?: Partial<Client.Options>): Effect.Effect<SsoOidc.Service> =>
  SsoOidc.make({ region: "eu-west-1", ...options }).pipe(
    Effect.provideService(HttpClient.HttpClient, wire.client),
    Effect.orDie
  )
