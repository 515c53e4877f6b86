/**
 * Device logins that outlive the process that started them: a process that stays polls for each one, and another takes over if it ends.
 *
 * {@link Logins} starts logins, and gives their tokens. A login is one row of a `LoginStore`. A workflow of Effect drives it, so that exactly
 * one living process polls. Use it with `DurableNode.layerFile` on one machine, and with `DurableNode.layerPostgres` on many. A function
 * without a process that stays uses `Step`.
 *
 * `effect/workflow` and `effect/cluster` are unstable within 4.x. Read Effect's changelog before you raise its version in a fleet.
 *
 * @example
 * ```ts
 * import type { Token } from "@sso-oidc/core/Token"
 * import * as Logins from "@sso-oidc/durable/Logins"
 * import * as Console from "effect/Console"
 * import * as Effect from "effect/Effect"
 *
 * // Run it again after a restart, with the same id.
 * const program = Effect.fnUntraced(function*(id: string, use: (token: Token) => Effect.Effect<void>) {
 *   const logins = yield* Logins.Logins
 *   yield* logins.start({ id, clientName: "my-fleet", startUrl: "https://my.awsapps.com/start" }).pipe(
 *     Effect.flatMap((login) => Console.log(`${login.verificationUri} ${login.userCode}`)),
 *     // it ended before the restart: `token` says how
 *     Effect.catchTag("LoginEnded", () => Effect.void)
 *   )
 *   yield* use(yield* logins.token(id))
 *   yield* logins.take(id)
 * })
 * ```
 *
 * @since 0.1.0
 */
import type { Sealer, SealerUnavailable, Unsealable } from "@sso-oidc/core/Sealer"
import type * as SsoOidc from "@sso-oidc/core/SsoOidc"
import type { Token } from "@sso-oidc/core/Token"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { RateLimiter } from "effect/persistence/RateLimiter"
import type * as Stream from "effect/Stream"
import type { WorkflowEngine } from "effect/workflow/WorkflowEngine"
import * as Serving from "./internal/serving.ts"
import type { Login, LoginFailure, PendingLogin } from "./Login.ts"
import type { LoginCancelled, LoginUnknown } from "./LoginError.ts"
import type { LoginStore, LoginStoreError } from "./LoginStore.ts"
import type * as Step from "./Step.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * The options of `start`: those of `Step.start`.
 *
 * @category models
 * @since 0.1.0
 */
export interface StartOptions<E = never, R = never> extends Step.StartOptions<E, R> {}

/**
 * A limit for polls and starts that several processes share.
 *
 * @category models
 * @since 0.1.0
 */
export interface SharedPace {
  /** The limiter of Effect, such as one over Redis. If it fails, then this process goes on by a limit of its own, of the same number. */
  readonly limiter: RateLimiter
  /** How many requests all processes together may send in a second: a number above 0. */
  readonly perSecond: number
  /** The name of the limit in the store of the limiter: `"sso-oidc/logins"` by default. */
  readonly key?: string | undefined
}

/**
 * How the wait between two polls grows with the age of the code.
 *
 * @category models
 * @since 0.1.0
 */
export interface Gap {
  /** The wait as a part of the code's age: 0.1 by default, which is 10 %. A number from 0 to 1. */
  readonly share?: number | undefined
  /** The longest wait that the age makes: 30 seconds by default. A bare number counts milliseconds. */
  readonly most?: Duration.Input | undefined
}

/**
 * The options of {@link layerClient}.
 *
 * @category models
 * @since 0.1.0
 */
export interface ClientOptions {
  /**
   * The limit for the requests of this process: requests in a second, or a limit that several processes share. A request waits for its
   * turn. None is dropped, and none comes earlier. Each start counts as one request. If both wait, starts and polls come by turns. By default there is no limit.
   *
   * A number that is not above 0 is a `RangeError`.
   */
  readonly pace?: number | SharedPace | undefined
}

/**
 * The options of {@link layer}.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options extends ClientOptions {
  /**
   * `"changes"`, the default: a poll that brings `authorization_pending` writes nothing. `"everyPoll"`: each poll is stored, so that a
   * process that takes over knows the last response. That costs one write for each poll.
   */
  readonly write?: "changes" | "everyPoll" | undefined
  /**
   * Whether the wait between two polls grows with the age of the code. It saves requests in a fleet, and the person waits a little longer:
   * call `hurry` when the person is back. `true` means 10 % of the age, and at most 30 seconds. `false` by default. It never makes a wait
   * shorter.
   */
  readonly gap?: boolean | Gap | undefined
  /**
   * For how long this process may stand still before it confirms its rows: 5 seconds by default. It must be shorter than the time after
   * which the engine gives the work of a frozen process to another one. A third of `shardLockExpiration` is right. A bare number counts
   * milliseconds. Any other value than 100 milliseconds to 1 minute is a `RangeError`.
   */
  readonly standstill?: Duration.Input | undefined
}

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

