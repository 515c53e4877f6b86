/**
 * Logs one line at Debug, as `Effect.logDebug` does, without its 1.9 kB of a compressed bundle.
 *
 * Nearly all of that is the text of a cause, which these lines never have. The loggers of the program get each line. Without such
 * loggers, the line goes where Effect's default loggers would put it: to the console, and into the span.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Console from "effect/Console"
import * as Context from "effect/Context"
import type * as Fiber from "effect/Fiber"
import type * as Logger from "effect/Logger"
import * as References from "effect/References"
import type * as Tracer from "effect/Tracer"

// Effect's own reference brings its default loggers. This one has the same key, so that a program's loggers are found.
export const loggers = /* @__PURE__ */ Context.Reference<ReadonlySet<Logger.Logger<unknown, unknown>> | undefined>(
  "effect/Logger/CurrentLoggers",
  { defaultValue: () => undefined }
)

/** Logs a line. The text is built only for a reader. */
export const debug = (fiber: Fiber.Fiber<unknown, unknown>, span: Tracer.Span, text: () => string): void => {
  if (!/^(?:All|Trace|Debug)$/.test(fiber.getRef(References.MinimumLogLevel))) return
  const line = text()
  const clock = fiber.getRef(Clock.Clock)
  const date = new Date(clock.currentTimeMillisUnsafe())
  const given = fiber.getRef(loggers)
  if (given !== undefined) {
    for (const logger of given) logger.log({ cause: Cause.empty, fiber, date, logLevel: "Debug", message: [line] })
    return
  }
  const annotations = fiber.getRef(References.CurrentLogAnnotations)
  const parts: Array<unknown> = [
    `[${date.toTimeString().slice(0, 8)}.${date.toISOString().slice(20, 23)}] DEBUG (#${fiber.id}):`,
    line
  ]
  if (Object.keys(annotations).length > 0) parts.push(annotations)
  fiber.getRef(Console.Console)[fiber.getRef(References.LogToStderr) ? "error" : "log"](...parts)
  if (span.status._tag === "Started") {
    span.event(line, clock.currentTimeNanosUnsafe(), {
      ...annotations,
      "effect.fiberId": fiber.id,
      "effect.logLevel": "DEBUG"
    })
  }
}
