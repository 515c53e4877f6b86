/**
 * The client of PostgreSQL, and what its options must be.
 */
import type * as PgClient from "@effect/sql-pg/PgClient"
import * as Sql from "@sso-oidc/core/database/Sql"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as SqlClient from "effect/sql/SqlClient"
import type { LoginStoreError } from "../../LoginStore.ts"
import { refuse } from "./cluster.ts"

/** The name of the store in errors. */
export const store = "PostgreSQL"

// -----------------------------------------------------------------------------
// options
// -----------------------------------------------------------------------------

/** Options as a user gave them, who may not have a compiler. */
interface Given {
  readonly url: unknown
  readonly connections: unknown
  readonly host?: unknown
  readonly port?: unknown
}

const isUrl = (url: unknown): boolean => {
  const text: unknown = Redacted.isRedacted(url) ? Redacted.value(url) : undefined
  // the text of the URL is a secret, also in the error of the parser
  const parsed = typeof text === "string" && URL.canParse(text) ? new URL(text) : undefined
  return parsed !== undefined && ["postgres:", "postgresql:"].includes(parsed.protocol)
}

// one holds the locks, one transaction may wait for another statement
const fewest = 3

const isCount = (value: unknown): boolean =>
  value === undefined || (typeof value === "number" && Number.isSafeInteger(value) && value >= fewest)

const isPort = (value: unknown): boolean =>
  typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= 65_535

const isHost = (value: unknown): boolean => typeof value === "string" && /^[A-Za-z0-9._:%-]{1,255}$/.test(value)

/** What is wrong with the options. */
export const problemIn = (given: Given): LoginStoreError | undefined => {
  const { connections, host, port, url } = given
  if (!isUrl(url)) {
    return refuse(
      store,
      "the option url must be the URL of a database as a Redacted text, such as postgres://user:password@host:5432/name"
    )
  }
  if (!isCount(connections)) return refuse(store, `the option connections must be a whole number of at least ${fewest}`)
  if ("port" in given && !isPort(port)) {
    return refuse(store, "the option port must be a whole number from 1 to 65535, such as 34431")
  }
  if ("host" in given && !isHost(host)) {
    return refuse(store, "the option host must be a name or an address of this machine, such as 10.0.0.5")
  }
  return undefined
}

// -----------------------------------------------------------------------------
// clients
// -----------------------------------------------------------------------------

type Package = Pick<typeof PgClient, "layer">

/**
 * The package of the client. A program that uses a file alone need not install it, so it is loaded here and not with this module. A bundler takes
 * the `catch` as a sign that it may be absent.
 */
const load = (): Promise<Package | undefined> => import("@effect/sql-pg/PgClient").catch(() => undefined)

/** A client with this many connections at most. */
export const client = (
  url: Redacted.Redacted<string>,
  connections = 10,
  loading = load
): Layer.Layer<SqlClient.SqlClient, LoginStoreError> =>
  Layer.unwrap(Effect.map(Effect.promise(loading), (found) =>
    found === undefined
      ? failed("it needs the package @effect/sql-pg, version 4.0.5 or a later one of 4.0, which is not installed")
      : found.layer({ url, maxConnections: connections }).pipe(
        Layer.catch((error) => {
          const { code, detail } = Sql.troubleOf(error)
          return failed(detail, code)
        })
      )))

const failed = (detail: string, code?: string): Layer.Layer<SqlClient.SqlClient, LoginStoreError> =>
  Layer.effectContext(Effect.fail(refuse(store, detail, code)))
