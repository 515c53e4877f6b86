/**
 * The result codes of SQLite, by their names.
 */
import * as Predicate from "effect/Predicate"

const names: Readonly<Record<number, string>> = {
  1: "SQLITE_ERROR",
  3: "SQLITE_PERM",
  5: "SQLITE_BUSY",
  6: "SQLITE_LOCKED",
  7: "SQLITE_NOMEM",
  8: "SQLITE_READONLY",
  9: "SQLITE_INTERRUPT",
  10: "SQLITE_IOERR",
  11: "SQLITE_CORRUPT",
  13: "SQLITE_FULL",
  14: "SQLITE_CANTOPEN",
  17: "SQLITE_SCHEMA",
  18: "SQLITE_TOOBIG",
  19: "SQLITE_CONSTRAINT",
  20: "SQLITE_MISMATCH",
  23: "SQLITE_AUTH",
  26: "SQLITE_NOTADB"
}

/** Node puts SQLite's extended result code into `errcode`. */
export const numberOf = (cause: unknown): number | undefined =>
  Predicate.hasProperty(cause, "errcode") && Predicate.isNumber(cause.errcode) ? cause.errcode : undefined

/** The name of the primary result code, such as `SQLITE_BUSY`. */
export const codeOf = (cause: unknown): string | undefined => {
  const number = numberOf(cause)
  return number === undefined ? undefined : names[number & 0xff]
}
