/** Makes a client from its limits and its routing. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import type { ConnectionOptions } from "../DirectTransport.ts"
import * as Exchange from "./exchange.ts"
import * as Pool from "./pool.ts"
import type * as Routing from "./routing.ts"

export interface Limits {
  readonly connectTimeout: Duration.Duration
  readonly idleMillis: number
  readonly maxConnections: number
}

/** The limits, or a sentence that says what is wrong with them. */
export const limitsOf = (options: ConnectionOptions): Result.Result<Limits, string> => {
  const connectTimeout = durationOf(options.connectTimeout ?? "10 seconds")
  if (connectTimeout === undefined || Duration.toMillis(connectTimeout) === 0) {
    return Result.fail("connectTimeout must be a duration longer than zero")
  }
  const idleTimeout = durationOf(options.idleTimeout ?? "30 seconds")
  if (idleTimeout === undefined) {
    return Result.fail("idleTimeout must be a duration of at least zero")
  }
  const maxConnections = options.maxConnections ?? Infinity
  if (!(maxConnections >= 1) || (maxConnections !== Infinity && !Number.isSafeInteger(maxConnections))) {
    return Result.fail("maxConnections must be a whole number of at least 1, or Infinity")
  }
  return Result.succeed({ connectTimeout, idleMillis: Duration.toMillis(idleTimeout), maxConnections })
}

const durationOf = (input: Duration.Input): Duration.Duration | undefined => {
  const duration = Duration.fromInput(input)
  // Effect turns NaN into zero without an error
  return !Number.isNaN(input) && duration._tag === "Some" && Duration.toMillis(duration.value) >= 0
    ? duration.value
    : undefined
}

/** Node older than 22.3 (or 20.16) lacks the function that gives the platform's modules. */
const hasBuiltins = (platform: { readonly getBuiltinModule?: unknown }): boolean =>
  typeof platform.getBuiltinModule === "function"

/** Dies if the limits make no sense, or if the platform is too old. `module` begins the sentence. */
export const checked = (module: string, options: ConnectionOptions): Limits => {
  const limits = limitsOf(options)
  if (Result.isFailure(limits)) throw new RangeError(`${module}: ${limits.failure}`)
  if (!hasBuiltins(process)) throw new Error(`${module} needs Node 22.19 or newer. Update Node.`)
  return limits.success
}

/** A client whose connections live in the scope. */
export const open = (
  limits: Limits,
  routing: Routing.Routing
): Effect.Effect<HttpClient.HttpClient, never, Scope.Scope> =>
  Effect.map(
    // a new pool holds nothing yet that an interruption could lose
    Effect.tap(
      Effect.sync(() => new Pool.Pool({ ...limits, connectMillis: Duration.toMillis(limits.connectTimeout), routing })),
      (pool) => Effect.addFinalizer(() => Effect.sync(() => pool.close()))
    ),
    (pool) => {
      const settings = { pool, connectTimeout: limits.connectTimeout }
      return HttpClient.make((request, url, signal, fiber) => Exchange.run(settings, request, url, signal, fiber))
    }
  )
