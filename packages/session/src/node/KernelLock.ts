/**
 * A lock of the kernel, for all processes of a machine: it ends with its holder, however that ends. It is one lock for Node, Bun and Deno.
 *
 * It is the lock that SQLite takes for a transaction, on an empty file. Nothing is ever written into that file. The module `node:sqlite` is
 * part of Node from 22.13, Bun and Deno. It is loaded when a lock is first needed. Where it is missing, the locks are
 * `LockUnavailable`.
 *
 * @since 0.1.0
 */
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as fs from "node:fs"
import { resolve } from "node:path"
import process from "node:process"
import type * as Sqlite from "node:sqlite"
import * as Lock from "../Lock.ts"

/** The name of the lock, for errors. */
const name = "kernel lock"

// -----------------------------------------------------------------------------
// SQLite
// -----------------------------------------------------------------------------

/** Node 22 warns that SQLite is experimental. That warning would stand on the terminal of each user of a program. */
const load = (): typeof Sqlite => {
  const own = Object.getOwnPropertyDescriptor(process, "emitWarning")
  const emitWarning = process.emitWarning.bind(process)
  process.emitWarning = (...args: ReadonlyArray<unknown>) => {
    if (!String(args[0]).includes("SQLite")) Reflect.apply(emitWarning, process, args)
  }
  try {
    const sqlite: typeof Sqlite | undefined = process.getBuiltinModule("node:sqlite")
    if (sqlite === undefined) throw new Unavailable("ERR_UNKNOWN_BUILTIN_MODULE", "this runtime has no node:sqlite")
    return sqlite
  } finally {
    if (own === undefined) Reflect.deleteProperty(process, "emitWarning")
    else Object.defineProperty(process, "emitWarning", own)
  }
}

let loaded: typeof Sqlite | undefined

interface Code {
  readonly code: string
  readonly number: number
  readonly text: string
}

// SQLite's codes and texts, https://www.sqlite.org/rescode.html. Deno's errors have the text alone.
const busy: Code = { code: "SQLITE_BUSY", number: 5, text: "database is locked" }
const codes: ReadonlyArray<Code> = [
  busy,
  { code: "SQLITE_READONLY", number: 8, text: "attempt to write a readonly database" },
  { code: "SQLITE_IOERR", number: 10, text: "disk I/O error" },
  { code: "SQLITE_FULL", number: 13, text: "database or disk is full" },
  { code: "SQLITE_CANTOPEN", number: 14, text: "unable to open database file" },
  { code: "SQLITE_NOLFS", number: 22, text: "large file support is disabled" },
  { code: "SQLITE_NOTADB", number: 26, text: "file is not a database" }
]

const codeOf = (error: unknown): Code | undefined => {
  const number = Wire.memberOf(error, "errcode")
  // an extended code has the primary code in its lowest byte
  if (typeof number === "number") return codes.find((one) => one.number === (number & 0xff))
  const text = Wire.memberOf(error, "message")
  return codes.find((one) => one.text === text)
}

// -----------------------------------------------------------------------------
// failures
// -----------------------------------------------------------------------------

