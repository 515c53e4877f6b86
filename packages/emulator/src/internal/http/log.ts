/**
 * The log lines of the emulator: each login that waits for a person, and each request.
 */
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as Effect from "effect/Effect"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import type * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as References from "effect/References"
import * as Dialect from "./dialect.ts"

/**
 * A line at Info with the URL of a login that waits. The person needs this URL. A span must not hold it, so the line does not
 * go to Effect's logger for spans.
 */
export const waiting = (where: string): Effect.Effect<void> =>
  Effect.logInfo(`A login waits for a person: ${where}`).pipe(
    Effect.updateService(
      References.CurrentLoggers,
      (loggers) => new Set([...loggers].filter((logger) => logger !== Logger.tracerLogger))
    )
  )

/** A line at Debug. It has no query, which may hold a code, and only printable characters, because the path is untrusted. */
export const request = (
  { method, url }: HttpServerRequest.HttpServerRequest,
  response: HttpServerResponse.HttpServerResponse
): Effect.Effect<void> =>
  // Most programs do not log at Debug, and the text takes time to make
  Effect.flatMap(LogLevel.isEnabled("Debug"), (isEnabled) => {
    if (!isEnabled) return Effect.void
    const type = Dialect.exceptionIn(response)
    const path = url.replace(/[?#].*$/s, "")
    return Effect.logDebug(
      Wire.printable(`${method} ${path} got HTTP ${response.status}${type === undefined ? "" : ` ${type}`}`)
    )
  })
