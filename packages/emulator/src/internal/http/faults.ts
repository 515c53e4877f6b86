/**
 * The response to a request that takes a fault, and the way in which each platform resets a connection.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Stream from "effect/Stream"
import type * as Fault from "../../Fault.ts"
import * as ArmedFaults from "../service/faults.ts"
import * as Dialect from "./dialect.ts"
import * as Response from "./response.ts"

type Responding = Effect.Effect<HttpServerResponse.HttpServerResponse>

// For platforms that cannot close a connection: a response that breaks off before its body begins
const brokenOff = HttpServerResponse.stream(
  Stream.fail(new Error("The connection was reset by the fault ConnectionReset"))
)

/** Closes the connection of a request without a response. */
export const ResetConnection = Context.Reference<(request: HttpServerRequest.HttpServerRequest) => Responding>(
  "@sso-oidc/emulator/internal/ResetConnection",
  { defaultValue: () => () => Effect.succeed(brokenOff) }
)

/** The response to a request that takes the fault. `truth` runs the request and gives its true response. */
export const respond = (fault: Fault.Fault, around: {
  readonly operation: ArmedFaults.Faultable
  readonly request: HttpServerRequest.HttpServerRequest
  readonly truth: Responding
  readonly now: Effect.Effect<number>
}): Responding => {
  switch (fault._tag) {
    case "Exception": {
      const exception = ArmedFaults.exception(around.operation, fault)
      return exception === undefined
        ? around.truth
        : Effect.map(around.now, (now) => Dialect.failure(exception, now))
    }
    case "RawResponse":
      return Effect.map(around.now, (now) =>
        Response.text(fault.body ?? "", {
          status: fault.status,
          contentType: fault.contentType ?? "application/json",
          headers: {
            ...Dialect.head(now, around.operation.service),
            ...(fault.retryAfter === undefined ? {} : { "retry-after": fault.retryAfter }),
            ...(fault.location === undefined ? {} : { location: fault.location })
          }
        }))
    case "ConnectionReset": {
      const reset = Effect.flatMap(ResetConnection, (reset) => reset(around.request))
      return fault.carriedOut ? Effect.andThen(around.truth, reset) : reset
    }
    case "Delay":
      return Effect.delay(around.truth, fault.duration)
  }
}
