/**
 * A session in one layer, for a program on Node.
 *
 * It combines these modules:
 *
 * - `AwsConfig.resolve`: the settings, from AWS's config files and the environment; or settings by hand;
 * - `SsoOidc.layer` and `Retry.layer`: the client;
 * - `NodeTransport` with `NodeEnvironment`: the transport, with the proxies of the environment, and the certificate authorities of
 *   `AWS_CA_BUNDLE` or `ca_bundle`;
 * - `TokenStore.layerAwsCache` with `KernelLock`: the tokens that the AWS CLI and the SDKs share. The option `store` swaps it;
 * - `LoopbackCallback` and `SystemBrowser`: what a login with a browser needs.
 *
 * {@link settings}, {@link transport} and {@link layerSettings} are its three parts. If you need another combination, write it of them, or of
 * the modules above.
 *
 * @since 0.1.0
 */
import * as NodeFileSystem from "@effect/platform-node-shared/NodeFileSystem"
import * as NodePath from "@effect/platform-node-shared/NodePath"
import type { AccessToken } from "@sso-oidc/core/AccessToken"
import * as CacheFile from "@sso-oidc/core/aws/CacheFile"
import type { EndpointError } from "@sso-oidc/core/aws/ClientError"
import * as Retry from "@sso-oidc/core/aws/Retry"
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as NodeEnvironment from "@sso-oidc/transport-node/NodeEnvironment"
import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
import type { TransportOptionsError } from "@sso-oidc/transport-node/TransportOptionsError"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import type * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import type * as Path from "effect/Path"
import * as AwsConfig from "../AwsConfig.ts"
import { AwsConfigError, type ProfileNotFound } from "../AwsConfigError.ts"
import * as ByHand from "../internal/byHand.ts"
import type * as Lock from "../Lock.ts"
import * as LoginBrowser from "../LoginBrowser.ts"
import * as Session from "../Session.ts"
import type * as SessionSettings from "../SessionSettings.ts"
import * as TokenStore from "../TokenStore.ts"
import * as KernelLock from "./KernelLock.ts"
import * as LoopbackCallback from "./LoopbackCallback.ts"
import * as SystemBrowser from "./SystemBrowser.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * The options beside those that say which session it is.
 *
 * @category models
 * @since 0.1.0
 */
export interface CommonOptions<E = never> extends Session.LifeOptions {
  /**
   * What happens to a refresh that no caller has to wait for yet. `"background"`, the default here: the caller gets the present token, and the
   * refresh goes on. `"wait"`: the caller waits for it.
   */
  readonly refresh?: "background" | "wait" | undefined
  /**
   * Where the token is kept. `TokenStore.layerAwsCache()` by default. A store may need a `Lock`, a `FileSystem` and a `Path`, which this
   * layer has: the lock is that of the kernel.
   */
  readonly store?: Layer.Layer<TokenStore.TokenStore, E, Lock.Lock | FileSystem.FileSystem | Path.Path> | undefined
  /**
   * How the transport makes and keeps connections. See `NodeTransport.Options` for each member. The default of `proxy` comes from
   * `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`, and `proxy: {}` means no proxy. The default of `ca` is the file that `AWS_CA_BUNDLE`
   * names, else the profile's `ca_bundle`. An unusable proxy, certificate or key fails with `TransportOptionsError`. An unusable time or
   * number fails with `ConfigError`.
   */
  readonly transport?: NodeEnvironment.Overrides | undefined
  /**
   * How often and how fast the client retries: 3 further attempts by default. `{ times: 0 }` turns retries off. See `Retry.Options` for each
   * member. An unusable option makes the layer die with a `RangeError`.
   */
  readonly retry?: Retry.Options | undefined
  /**
   * The largest size of a response, in bytes after decompression: 262,144 (256 KiB) by default. A number below 1 makes the layer die with a
   * `RangeError`.
   */
  readonly maxResponseBytes?: number | undefined
  /**
   * The header `user-agent`: `sso-oidc-effect/VERSION` by default. If a header cannot have this text, each request fails with
   * `RequestInvalid`.
   */
  readonly userAgent?: string | undefined
}

/**
 * A session of AWS's config files. Without `profile` and `session`, `AWS_PROFILE` or `AWS_DEFAULT_PROFILE` names the profile, else it is
 * `default`.
 *
 * @category models
 * @since 0.1.0
 */
export type OfFiles = AwsConfig.Wanted & {
  /** Not together with `profile` or `session`: see {@link OfProgram}. */
  readonly startUrl?: undefined
}

/**
 * A session by hand. No config file is read. The endpoints, FIPS and dual-stack come from AWS's environment variables unless they are given.
 *
 * @category models
 * @since 0.1.0
 */
