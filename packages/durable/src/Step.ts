/**
 * Device logins for functions: programs without a process that stays, such as AWS Lambda or a Cloudflare Worker.
 *
 * One invocation calls {@link start}, and shows the code to the person. Others call {@link step} with the same id, until the login has
 * ended. Any number of invocations may call it, at the same moment and as often as they want: one polls, and the others send nothing.
 *
 * The login is one row of a `LoginStore`. Its secrets are sealed by a `Sealer`. The clocks of the machines must agree to within a few
 * seconds.
 *
 * @example
 * ```ts
 * import * as Step from "@sso-oidc/durable/Step"
 * import * as Effect from "effect/Effect"
 *
 * const start = (id: string) =>
 *   Effect.map(
 *     Step.start({ id, clientName: "my-function", startUrl: "https://my.awsapps.com/start" }),
 *     ({ userCode, verificationUri }) => ({ userCode, verificationUri })
 *   )
 *
 * const step = (id: string) => Effect.map(Step.step(id), (result) => result._tag)
 * ```
 *
 * @since 0.1.0
 */
import * as Wire from "@sso-oidc/core/aws/Wire"
import type { Sealer, SealerUnavailable, Unsealable } from "@sso-oidc/core/Sealer"
import type * as SsoOidc from "@sso-oidc/core/SsoOidc"
import type { Token } from "@sso-oidc/core/Token"
import type * as DeviceGrant from "@sso-oidc/device-grant/DeviceGrant"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Holding from "./internal/holding.ts"
import * as Lifecycle from "./internal/lifecycle.ts"
import * as Reading from "./internal/reading.ts"
import * as Starting from "./internal/starting.ts"
import * as Stepping from "./internal/stepping.ts"
import type { EndedLogin, Login, LoginFailure, PendingLogin, UnknownLogin } from "./Login.ts"
import { LoginIdInvalid, LoginUnknown } from "./LoginError.ts"
import type { LoginCancelled, LoginEnded, LoginPending } from "./LoginError.ts"
import type { LoginStore, LoginStoreError } from "./LoginStore.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * The options of {@link start}.
 *
 * @category models
 * @since 0.1.0
 */
export interface StartOptions<E = never, R = never> extends DeviceGrant.StartOptions<E, R> {
  /**
   * The id of the login: your own name for it, of 1 to 200 characters that can be seen, such as a random UUID. It stands in the store in
   * plain text, so put no name of a person into it. Any other text fails with `LoginIdInvalid`.
   *
   * If a login of this id is pending, then `start` gives that login, also if it was started with other options.
   */
  readonly id: string
  /**
   * Whether to start a new login if the login of this id has ended. Its outcome is replaced. If its token was not taken, then the token
   * is dropped. `false` by default: `start` then fails with `LoginEnded`. It also fails so if another login of this id began and ended
   * while this start requested its code.
   */
  readonly again?: boolean | undefined
}

/**
 * The options of {@link step}.
 *
 * @category models
 * @since 0.1.0
 */
export interface StepOptions {
  /**
   * How long an invocation may hold the login for one poll: from 1 second to 1 hour, 40 seconds by default. A bare number counts
   * milliseconds. Any other value is a `RangeError`.
   *
   * If an invocation is killed in its poll, then no other one polls during the rest of this time. It must be longer than the client's
   * `requestTimeout`, since a poll that takes longer is given up. The row says until when it is held. So programs that step the login may
   * have different holds.
   */
  readonly hold?: Duration.Input | undefined
}

/**
 * The result of a {@link step} whose poll brought the token.
 *
 * @category models
 * @since 0.1.0
 */
export interface Approved {
  /** The tag of this result. */
  readonly _tag: "Approved"
  /** The token, with the registration that it was issued to. */
  readonly token: Token
  /**
   * Whether the token is in the row, from which {@link take} gives it once. `false` if the store or the sealer failed at this moment, or
   * if the row was removed. Then this is the only copy of the token.
   */
  readonly isStored: boolean
}

