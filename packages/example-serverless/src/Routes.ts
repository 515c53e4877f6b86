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
  readonly body: string
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

/** With `retryIn` in its body, the caller comes again after that many seconds. */
const json = (status: number, body: { readonly [name: string]: unknown; readonly retryIn?: number }): Response => ({
  status,
  headers: {
    "content-type": "application/json",
    "cache-control": "no-store",
    ...(body.retryIn === undefined ? {} : { "retry-after": String(Math.max(1, Math.ceil(body.retryIn))) })
  },
  body: JSON.stringify(body)
})

const told = (status: number, { _tag, message }: Failure, more: object = {}): Response =>
  json(status, { ...more, error: _tag, message })

/** A request that cannot be served. The sentence is for the author of its program. */
export const malformed = (message: string): Response => told(400, { _tag: "BadRequest", message })

/** The longest body, in characters. */
export const longest = 4096

/** The response to a body that is longer. */
export const tooLarge: Response = told(413, { _tag: "TooLarge", message: "The body must be empty, or short." })

const notNow = "The function cannot reach what it needs. Try again."

/** The response of a function that has no store, no keys or no configuration. */
export const notReady: Response = told(503, { _tag: "Unavailable", message: notNow }, { retryIn: 5 })

/** A failure on this side. Its reason goes to the log alone. */
const failed = (status: number, error: Failure, message: string, more: object = {}): Effect.Effect<Response> =>
  Effect.as(Effect.logError(`${error._tag}: ${error.message}`), told(status, { _tag: error._tag, message }, more))

const unavailable = (error: Failure): Effect.Effect<Response> => failed(503, error, notNow, { retryIn: 5 })

// -----------------------------------------------------------------------------
// routes
// -----------------------------------------------------------------------------

// such an id needs no escape in a path, which API Gateway and function URLs treat differently
const Start = Schema.Struct({ id: Schema.String.check(Schema.isPattern(/^[A-Za-z0-9_-]{1,100}$/)) })

const bodyOf = Schema.decodeUnknownEffect(Schema.fromJsonString(Start))

/** Without a body, the login gets an id of its own. */
const idOf = (body: string): Effect.Effect<string, Schema.SchemaError> =>
  body.trim() === "" ? Effect.sync(() => crypto.randomUUID()) : Effect.map(bodyOf(body), ({ id }) => id)

const start = (body: string, kept?: Logins.Kept) =>
  Effect.flatMap(idOf(body), (id) => Logins.start(id, kept)).pipe(
    Effect.map((login) => json(201, login)),
    Effect.catch((error) => {
      switch (error._tag) {
        case "SchemaError":
          return Effect.succeed(
            malformed("The body must be empty, or a JSON object with an id of 1 to 100 letters, digits, _ and -.")
          )
        case "LoginIdInvalid":
          return Effect.succeed(told(400, error))
        case "LoginEnded":
          return Effect.succeed(told(409, error))
        case "LoginStoreError":
        case "SealerUnavailable":
          return unavailable(error)
        default:
          return failed(502, error, "The login was not started. Try again later.")
      }
    })
  )

const statuses = { waiting: 202, approved: 200, cancelled: 410, unknown: 404 }

const poll = (id: string) =>
  Logins.poll(id).pipe(
    Effect.map((login) => json(statuses[login.state], login)),
    Effect.catch((error) => {
      switch (error._tag) {
        case "LoginStoreError":
        case "SealerUnavailable":
          return unavailable(error)
        case "RequestInvalid": // nothing was sent, and the login stays
          return failed(500, error, "This function cannot poll for this login. Check its region and its endpoint.")
        default:
          return Effect.succeed(told(410, error, { state: "failed" }))
      }
    })
  )

/** Responds to a request. It never fails. */
export const respond = (
  { body, method, path }: Request,
  kept?: Logins.Kept
): Effect.Effect<Response, never, LoginStore | Sealer | SsoOidc> => {
  const [route, id] = /^\/logins(?:\/([A-Za-z0-9_-]{1,100})\/poll)?\/?$/.exec(path) ?? []
  if (route === undefined) return Effect.succeed(told(404, { _tag: "NotFound", message: "There is no such route." }))
  if (method !== "POST") {
    const response = told(405, { _tag: "MethodNotAllowed", message: "Send a POST." })
    return Effect.succeed({ ...response, headers: { ...response.headers, allow: "POST" } })
  }
  if (id !== undefined) return poll(id)
  return body.length > longest ? Effect.succeed(tooLarge) : start(body, kept)
}