export interface OfProgram extends SessionSettings.Options {
  /** Not together with `startUrl`: see {@link OfFiles}. */
  readonly profile?: undefined
  /** Not together with `startUrl`: see {@link OfFiles}. */
  readonly session?: undefined
}

/**
 * The options of {@link layer}. None is required.
 *
 * @category models
 * @since 0.1.0
 */
export type Options<E = never> = CommonOptions<E> & (OfFiles | OfProgram)

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

/**
 * The errors of {@link layer}. Nothing was sent.
 *
 * - `AwsConfigError`: a config file, a setting or a variable cannot be used.
 * - `ProfileNotFound`: no profile or session of that name.
 * - `EndpointError`: the region or the endpoint cannot be used.
 * - `ConfigError`: a variable, or an option from a `Config`, is missing or cannot be used, or a time or a number cannot.
 * - `TransportOptionsError`: a proxy, a certificate or a key cannot be used.
 *
 * @category errors
 * @since 0.1.0
 */
export type Error = AwsConfigError | ProfileNotFound | EndpointError | Config.ConfigError | TransportOptionsError

// -----------------------------------------------------------------------------
// authorities
// -----------------------------------------------------------------------------

// The bundles of the public authorities have about 250 kB.
const largest = 4 * 1024 * 1024

const bundleError = ({ profile }: SessionSettings.SessionSettings, detail: string, code?: string): AwsConfigError =>
  new AwsConfigError({
    source: "config",
    setting: "ca_bundle",
    detail: `ca_bundle names a file that ${detail}`,
    ...(profile === undefined ? {} : { section: profile === "default" ? profile : `profile ${profile}` }),
    ...(code === undefined ? {} : { code })
  })

/** The authorities that the profile names. The transport reads the file of `AWS_CA_BUNDLE` itself, and it wins. */
const bundleOf = Effect.fnUntraced(function*(
  settings: SessionSettings.SessionSettings
): Effect.fn.Return<string | undefined, AwsConfigError | Config.ConfigError, FileSystem.FileSystem> {
  if (settings.caBundle === undefined) return undefined
  if ((yield* Config.withDefault(Config.String("AWS_CA_BUNDLE"), "")) !== "") return undefined
  const toDo = "Correct the path, or remove the setting"
  const bytes = yield* Effect.mapError(
    CacheFile.readBytes(settings.caBundle, largest),
    ({ reason }) => bundleError(settings, `cannot be read. ${toDo}`, Wire.nameIn(reason.cause, "code") ?? reason._tag)
  )
  if (bytes === undefined) return yield* bundleError(settings, `is not there. ${toDo}`, "ENOENT")
  if (bytes.length > largest) return yield* bundleError(settings, `has more than 4 MiB. ${toDo}`)
  return new TextDecoder().decode(bytes)
})

// -----------------------------------------------------------------------------
// logins
// -----------------------------------------------------------------------------

/** The browser of the system. It loads the opener when it first opens a URL, and reads the variables that the layer was built with. */
const browser: Layer.Layer<LoginBrowser.LoginBrowser> = /* @__PURE__ */ Layer.provide(
  /* @__PURE__ */ Layer.effect(
    LoginBrowser.LoginBrowser,
    /* @__PURE__ */ Effect.gen(function*() {
      const provider = yield* ConfigProvider.ConfigProvider
      const { elsewhere, open } = yield* LoginBrowser.LoginBrowser
      return { open, elsewhere: Effect.provideService(elsewhere, ConfigProvider.ConfigProvider, provider) }
    })
  ),
  SystemBrowser.layer
)

// -----------------------------------------------------------------------------
// files
// -----------------------------------------------------------------------------

/**
 * Provides the files of this machine, as {@link layer} uses them. A cache of role credentials needs them too.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerFiles: Layer.Layer<FileSystem.FileSystem | Path.Path> = /* @__PURE__ */ Layer.mergeAll(
  NodeFileSystem.layer,
  NodePath.layer
)

// -----------------------------------------------------------------------------
// settings
// -----------------------------------------------------------------------------

/**
 * Reads the settings of a session, as {@link layer} does. Nothing is kept: each run reads the files and the environment.
 *
 * @category settings
 * @since 0.1.0
 */
export const settings = (
  options: OfFiles | OfProgram = {}
): Effect.Effect<SessionSettings.SessionSettings, AwsConfigError | ProfileNotFound | Config.ConfigError> =>
  options.startUrl === undefined
    ? Effect.provide(AwsConfig.resolve(options), layerFiles)
    : ByHand.fromEnvironment(options)

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

