/**
 * Answers a request with the fault that was armed for it.
 */
import * as Effect from "effect/Effect"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import type * as HttpServerResponse from "effect/http/HttpServerResponse"
import type * as Fault from "../Fault.ts"
import * as Dialect from "./dialect.ts"
import * as Faults from "./faults.ts"
import { Hangup } from "./hangup.ts"
import * as Unseen from "./unseen.ts"

type Answer = Effect.Effect<HttpServerResponse.HttpServerResponse>

export const answer = (fault: Fault.Fault, around: {
  readonly operation: string
  readonly request: HttpServerRequest.HttpServerRequest
  readonly truth: Answer
  readonly now: Effect.Effect<number>
}): Answer => {
  switch (fault._tag) {
    case "Exception": {
      const exception = Faults.exception(around.operation, fault)
      return exception === undefined
        ? around.truth
        : Effect.map(around.now, (now) => Dialect.failure(exception, now))
    }
    case "Answer":
      return Effect.map(around.now, (now) =>
        Unseen.text(fault.body ?? "", {
          status: fault.status,
          contentType: fault.contentType ?? "application/json",
          headers: {
            ...Dialect.head(now),
            ...(fault.retryAfter === undefined ? {} : { "retry-after": fault.retryAfter }),
            ...(fault.location === undefined ? {} : { location: fault.location })
          }
        }))
    case "Hangup": {
      const hangup = Effect.flatMap(Hangup, (hangup) => hangup(around.request))
      return fault.handled ? Effect.andThen(around.truth, hangup) : hangup
    }
    case "Delay":
      return Effect.delay(around.truth, fault.seconds * 1000)
  }
}
