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

const Size = Schema.Int.check(Schema.isGreaterThanOrEqualTo(1))
const Millis = Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0))

/**
 * What can happen to one request. Plain data, so that a plan can be printed and read back.
 *
 * | fault | the request | the caller sees |
 * |---|---|---|
 * | `Refuse` | does not leave | connection refused |
 * | `DnsFailure` | does not leave | name not found |
 * | `UntrustedCertificate` | does not leave | a certificate that is not trusted, which is permanent |
 * | `ResetBefore` | does not leave | a reset within the handshake |
 * | `ResetAfter` | arrives, and is carried out | a reset in place of the answer |
 * | `LostAnswer` | arrives, and is carried out | nothing, until a time limit |
 * | `DeliveredTwice` | arrives twice, one after the other | the second answer, or the first |
 * | `Truncated` | arrives | the answer, broken off after `bytes` of its body, one byte before its end at most |
 * | `Trickle` | arrives | the answer, its body in pieces of `bytes`, each after `millis` |
 * | `Latency` | arrives at once | the answer, `millis` later |
 * | `Html502` | does not arrive | the page of a proxy |
 * | `Unavailable503` | does not arrive | a 503 without a body, with `retry-after` in seconds if given |
 *
 * @category models
 * @since 0.1.0
 */
export const Fault = Schema.Union([
  Schema.TaggedStruct("Refuse", {}),
  Schema.TaggedStruct("DnsFailure", {}),
  Schema.TaggedStruct("UntrustedCertificate", {}),
  Schema.TaggedStruct("ResetBefore", {}),
  Schema.TaggedStruct("ResetAfter", {}),
  Schema.TaggedStruct("LostAnswer", {}),
  Schema.TaggedStruct("DeliveredTwice", { answer: Schema.Literals(["first", "second"]) }),
  Schema.TaggedStruct("Truncated", { bytes: Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)) }),
  Schema.TaggedStruct("Trickle", { bytes: Size, millis: Millis }),
  Schema.TaggedStruct("Latency", { millis: Millis }),
  Schema.TaggedStruct("Html502", {}),
  Schema.TaggedStruct("Unavailable503", { retryAfter: Schema.optionalKey(Schema.Natural) })
])

/**
 * What can happen to one request.
 *
 * @category models
 * @since 0.1.0
 */
export type Fault = typeof Fault.Type

// -----------------------------------------------------------------------------
// faults
// -----------------------------------------------------------------------------

/**
 * Connection refused.
 *
 * @category faults
 * @since 0.1.0
 */
export const refuse: Fault = { _tag: "Refuse" }

/**
 * The name is not found.
 *
 * @category faults
 * @since 0.1.0
 */
export const dnsFailure: Fault = { _tag: "DnsFailure" }

/**
 * The certificate is not trusted, and waiting does not help.
 *
 * @category faults
 * @since 0.1.0
 */
export const untrustedCertificate: Fault = { _tag: "UntrustedCertificate" }

/**
 * A reset within the handshake: the request did not leave.
 *
 * @category faults
 * @since 0.1.0
 */
export const resetBefore: Fault = { _tag: "ResetBefore" }

/**
 * The request is carried out, and the connection resets before the answer.
 *
 * @category faults
 * @since 0.1.0
 */
export const resetAfter: Fault = { _tag: "ResetAfter" }

/**
 * The request is carried out, and nothing ever comes back.
 *
 * @category faults
 * @since 0.1.0
 */
export const lostAnswer: Fault = { _tag: "LostAnswer" }

/**
 * By default the caller gets the second answer, as behind a proxy or a platform that sends again by itself.
 *
 * @category faults
 * @since 0.1.0
 */
export const deliveredTwice = (answer: "first" | "second" = "second"): Fault => ({ _tag: "DeliveredTwice", answer })

/**
 * The body breaks off after so many bytes.
 *
 * @category faults
 * @since 0.1.0
 */
export const truncated = (bytes: number): Fault => checked({ _tag: "Truncated", bytes })

/**
 * The body comes in pieces of so many bytes, each after this time.
 *
 * @category faults
 * @since 0.1.0
 */
export const trickle = (bytes: number, every: Duration.Input): Fault =>
  checked({ _tag: "Trickle", bytes, millis: Duration.toMillis(every) })

/**
 * The answer comes so much later.
 *
 * @category faults
 * @since 0.1.0
 */
export const latency = (duration: Duration.Input): Fault =>
  checked({ _tag: "Latency", millis: Duration.toMillis(duration) })

/**
 * A proxy's page in place of the service.
 *
 * @category faults
 * @since 0.1.0
 */
export const html502: Fault = { _tag: "Html502" }

/**
 * The service cannot answer now, and says for how many seconds, if it does.
 *
 * @category faults
 * @since 0.1.0
 */
export const unavailable503 = (retryAfter?: number): Fault =>
  checked({ _tag: "Unavailable503", ...(retryAfter === undefined ? {} : { retryAfter }) })

/**
 * One of each kind, and what `FaultyTransport.bySeed` draws from by default.
 *
 * @category faults
 * @since 0.1.0
 */
export const all: ReadonlyArray<Fault> = [
  refuse,
  dnsFailure,
  untrustedCertificate,
  resetBefore,
  resetAfter,
  lostAnswer,
  { _tag: "DeliveredTwice", answer: "second" },
  { _tag: "DeliveredTwice", answer: "first" },
  { _tag: "Truncated", bytes: 10 },
  { _tag: "Trickle", bytes: 16, millis: 100 },
  { _tag: "Latency", millis: 2000 },
  html502,
  { _tag: "Unavailable503", retryAfter: 7 }
]

/**
 * The fault, if it can be one: a plan may have been read from a file. A `RangeError` is thrown otherwise.
 *
 * @category faults
 * @since 0.1.0
 */
export const checked = (fault: Fault): Fault => {
  const valid = Option.getOrUndefined(Schema.decodeUnknownOption(Fault)(fault))
  if (valid === undefined) throw new RangeError(`Fault: no fault can be ${JSON.stringify(fault)}`)
  return valid
}
