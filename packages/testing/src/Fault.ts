/**
 * The faults that a request can meet.
 *
 * A fault is plain data with a schema, so you can print a plan of faults, store it and read it back. `FaultyTransport` carries
 * the faults out, and re-exports this module.
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
  // Effect turns NaN into zero without an error
  if (Number.isNaN(u)) return false
  // `fromInput` throws for a value of another type
  const duration = Duration.fromInput(u as Duration.Input)
  return Option.isSome(duration) && Duration.isFinite(duration.value) && !Duration.isNegative(duration.value)
}

const Time = Schema.declare(isTime, { expected: "a finite duration of zero or more, such as \"2 seconds\"" })

/**
 * A fault that a request can meet. It is plain data, so a plan can be printed and read back.
 *
 * | fault | the request | the caller sees |
 * |---|---|---|
 * | `ConnectionRefused` | does not leave | connection refused |
 * | `DnsFailure` | does not leave | host name not found |
 * | `UntrustedCertificate` | does not leave | an untrusted certificate, which is permanent |
 * | `ResetBeforeRequest` | does not leave | a reset during the handshake |
 * | `ResetAfterRequest` | arrives and is carried out | a reset instead of the response |
 * | `LostResponse` | arrives and is carried out | nothing, until a time limit |
 * | `DeliveredTwice` | arrives twice, one after the other | the second response, or the first |
 * | `TruncatedResponse` | arrives | the response, cut off after `bytes` of its body, and at least one byte before its end |
 * | `SlowResponse` | arrives | the response, with its body in pieces of `bytes`, each after a pause of `every` |
 * | `Delay` | arrives at once | the response, `duration` later |
 * | `BadGateway` | does not arrive | a 502 with a proxy's page |
 * | `ServiceUnavailable` | does not arrive | a 503 without a body, with `retry-after` if given |
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
    /** The response that the caller gets. */
    response: Schema.Literals(["first", "second"])
  }),
  Schema.TaggedStruct("TruncatedResponse", {
    /** The number of body bytes that arrive: a whole number of at least 0. */
    bytes: Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))
  }),
  Schema.TaggedStruct("SlowResponse", {
    /** The size of a piece in bytes: a whole number of at least 1. */
    bytes: Schema.Int.check(Schema.isGreaterThanOrEqualTo(1)),
    /** The pause before each piece. A bare number counts milliseconds. A negative or infinite time is refused. */
    every: Time
  }),
  Schema.TaggedStruct("Delay", {
    /** The delay of the response. A bare number counts milliseconds. A negative or infinite time is refused. */
    duration: Time
  }),
  Schema.TaggedStruct("BadGateway", {}),
  Schema.TaggedStruct("ServiceUnavailable", {
    /** The header `retry-after`, in whole seconds of at least 0. By default the response has no such header. */
    retryAfter: Schema.optionalKey(Schema.Natural)
  })
])

/**
 * A fault that a request can meet.
 *
 * @category models
 * @since 0.1.0
 */
export type Fault = typeof Fault.Type

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Checks a fault, which a plan may have read from a file. It returns the fault with its times as texts with a unit, which JSON
 * can hold. It throws a `RangeError` if the fault is not valid.
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
      } is not valid. ` +
        "Give sizes as whole numbers of bytes, and times as finite durations that are not negative."
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
  // JavaScript writes a very large or small number as 1e+21, which Effect cannot read as a duration
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
 * The host name is not found.
 *
 * @category constructors
 * @since 0.1.0
 */
export const dnsFailure: Fault = { _tag: "DnsFailure" }

/**
 * The server's certificate is not trusted. This failure is permanent.
 *
 * @category constructors
 * @since 0.1.0
 */
export const untrustedCertificate: Fault = { _tag: "UntrustedCertificate" }

/**
 * The connection is reset during the handshake, so the request does not leave.
 *
 * @category constructors
 * @since 0.1.0
 */
export const resetBeforeRequest: Fault = { _tag: "ResetBeforeRequest" }

/**
 * The service carries out the request, and the connection is reset before the response.
 *
 * @category constructors
 * @since 0.1.0
 */
export const resetAfterRequest: Fault = { _tag: "ResetAfterRequest" }

/**
 * The service carries out the request, and no response ever arrives.
 *
 * @category constructors
 * @since 0.1.0
 */
export const lostResponse: Fault = { _tag: "LostResponse" }

/**
 * The service carries out the request twice, as behind a proxy that sends again by itself. By default the caller gets the
 * second response.
 *
 * @category constructors
 * @since 0.1.0
 */
export const deliveredTwice = (response: "first" | "second" = "second"): Fault => ({
  _tag: "DeliveredTwice",
  response
})

/**
 * The body of the response is cut off after `bytes` bytes, and at least one byte before its end.
 *
 * @category constructors
 * @since 0.1.0
 */
export const truncatedResponse = (bytes: number): Fault => validate({ _tag: "TruncatedResponse", bytes })

/**
 * The body of the response arrives in pieces of `bytes` bytes. `every` is the pause before each piece; a bare number counts
 * milliseconds.
 *
 * @category constructors
 * @since 0.1.0
 */
export const slowResponse = (bytes: number, every: Duration.Input): Fault =>
  validate({ _tag: "SlowResponse", bytes, every })

/**
 * The response arrives later by `duration`. A bare number counts milliseconds.
 *
 * @category constructors
 * @since 0.1.0
 */
export const delay = (duration: Duration.Input): Fault => validate({ _tag: "Delay", duration })

/**
 * A proxy responds with a 502 and a page of its own.
 *
 * @category constructors
 * @since 0.1.0
 */
export const badGateway: Fault = { _tag: "BadGateway" }

/**
 * The service responds with a 503. `retryAfter` is the header `retry-after` in seconds; by default there is none.
 *
 * @category constructors
 * @since 0.1.0
 */
export const serviceUnavailable = (retryAfter?: number): Fault =>
  validate({ _tag: "ServiceUnavailable", ...(retryAfter === undefined ? {} : { retryAfter }) })

/**
 * At least one fault of each kind. `FaultPlan.bySeed` draws from these by default.
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
