/**
 * Errors that the emulator returns on request, to test how clients handle them.
 *
 * Arm a fault. The next request that it matches takes it, and then the fault is gone (see `times`). A fault matches the
 * requests of its `operation`, or of every operation if it names none. Requests take faults in the order of their arming.
 *
 * @since 0.1.0
 */
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import type * as CreateTokenWithIAM from "@sso-oidc/iam/CreateTokenWithIAM"
import * as PortalClient from "@sso-oidc/portal/PortalClient"
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import * as Options from "./internal/service/options.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

// Its value has the signing library, which the control API's client does not need
const signed: (typeof CreateTokenWithIAM.operation)["name"] = "CreateTokenWithIAM"

/**
 * The operations that a fault can be armed for: all operations of both services.
 *
 * @category models
 * @since 0.1.0
 */
export const OperationName = Schema.Literals([
  ...SsoOidc.operations.map(({ name }) => name),
  signed,
  ...PortalClient.operations.map(({ name }) => name)
])

/**
 * The operations that a fault can be armed for: all operations of both services.
 *
 * @category models
 * @since 0.1.0
 */
export type OperationName = typeof OperationName.Type

const operation = Schema.optionalKey(OperationName)
const times = Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 10_000 })))

// Only these characters may stand in a header: a line break would split the response
const headerValue = Schema.String.check(Schema.isPattern(/^[\t\x20-\x7e]*$/))

// `durationOf` accepts any value at run time, so this cast is safe
const isDuration = (given: unknown): given is Duration.Input =>
  Options.durationOf(given as Duration.Input) !== undefined

const delay = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: Duration.toMillis(Options.longest) })).pipe(
  Schema.decodeTo(
    Schema.declare(isDuration),
    SchemaTransformation.transform<Duration.Input, number>({ decode: Duration.millis, encode: Duration.toMillis })
  )
)

/**
 * The next request gets one of the exceptions that the model lists for its operation.
 *
 * @category models
 * @since 0.1.0
 */
export class Exception extends Schema.Opaque<Exception>()(Schema.TaggedStruct("Exception", {
  /** The operation whose next request takes the fault. By default, any operation whose model lists the exception. */
  operation,
  /** How many requests take the fault: a whole number from 1 to 10,000. 1 by default. */
  times,
  /** The model's name of the exception, such as `SlowDownException`. A name that no such operation lists is refused. */
  exception: Schema.String,
  /** The member `error_description`, or `message` of the portal. A sentence of the emulator by default. */
  errorDescription: Schema.optionalKey(Schema.String),
  /** The member `reason`, such as `KMS_DisabledException`. Absent by default. The portal has no such member. */
  reason: Schema.optionalKey(Schema.String),
  /** The header `retry-after`, in seconds, from 0 to 2,073,600 (24 days). Absent by default. */
  retryAfter: Schema.optionalKey(
    Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: Duration.toSeconds(Options.longest) }))
  )
})) {}

/**
 * The next request gets a response outside the model, such as the HTML page of a proxy.
 *
 * @category models
 * @since 0.1.0
 */
export class RawResponse extends Schema.Opaque<RawResponse>()(Schema.TaggedStruct("RawResponse", {
  /** The operation whose next request takes the fault. Any operation by default. */
  operation,
  /** How many requests take the fault: a whole number from 1 to 10,000. 1 by default. */
  times,
  /** The HTTP status: a whole number from 200 to 599. */
  status: Schema.Int.check(Schema.isBetween({ minimum: 200, maximum: 599 })),
  /** The header `content-type`. `application/json` by default. Only tabs and printable ASCII characters are accepted. */
  contentType: Schema.optionalKey(headerValue),
  /** The body, sent as it is. Empty by default. */
  body: Schema.optionalKey(Schema.String),
  /**
   * The header `retry-after`: seconds, or a date. Absent by default. Only tabs and printable ASCII characters are accepted.
   */
  retryAfter: Schema.optionalKey(headerValue),
  /** The header `location`. Absent by default. Only tabs and printable ASCII characters are accepted. */
  location: Schema.optionalKey(headerValue)
})) {}

/**
 * The next request gets no response: the connection closes.
 *
 * @category models
 * @since 0.1.0
 */
export class ConnectionReset extends Schema.Opaque<ConnectionReset>()(Schema.TaggedStruct("ConnectionReset", {
  /** The operation whose next request takes the fault. Any operation by default. */
  operation,
  /** How many requests take the fault: a whole number from 1 to 10,000. 1 by default. */
  times,
  /**
   * Whether the request takes effect before its response is lost. With `true` it can use up a device code or rotate a
   * refresh token. With `false` the request does nothing. There is no default.
   */
  carriedOut: Schema.Boolean
})) {}

/**
 * The next request gets the true response, but later.
 *
 * @category models
 * @since 0.1.0
 */
export class Delay extends Schema.Opaque<Delay>()(
  Schema.TaggedStruct("Delay", {
    /** The operation whose next request takes the fault. Any operation by default. */
    operation,
    /** How many requests take the fault: a whole number from 1 to 10,000. 1 by default. */
    times,
    /** How much later, from 0 to 24 days. A bare number counts milliseconds: write `"2 seconds"`. */
    duration: delay
  }).pipe(Schema.encodeKeys({
    /** The name of `duration` in JSON. There it is a number of milliseconds. */
    duration: "durationMillis"
  }))
) {}

/**
 * An error that the emulator returns on request, to test how clients handle it.
 *
 * @category models
 * @since 0.1.0
 */
export const Fault = Schema.Union([Exception, RawResponse, ConnectionReset, Delay]).annotate({
  message: "_tag must be one of Exception, RawResponse, ConnectionReset and Delay"
})

/**
 * An error that the emulator returns on request, to test how clients handle it.
 *
 * @category models
 * @since 0.1.0
 */
export type Fault = typeof Fault.Type