class Unavailable extends Error {
  readonly code: string
  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/** Only words of ours: a text of the system has the path in it. */
const details: Readonly<Record<string, string>> = {
  ENOENT: "its folder is not there",
  ENOTDIR: "a file is where its folder should be",
  EACCES: "this user may not write the lock file",
  EPERM: "this user may not write the lock file",
  EROFS: "the file system is read-only",
  ENOSPC: "the disk is full",
  EDQUOT: "the disk is full",
  EMFILE: "this process has too many open files",
  SQLITE_READONLY: "the lock file cannot be written",
  SQLITE_CANTOPEN: "SQLite cannot open the lock file",
  SQLITE_IOERR: "the file system has no locks",
  SQLITE_NOTADB: "the lock file is not empty. Another program has written into it. Remove it"
}

const unavailable = (error: unknown): Lock.LockUnavailable => {
  if (error instanceof Unavailable) {
    return new Lock.LockUnavailable({ lock: name, code: error.code, detail: error.message })
  }
  const code = codeOf(error)?.code ?? Wire.nameIn(error, "code") ?? "UNKNOWN"
  return new Lock.LockUnavailable({ lock: name, code, detail: details[code] ?? "the system reported an error" })
}

// -----------------------------------------------------------------------------
// the file
// -----------------------------------------------------------------------------

/** Which file a path leads to. A file keeps it under another name, and a new file of the same name has another. */
type Identity = string | undefined

const identityOf = (path: string): Identity => {
  const found = fs.lstatSync(path, { bigint: true, throwIfNoEntry: false })
  if (found === undefined) return undefined
  if (!found.isFile()) {
    const [code, what] = found.isSymbolicLink()
      ? ["ELOOP", "a link"]
      : found.isDirectory()
      ? ["EISDIR", "a folder"]
      : ["EINVAL", "a pipe or a device"]
    throw new Unavailable(code, `${what} is where the lock file should be. Remove it`)
  }
  return `${found.dev}:${found.ino}`
}

/** Makes the file if it is absent. */
const create = (path: string): void => {
  try {
    // Only a new file is opened here: to close any descriptor of a file drops the locks that this process has on it.
    fs.closeSync(fs.openSync(path, "wx", 0o600))
  } catch (error) {
    if (Wire.nameIn(error, "code") !== "EEXIST") throw error
  }
}

interface Connection {
  readonly database: Sqlite.DatabaseSync
  readonly identity: Identity
}

const connect = (path: string): Connection => {
  loaded ??= load()
  create(path)
  const identity = identityOf(path)
  // SQLite opens a file that it cannot write, and says nothing. This gives the system's own code.
  fs.accessSync(path, fs.constants.W_OK)
  return { database: new loaded.DatabaseSync(path, { timeout: 0 }), identity }
}

const disconnect = (connection: Connection | undefined): void => {
  try {
    connection?.database.close()
  } catch {
    // It is closed already.
  }
}

// -----------------------------------------------------------------------------
// the lock
// -----------------------------------------------------------------------------

const open = (given: string) =>
  Effect.gen(function*() {
    // SQLite takes some texts, such as those that begin with `file:`, for more than a path.
    const path = resolve(given)
    let connection: Connection | undefined
    let isTaken = false

    const drop = () => {
      disconnect(connection)
      connection = undefined
      isTaken = false
    }

    const isInPlace = (): boolean => connection !== undefined && identityOf(path) === connection.identity

    const attempt = (): boolean => {
      // The file was removed or replaced: a lock on the old one excludes only those who opened it before.
      if (!isInPlace()) drop()
      if (isTaken) return true
      connection ??= connect(path)
      try {
        // Without it, a process that is killed leaves a second file behind.
        connection.database.exec("PRAGMA journal_mode=MEMORY")
        connection.database.exec("BEGIN IMMEDIATE")
        // A transaction on a file that cannot be written excludes nothing. This write fails there. It stays in memory, and is dropped.
        connection.database.exec("PRAGMA user_version=0")
      } catch (error) {
        if (codeOf(error) === busy) return false
        drop()
        throw error
      }
      isTaken = true
      if (isInPlace()) return true
      drop()
      return false
    }

    yield* Effect.addFinalizer(() => Effect.sync(drop))
    yield* Effect.try({ try: () => void (connection = connect(path)), catch: unavailable })
    return {
      attempt: Effect.try({ try: attempt, catch: unavailable }),
      isHeld: Effect.sync(() => {
        try {
          return isTaken && isInPlace()
        } catch {
          return false
        }
      })
    }
  })

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * Locks of the kernel. Each makes an empty file of mode 0600 at its path, which stays.
 *
 * A process that is stopped keeps its lock. Some file systems of several machines, such as NFS without a lock manager or the mounts of
 * Docker Desktop, give the same lock twice.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<Lock.Lock> = Layer.succeed(Lock.Lock, { name, open })
