/**
 * Where logins are stored that must outlive the process that started them: one row for each login.
 *
 * Each change of a row is a compare-and-set. So two processes may use one row at the same moment, and one of them learns that the other
 * was first. {@link layerMemory} is for tests. `SqlLoginStore` and `RedisLoginStore` are for many machines. You can make a store of your
 * own, and hold it to `LoginStoreContract`.
 *
 * A row holds its secrets sealed, so that a copy of the store gives no secret away.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Memory from "./internal/memory.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * How far a login is.
 *
 * - `"pending"`: it waits for the person.
 * - `"approved"`: its token came. The row has it until it is taken.
 * - `"failed"`: it ended with an error.
 * - `"lost"`: it ended with an error, and the service may have issued a token whose response was lost. A token that comes late replaces
 *   this outcome, and no other.
 * - `"cancelled"`: the program cancelled it.
 *
 * @category models
 * @since 0.1.0
 */
export type State = "pending" | "approved" | "failed" | "lost" | "cancelled"

/**
 * One login, as a store keeps it. All members but `sealed` stand in plain text, and none of them is a secret.
 *
 * A store keeps each member as it is, and an absent member absent. It reads only `version`, `attempt`, `state`, `driver`, `holder`, `writtenAt`
 * and `removeAt`. A name has 1 to 40 of `A-Z a-z 0-9 _ -`: a row with another one is unreadable. A time is a whole number. A text has no character 0 and no lone surrogate: a store may refuse to write those.
 *
 * @category models
 * @since 0.1.0
 */
export interface Row {
  /** The version of this row: a random text, new with each write. Two writes never have the same. It is a name, as `attempt` and `holder` are. */
  readonly version: string
  /**
   * Which login of this id it is: a random text, which stays the same until the id is used again. A late token is stored only in the
   * login that it is of.
   */
  readonly attempt: string
  /** How far the login is. */
  readonly state: State
  /** What polls for it: `"step"`, the function `Step.step`, or `"engine"`, a process that drives it. */
  readonly driver: "step" | "engine"
  /** The process or the invocation that may poll: a random text. Absent if there is none. */
  readonly holder?: string | undefined
  /** Until when the holder may poll, in milliseconds since 1970. Absent if there is no holder, or if the engine decides. */
  readonly heldUntil?: number | undefined
  /**
   * What is secret: the sealed pending authorization, or the sealed token of an approved login. Absent if the token was taken, and after
   * any other outcome. It may have some 30,000 characters.
   */
  readonly sealed?: string | undefined
  /** The error of a login that failed, as JSON. It has no secret. */
  readonly error?: string | undefined
  /** When the row was written, in milliseconds since 1970, on the clock of its writer. */
  readonly writtenAt: number
  /** From when on the row may be removed, in milliseconds since 1970: one hour after the login's outcome or deadline. */
  readonly removeAt: number
}

/**
 * A row with an outcome.
 *
 * @category models
 * @since 0.1.0
 */
export interface Outcome extends Row {
  /** How the login ended. */
  readonly state: Exclude<State, "pending">
}

/**
 * Which login a store found.
 *
 * @category models
 * @since 0.1.0
 */
export interface Found {
  /** The id of the login. */
  readonly id: string
  /** Which login of this id it is. */
  readonly attempt: string
}

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

const actions = {
  open: "cannot be used",
  insert: "did not store the new login",
  get: "did not read the login",
  set: "did not store the change of the login",
  end: "did not store how the login ended",
  pending: "did not list the logins",
  sweep: "did not remove old logins"
}

const advice = {
  unavailable: "Check the store, and try again.",
  timeout: "Check the store and the network, and try again.",
  unreadable: "Check what else writes there, and whether a newer release wrote it.",
  wrongResult: "Hold the store to LoginStoreContract, and correct it."
}

const troubleOf = ({ code, detail, operation, reason, store }: LoginStoreError): string =>
  `The login store (${store}) ${actions[operation]}: ${detail}${code === undefined ? "" : ` (${code})`}. ${
    operation === "open" && reason === "unavailable" ? "Correct this, and start again." : advice[reason]
  }`

/**
 * The store failed. The login is as it was, or as the write would have made it: the next step reads which.
 *
 * @category errors
 * @since 0.1.0
 */
