/**
 * Makes responses and failures as a transport does.
 */
import { TransportCause } from "@sso-oidc/core/aws/TransportCause"
import * as HttpBody from "effect/http/HttpBody"
import * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Stream from "effect/Stream"
import type { TransportFailure } from "../Script.ts"

export interface Head {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
}

/** What the stream of a body makes of the platform's error: its names. */
export interface CutOff {
  readonly name: string
  readonly code: string
}

/** Makes a response. An error of its stream becomes the cause of a `DecodeError`, as in every transport. */
export const make = (
  request: HttpClientRequest.HttpClientRequest,
  head: Head,
  body: Stream.Stream<Uint8Array, CutOff>
): HttpClientResponse.HttpClientResponse =>
  HttpServerResponse.empty({ status: head.status }).pipe(
    // Effect gives a stream without a type the type application/octet-stream, and keeps an empty type
    HttpServerResponse.setBody(HttpBody.stream(body, "")),
    HttpServerResponse.removeHeader("content-type"),
    HttpServerResponse.setHeaders(head.headers),
    (response) => HttpServerResponse.toClientResponse(response, { request })
  )

export const bytesOf = (body: string | Uint8Array): Uint8Array =>
  typeof body === "string" ? new TextEncoder().encode(body) : body

export const text = (
  request: HttpClientRequest.HttpClientRequest,
  head: Head,
  body: string | Uint8Array
): HttpClientResponse.HttpClientResponse => make(request, head, Stream.make(bytesOf(body)))

export const failure = (
  request: HttpClientRequest.HttpClientRequest,
  { code, transient, sent, syscall }: TransportFailure
): HttpClientError.HttpClientError =>
  new HttpClientError.HttpClientError({
    reason: new HttpClientError.TransportError({
      request,
      cause: new TransportCause({ sent, code, transient, ...(syscall === undefined ? {} : { syscall }) })
    })
  })

/** The same response with another body. */
export const withBody = (
  response: HttpClientResponse.HttpClientResponse,
  body: Stream.Stream<Uint8Array, CutOff>
): HttpClientResponse.HttpClientResponse =>
  make(response.request, { status: response.status, headers: { ...response.headers } }, body)
