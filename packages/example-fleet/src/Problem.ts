/**
 * Which status and which sentence an error becomes. Each sentence is for the caller of the route.
 */
import * as Effect from "effect/Effect"
import * as HttpServerResponse from "effect/http/HttpServerResponse"

/** An error with a tag and a sentence: those of `Logins` and of this service are such. */
export interface Failure {
  readonly _tag: string
  readonly message: string
}

interface Problem {
  readonly status: number
  readonly message: string
  /** In how many seconds the caller may try again. */
  readonly retryIn?: number
}

const notNow: Problem = {
  status: 503,
  message: "The store of the logins, or the keys that seal them, cannot be reached. The logins go on. Try again later.",
  retryIn: 5
}

/** A problem of the caller gets the error's own sentence. One of this side may name a host or a table, so its sentence goes to the log alone. */
const problemOf = ({ _tag, message }: Failure): Problem => {
  switch (_tag) {
    case "LoginIdInvalid":
    case "BadRequest":
      return { status: 400, message }
    case "DeviceUnknown":
    case "RouteUnknown":
      return { status: 404, message }
    case "LoginEnded":
      return { status: 409, message: "The login of this device has ended. Add ?again=true to start a new one." }
    case "NothingPending":
      return { status: 409, message }
    case "LoginStoreError":
    case "SealerUnavailable":
    case "InventoryUnavailable":
      return notNow
    case "Unsealable":
      return { status: 500, message: "The login cannot be opened with the keys of this process. Its log has more." }
    default: // the service of AWS, or the way to it
      return { status: 502, message: "The login was not started. Try again later. The log has more.", retryIn: 5 }
  }
}

/** No response may stay in a cache: a start has the code for the person. */
export const headers = { "cache-control": "no-store" }

/** The response to an error. */
export const respond = (failure: Failure): Effect.Effect<HttpServerResponse.HttpServerResponse> => {
  const { message, retryIn, status } = problemOf(failure)
  const response = HttpServerResponse.jsonUnsafe({ error: failure._tag, message }, {
    status,
    headers: retryIn === undefined ? headers : { ...headers, "retry-after": String(retryIn) }
  })
  return status < 500
    ? Effect.succeed(response)
    : Effect.as(Effect.logError(`${failure._tag}: ${failure.message}`), response)
}
