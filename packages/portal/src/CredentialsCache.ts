/**
 * Where role credentials are kept.
 *
 * {@link CredentialsCache} is one service, so that one line swaps it. Credentials are kept by session, account and role, and are never
 * given for another role or session.
 *
 * {@link layerMemory} keeps them in this process. {@link layerAwsCache} keeps them in the files of the AWS CLI too.
 *
 * What it keeps can be fetched anew. So a cache that cannot be read or written is no error: it holds nothing. But what cannot be removed is an
 * error, because it is valid until it expires.
 *
 * @since 0.1.0
 */
import type * as PortalLogout from "@sso-oidc/core/PortalLogout"
import type * as Config from "effect/Config"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import type * as Path from "effect/Path"
import * as Files from "./internal/files.ts"
import * as Memory from "./internal/memory.ts"
import type * as RoleCredentials from "./RoleCredentials.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * Whose credentials they are.
 *
 * @category models
 * @since 0.1.0
 */
export interface Key extends RoleCredentials.Role {
  /** The key of the session, as core's `AccessToken` has it. */
  readonly session: string
}

/**
 * Credentials that are kept, and how long they last.
 *
 * @category models
 * @since 0.1.0
 */
export interface Kept {
  /** The credentials. */
  readonly credentials: RoleCredentials.RoleCredentials
  /** What they have left, in milliseconds. Zero or less: they have expired. */
  readonly left: number
  /** What they had left when they arrived, in milliseconds. Absent if another process received them. */
  readonly life?: number | undefined
}

// -----------------------------------------------------------------------------
// service
// -----------------------------------------------------------------------------

/**
 * What {@link CredentialsCache} gives.
 *
 * @category services
 * @since 0.1.0
 */
export interface Service {
  /** The credentials that are kept under this key. `undefined` if there are none that can be read. They may have expired. */
  readonly read: (key: Key) => Effect.Effect<Kept | undefined>
  /**
   * Runs `fetch`, and keeps its credentials. If the session was forgotten while it ran, nothing is kept. Its errors pass through.
   */
  readonly keep: <E, R>(
    key: Key,
    fetch: Effect.Effect<RoleCredentials.RoleCredentials, E, R>
  ) => Effect.Effect<RoleCredentials.RoleCredentials, E, R>
  /** Removes the credentials of one session, or of all sessions. It removes what it can, and fails if some stayed. */
  readonly forget: (what: PortalLogout.Forgotten) => Effect.Effect<void, PortalLogout.CredentialsLeft>
}

/**
 * The cache as a service.
 *
 * @category services
 * @since 0.1.0
 */
export class CredentialsCache
  extends Context.Service<CredentialsCache, Service>()("@sso-oidc/portal/CredentialsCache")
{}

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * Keeps credentials in the memory of this process, as long as the layer lives.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerMemory: Layer.Layer<CredentialsCache> = /* @__PURE__ */ Layer.sync(
  CredentialsCache,
  () => Memory.make()
)

/**
 * The options of {@link layerAwsCache}.
 *
 * @category models
 * @since 0.1.0
 */
export interface AwsCacheOptions {
  /**
   * The folder. Default, also if it is empty: `.aws/cli/cache` in the home folder, which is that of `HOME`. A missing folder is made with mode
   * 0700 when something is first written.
   */
  readonly directory?: string | undefined
}

/**
 * Keeps credentials in the files of the AWS CLI, so that both use each other's. A file is written whole, with mode 0600. Other processes
 * see what this one keeps, and what a logout removed is gone for all of them. But if another process fetches credentials while the logout
 * runs, that process keeps them.
 *
 * Credentials that cannot be written stay in the memory of this process. It fails with a `ConfigError` if the home folder is needed and not
 * known.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerAwsCache = (
  options: AwsCacheOptions = {}
): Layer.Layer<CredentialsCache, Config.ConfigError, FileSystem.FileSystem | Path.Path> =>
  Layer.effect(CredentialsCache, Files.make(options.directory))
