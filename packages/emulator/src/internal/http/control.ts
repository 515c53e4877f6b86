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
import { Emulator } from "../../Emulator.ts"
import * as Control from "../../EmulatorControl.ts"
import type { DecisionError, EmulatorError } from "../../EmulatorError.ts"
import { whatIsWrong } from "../issues.ts"

const conflict = (error: DecisionError) =>
  new Control.ControlConflict({ problem: error.problem, message: error.message })

const badRequest = (error: EmulatorError) => new Control.ControlBadRequest({ message: error.message })

const authorizationRoutes = HttpApiBuilder.group(
  Control.EmulatorControl,
  "authorizations",
  Effect.fnUntraced(function*(handlers) {
    const { authorizations } = yield* Emulator
    return handlers
      .handle("list", () => authorizations.list)
      .handle("lookup", ({ params }) => Effect.mapError(authorizations.lookup(params.key), conflict))
      .handle("approve", ({ params }) => Effect.mapError(authorizations.approve(params.key), conflict))
      .handle("deny", ({ params }) => Effect.mapError(authorizations.deny(params.key), conflict))
      .handle("expire", ({ params }) => Effect.mapError(authorizations.expire(params.key), conflict))
  })
)

const accountRoutes = HttpApiBuilder.group(
  Control.EmulatorControl,
  "accounts",
  Effect.fnUntraced(function*(handlers) {
    const { accounts } = yield* Emulator
    return handlers
      .handle("list", () => accounts.list)
      .handle("put", ({ payload }) => Effect.mapError(accounts.put(payload), badRequest))
      .handle("remove", ({ params }) => accounts.remove(params.accountId))
      .handle(
        "assign",
        ({ params, payload }) => Effect.mapError(accounts.assign(params.accountId, payload.roleName), badRequest)
      )
      .handle(
        "unassign",
        ({ params, payload }) => Effect.mapError(accounts.unassign(params.accountId, payload.roleName), badRequest)
      )
  })
)

const faultRoutes = HttpApiBuilder.group(
  Control.EmulatorControl,
  "faults",
  Effect.fnUntraced(function*(handlers) {
    const { faults } = yield* Emulator
    return handlers
      .handle("list", () => faults.list)
      .handle("clear", () => faults.clear)
      .handle("arm", ({ payload }) => Effect.mapError(faults.arm(payload), badRequest))
  })
)

const clockRoutes = HttpApiBuilder.group(
  Control.EmulatorControl,
  "clock",
  Effect.fnUntraced(function*(handlers) {
    const { clock } = yield* Emulator
    return handlers
      .handle("now", () => Effect.map(clock.now, (now) => ({ now })))
      .handle("advance", ({ payload }) =>
        clock.advance(Duration.seconds(payload.seconds)).pipe(
          Effect.map((now) => ({ now })),
          Effect.mapError(badRequest)
        ))
  })
)

const stateRoutes = HttpApiBuilder.group(
  Control.EmulatorControl,
  "state",
  Effect.fnUntraced(function*(handlers) {
    const { state } = yield* Emulator
    return handlers
      .handle("snapshot", () => state.snapshot)
      .handle("seed", ({ payload }) => Effect.mapError(state.seed(payload), badRequest))
      .handle("reset", () => state.reset)
  })
)

const unauthorized = new Control.ControlUnauthorized({
  message: "The control API needs a bearer token. The emulator printed it at its start, or you set it in " +
    "SSO_OIDC_EMULATOR_CONTROL_TOKEN."
})

const digest = async (text: string): Promise<Uint8Array> =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)))

/**
 * Compares a guess with the secret in constant time. It compares digests, because they have one length, and an attacker
 * cannot choose where two of them differ.
 */
const comparing = (secret: string): Effect.Effect<(guess: string) => Effect.Effect<boolean>> =>
  Effect.map(Effect.promise(() => digest(secret)), (right) => (guess) =>
    Effect.promise(async () => {
      const given = await digest(guess)
      return right.reduce((difference, byte, at) => difference | (byte ^ (given[at] ?? 0)), 0) === 0
    }))

const guard = (token: Redacted.Redacted) =>
  Layer.effect(
    Control.ControlToken,
    Effect.gen(function*() {
      const isToken = yield* comparing(Redacted.value(token))
      const { capacityBytes } = yield* Emulator
      // A snapshot may fill all five kinds, and the accounts. The server does not read a larger body to its end
      const largest = ByteSize.bytes(6 * capacityBytes)
      return Control.ControlToken.of({
        token: Effect.fnUntraced(function*(handled, { credential }) {
          if (!(yield* isToken(Redacted.value(credential)))) return yield* unauthorized
          return yield* Effect.provideService(handled, HttpIncomingMessage.MaxBodySize, largest)
        })
      })
    })
  )

const validation = HttpApiMiddleware.layerSchemaErrorTransform(
  Control.ControlValidation,
  ({ cause }) =>
    Effect.fail(
      new Control.ControlBadRequest({
        // Only a body that is not JSON gives an issue without a schema
        message: cause.issue._tag === "InvalidValue"
          ? "The request is malformed: its body is not JSON."
          : `${whatIsWrong(cause)}.`
      })
    )
)

/** The routes. Each checks the token. */
export const layer = (token: Redacted.Redacted) =>
  HttpApiBuilder.layer(Control.EmulatorControl, { openapiPath: "/control/openapi.json" }).pipe(
    Layer.provide([authorizationRoutes, accountRoutes, faultRoutes, clockRoutes, stateRoutes]),
    Layer.provide([guard(token), validation, HttpServer.layerServices])
  )
