/**
 * Durable logins in Node: on one machine with a file, or on many machines with PostgreSQL.
 *
 * Install `@effect/platform-node` for it, and `@effect/sql-pg` for PostgreSQL. It reads no variable of the environment.
 *
 * @example
 * ```ts
 * import type * as Sealer from "@sso-oidc/core/Sealer"
 * import * as DurableNode from "@sso-oidc/durable/node/DurableNode"
 * import type * as Layer from "effect/Layer"
 * import type * as Redacted from "effect/Redacted"
 *
 * declare const sealing: Layer.Layer<Sealer.Sealer, Sealer.SealerUnavailable>
 * declare const url: Redacted.Redacted<string>
 *
 * // each needs SsoOidc
 * const oneMachine = DurableNode.layerFile({ file: "logins.db", sealing })
 * const manyMachines = DurableNode.layerPostgres({ url, sealing, host: "10.0.0.5", port: 34431 })
 * ```
 *
 * @since 0.1.0
 */
import type * as Sealer from "@sso-oidc/core/Sealer"
import type * as SsoOidc from "@sso-oidc/core/SsoOidc"
import type { ShardingConfig } from "effect/cluster/ShardingConfig"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import type * as SqlClient from "effect/sql/SqlClient"
import type { WorkflowEngine } from "effect/workflow/WorkflowEngine"
import * as EngineStorage from "../EngineStorage.ts"
import * as Logins from "../Logins.ts"
import type { LoginStore, LoginStoreError } from "../LoginStore.ts"
import * as SqlLoginStore from "../SqlLoginStore.ts"
import * as Cluster from "./internal/cluster.ts"
import * as Postgres from "./internal/postgres.ts"
import * as NodeSqlite from "./NodeSqlite.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * The options of {@link layerFile}.
 *
 * @category models
 * @since 0.1.0
 */
export interface FileOptions<E = never> extends Logins.Options {
  /**
   * The path of the SQLite database. The file is made if it is absent, and then only its owner can read and write it. Its folder must exist.
   * One process at a time may use it: a second one fails with a `LoginStoreError`.
   */
  readonly file: string
  /** The ring of keys: `Sealer.layer` or `Sealer.layerConfig`. Its errors are errors of the layer. */
  readonly sealing: Layer.Layer<Sealer.Sealer, E>
  /** Settings of Effect's cluster that replace those of this package. */
  readonly sharding?: Partial<ShardingConfig["Service"]> | undefined
}

/**
 * The options of {@link layerPostgresClient}.
 *
 * @category models
 * @since 0.1.0
 */
export interface PostgresClientOptions<E = never> extends Logins.ClientOptions {
  /** The URL of the database, such as `postgres://user:password@host:5432/name`. PostgreSQL must be 14 or newer. */
  readonly url: Redacted.Redacted<string>
  /** The ring of keys: `Sealer.layer` or `Sealer.layerConfig`. Its errors are errors of the layer. */
  readonly sealing: Layer.Layer<Sealer.Sealer, E>
  /**
   * How many connections to the database this process opens at most: 10 by default. One of them holds the locks. Fewer than 3 are refused
   * with a `LoginStoreError`.
   */
  readonly connections?: number | undefined
  /** Settings of Effect's cluster that replace those of this package. All processes must have the same. */
  readonly sharding?: Partial<ShardingConfig["Service"]> | undefined
}

/**
 * The options of {@link layerPostgres}.
 *
 * @category models
 * @since 0.1.0
 */
export interface PostgresOptions<E = never> extends PostgresClientOptions<E>, Logins.Options {
  /**
   * The port where the other processes reach this one, from 1 to 65535. The port has no password and no encryption. So let only the other
   * processes reach it.
   */
  readonly port: number
  /**
   * The name or address by which the other processes reach this one: `"localhost"` by default, which is right for processes of one machine.
   * This process listens at this address alone. If the name belongs to a router in front of this process, then set
   * `sharding.runnerListenAddress` to an address of this machine.
   */
  readonly host?: string | undefined
}

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

