/**
 * The file of a SQLite database: made for its owner alone, and held by one process if the caller wants that.
 */
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import { closeSync, openSync } from "node:fs"
import { resolve } from "node:path"
import type * as Sqlite from "node:sqlite"
import { LoginStoreError } from "../../LoginStore.ts"
import type { Options } from "../NodeSqlite.ts"
import * as Result from "./result.ts"

const refuse = (detail: string, code?: string): LoginStoreError =>
  new LoginStoreError({
    store: "SQLite",
    operation: "open",
    reason: "unavailable",
    detail,
    ...(code === undefined ? {} : { code })
  })

/** The SQLite of this process. An import would fail where it is absent, before the program can say why. */
const builtin = (): typeof Sqlite | undefined => {
  const found: unknown = typeof process.getBuiltinModule === "function"
    ? process.getBuiltinModule("node:sqlite")
    : undefined
  return isComplete(found) ? found : undefined
}

/** The first releases of this module lack methods that the client calls. */
const isComplete = (found: unknown): found is typeof Sqlite =>
  Predicate.hasProperty(found, "StatementSync") && Predicate.hasProperty(found.StatementSync, "prototype") &&
  Predicate.hasProperty(found.StatementSync.prototype, "setReturnArrays")

/** Makes the file for its owner alone. A file that exists stays as it is, and is not opened: that would end the locks of this process. */
const create = (path: string): LoginStoreError | undefined => {
  try {
    closeSync(openSync(path, "wx", 0o600))
    return undefined
  } catch (cause) {
    const code = Predicate.hasProperty(cause, "code") && Predicate.isString(cause.code) ? cause.code : undefined
    if (code === "EEXIST") return undefined
    return refuse(
      code === "ENOENT" || code === "ENOTDIR"
        ? "the folder that the option file names does not exist"
        : "the file that the option file names cannot be made",
      code
    )
  }
}

const refusals: Readonly<Record<string, string>> = {
  SQLITE_BUSY: "another process has the file open that the option file names, and one process at a time may use it",
  SQLITE_CANTOPEN: "the file that the option file names cannot be opened",
  SQLITE_NOTADB: "the file that the option file names is no SQLite database",
  SQLITE_CORRUPT: "the file that the option file names is damaged",
  SQLITE_READONLY: "this process may not write to the file that the option file names"
}

const configure = (database: Sqlite.DatabaseSync, { exclusive = false, synchronous = "full" }: Options): void => {
  // A lock that is taken now or never: a wait would keep the process busy.
  database.exec(`PRAGMA busy_timeout = ${exclusive ? 0 : 5000}`)
  if (exclusive) database.exec("PRAGMA locking_mode = EXCLUSIVE")
  // This takes the lock, also where the file has this mode already.
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous.toUpperCase()}`)
}

/** Opens a database. The caller closes it. */
export const open = (options: Options): Effect.Effect<Sqlite.DatabaseSync, LoginStoreError> =>
  Effect.suspend(() => {
    const sqlite = builtin()
    if (sqlite === undefined) {
      return Effect.fail(
        refuse(`it needs the SQLite of Node 22.19 or newer, and this is Node ${process.versions.node}`)
      )
    }
    const file: unknown = options.file
    if (!Predicate.isString(file) || file === "" || file.includes("\0")) {
      return Effect.fail(refuse("the option file must be the path of a file, such as logins.db"))
    }
    // SQLite takes a path with a scheme for a URI. An absolute path has none.
    const path = file === ":memory:" ? file : resolve(file)
    const refused = file === ":memory:" ? undefined : create(path)
    if (refused !== undefined) return Effect.fail(refused)
    let database: Sqlite.DatabaseSync | undefined
    try {
      database = new sqlite.DatabaseSync(path)
      configure(database, options)
      return Effect.succeed(database)
    } catch (cause) {
      if (database?.isOpen === true) database.close()
      const code = Result.codeOf(cause)
      return Effect.fail(refuse(refusals[code ?? ""] ?? "SQLite cannot open the file that the option file names", code))
    }
  })
