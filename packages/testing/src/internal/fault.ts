/**
 * Carries out a fault on one request and its response.
 */
import * as Wire from "@sso-oidc/core/aws/Wire"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Stream from "effect/Stream"
import type * as Fault from "../Fault.ts"
import type { TransportFailure } from "../Script.ts"
import * as Response from "./response.ts"

type Exchange = Effect.Effect<HttpClientResponse.HttpClientResponse, HttpClientError.HttpClientError>

/** `exchange` sends the request and gives its response. If it does not run, the request does not leave. */
export const inject = (
  fault: Fault.Fault,
  request: HttpClientRequest.HttpClientRequest,
  exchange: Exchange
): Exchange => {
  const fails = (failure: TransportFailure) => Effect.fail(Response.failure(request, failure))
  switch (fault._tag) {
    case "ConnectionRefused":
      return fails({ sent: "no", code: "ECONNREFUSED", transient: true, syscall: "connect" })
    case "DnsFailure":
      return fails({ sent: "no", code: "ENOTFOUND", transient: true, syscall: "getaddrinfo" })
    case "UntrustedCertificate":
      return fails({ sent: "no", code: "DEPTH_ZERO_SELF_SIGNED_CERT", transient: false })
    case "ResetBeforeRequest":
      return fails({ sent: "no", code: "ECONNRESET", transient: true, syscall: "read" })
    case "ResetAfterRequest":
      return Effect.andThen(
        dropped(exchange),
        fails({ sent: "maybe", code: "ECONNRESET", transient: true, syscall: "read" })
      )
    case "LostResponse":
      return Effect.andThen(dropped(exchange), Effect.never)
    case "DeliveredTwice":
      return fault.response === "second"
        ? Effect.andThen(Effect.ignore(dropped(exchange)), exchange)
        : Effect.flatMap(
          Effect.exit(Effect.flatMap(exchange, buffered)),
          (first) => Effect.andThen(Effect.ignore(dropped(exchange)), first)
        )
    case "TruncatedResponse":
      return Effect.flatMap(exchange, (response) => truncated(response, fault.bytes))
    case "SlowResponse":
      return Effect.flatMap(exchange, (response) => slow(response, fault.bytes, fault.every))
    case "Delay":
      return Effect.tap(exchange, Effect.sleep(fault.duration))
    case "BadGateway":
      return Effect.succeed(
        Response.text(request, { status: 502, headers: { "content-type": "text/html" } }, badGateway)
      )
    case "ServiceUnavailable":
      return Effect.succeed(Response.text(
        request,
        {
          status: 503,
          headers: fault.retryAfter === undefined ? {} : { "retry-after": String(fault.retryAfter) }
        },
        ""
      ))
  }
}

const badGateway =
  "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n"

/** Receives the response, but does not show it to the caller. It reads the body so that the connection is free again. */
const dropped = (exchange: Exchange): Effect.Effect<void, HttpClientError.HttpClientError> =>
  Effect.flatMap(exchange, (response) => Effect.ignore(Stream.runDrain(response.stream)))

const bytesOf = (response: HttpClientResponse.HttpClientResponse) =>
  Effect.map(response.arrayBuffer, (buffer) => new Uint8Array(buffer))

/** The response with a body that does not need its connection any more. */
const buffered = (response: HttpClientResponse.HttpClientResponse): Exchange =>
  Wire.isRedirect(response)
    ? Effect.succeed(response)
    : Effect.map(bytesOf(response), (bytes) => Response.withBody(response, Stream.make(bytes)))

/** At least one byte must be missing, or there would be no fault. The head arrives, as when a connection breaks. */
const truncated = (response: HttpClientResponse.HttpClientResponse, length: number): Exchange =>
  Wire.isRedirect(response)
    ? Effect.succeed(response)
    : Effect.map(bytesOf(response), (bytes) =>
      Response.withBody(
        response,
        Stream.concat(
          Stream.make(bytes.subarray(0, Math.min(length, Math.max(0, bytes.length - 1)))),
          Stream.fail({ name: "Error", code: "ECONNRESET" })
        )
      ))

const slow = (
  response: HttpClientResponse.HttpClientResponse,
  length: number,
  every: Duration.Input
): Exchange =>
  Wire.isRedirect(response)
    ? Effect.succeed(response)
    : Effect.map(bytesOf(response), (bytes) =>
      Response.withBody(
        response,
        Stream.fromIterable(pieces(bytes, length)).pipe(
          Stream.mapEffect((piece) => Effect.as(Effect.sleep(every), piece))
        )
      ))

const pieces = (bytes: Uint8Array, length: number): ReadonlyArray<Uint8Array> =>
  Array.from({ length: Math.ceil(bytes.length / length) }, (_, at) => bytes.subarray(at * length, (at + 1) * length))