/**
 * The errors of `start`: those of `Step.start`.
 *
 * @category errors
 * @since 0.1.0
 */
export type StartError = Step.StartError

/**
 * The errors of `get`, and of the stream of `events`.
 *
 * - `Unsealable`: the row of a pending login cannot be opened here. The process that drives it ends the login, if it cannot open it either.
 * - `LoginStoreError`, `SealerUnavailable`: the login goes on. Ask again later.
 *
 * @category errors
 * @since 0.1.0
 */
export type GetError = LoginStoreError | SealerUnavailable | Unsealable

/**
 * The errors of `token`.
 *
 * - `LoginUnknown`: there is no login of this id, or its token was taken.
 * - `LoginCancelled`, or the error that the login failed with: there will be no token.
 * - `Unsealable`: also if the stored token cannot be opened. It stays in the row.
 * - `LoginStoreError`, `SealerUnavailable`: it failed for 30 seconds. The login goes on. Ask again later.
 *
 * @category errors
 * @since 0.1.0
 */
export type TokenError = LoginFailure | LoginUnknown | LoginCancelled | LoginStoreError | SealerUnavailable

/**
 * The errors of `take`: those of `Step.take`.
 *
 * @category errors
 * @since 0.1.0
 */
export type TakeError = Step.TakeError

// -----------------------------------------------------------------------------
// service
// -----------------------------------------------------------------------------

/**
 * What you do with durable logins. Each method may be called in any process that shares the store and the engine.
 *
 * @category models
 * @since 0.1.0
 */
export interface Service {
  /**
   * Starts a login: registers a client, requests a code, writes the row, and hands it to the engine. The code is there after two requests,
   * even if no process drives logins yet. Show it to the person.
   *
   * If the login of this id is pending, then it gives that login again, and sends nothing. If the login has ended, then it fails with
   * `LoginEnded`, unless you pass `again: true`.
   */
  readonly start: <E = never, R = never>(
    options: StartOptions<E, R>
  ) => Effect.Effect<PendingLogin, StartError | E, R>
  /** How far a login is. It reports the row, sends nothing, and changes nothing. An unknown id gives the state `"unknown"`. */
  readonly get: (id: string) => Effect.Effect<Login, GetError>
  /**
   * Waits until the login has ended, and gives its token. The token stays in the row until `take`, or until the row is removed.
   *
   * It waits here, after a restart, or on another machine. It looks at the row once a second, and at once if this process drives the login.
   * If no process has ended it a minute after its deadline, then `token` ends it. It waits for a login of `Step` without an end.
   */
  readonly token: (id: string) => Effect.Effect<Token, TokenError>
  /** Gives the token of an approved login once, and removes it from the row. It does not wait: a pending login fails with `LoginPending`. */
  readonly take: (id: string) => Effect.Effect<Token, TakeError>
  /**
   * Ends a pending login. Gives `true` at once, and `false` if the login had ended before or is unknown. Its polls stop within seconds. If
   * one of them still brings a token, the token is dropped. It is not revoked anywhere.
   */
  readonly cancel: (id: string) => Effect.Effect<boolean, LoginStoreError>
  /**
   * Polls as early as the grant permits. Call it when the person is back from the page, and `gap` has made the wait longer. It changes
   * nothing for a login that has ended, that is unknown, or that `Step` drives.
   */
  readonly hurry: (id: string) => Effect.Effect<void, GetError>
  /**
   * How far a login is, and each change of it. It ends after the outcome, or if there is no login of this id. It looks at the row once a
   * second. So it can miss a change that another one follows quickly.
   */
  readonly events: (id: string) => Stream.Stream<Login, GetError>
}

/**
 * The service of durable logins.
 *
 * @category services
 * @since 0.1.0
 */
export class Logins extends Context.Service<Logins, Service>()("@sso-oidc/durable/Logins") {}

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * `Logins` that drives logins: this process polls for those that the engine gives it. It also hands pending rows over to the engine if that was
 * missed, and removes rows whose time has passed.
 *
 * When its scope closes, it completes the polls in flight and releases each row as it stands. The next process then adds no wait. Give it
 * the time of `requestTimeout` for that.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  options: Options = {}
): Layer.Layer<Logins, never, WorkflowEngine | LoginStore | Sealer | SsoOidc.SsoOidc> =>
  Layer.effect(Logins, Serving.driving(options))

/**
 * `Logins` that starts, reads and cancels logins, and drives none. Another process must drive them. Use it in a web server whose engine is a
 * client only.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerClient = (
  options: ClientOptions = {}
): Layer.Layer<Logins, never, WorkflowEngine | LoginStore | Sealer | SsoOidc.SsoOidc> =>
  Layer.effect(Logins, Serving.client(options))