const transportOf = Effect.fnUntraced(function*(
  settings: SessionSettings.SessionSettings,
  options: NodeEnvironment.Overrides
): Effect.fn.Return<
  Layer.Layer<HttpClient.HttpClient, AwsConfigError | TransportOptionsError | Config.ConfigError>,
  AwsConfigError | Config.ConfigError,
  FileSystem.FileSystem
> {
  const bundle = options.ca === undefined ? yield* bundleOf(settings) : undefined
  if (bundle === undefined) return NodeTransport.layerConfig(NodeEnvironment.options(options))
  return Layer.catchTag(
    NodeTransport.layerConfig(NodeEnvironment.options({ ...options, ca: bundle })),
    "TransportOptionsError",
    (error) => Layer.unwrap(Effect.fail(error.option === "ca" ? bundleError(settings, error.detail) : error))
  )
})

/**
 * Provides the transport of a session with these settings: with the proxies of the environment, and the authorities that the environment or
 * the settings name. Another client of the same session can share it, such as that of the access portal.
 *
 * @category layers
 * @since 0.1.0
 */
export const transport = (
  settings: SessionSettings.SessionSettings,
  options: NodeEnvironment.Overrides = {}
): Layer.Layer<HttpClient.HttpClient, AwsConfigError | TransportOptionsError | Config.ConfigError> =>
  Layer.provide(Layer.unwrap(transportOf(settings, options)), layerFiles)

/**
 * Provides the session with these settings and its `AccessToken`, as {@link layerSettings} does, but without what a login with a browser needs.
 * A login takes the device grant, unless the program provides a `Callback`. It opens no browser, unless the program provides a `LoginBrowser`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerWithoutBrowser = <E = never>(
  settings: SessionSettings.SessionSettings,
  options: Omit<CommonOptions<E>, "transport"> = {}
): Layer.Layer<
  Session.Session | AccessToken,
  AwsConfigError | EndpointError | Config.ConfigError | E,
  HttpClient.HttpClient
> => {
  const { maxResponseBytes, refresh = "background", requestTimeout, retry, store, userAgent } = options
  const kept: Layer.Layer<
    TokenStore.TokenStore,
    E | AwsConfigError,
    Lock.Lock | FileSystem.FileSystem | Path.Path
  > = store ?? TokenStore.layerAwsCache()
  return Session.layerSettings(settings, { ...options, refresh }).pipe(
    Layer.provide(Retry.layer(SsoOidc.SsoOidc, retry)),
    Layer.provide(SsoOidc.layer({ ...settings, requestTimeout, maxResponseBytes, userAgent })),
    Layer.provide(kept),
    Layer.provide([KernelLock.layer, layerFiles])
  )
}

/**
 * Provides the session with these settings and its `AccessToken`, over a transport such as {@link transport}. If the context has a
 * `PortalLogout`, a logout tells the portal.
 *
 * @example
 * ```ts
 * import * as NodeSession from "@sso-oidc/session/node/NodeSession"
 * import * as Effect from "effect/Effect"
 * import * as Layer from "effect/Layer"
 *
 * // as `NodeSession.layer({ profile: "dev" })`, with a place for other clients over the same transport
 * const Live = Layer.unwrap(Effect.map(NodeSession.settings({ profile: "dev" }), (settings) =>
 *   NodeSession.layerSettings(settings).pipe(Layer.provide(NodeSession.transport(settings)))))
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layerSettings = <E = never>(
  settings: SessionSettings.SessionSettings,
  options: Omit<CommonOptions<E>, "transport"> = {}
): Layer.Layer<
  Session.Session | AccessToken,
  AwsConfigError | EndpointError | Config.ConfigError | E,
  HttpClient.HttpClient
> => Layer.provide(layerWithoutBrowser(settings, options), [LoopbackCallback.layer, browser])

/**
 * Provides the session and its `AccessToken`.
 *
 * `requestTimeout` is that of the client and of the session. The package that opens a browser, and `node:http`
 * for the listener, are loaded when a login needs them.
 *
 * @example
 * ```ts
 * import * as NodeSession from "@sso-oidc/session/node/NodeSession"
 * import * as Session from "@sso-oidc/session/Session"
 * import * as Console from "effect/Console"
 * import * as Effect from "effect/Effect"
 *
 * const program = Session.Session.use((session) => session.token({ minLeft: "10 minutes" })).pipe(
 *   Effect.flatMap(({ expiresAt }) => Console.log(`valid until ${expiresAt}`)),
 *   Effect.provide(NodeSession.layer({ profile: "dev" }))
 * )
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = <E = never>(
  options: Options<E> = {}
): Layer.Layer<Session.Session | AccessToken, Error | E> =>
  Layer.unwrap(
    Effect.map(settings(options), (settings) =>
      layerSettings(settings, options).pipe(Layer.provide(transport(settings, options.transport))))
  )