export class LoginStoreError
  extends Schema.TaggedError<LoginStoreError>("@sso-oidc/durable/LoginStoreError")("LoginStoreError", {
    /** The name of the store. */
    store: Schema.String,
    /** What failed. */
    operation: Schema.Literals(["open", "insert", "get", "set", "end", "pending", "sweep"]),
    /** Why it failed. */
    reason: Schema.Literals(["unavailable", "timeout", "unreadable", "wrongResult"]),
    /** What is wrong, in words. */
    detail: Schema.String,
    /** The code of the system. */
    code: Schema.optionalKey(Schema.String)
  })
{
  /** The name of the store, such as `SQL` or `Redis`. */
  declare readonly store: string

  /** What failed: one of the six methods of a store, or `"open"`, the making of the store. */
  declare readonly operation: "open" | "insert" | "get" | "set" | "end" | "pending" | "sweep"

  /**
   * Why it failed.
   *
   * - `"unavailable"`: the store does not work now. Waiting may help.
   * - `"timeout"`: the store took too long. A write may have been done.
   * - `"unreadable"`: the store works, but the row has not the form that this release writes. Nothing of it is used.
   * - `"wrongResult"`: a store of your own gave a value of another type.
   */
  declare readonly reason: "unavailable" | "timeout" | "unreadable" | "wrongResult"

  /** What is wrong, without any id, any path and any stored value. */
  declare readonly detail: string

  /** The code of the system, such as `ECONNREFUSED`. Absent if the system gave none. */
  declare readonly code?: string

  /** The sentence of this error: what failed, why, and what to do. */
  override readonly message: string = troubleOf(this)
}

// -----------------------------------------------------------------------------
// service
// -----------------------------------------------------------------------------

/**
 * What a store does. It decides nothing about a login: it compares, writes and removes.
 *
 * Each method is one atomic change, also for processes on other machines. An id is a text of 1 to 200 visible characters, and each differs from
 * every other: a store compares ids, versions and attempts character by character. `durable` distrusts a store: a defect, a value of another
 * type, or a call that takes longer than 10 seconds becomes a {@link LoginStoreError}.
 *
 * What carries a write to the database may send it twice, as SDKs do after a lost response. The second one then finds the row that the first
 * one wrote, and says `false`. So after `false` and after an error `durable` reads the row. If the version is its own, the write was done.
 *
 * @category models
 * @since 0.1.0
 */
export interface Service {
  /** The name of the store, for errors and for a person. */
  readonly name: string
  /** Writes a new row, if the id has none. Gives whether it did. */
  readonly insert: (id: string, row: Row) => Effect.Effect<boolean, LoginStoreError>
  /** The row of an id. `undefined` if there is none. It sees each write that has ended. */
  readonly get: (id: string) => Effect.Effect<Row | undefined, LoginStoreError>
  /**
   * Replaces the row as a whole, if the stored version is `version`. Gives whether it did. If a client sends a write twice, the second one may
   * give `false` for a write that was done: after `false`, `durable` reads the row.
   */
  readonly set: (id: string, version: string, row: Row) => Effect.Effect<boolean, LoginStoreError>
  /**
   * Replaces the row as a whole by an outcome, and gives whether it did. The stored row must be of the same `attempt`, and one of these
   * must hold:
   *
   * - The stored row is pending, and its version is `version`.
   * - The stored row is `"lost"`, whatever its version, and the outcome is `"approved"`.
   *
   * As with `set`, it may give `false` for a write that was sent twice.
   */
  readonly end: (id: string, version: string, outcome: Outcome) => Effect.Effect<boolean, LoginStoreError>
  /**
   * The pending rows of the driver `"engine"` that have no holder and were written before `before`, in milliseconds since 1970: the
   * oldest first, at most 1,000.
   */
  readonly pending: (before: number) => Effect.Effect<ReadonlyArray<Found>, LoginStoreError>
  /**
   * Removes rows whose `removeAt` is before `before`, in milliseconds since 1970: the oldest first, at most 1,000. Gives those that it
   * removed. A store that removes rows by itself may give none. A row is then absent after its `removeAt`.
   *
   * A store may leave a row whose `removeAt` has not come on the store's own clock, so that one wrong clock removes nothing of others.
   *
   * The comparison and the removal are one step: a row that was written meanwhile, with a later `removeAt`, stays.
   */
  readonly sweep: (before: number) => Effect.Effect<ReadonlyArray<Found>, LoginStoreError>
}

/**
 * The store of logins.
 *
 * @category services
 * @since 0.1.0
 */
export class LoginStore extends Context.Service<LoginStore, Service>()("@sso-oidc/durable/LoginStore") {}

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * A store in the memory of this process, for tests and for a program of one process. Each build of the layer has a store of its own. Its
 * logins end with the process.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerMemory: Layer.Layer<LoginStore> = /* @__PURE__ */ Layer.sync(LoginStore, Memory.make)
