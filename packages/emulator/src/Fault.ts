/**
 * What the emulator can be told to answer in place of what is true: for tests of clients, which must bear it.
 *
 * A fault is armed, waits for the next request that it fits, and is gone. It fits the requests of its `operation`, or of
 * every one where there is none; `times` arms it that often, once by default. Faults are taken in the order in which
 * they were armed.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * The operations that a fault can be armed for.
 *
 * @category models
 * @since 0.1.0
 */
export const OperationName = Schema.Literals(["RegisterClient", "StartDeviceAuthorization", "CreateToken"])

/**
 * The operations that a fault can be armed for.
 *
 * @category models
 * @since 0.1.0
 */
export type OperationName = typeof OperationName.Type

const common = {
  operation: Schema.optionalKey(OperationName),
  times: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 10_000 })))
}

// What may stand in a header: another character would split the answer
const headerValue = Schema.String.check(Schema.isPattern(/^[\t\x20-\x7e]*$/))

const seconds = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 24 * 24 * 60 * 60 }))

/**
 * One of the exceptions that the model lists for the operation, by its name. `reason` is the member of that name, such
 * as `KMS_DisabledException`.
 *
 * @category models
 * @since 0.1.0
 */
export const Exception = Schema.TaggedStruct("Exception", {
  ...common,
  exception: Schema.String,
  errorDescription: Schema.optionalKey(Schema.String),
  reason: Schema.optionalKey(Schema.String),
  /** Seconds, for the header `retry-after`. */
  retryAfter: Schema.optionalKey(seconds)
})

/**
 * An answer outside the model, such as the HTML page of a proxy: `body` goes out as it is.
 *
 * @category models
 * @since 0.1.0
 */
export const Answer = Schema.TaggedStruct("Answer", {
  ...common,
  status: Schema.Int.check(Schema.isBetween({ minimum: 200, maximum: 599 })),
  contentType: Schema.optionalKey(headerValue),
  body: Schema.optionalKey(Schema.String),
  /** For the header `retry-after`: seconds, or a date. */
  retryAfter: Schema.optionalKey(headerValue),
  /** For the header `location`. */
  location: Schema.optionalKey(headerValue)
})

/**
 * No answer: the connection closes. With `handled` the request was carried out first, and its answer is lost: a device
 * code may be used up, a refresh token rotated.
 *
 * @category models
 * @since 0.1.0
 */
export const Hangup = Schema.TaggedStruct("Hangup", { ...common, handled: Schema.Boolean })

/**
 * The true answer, that many seconds later.
 *
 * @category models
 * @since 0.1.0
 */
export const Delay = Schema.TaggedStruct("Delay", { ...common, seconds })

/**
 * What the emulator can be told to answer in place of what is true.
 *
 * @category models
 * @since 0.1.0
 */
export const Fault = Schema.Union([Exception, Answer, Hangup, Delay])

/**
 * What the emulator can be told to answer in place of what is true.
 *
 * @category models
 * @since 0.1.0
 */
export type Fault = typeof Fault.Type
