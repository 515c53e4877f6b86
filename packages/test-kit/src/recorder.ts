/**
 * Records spans and log lines.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as References from "effect/References"
import * as Tracer from "effect/Tracer"

export interface Recorder {
  readonly spans: Array<Tracer.NativeSpan>
  readonly lines: Array<string>
  readonly record: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
}

/** A tracer, and the spans that it has made. */
export const tracing = (): { readonly spans: Array<Tracer.NativeSpan>; readonly tracer: Tracer.Tracer } => {
  const spans: Array<Tracer.NativeSpan> = []
  const tracer = Tracer.make({
    span: (options) => {
      const span = new Tracer.NativeSpan(options)
      spans.push(span)
      return span
    }
  })
  return { spans, tracer }
}

/** Makes a recorder. It logs at every level, in every format of Effect. */
export const make = (): Recorder => {
  const { spans, tracer } = tracing()
  const lines: Array<string> = []
  const push = (line: unknown): void => void lines.push(typeof line === "string" ? line : JSON.stringify(line))
  const layer = Layer.merge(
    Logger.layer([
      Logger.map(Logger.formatJson, push),
      Logger.map(Logger.formatLogFmt, push),
      Logger.map(Logger.formatSimple, push),
      Logger.map(Logger.formatStructured, push)
    ]),
    Layer.succeed(References.MinimumLogLevel, "All")
  )
  return {
    spans,
    lines,
    record: (effect) => effect.pipe(Effect.provideService(Tracer.Tracer, tracer), Effect.provide(layer))
  }
}
