/**
 * Durable logins in Node: on one machine with a file, or on many machines with PostgreSQL.
 *
 * @since 0.1.0
 */
import type * as Sealer from "@sso-oidc/core/Sealer"
import type * as SsoOidc from "@sso-oidc/core/SsoOidc"
import type { ShardingConfig } from "effect/cluster/ShardingConfig"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import type * as Logins from "../Logins.ts"
import type { LoginStoreError } from "../LoginStore.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * The options of {@link layerFile}.
 *
 * @category models
 * @since 0.1.0
 */
export interface FileOptions extends Logins.Options {
  /** The path of the SQLite database. It is made if it is absent. One process at a time may use it. */
  readonly file: string
  /** The ring of keys: `Sealer.layer`. */
  readonly sealing: Layer.Layer<Sealer.Sealer>
  /** Settings of Effect's cluster that replace those of this package. */
  readonly sharding?: Partial<ShardingConfig["Service"]> | undefined
}

/**
 * The options of {@link layerPostgresClient}.
 *
 * @category models
 * @since 0.1.0
 */
export interface PostgresClientOptions extends Logins.ClientOptions {
  /** The URL of the database, such as `postgres://user:password@host:5432/name`. */
  readonly url: Redacted.Redacted<string>
  /** The ring of keys: `Sealer.layer`. */
  readonly sealing: Layer.Layer<Sealer.Sealer>
  /** Settings of Effect's cluster that replace those of this package. */
  readonly sharding?: Partial<ShardingConfig["Service"]> | undefined
}

/**
 * The options of {@link layerPostgres}.
 *
 * @category models
 * @since 0.1.0
 */
export interface PostgresOptions extends PostgresClientOptions, Logins.Options {
  /** The port where the other processes reach this one. */
  readonly port: number
  /** The name or address by which the other processes reach this one: `"localhost"` by default. */
  readonly host?: string | undefined
}

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * `Logins` on one machine, with a file.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerFile = (_options: FileOptions): Layer.Layer<Logins.Logins, LoginStoreError, SsoOidc.SsoOidc> =>
  Layer.unwrap(Effect.die("the frame has no body yet"))

/**
 * `Logins` on many machines, with PostgreSQL. This process drives logins.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerPostgres = (
  _options: PostgresOptions
): Layer.Layer<Logins.Logins, LoginStoreError, SsoOidc.SsoOidc> => Layer.unwrap(Effect.die("the frame has no body yet"))

/**
 * `Logins` on many machines, with PostgreSQL. This process drives no logins.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerPostgresClient = (
  _options: PostgresClientOptions
): Layer.Layer<Logins.Logins, LoginStoreError, SsoOidc.SsoOidc> => Layer.unwrap(Effect.die("the frame has no body yet"))
