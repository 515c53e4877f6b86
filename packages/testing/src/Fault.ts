/**
 * What can happen to one request.
 *
 * A fault is plain data with a schema, so that a plan of faults can be printed, stored and read back. `FaultyTransport`
 * makes it happen, and exports all of this too.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

const isTime = (u: unknown): u is Duration.Input => {
  // of NaN Effect makes zero, without a word
  if (Number.isNaN(u)) return false
  // it throws for what is no duration, whatever its type says
  const duration = Duration.fromInput(u as Duration.Input)
  return Option.isSome(duration) && Duration.isFinite(duration.value) && !Duration.isNegative(duration.value)
}

const Time = Schema.declare(isTime, { expected: "a finite duration of zero or more, such as \"2 seconds\"" })

/**
 * What can happen to one request. Plain data, so that a plan can be printed and read back.
 *
 * | fault | the request | the caller sees |
 * |---|---|---|
 * | `ConnectionRefused` | does not leave | connection refused |
 * | `DnsFailure` | does not leave | name not found |
 * | `UntrustedCertificate` | does not leave | a certificate that is not trusted, which is permanent |
 * | `ResetBeforeRequest` | does not leave | a reset within the handshake |
 * | `ResetAfterRequest` | arrives, and is carried out | a reset in place of the response |
 * | `LostResponse` | arrives, and is carried out | nothing, until a time limit |
 * | `DeliveredTwice` | arrives twice, one after the other | the second response, or the first |
 * | `TruncatedResponse` | arrives | the response, broken off after `bytes` of its body, one byte before its end at most |
 * | `SlowResponse` | arrives | the response, its body in pieces of `bytes`, one `every` so often |
 * | `Delay` | arrives at once | the response, `duration` later |
 * | `BadGateway` | does not arrive | a 502 with the page of a proxy |
 * | `ServiceUnavailable` | does not arrive | a 503 without a body, with `retry-after` in seconds if given |
 *
 * @category models
 * @since 0.1.0
 */
export const Fault = Schema.Union([
  Schema.TaggedStruct("ConnectionRefused", {}),
  Schema.TaggedStruct("DnsFailure", {}),
  Schema.TaggedStruct("UntrustedCertificate", {}),
  Schema.TaggedStruct("ResetBeforeRequest", {}),
  Schema.TaggedStruct("ResetAfterRequest", {}),
  Schema.TaggedStruct("LostResponse", {}),
  Schema.TaggedStruct("DeliveredTwice", {
    /** Which response the caller gets. */
    response: Schema.Literals(["first", "second"])
  }),
  Schema.TaggedStruct("TruncatedResponse", {
    /** How many bytes of the body arrive. At least 0. */
    bytes: Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))
  }),
  Schema.TaggedStruct("SlowResponse", {
    /** The bytes of a piece. At least 1. */
    bytes: Schema.Int.check(Schema.isGreaterThanOrEqualTo(1)),
    /** The pause before each piece. Zero or more. */
    every: Time
  }),
  Schema.TaggedStruct("Delay", {
    /** How much later the response arrives. Zero or more. */
    duration: Time
  }),
  Schema.TaggedStruct("BadGateway", {}),
  Schema.TaggedStruct("ServiceUnavailable", {
    /** The header `retry-after`, in whole seconds. Without it the response has no such header. */
    retryAfter: Schema.optionalKey(Schema.Natural)
  })
])

/**
 * What can happen to one request.
 *
 * @category models
 * @since 0.1.0
 */
export type Fault = typeof Fault.Type

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * The fault with its times as texts that have a unit, so that JSON can hold it. A `RangeError` is thrown for a fault that
 * cannot be: a plan may have been read from a file.
 *
 * @category constructors
 * @since 0.1.0
 */
export const validate = (fault: Fault): Fault => {
  const valid = Option.getOrUndefined(Schema.decodeUnknownOption(Fault)(fault))
  if (valid === undefined) {
    throw new RangeError(
      `Fault: ${
        JSON.stringify(fault, (_, value: unknown) => typeof value === "bigint" ? `${value}n` : value)
      } cannot be. ` +
        "Sizes are whole numbers of bytes, and times are finite and not negative."
    )
  }
  switch (valid._tag) {
    case "Delay":
      return { ...valid, duration: withUnit(valid.duration) }
    case "SlowResponse":
      return { ...valid, every: withUnit(valid.every) }
    default:
      return valid
  }
}

