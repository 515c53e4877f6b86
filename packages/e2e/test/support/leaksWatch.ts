/**
 * Watches a program and its process, as a collector of logs and traces does.
 */
import { search, textsOf, walk } from "@sso-oidc/test-kit/leaks"
import * as Recorder from "@sso-oidc/test-kit/recorder"
import * as Cause from "effect/Cause"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as References from "effect/References"
import * as Tracer from "effect/Tracer"
import { Console as NodeConsole } from "node:console"
import { Writable } from "node:stream"

export interface Watched<A, E> {
  readonly exit: Exit.Exit<A, E>
  readonly spans: ReadonlyArray<Tracer.NativeSpan>
  /** What reached the loggers, in their own forms, and the output of the process. */
  readonly lines: ReadonlyArray<string>
}

/** What the process writes while the effect runs, to any output. */
const output = (lines: Array<string>) => {
  const sink = new Writable({
    write: (chunk, _, done) => {
      lines.push(String(chunk))
      done()
    }
  })
  const { console } = globalThis
  const [out, error] = [process.stdout, process.stderr].map((stream): unknown => Reflect.get(stream, "write"))
  return Effect.acquireRelease(
    Effect.sync(() => {
      globalThis.console = new NodeConsole({ stdout: sink, stderr: sink, inspectOptions: { depth: null } })
      const write = (chunk: unknown): boolean => {
        lines.push(String(chunk))
        return true
      }
      process.stdout.write = write
      process.stderr.write = write
    }),
    () =>
      Effect.sync(() => {
        globalThis.console = console
        Reflect.set(process.stdout, "write", out)
        Reflect.set(process.stderr, "write", error)
      })
  )
}

/** Runs the effect as a careless program does: it logs every failure in every way, at the level Trace. */
export const watch = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<Watched<A, E>, never, R> =>
  Effect.gen(function*() {
    const { spans, tracer } = Recorder.tracing()
    const lines: Array<string> = []
    yield* output(lines)
    const push = (line: unknown): void => void lines.push(typeof line === "string" ? line : JSON.stringify(line))
    const loggers = Logger.layer([
      Logger.defaultLogger,
      Logger.tracerLogger,
      Logger.consolePretty({ colors: false }),
      Logger.consoleJson,
      Logger.consoleLogFmt,
      Logger.consoleStructured,
      Logger.map(Logger.formatSimple, push),
      // what a logger is given, before it is made a text
      Logger.make((entry) => lines.push(...textsOf(entry.message), ...textsOf(entry.cause)))
    ])
    const exit = yield* effect.pipe(
      Effect.tapCause((cause) => Effect.logTrace("failed", cause)),
      Effect.tapError((error) => Effect.logError(error)),
      Effect.withSpan("the program's own"),
      Effect.exit,
      Effect.tap((exit) => Exit.isFailure(exit) ? Effect.logFatal(exit.cause) : Effect.void),
      Effect.tap((exit) => Exit.isFailure(exit) ? Console.error(Cause.pretty(exit.cause)) : Effect.void),
      Effect.provideService(Tracer.Tracer, tracer),
      Effect.provide(Layer.merge(loggers, Layer.succeed(References.MinimumLogLevel, "Trace")))
    )
    return { exit, spans, lines }
  }).pipe(Effect.scoped)

/** The first leak of a secret in the outputs, and its place. */
export const leakOf = <A, E>(
  watched: Watched<A, E>,
  secrets: ReadonlyArray<string>
): { readonly run: string; readonly text: string } | undefined => {
  const { exit, lines, spans } = watched
  const has = search(secrets)
  // a span has two times in nanoseconds. The hexadecimal form of a long secret has eight digits of such a time now and then, by chance
  const find = (text: string): string | undefined => {
    const run = has(text)
    return run !== undefined && /^\d+$/.test(run) ? has(text.replaceAll(/\b\d{19}n\b/g, "")) : run
  }
  const errors: ReadonlyArray<unknown> = Exit.isFailure(exit)
    ? exit.cause.reasons.flatMap((reason): ReadonlyArray<unknown> =>
      Cause.isFailReason(reason) ? [reason.error, reason] : [reason]
    )
    : []
  // the exit of a success is searched too: secrets are `Redacted` there
  for (const text of new Set([...[exit, ...errors, ...spans].flatMap(textsOf), ...lines])) {
    const run = find(text)
    if (run !== undefined) {
      const at = text.indexOf(run)
      return { run, text: text.slice(Math.max(0, at - 400), at + 100) }
    }
  }
  return undefined
}

/** Whether an error leads to an object of Effect's HTTP. */
export const httpOf = <A, E>({ exit }: Watched<A, E>): ReadonlyArray<string> =>
  Exit.isFailure(exit) ? walk(exit.cause).http : []