/**
 * The result of a {@link step} whose poll brought no token yet.
 *
 * @category models
 * @since 0.1.0
 */
export interface Waiting {
  /** The tag of this result. */
  readonly _tag: "Waiting"
  /** The login, with the code for the person. */
  readonly login: PendingLogin
  /** How long to wait before the next step. */
  readonly left: Duration.Duration
}

/**
 * The result of a {@link step} that came too early. Nothing was sent.
 *
 * @category models
 * @since 0.1.0
 */
export interface NotDue {
  /** The tag of this result. */
  readonly _tag: "NotDue"
  /** The login, with the code for the person. */
  readonly login: PendingLogin
  /** How long to wait before the next step. */
  readonly left: Duration.Duration
}

/**
 * The result of a {@link step} while another invocation polls. Nothing was sent.
 *
 * @category models
 * @since 0.1.0
 */
export interface Busy {
  /** The tag of this result. */
  readonly _tag: "Busy"
  /**
   * How long the other invocation may hold the login at most. Its poll mostly ends much earlier. 1 second if other invocations changed the
   * row again and again.
   */
  readonly left: Duration.Duration
}

/**
 * The result of a {@link step} of a login that had ended before, or that is unknown. Nothing was sent.
 *
 * @category models
 * @since 0.1.0
 */
export interface Ended {
  /** The tag of this result. */
  readonly _tag: "Ended"
  /** How the login ended. */
  readonly login: EndedLogin | UnknownLogin
}

/**
 * The result of a {@link step}.
 *
 * - `Approved`: the token came.
 * - `Waiting`: a poll was sent, and there is no token yet.
 * - `NotDue`: the next poll is not due.
 * - `Busy`: another invocation polls.
 * - `Ended`: the login had ended before, or there is no login of this id.
 *
 * @category models
 * @since 0.1.0
 */
export type Step = Approved | Waiting | NotDue | Busy | Ended

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

/**
 * The errors of {@link start}. None of them leaves a login behind that was not there before, except a `LoginStoreError`: the store may
 * have done the write nevertheless. Start again with the same id then.
 *
 * @category errors
 * @since 0.1.0
 */
export type StartError = DeviceGrant.StartError | LoginIdInvalid | LoginEnded | LoginStoreError | SealerUnavailable

/**
 * The errors of {@link step}.
 *
 * - A `PollError` of the device grant, or `Unsealable`: the login has ended. The row says so, and later steps give `Ended`. The exception
 *   is `RequestInvalid`: nothing was sent, and the login stays as it is.
 * - `LoginStoreError`, `SealerUnavailable`: the login goes on. Step again later.
 *
 * @category errors
 * @since 0.1.0
 */
export type StepError = DeviceGrant.PollError | Unsealable | LoginStoreError | SealerUnavailable

/**
 * The errors of {@link take}.
 *
 * - `LoginPending`: there is no token yet.
 * - `LoginUnknown`: the token was taken before, or there is no login of this id.
 * - `LoginCancelled`, or the error that the login failed with: there will be no token.
 * - `Unsealable`: also if the stored token cannot be opened. It stays in the row.
 * - `LoginStoreError`: the token is in the row still, or it was removed and is lost. Take it again.
 * - `SealerUnavailable`: the token is in the row. Take it again later.
 *
 * @category errors
 * @since 0.1.0
 */
export type TakeError =
  | LoginFailure
  | LoginPending
  | LoginUnknown
  | LoginCancelled
  | LoginStoreError
  | SealerUnavailable

// -----------------------------------------------------------------------------
// start
// -----------------------------------------------------------------------------

/** Functions poll for it, and nothing else belongs to its row. */
const wayOf = ({ store }: Lifecycle.Tools): Starting.Way => ({
  driver: "step",
  before: Effect.void,
  attempt: Lifecycle.name,
  insert: store.insert,
  replaced: () => Effect.void,
  swept: () => Effect.void
})