type Driving = Layer.Layer<Logins.Logins, never, WorkflowEngine | LoginStore | Sealer.Sealer | SsoOidc.SsoOidc>

/** `Logins` on an engine and a store that share a client. The store comes first, because its errors say more. */
const assemble = <E>(
  logins: Driving,
  engine: Layer.Layer<WorkflowEngine, LoginStoreError, SqlClient.SqlClient>,
  client: Layer.Layer<SqlClient.SqlClient, LoginStoreError>,
  sealing: Layer.Layer<Sealer.Sealer, E>
): Layer.Layer<Logins.Logins, LoginStoreError | E, SsoOidc.SsoOidc> =>
  logins.pipe(
    Layer.provide(engine),
    Layer.provide([SqlLoginStore.layer(), EngineStorage.layerSql(), sealing]),
    Layer.provide(client)
  )

/**
 * `Logins` on one machine, with a file. This process drives logins.
 *
 * A login goes on after a restart with the same file. The file keeps each login, sealed, and what the engine stores: ids and times. It needs
 * the SQLite of Node 22.19 or newer.
 *
 * When the layer closes, it completes the polls in flight. Give the process the time of `requestTimeout` and 15 seconds more for that.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerFile = <E = never>(
  options: FileOptions<E>
): Layer.Layer<Logins.Logins, LoginStoreError | E, SsoOidc.SsoOidc> => {
  const { file, sealing, sharding = {}, ...rest } = options
  return assemble(
    Logins.layer({ standstill: Cluster.standstillOf(sharding), ...defined(rest) }),
    Cluster.single("SQLite", sharding),
    NodeSqlite.layer({ file, exclusive: true }),
    sealing
  )
}

/**
 * `Logins` on many machines, with PostgreSQL. This process drives logins.
 *
 * - Each process has the same `url`, `sealing` and `sharding`, and a `port` of its own on its machine.
 * - If a process is killed, then the others poll for its logins within 15 seconds. If its machine is frozen or cut off, it takes up to 25
 *   seconds. After a stop it takes some 2 seconds, and no login waits longer than it would have.
 * - The layer makes its tables: `sso_oidc_logins`, and those of Effect's cluster, which begin with `cluster_`.
 * - When the layer closes, it completes the polls in flight. Give the process the time of `requestTimeout` and 15 seconds more for that.
 * - A process has at most 30,000 pending logins at a time, some 40 kB of heap each. Beyond that, logins wait until others have ended. More
 *   processes, or `sharding.maxResidentEntities`, permit more.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerPostgres = <E = never>(
  options: PostgresOptions<E>
): Layer.Layer<Logins.Logins, LoginStoreError | E, SsoOidc.SsoOidc> => {
  const { connections, host = "localhost", port, sealing, sharding = {}, url, ...rest } = options
  return refused(Postgres.problemIn({ url, connections, host, port })) ?? assemble(
    Logins.layer({ standstill: Cluster.standstillOf(sharding), ...defined(rest) }),
    Cluster.runner(Postgres.store, sharding, host, port),
    Postgres.client(url, connections),
    sealing
  )
}

/**
 * `Logins` on many machines, with PostgreSQL. This process starts, reads and cancels logins, and drives none. A web server needs no more, and
 * no port.
 *
 * The code of a login is there after two requests, even if no process drives logins yet.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerPostgresClient = <E = never>(
  options: PostgresClientOptions<E>
): Layer.Layer<Logins.Logins, LoginStoreError | E, SsoOidc.SsoOidc> => {
  const { connections, sealing, sharding = {}, url, ...rest } = options
  return refused(Postgres.problemIn({ url, connections })) ?? assemble(
    Logins.layerClient(rest),
    Cluster.client(Postgres.store, sharding),
    Postgres.client(url, connections),
    sealing
  )
}

const refused = (error: LoginStoreError | undefined) =>
  error === undefined ? undefined : Layer.effectContext(Effect.fail(error))

/** An option that is there and `undefined` means the default, as an absent one does. */
const defined = ({ standstill, ...rest }: Logins.Options): Logins.Options =>
  standstill === undefined ? rest : { standstill, ...rest }
