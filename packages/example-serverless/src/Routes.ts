/**
 * The two routes of a function: `POST /logins` starts a login, and `POST /logins/{id}/poll` sends at most one poll. No response has a token
 * or another secret.
 */
import type { Sealer } from "@sso-oidc/core/Sealer"
import type { SsoOidc } from "@sso-oidc/core/SsoOidc"
import type { LoginStore } from "@sso-oidc/durable/LoginStore"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Logins from "./Logins.ts"

export interface Request {
  readonly method: string
  /** The path without a query. */
  readonly path: string
  /** Reads the body. It fails with the response to a body that is too long, or that is no text. */
  readonly body: Effect.Effect<string, Response>
}

export interface Response {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

interface Failure {
  readonly _tag: string
  readonly message: string
}

// -----------------------------------------------------------------------------
// responses
// -----------------------------------------------------------------------------

/** With `retryIn` in its body, the caller comes again after that many whole seconds. */
const json = (status: number, body: { readonly [name: string]: unknown; readonly retryIn?: number }): Response => ({
  status,
  headers: {
    "content-type": "application/json",
    "cache-control": "no-store",
    ...(body.retryIn === undefined ? {} : { "retry-after": String(body.retryIn) })
  },
  body: JSON.stringify(body)
})

const told = (status: number, error: string, message: string, more: object = {}): Response =>
  json(status, { ...more, error, message })

/** A request that cannot be served. The sentence is for the author of its program. */
export const malformed = (message: string): Response => told(400, "BadRequest", message)

/** The longest body, in characters. */
export const longest = 4096

/** The response to a body that is longer. */
export const tooLarge: Response = told(413, "TooLarge", "The body must be empty, or short.")

const notNow = "The function cannot reach what it needs. Try again."

/** The response of a function that has no store, no keys or no configuration. */
export const notReady: Response = told(503, "Unavailable", notNow, { retryIn: 5 })

/** The response to a fault of the program. */
const broken: Response = told(500, "Fault", "The function has a fault. Its log has more.")

/** A failure on this side. Its own sentence may name a key, a host or a table, so it goes to the log alone. */
const failed = (status: number, error: Failure, message: string, more: object = {}): Effect.Effect<Response> =>
  Effect.as(Effect.logError(`${error._tag}: ${error.message}`), told(status, error._tag, message, more))

const unavailable = (error: Failure): Effect.Effect<Response> => failed(503, error, notNow, { retryIn: 5 })

// -----------------------------------------------------------------------------
// routes
// -----------------------------------------------------------------------------

// such an id needs no escape in a path, which API Gateway and function URLs treat differently
const Start = Schema.Struct({ id: Schema.String.check(Schema.isPattern(/^[A-Za-z0-9_-]{1,100}$/)) })

const decoded = Schema.decodeUnknownEffect(Schema.fromJsonString(Start))

const wrongBody = malformed("The body must be empty, or a JSON object with an id of 1 to 100 letters, digits, _ and -.")

/** Without a body, the login gets an id of its own. */
const idOf = (body: string): Effect.Effect<string, Response> =>
  body.length > longest
    ? Effect.fail(tooLarge)
    : body.trim() === ""
    ? Effect.sync(() => crypto.randomUUID())
    : Effect.mapBoth(decoded(body), { onSuccess: ({ id }) => id, onFailure: () => wrongBody })

const start = (id: string, kept?: Logins.Kept) =>
  Logins.start(id, kept).pipe(
    Effect.map((login) => json(201, login)),
    Effect.catch((error) => {
      switch (error._tag) {
        case "LoginEnded":
          return Effect.succeed(told(409, error._tag, "The login of this id has ended. Start one with another id."))
        case "LoginStoreError":
        case "SealerUnavailable":
          return unavailable(error)
        default:
          return failed(502, error, "The login was not started. Try again later.")
      }
    })
  )

const statuses = { waiting: 202, approved: 200, cancelled: 410, unknown: 404 }

/** The end of a login that is not this side's fault. The sentences are for the person. */
const ends = {
  AccessDeniedException: "The login was denied. If that was a mistake, start it again.",
  DeviceCodeExpired: "The code has expired. Start the login again.",
  TokenPossiblyLost: "The login may have been approved, but its token did not arrive. Start the login again."
}

const again = "The login has failed, and it is not the person's fault. Start it again later."

const poll = (id: string) =>
  Logins.poll(id).pipe(
    Effect.map((login) => json(statuses[login.state], login)),
    Effect.catch((error) => {
      switch (error._tag) {
        case "AccessDeniedException":
        case "DeviceCodeExpired":
        case "TokenPossiblyLost":
          return Effect.succeed(told(410, error._tag, ends[error._tag], { state: "failed" }))
        case "LoginStoreError":
        case "SealerUnavailable":
          return unavailable(error)
        case "RequestInvalid": // nothing was sent, and the login stays
          return failed(500, error, "This function cannot poll for this login. Check its region and its endpoint.")
        case "TokenNotStored":
        case "Unsealable":
          return failed(500, error, again, { state: "failed" })
        default:
          return failed(502, error, again, { state: "failed" })
      }
    })
  )

/** Responds to a request. It never fails, and gives 500 for a defect. */
export const respond = (
  { body, method, path }: Request,
  kept?: Logins.Kept
): Effect.Effect<Response, never, LoginStore | Sealer | SsoOidc> => {
  const [route, id] = /^\/logins(?:\/([A-Za-z0-9_-]{1,100})\/poll)?\/?$/.exec(path) ?? []
  if (route === undefined) return Effect.succeed(told(404, "NotFound", "There is no such route."))
  if (method !== "POST") {
    const response = told(405, "MethodNotAllowed", "Send a POST.")
    return Effect.succeed({ ...response, headers: { ...response.headers, allow: "POST" } })
  }
  // the body of a poll is not read
  const response = id === undefined
    ? Effect.flatMap(body, idOf).pipe(Effect.flatMap((id) => start(id, kept)), Effect.catch(Effect.succeed))
    : poll(id)
  return Effect.catchDefect(response, (defect) => Effect.as(Effect.logError(defect), broken))
}
