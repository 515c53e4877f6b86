import { assert, describe, it } from "@effect/vitest"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as References from "effect/References"
import type * as Tracer from "effect/Tracer"
import * as Log from "../../src/internal/log.ts"

const line = (by: (fiber: Parameters<typeof Log.debug>[0], span: Tracer.Span) => Effect.Effect<void>) =>
  Effect.gen(function*() {
    const printed: Array<readonly [to: string, ...parts: ReadonlyArray<unknown>]> = []
    const events: Array<readonly [name: string, attributes: unknown]> = []
    const console: Console.Console = Object.assign(Object.create(globalThis.console), {
      log: (...parts: ReadonlyArray<unknown>) => void printed.push(["log", ...parts]),
      error: (...parts: ReadonlyArray<unknown>) => void printed.push(["error", ...parts])
    })
    const id = yield* Effect.useSpan("call", (span) => {
      span.event = (name, _time, attributes) => void events.push([name, attributes])
      return Effect.withFiber((fiber) =>
        by(fiber, span).pipe(
          Effect.as(fiber.id),
          Effect.withParentSpan(span)
        )
      )
    }).pipe(
      Effect.provideService(Console.Console, console),
      Effect.provideService(References.CurrentLogAnnotations, { tenant: "a" }),
      Effect.provideService(References.MinimumLogLevel, "Debug")
    )
    return {
      id,
      printed: printed.map(([to, head, ...rest]) => [to, String(head).replace(/[\d:.]+(?=\])/, ""), ...rest]),
      events
    }
  })

const ours = line((fiber, span) => Effect.sync(() => Log.debug(fiber, span, () => "a line")))

describe("internal/log", () => {
  it("finds the loggers of a program under the key of Effect's own reference (C9)", () => {
    assert.strictEqual(Log.loggers.key, Logger.CurrentLoggers.key)
  })

  it.live("without loggers of the program, prints and traces the line as Effect's default loggers do (C9)", () =>
    Effect.gen(function*() {
      const effects = yield* line(() => Effect.logDebug("a line"))
      for (
        const [seen, to] of [[yield* ours, "log"], [
          yield* Effect.provideService(ours, References.LogToStderr, true),
          "error"
        ]] as const
      ) {
        assert.deepStrictEqual(seen.printed, [[to, `[] DEBUG (#${seen.id}):`, "a line", { tenant: "a" }]])
        assert.deepStrictEqual(seen.events, [
          ["a line", { tenant: "a", "effect.fiberId": seen.id, "effect.logLevel": "DEBUG" }]
        ])
      }
      const like = (text: string) => text.replaceAll(/#\d+|"effect.fiberId":\d+/g, "")
      const own = yield* ours
      assert.strictEqual(
        like(JSON.stringify([own.printed, own.events])),
        like(JSON.stringify([effects.printed, effects.events]))
      )
    }))

  it.live("builds no text above Debug (C9)", () =>
    Effect.gen(function*() {
      for (const level of ["Info", "Warn", "Error", "Fatal", "None"] as const) {
        yield* Effect.useSpan("call", (span) =>
          Effect.withFiber((fiber) =>
            Effect.sync(() => Log.debug(fiber, span, () => assert.fail("nobody reads it")))
          )).pipe(Effect.provideService(References.MinimumLogLevel, level))
      }
    }))
})
