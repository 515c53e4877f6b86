/**
 * What a fault does to one request and its answer.
 */
import * as Effect from "effect/Effect"
import type * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Stream from "effect/Stream"
import type * as Fault from "../Fault.ts"
import * as Answer from "./answer.ts"

type Exchange = Effect.Effect<HttpClientResponse.HttpClientResponse, HttpClientError.HttpClientError>

/** `exchange` sends the request and has its answer; what is not run does not leave. */
export const inject = (
  fault: Fault.Fault,
  request: HttpClientRequest.HttpClientRequest,
  exchange: Exchange
): Exchange => {
  const fails = (failure: Answer.Failure) => Effect.fail(Answer.failure(request, failure))
  switch (fault._tag) {
    case "Refuse":
      return fails({ sent: "no", code: "ECONNREFUSED", transient: true, syscall: "connect" })
    case "DnsFailure":
      return fails({ sent: "no", code: "ENOTFOUND", transient: true, syscall: "getaddrinfo" })
    case "UntrustedCertificate":
      return fails({ sent: "no", code: "DEPTH_ZERO_SELF_SIGNED_CERT", transient: false })
    case "ResetBefore":
      return fails({ sent: "no", code: "ECONNRESET", transient: true, syscall: "read" })
    case "ResetAfter":
      return Effect.andThen(
        dropped(exchange),
        fails({ sent: "maybe", code: "ECONNRESET", transient: true, syscall: "read" })
      )
    case "LostAnswer":
      return Effect.andThen(dropped(exchange), Effect.never)
    case "DeliveredTwice":
      return fault.answer === "second"
        ? Effect.andThen(Effect.ignore(dropped(exchange)), exchange)
        : Effect.flatMap(
          Effect.exit(Effect.flatMap(exchange, buffered)),
          (first) => Effect.andThen(Effect.ignore(dropped(exchange)), first)
        )
    case "Truncated":
      return Effect.flatMap(exchange, (response) => truncated(response, fault.bytes))
    case "Trickle":
      return Effect.flatMap(exchange, (response) => trickling(response, fault.bytes, fault.millis))
    case "Latency":
      return Effect.tap(exchange, Effect.sleep(fault.millis))
    case "Html502":
      return Effect.succeed(Answer.text(request, { status: 502, headers: { "content-type": "text/html" } }, badGateway))
    case "Unavailable503":
      return Effect.succeed(Answer.text(
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

/** The answer comes, and nobody sees it. It is read, so that its connection is free. */
const dropped = (exchange: Exchange): Effect.Effect<void, HttpClientError.HttpClientError> =>
  Effect.flatMap(exchange, (response) => Effect.ignore(Stream.runDrain(response.stream)))

const bytesOf = (response: HttpClientResponse.HttpClientResponse) =>
  Effect.map(response.arrayBuffer, (buffer) => new Uint8Array(buffer))

/** The answer with a body that outlives its connection. */
const buffered = (response: HttpClientResponse.HttpClientResponse): Exchange =>
  Answer.isElsewhere(response)
    ? Effect.succeed(response)
    : Effect.map(bytesOf(response), (bytes) => Answer.withBody(response, Stream.make(bytes)))

/** At least one byte is missing, or it would be no fault. The answer itself is there, as when a connection breaks. */
const truncated = (response: HttpClientResponse.HttpClientResponse, length: number): Exchange =>
  Answer.isElsewhere(response)
    ? Effect.succeed(response)
    : Effect.map(bytesOf(response), (bytes) =>
      Answer.withBody(
        response,
        Stream.concat(
          Stream.make(bytes.subarray(0, Math.min(length, Math.max(0, bytes.length - 1)))),
          Stream.fail({ name: "Error", code: "ECONNRESET" })
        )
      ))

const trickling = (response: HttpClientResponse.HttpClientResponse, length: number, millis: number): Exchange =>
  Answer.isElsewhere(response)
    ? Effect.succeed(response)
    : Effect.map(bytesOf(response), (bytes) =>
      Answer.withBody(
        response,
        Stream.fromIterable(pieces(bytes, length)).pipe(
          Stream.mapEffect((piece) => Effect.as(Effect.sleep(millis), piece))
        )
      ))

const pieces = (bytes: Uint8Array, length: number): ReadonlyArray<Uint8Array> =>
  Array.from({ length: Math.ceil(bytes.length / length) }, (_, at) => bytes.subarray(at * length, (at + 1) * length))
