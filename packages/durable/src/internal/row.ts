/**
 * How a row is stored in a database: as columns or fields of texts and whole numbers.
 */
import type { Row, State } from "../LoginStore.ts"
import { isDriver, isState } from "./state.ts"

/** The names of all columns but the id. */
export const names = [
  "version",
  "attempt",
  "state",
  "driver",
  "holder",
  "held_until",
  "sealed",
  "error",
  "written_at",
  "remove_at"
] as const

/** A row as it is stored. `null` means that a member is absent. */
export interface Stored {
  readonly version: string
  readonly attempt: string
  readonly state: State
  readonly driver: Row["driver"]
  readonly holder: string | null
  readonly held_until: number | null
  readonly sealed: string | null
  readonly error: string | null
  readonly written_at: number
  readonly remove_at: number
}

// A database of texts in UTF-8 would change a lone surrogate, and PostgreSQL stores no character 0.
const isStorable = (value: string | number | null): boolean =>
  typeof value === "string"
    ? value.isWellFormed() && !value.includes("\0")
    : value === null || Number.isSafeInteger(value)

/** The row as it is stored. `undefined` if a database could not keep it as it is. */
export const encode = (row: Row): Stored | undefined => {
  const stored: Stored = {
    version: row.version,
    attempt: row.attempt,
    state: row.state,
    driver: row.driver,
    holder: row.holder ?? null,
    held_until: row.heldUntil ?? null,
    sealed: row.sealed ?? null,
    error: row.error ?? null,
    written_at: row.writtenAt,
    remove_at: row.removeAt
  }
  return names.every((name) => isStorable(stored[name])) ? stored : undefined
}

const isText = (value: unknown): value is string => typeof value === "string"

const isTextOrNull = (value: unknown): value is string | null => value === null || isText(value)

/** A number, as the client of a database gives it: PostgreSQL's 64 bits are a text or a bigint in some. */
const numberIn = (value: unknown): number | undefined => {
  const number = typeof value === "bigint" || (isText(value) && /^-?\d{1,16}$/.test(value)) ? Number(value) : value
  return typeof number === "number" && Number.isSafeInteger(number) ? number : undefined
}

/** The row of what is stored. `undefined` if it is not in the form that {@link encode} gives. */
export const decode = (stored: Readonly<Record<string, unknown>>): Row | undefined => {
  const { attempt, driver, error, holder, sealed, state, version } = stored
  const writtenAt = numberIn(stored["written_at"])
  const removeAt = numberIn(stored["remove_at"])
  const heldUntil = stored["held_until"] === null ? null : numberIn(stored["held_until"])
  return isText(version) && version !== "" && isText(attempt) && attempt !== "" && isState(state) && isDriver(driver) &&
      isTextOrNull(holder) && isTextOrNull(sealed) && isTextOrNull(error) && heldUntil !== undefined &&
      writtenAt !== undefined && removeAt !== undefined
    ? {
      version,
      attempt,
      state,
      driver,
      ...(holder === null ? {} : { holder }),
      ...(heldUntil === null ? {} : { heldUntil }),
      ...(sealed === null ? {} : { sealed }),
      ...(error === null ? {} : { error }),
      writtenAt,
      removeAt
    }
    : undefined
}
