/**
 * Faults that the emulator plays on request, to test how clients handle them.
 *
 * A fault is armed, waits for the next request that it fits, and is gone. It fits the requests of its `operation`, or of
 * every operation where it names none. Faults are taken in the order in which they were armed.
 *
 * @since 0.1.0
 */
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import * as Options from "./internal/service/options.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * The operations that a fault can be armed for: each that the service has.
 *
 * @category models
 * @since 0.1.0
 */
export const OperationName = Schema.Literals(SsoOidc.operations.map(({ name }) => name))

/**
 * The operations that a fault can be armed for: each that the service has.
 *
 * @category models
 * @since 0.1.0
 */
export type OperationName = typeof OperationName.Type

const common = {
  /** The operation whose next request takes the fault. Any operation by default. */
  operation: Schema.optionalKey(OperationName),
  /** How many requests take the fault, from 1 to 10,000. 1 by default. */
  times: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 10_000 })))
}

// What may stand in a header: another character would split the response
const headerValue = Schema.String.check(Schema.isPattern(/^[\t\x20-\x7e]*$/))

// it reads any value and says whether it is a duration, so the cast hides nothing
const isDuration = (given: unknown): given is Duration.Input =>
  Options.durationOf(given as Duration.Input) !== undefined

const delay = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: Duration.toMillis(Options.longest) })).pipe(
  Schema.decodeTo(
    Schema.declare(isDuration),
    SchemaTransformation.transform<Duration.Input, number>({ decode: Duration.millis, encode: Duration.toMillis })
  )
)

/**
 * One of the exceptions that the model lists for the operation.
 *
 * @category models
 * @since 0.1.0
 */
export const Exception = Schema.TaggedStruct("Exception", {
  ...common,
  /** The model's name of the exception, such as `SlowDownException`. */
  exception: Schema.String,
  /** The member `error_description`. A sentence of the emulator's own by default. */
  errorDescription: Schema.optionalKey(Schema.String),
  /** The member `reason`, such as `KMS_DisabledException`. Absent by default. */
  reason: Schema.optionalKey(Schema.String),
  /** The header `retry-after`, in seconds, from 0 to 24 days. Absent by default. */
  retryAfter: Schema.optionalKey(
    Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: Duration.toSeconds(Options.longest) }))
  )
})

/**
 * A response outside the model, such as the HTML page of a proxy.
 *
 * @category models
 * @since 0.1.0
 */
export const RawResponse = Schema.TaggedStruct("RawResponse", {
  ...common,
  /** The HTTP status, from 200 to 599. */
  status: Schema.Int.check(Schema.isBetween({ minimum: 200, maximum: 599 })),
  /** The header `content-type`. `application/json` by default. */
  contentType: Schema.optionalKey(headerValue),
  /** The body, sent as it is. Empty by default. */
  body: Schema.optionalKey(Schema.String),
  /** The header `retry-after`: seconds, or a date. Absent by default. */
  retryAfter: Schema.optionalKey(headerValue),
  /** The header `location`. Absent by default. */
  location: Schema.optionalKey(headerValue)
})

/**
 * No response: the connection closes.
 *
 * @category models
 * @since 0.1.0
 */
export const ConnectionReset = Schema.TaggedStruct("ConnectionReset", {
  ...common,
  /**
   * Whether the request takes effect before its response is lost: a device code may be used up, a refresh token rotated.
   * With `false` nothing is done.
   */
  carriedOut: Schema.Boolean
})

/**
 * The true response, later. In JSON the duration is `durationMillis`, in milliseconds.
 *
 * @category models
 * @since 0.1.0
 */
export const Delay = Schema.TaggedStruct("Delay", {
  ...common,
  /** How much later, from 0 to 24 days. A bare number counts milliseconds: write `"2 seconds"`. */
  duration: delay
}).pipe(Schema.encodeKeys({ duration: "durationMillis" }))

/**
 * A fault that the emulator plays on request.
 *
 * @category models
 * @since 0.1.0
 */
export const Fault = Schema.Union([Exception, RawResponse, ConnectionReset, Delay]).annotate({
  message: "_tag must be one of Exception, RawResponse, ConnectionReset and Delay"
})

/**
 * A fault that the emulator plays on request.
 *
 * @category models
 * @since 0.1.0
 */
export type Fault = typeof Fault.Type