const withUnit = (input: Duration.Input): Duration.Input => {
  if (typeof input === "string") return input
  const millis = Duration.toMillis(input)
  const text: Duration.Input = `${millis} millis`
  // JavaScript writes a very large or small number as 1e+21, which no duration is read from
  return isTime(text) ? text : millis
}

/**
 * The connection is refused.
 *
 * @category constructors
 * @since 0.1.0
 */
export const connectionRefused: Fault = { _tag: "ConnectionRefused" }

/**
 * The name is not found.
 *
 * @category constructors
 * @since 0.1.0
 */
export const dnsFailure: Fault = { _tag: "DnsFailure" }

/**
 * The certificate is not trusted, which is permanent.
 *
 * @category constructors
 * @since 0.1.0
 */
export const untrustedCertificate: Fault = { _tag: "UntrustedCertificate" }

/**
 * The connection resets within the handshake, so that the request does not leave.
 *
 * @category constructors
 * @since 0.1.0
 */
export const resetBeforeRequest: Fault = { _tag: "ResetBeforeRequest" }

/**
 * The request is carried out, and the connection resets before the response.
 *
 * @category constructors
 * @since 0.1.0
 */
export const resetAfterRequest: Fault = { _tag: "ResetAfterRequest" }

/**
 * The request is carried out, and no response ever arrives.
 *
 * @category constructors
 * @since 0.1.0
 */
export const lostResponse: Fault = { _tag: "LostResponse" }

/**
 * The request is carried out twice, as behind a proxy or a platform that sends again by itself. By default the caller gets
 * the second response.
 *
 * @category constructors
 * @since 0.1.0
 */
export const deliveredTwice = (response: "first" | "second" = "second"): Fault => ({
  _tag: "DeliveredTwice",
  response
})

/**
 * The body of the response breaks off after so many bytes.
 *
 * @category constructors
 * @since 0.1.0
 */
export const truncatedResponse = (bytes: number): Fault => validate({ _tag: "TruncatedResponse", bytes })

/**
 * The body of the response arrives in pieces of so many bytes, with this pause before each.
 *
 * @category constructors
 * @since 0.1.0
 */
export const slowResponse = (bytes: number, every: Duration.Input): Fault =>
  validate({ _tag: "SlowResponse", bytes, every })

/**
 * The response arrives so much later.
 *
 * @category constructors
 * @since 0.1.0
 */
export const delay = (duration: Duration.Input): Fault => validate({ _tag: "Delay", duration })

/**
 * A proxy responds with its own page and a 502.
 *
 * @category constructors
 * @since 0.1.0
 */
export const badGateway: Fault = { _tag: "BadGateway" }

/**
 * The service responds with a 503. It says for how many seconds, if they are given.
 *
 * @category constructors
 * @since 0.1.0
 */
export const serviceUnavailable = (retryAfter?: number): Fault =>
  validate({ _tag: "ServiceUnavailable", ...(retryAfter === undefined ? {} : { retryAfter }) })

/**
 * At least one fault of each kind. `FaultyTransport.bySeed` draws from these by default.
 *
 * @category constructors
 * @since 0.1.0
 */
export const oneOfEach: ReadonlyArray<Fault> = [
  connectionRefused,
  dnsFailure,
  untrustedCertificate,
  resetBeforeRequest,
  resetAfterRequest,
  lostResponse,
  { _tag: "DeliveredTwice", response: "second" },
  { _tag: "DeliveredTwice", response: "first" },
  { _tag: "TruncatedResponse", bytes: 10 },
  { _tag: "SlowResponse", bytes: 16, every: "100 millis" },
  { _tag: "Delay", duration: "2 seconds" },
  badGateway,
  { _tag: "ServiceUnavailable", retryAfter: 7 }
]
