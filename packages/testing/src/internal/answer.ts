/**
 * Answers and failures, as a transport makes them.
 */
import { TransportCause } from "@sso-oidc/core/aws/TransportCause"
import * as HttpBody from "effect/http/HttpBody"
import * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { Failure } from "../Script.ts"

export interface Head {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
}

export type { Failure } from "../Script.ts"

/** What the platform's error becomes in the stream of a body: its names. */
export interface CutOff {
  readonly name: string
  readonly code: string
}

/** An answer. What its stream fails with becomes the cause of a `DecodeError`, as in every transport. */
export const make = (
  request: HttpClientRequest.HttpClientRequest,
  head: Head,
  body: Stream.Stream<Uint8Array, CutOff>
): HttpClientResponse.HttpClientResponse =>
  HttpServerResponse.empty({ status: head.status }).pipe(
    // a stream without a type is told as application/octet-stream, and one with an empty type as that
    HttpServerResponse.setBody(HttpBody.stream(body, "")),
    HttpServerResponse.removeHeader("content-type"),
    HttpServerResponse.setHeaders(head.headers),
    (answer) => HttpServerResponse.toClientResponse(answer, { request })
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
  { code, transient, sent, syscall }: Failure
): HttpClientError.HttpClientError =>
  new HttpClientError.HttpClientError({
    reason: new HttpClientError.TransportError({
      request,
      cause: new TransportCause({ sent, code, transient, ...(syscall === undefined ? {} : { syscall }) })
    })
  })

/** The same answer with another body. */
export const withBody = (
  response: HttpClientResponse.HttpClientResponse,
  body: Stream.Stream<Uint8Array, CutOff>
): HttpClientResponse.HttpClientResponse =>
  make(response.request, { status: response.status, headers: { ...response.headers } }, body)

/** The answer is from another URL than the one asked, or sends there: its body is nobody's business. */
export const isElsewhere = (response: HttpClientResponse.HttpClientResponse): boolean => {
  if (response.status === 0 || (response.status >= 300 && response.status < 400)) return true
  const asked = HttpClientRequest.toUrl(response.request)
  if (Option.isNone(asked) || response.url === "") return false
  asked.value.hash = ""
  return response.url !== asked.value.href
}
