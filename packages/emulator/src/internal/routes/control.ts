/**
 * The routes of the control API.
 */
import * as ByteSize from "effect/ByteSize"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import * as HttpApiMiddleware from "effect/http-api/HttpApiMiddleware"
import * as HttpIncomingMessage from "effect/http/HttpIncomingMessage"
import * as HttpServer from "effect/http/HttpServer"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { type DecisionError, Emulator, type EmulatorError } from "../../Emulator.ts"
import * as Control from "../../EmulatorControl.ts"
import { whatIsWrong } from "../issue.ts"
import * as Secret from "../secret.ts"

const conflict = (error: DecisionError) =>
  new Control.ControlConflict({ problem: error.problem, message: error.message })

const refused = (error: EmulatorError) => new Control.ControlRefused({ message: error.message })

const authorizations = HttpApiBuilder.group(
  Control.EmulatorControl,
  "authorizations",
  Effect.fnUntraced(function*(handlers) {
    const emulator = yield* Emulator
    return handlers
      .handle("list", () => emulator.list)
      .handle("lookup", ({ params }) => Effect.mapError(emulator.lookup(params.key), conflict))
      .handle("approve", ({ params }) => Effect.mapError(emulator.approve(params.key), conflict))
      .handle("deny", ({ params }) => Effect.mapError(emulator.deny(params.key), conflict))
      .handle("expire", ({ params }) => Effect.mapError(emulator.expire(params.key), conflict))
  })
)

const faults = HttpApiBuilder.group(
  Control.EmulatorControl,
  "faults",
  Effect.fnUntraced(function*(handlers) {
    const emulator = yield* Emulator
    return handlers
      .handle("list", () => emulator.armed)
      .handle("arm", ({ payload }) => Effect.mapError(emulator.arm(payload), refused))
  })
)

const clock = HttpApiBuilder.group(
  Control.EmulatorControl,
  "clock",
  Effect.fnUntraced(function*(handlers) {
    const emulator = yield* Emulator
    return handlers
      .handle("now", () => Effect.map(emulator.now, (now) => ({ now })))
      .handle("advance", ({ payload }) =>
        emulator.advance(Duration.seconds(payload.seconds)).pipe(
          Effect.map((now) => ({ now })),
          Effect.mapError(refused)
        ))
  })
)

const state = HttpApiBuilder.group(
  Control.EmulatorControl,
  "state",
  Effect.fnUntraced(function*(handlers) {
    const emulator = yield* Emulator
    return handlers
      .handle("snapshot", () => emulator.snapshot)
      .handle("seed", ({ payload }) => Effect.mapError(emulator.seed(payload), refused))
      .handle("reset", () => emulator.reset)
  })
)

const unauthorized = new Control.ControlUnauthorized({
  message: "The control API wants the token that the emulator printed at start, as a bearer token."
})

const guard = (token: Redacted.Redacted) =>
  Layer.effect(
    Control.ControlToken,
    Effect.gen(function*() {
      const isToken = yield* Secret.comparing(Redacted.value(token))
      const { capacityBytes } = yield* Emulator
      // room for a snapshot of everything: four kinds. A larger body is not read to its end
      const largest = ByteSize.bytes(4 * capacityBytes)
      return Control.ControlToken.of({
        token: Effect.fnUntraced(function*(handled, { credential }) {
          if (!(yield* isToken(Redacted.value(credential)))) return yield* unauthorized
          return yield* Effect.provideService(handled, HttpIncomingMessage.MaxBodySize, largest)
        })
      })
    })
  )

const form = HttpApiMiddleware.layerSchemaErrorTransform(
  Control.ControlForm,
  ({ cause }) => Effect.fail(new Control.ControlRefused({ message: `${whatIsWrong(cause)}.` }))
)

/** The routes, for who has the token. */
export const layer = (token: Redacted.Redacted) =>
  HttpApiBuilder.layer(Control.EmulatorControl, { openapiPath: "/control/openapi.json" }).pipe(
    Layer.provide([authorizations, faults, clock, state]),
    Layer.provide([guard(token), form, HttpServer.layerServices])
  )
