/**
 * The program of one process of the fleet.
 *
 * It ends with exit code 1 if it cannot start, and with 0 after SIGTERM or SIGINT. A second signal ends it at once.
 */
import * as Cause from "effect/Cause"
import * as Console from "effect/Console"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as HttpServer from "effect/http/HttpServer"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Service from "./Service.ts"
import * as Settings from "./Settings.ts"
import * as Stopping from "./Stopping.ts"

/** The sentence of an error at the start, with the variables to look at. */
const sentenceOf = (error: { readonly _tag: string; readonly message: string }): string => {
  switch (error._tag) {
    case "ServeError":
      return "The fleet cannot start. It cannot listen on HOST and PORT: another program may have the port. Set the variables."
    case "LoginStoreError":
      return `The fleet cannot start. ${error.message} The variables are DATABASE_URL, CLUSTER_HOST and CLUSTER_PORT.`
    default:
      return error.message
  }
}

const start = Effect.gen(function*() {
  const settings = yield* Settings.read
  const context = yield* Layer.build(Service.layer(settings))
  const { address } = Context.get(context, HttpServer.HttpServer)
  yield* Console.log(`fleet: ${HttpServer.formatAddress(address)}`)
  return { drain: settings.drain, stopping: Context.get(context, Stopping.Stopping) }
})

const program = Effect.gen(function*() {
  const signal = yield* Effect.forkScoped(Stopping.signal)
  // a database that does not respond must not keep the process from stopping
  const started = yield* Effect.raceFirst(Effect.asSome(start), Effect.as(Fiber.join(signal), Option.none()))
  if (Option.isNone(started)) return
  const { drain, stopping } = started.value
  yield* Console.log(`fleet: stops after ${yield* Fiber.join(signal)}`)
  yield* stopping.begin
  yield* Effect.sleep(drain)
}).pipe(
  Effect.scoped, // the routes, the logins and the metrics end here
  Effect.catch((error) =>
    Effect.andThen(
      Console.error(sentenceOf(error)),
      Effect.sync(() => {
        process.exitCode = 1
      })
    )
  )
)

Effect.runFork(program).addObserver((exit) => {
  if (Exit.isFailure(exit)) console.error(Cause.pretty(exit.cause))
  process.exit(Exit.isFailure(exit) ? 1 : process.exitCode)
})