/**
 * Starts a login: registers a client, requests a code, and writes the row of the login. Show the code and the URL to the person.
 *
 * If the login of this id is pending, then it gives that login again, and sends nothing. If several invocations start an id at the same
 * moment, then all of them give the same login.
 *
 * A process registers once for each client, `clientName` and set of scopes, and uses that registration until the service rejects it. It
 * also removes rows whose time has passed, unless the store does so by itself.
 *
 * @category steps
 * @since 0.1.0
 */
export const start = <E = never, R = never>(
  options: StartOptions<E, R>
): Effect.Effect<PendingLogin, StartError | E, LoginStore | Sealer | SsoOidc.SsoOidc | R> =>
  Effect.gen(function*() {
    const { again = false, id, ...grant } = options
    if (!Lifecycle.isId(id)) return yield* new LoginIdInvalid()
    const tools = yield* Lifecycle.tools
    return yield* Starting.start(tools, wayOf(tools), id, again === true, grant)
  }).pipe(Wire.withSpan("Step.start"))

// -----------------------------------------------------------------------------
// step
// -----------------------------------------------------------------------------

/**
 * Sends at most one poll for a login, and only if it is due and no other invocation polls.
 *
 * From the moment that it holds the login, an interruption waits until the response is stored. So a token is not lost by it. If the
 * invocation is killed, then the next one assumes that the response to its poll was lost.
 *
 * If the token comes after {@link cancel}, or after another login was started for the id, then the result is `Ended`, and the token is
 * dropped. It is not revoked anywhere.
 *
 * @category steps
 * @since 0.1.0
 */
export const step = (
  id: string,
  options: StepOptions = {}
): Effect.Effect<Step, StepError, LoginStore | Sealer | SsoOidc.SsoOidc> =>
  Effect.gen(function*() {
    const hold = Holding.millisOf(options.hold)
    if (!Lifecycle.isId(id)) return { _tag: "Ended", login: { state: "unknown", id } } as const
    return yield* Stepping.step(yield* Lifecycle.tools, id, hold)
  }).pipe(Wire.withSpan("Step.step"))

// -----------------------------------------------------------------------------
// reading
// -----------------------------------------------------------------------------

/**
 * How far a login is. It sends nothing, and changes nothing. So a login that no invocation steps stays `"pending"` past its deadline:
 * compare `expiresAt`.
 *
 * It fails with `Unsealable` if the row of a pending login cannot be opened. The next {@link step} then ends the login.
 *
 * @category reading
 * @since 0.1.0
 */
export const get = (
  id: string
): Effect.Effect<Login, LoginStoreError | SealerUnavailable | Unsealable, LoginStore | Sealer> =>
  Effect.gen(function*() {
    if (!Lifecycle.isId(id)) return { state: "unknown", id } as const
    return yield* Reading.get(yield* Lifecycle.tools, id)
  }).pipe(Wire.withSpan("Step.get"))

/**
 * Gives the token of a login, and removes it from the row. It gives a token once. After that it fails with `LoginUnknown`.
 *
 * If it is interrupted, such as by a timeout, it puts the token back, and the token can be taken again. If the invocation is killed
 * between the write and its use of the token, the token is lost.
 *
 * @category reading
 * @since 0.1.0
 */
export const take = (id: string): Effect.Effect<Token, TakeError, LoginStore | Sealer> =>
  Effect.gen(function*() {
    if (!Lifecycle.isId(id)) return yield* new LoginUnknown({ reason: "absent" })
    return yield* Reading.take(yield* Lifecycle.tools, id)
  }).pipe(Wire.withSpan("Step.take"))

/**
 * Ends a pending login. Gives `true` if it did, and `false` if the login had ended before or is unknown.
 *
 * It does not stop a poll in flight. If that poll brings a token, the token is dropped.
 *
 * @category reading
 * @since 0.1.0
 */
export const cancel = (id: string): Effect.Effect<boolean, LoginStoreError, LoginStore> =>
  Effect.gen(function*() {
    if (!Lifecycle.isId(id)) return false
    return (yield* Reading.cancel(yield* Lifecycle.store, id)) !== undefined
  }).pipe(Wire.withSpan("Step.cancel"))
