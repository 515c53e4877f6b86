/**
 * A store that may be a caller's own, held to what a store gives: it fails with errors of the contract alone, within its time.
 */
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type { Found, Row, Service } from "../LoginStore.ts"
import { LoginStoreError } from "../LoginStore.ts"
import { isDriver, isState } from "./state.ts"
import * as Within from "./within.ts"

/** The longest time of a call, in milliseconds. */
export const limit = 10_000

// -----------------------------------------------------------------------------
// values
// -----------------------------------------------------------------------------

// An attempt is a part of the place of a sealed text. With a "/", the text of another id could be brought to its place.
const isName = (value: unknown): value is string => typeof value === "string" && /^[\w-]{1,40}$/.test(value)

const isTime = (value: unknown): value is number => Number.isSafeInteger(value)

const isAbsentOr = <A>(value: unknown, is: (value: unknown) => value is A): value is A | undefined | null =>
  value === undefined || value === null || is(value)

const isText = (value: unknown): value is string => typeof value === "string" && value !== ""

/** A row of the known members alone, or `undefined` if it is no row that this release writes. */
export const rowOf = (value: object): Row | undefined => {
  const members: { readonly [K in keyof Row]?: unknown } = value
  const { attempt, driver, error, heldUntil, holder, removeAt, sealed, state, version, writtenAt } = members
  if (
    !isName(version) || !isName(attempt) || !isState(state) || !isDriver(driver) ||
    !isAbsentOr(holder, isName) || !isAbsentOr(heldUntil, isTime) || !isAbsentOr(sealed, isText) ||
    !isAbsentOr(error, isText) || !isTime(writtenAt) || !isTime(removeAt)
  ) return undefined
  const hasError = error !== undefined && error !== null
  if ((state === "failed" || state === "lost") !== hasError) return undefined
  if (state === "pending" && (sealed === undefined || sealed === null)) return undefined
  return {
    version,
    attempt,
    state,
    driver,
    ...(holder === undefined || holder === null ? {} : { holder }),
    ...(heldUntil === undefined || heldUntil === null ? {} : { heldUntil }),
    ...(sealed === undefined || sealed === null ? {} : { sealed }),
    ...(hasError ? { error } : {}),
    writtenAt,
    removeAt
  }
}

const isFound = (value: unknown): value is Found =>
  typeof value === "object" && value !== null && "id" in value && typeof value.id === "string" && "attempt" in value &&
  typeof value.attempt === "string"

// -----------------------------------------------------------------------------
// stores
// -----------------------------------------------------------------------------

const longest = 300

// A shorter id may be in any sentence by chance.
const shortest = 9

/** A text of one line without the id. It is cut after the id is replaced, so that no part of the id stays. */
const without = (id: string | undefined, text: string): string => {
  const hide = (text: string) => id === undefined || id.length < shortest ? text : text.replaceAll(id, "[id]")
  return hide(Wire.oneLine(hide(text))).slice(0, longest)
}

const isEffect = (value: unknown): value is Effect.Effect<unknown, unknown> => Effect.isEffect(value)

/** The store, whose methods fail with errors of the contract where they throw, take too long, or give what the contract does not have. */
export const guarded = (store: Service): Service => {
  const name = typeof store.name === "string" ? Wire.oneLine(store.name).slice(0, 100) : "own"

  const errorOf = (
    operation: LoginStoreError["operation"],
    reason: LoginStoreError["reason"],
    detail: string,
    code?: string
  ): LoginStoreError =>
    new LoginStoreError({ store: name, operation, reason, detail, ...(code === undefined ? {} : { code }) })

  /** The error, made anew: a caller's own may have more members, such as its cause, and may name the login. */
  const again = (operation: LoginStoreError["operation"], id: string | undefined, error: unknown): LoginStoreError => {
    if (!(error instanceof LoginStoreError)) {
      return errorOf(operation, "unavailable", "it failed with an error that a login store does not have")
    }
    const detail = without(id, error.detail)
    const code = error.code === undefined ? undefined : without(id, error.code)
    return errorOf(
      error.operation,
      error.reason,
      detail === "" ? "it gave no reason" : detail,
      code === error.code ? code : undefined
    )
  }

  const call = <A>(
    operation: LoginStoreError["operation"],
    id: string | undefined,
    run: () => Effect.Effect<unknown, unknown>,
    read: (value: unknown) => A | LoginStoreError
  ): Effect.Effect<A, LoginStoreError> =>
    Within.within(
      Effect.suspend(() => {
        const made: unknown = run()
        if (isEffect(made)) return made
        quiet(made)
        return Effect.fail(errorOf(operation, "wrongResult", "its method returned no Effect"))
      }).pipe(
        Effect.catchCause((cause) => Effect.fail(again(operation, id, Cause.squash(cause)))),
        Effect.flatMap((value): Effect.Effect<A, LoginStoreError> =>
          Effect.suspend(() => {
            if (quiet(value)) {
              return Effect.fail(
                errorOf(
                  operation,
                  "wrongResult",
                  "its Effect did not wait for an async function, so use Effect.tryPromise in its method"
                )
              )
            }
            const result = readSafely(() => read(value))
            return result === undefined
              ? Effect.fail(errorOf(operation, "wrongResult", "its method gave a value that cannot be read"))
              : result.value instanceof LoginStoreError
              ? Effect.fail(result.value)
              : Effect.succeed(result.value)
          })
        )
      ),
      limit,
      Effect.fail(errorOf(operation, "timeout", `it took longer than ${limit / 1000} seconds`))
    )

  const isDone = (operation: "insert" | "set" | "end") => (value: unknown): boolean | LoginStoreError =>
    typeof value === "boolean" ? value : errorOf(operation, "wrongResult", "its method did not say whether it wrote")

  const found = (operation: "pending" | "sweep") => (value: unknown): ReadonlyArray<Found> | LoginStoreError =>
    Array.isArray(value) && value.every(isFound)
      ? value.map(({ attempt, id }) => ({ attempt, id }))
      : errorOf(operation, "wrongResult", "its method gave no list of logins")

  return {
    name,
    insert: (id, row) => call("insert", id, () => store.insert(id, row), isDone("insert")),
    get: (id) =>
      call("get", id, () => store.get(id), (value) => {
        if (value === undefined || value === null) return undefined
        if (typeof value !== "object") return errorOf("get", "wrongResult", "its method gave no row")
        return rowOf(value) ?? errorOf("get", "unreadable", "the row has not the form that this release writes")
      }),
    set: (id, version, row) => call("set", id, () => store.set(id, version, row), isDone("set")),
    end: (id, version, outcome) => call("end", id, () => store.end(id, version, outcome), isDone("end")),
    pending: (before) => call("pending", undefined, () => store.pending(before), found("pending")),
    sweep: (before) => call("sweep", undefined, () => store.sweep(before), found("sweep"))
  }
}

/** Whether a value is a `Promise`. It gets a handler, because a rejection without one would end the process. */
const quiet = (value: unknown): boolean => {
  if (!(value instanceof Promise)) return false
  value.catch(() => {})
  return true
}

/** What a function gives. `undefined` if it throws, such as a getter of a store's value. */
const readSafely = <A>(f: () => A): { readonly value: A } | undefined => {
  try {
    return { value: f() }
  } catch {
    return undefined
  }
}
