/// <reference path="./internal/names.ts" preserve="true" />
/**
 * What a program on Node needs, in one line each.
 *
 * - {@link session} gives it a session.
 * - {@link portal} gives it a session and the access portal.
 * - {@link credentials} is a function for the AWS SDK.
 * - {@link layer} gives it the client alone.
 *
 * {@link session} is `NodeSession.layer`. It reads AWS's config files and the tokens that the AWS CLI shares.
 *
 * {@link portal} and {@link credentials} read the same files. Role and account come from the profile.
 *
 * {@link layer} reads AWS's environment variables, uses the proxies that the environment names, and retries requests that may be sent
 * again. It combines three layers of this package:
 *
 * - `SsoOidc.layerConfig` with `Environment.options`: the client and its endpoint;
 * - `NodeTransport.layerConfig` with `NodeEnvironment.options`: the transport, with proxies and certificate authorities;
 * - `Retry.layer`: further attempts.
 *
 * If you need another combination, write these three lines yourself.
 *
 * @since 0.1.0
 */
import type { AccessToken } from "@sso-oidc/core/AccessToken"
import type * as ClientError from "@sso-oidc/core/aws/ClientError"
import * as Environment from "@sso-oidc/core/aws/Environment"
import * as Retry from "@sso-oidc/core/aws/Retry"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as SsoOidcService from "@sso-oidc/core/SsoOidcService"
import type * as AwsSdk from "@sso-oidc/portal/AwsSdk"
import * as CredentialsCache from "@sso-oidc/portal/CredentialsCache"
import * as Portal from "@sso-oidc/portal/Portal"
import * as PortalClient from "@sso-oidc/portal/PortalClient"
import * as RoleCredentials from "@sso-oidc/portal/RoleCredentials"
import * as NodeSession from "@sso-oidc/session/node/NodeSession"
import type { Session } from "@sso-oidc/session/Session"
import * as SessionSettings from "@sso-oidc/session/SessionSettings"
import * as NodeEnvironment from "@sso-oidc/transport-node/NodeEnvironment"
import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
import type { TransportOptionsError } from "@sso-oidc/transport-node/TransportOptionsError"
import type * as Config from "effect/Config"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import type * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import type * as Path from "effect/Path"
import * as Result from "effect/Result"
import * as Held from "./internal/held.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * The options of {@link layer}. Only `region` is required.
 *
 * Each member except `transport` and `retry` is a value, or a `Config` such as `Config.String("SSO_REGION")`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /**
   * The region of the access portal, such as `eu-west-1`. Capitals count as small letters. A text that is no region name fails
   * with `EndpointError`. The layer does not read `AWS_REGION`: it is the region of the workload, and seldom that of the portal.
   */
  readonly region: string | Config.Config<string>
  /**
   * The URL of the service, instead of the region's endpoint: https, or http to loopback. The default is
   * `AWS_ENDPOINT_URL_SSO_OIDC`, else `AWS_ENDPOINT_URL`, else none. Any other URL fails with `EndpointError`.
   */
  readonly endpoint?: string | Config.Config<string | undefined> | undefined
  /**
   * Whether the client calls the FIPS endpoint of the region. The default is `AWS_USE_FIPS_ENDPOINT`, else `false`. `true`
   * together with an endpoint fails with `EndpointError`.
   */
  readonly useFipsEndpoint?: boolean | Config.Config<boolean | undefined> | undefined
  /**
   * Whether the client calls the dual-stack endpoint of the region. A start URL below `app.aws` needs it. The default is
   * `AWS_USE_DUALSTACK_ENDPOINT`, else `false`. `true` together with an endpoint fails with `EndpointError`.
   */
  readonly useDualstackEndpoint?: boolean | Config.Config<boolean | undefined> | undefined
  /**
   * How long one attempt of a call may take, its body included: 30 seconds by default. A bare number counts milliseconds. A time
   * that is not above 0 fails with `ConfigError`. Keep it above the transport's `connectTimeout`.
   */
  readonly requestTimeout?: Duration.Input | Config.Config<Duration.Input | undefined> | undefined
  /**
   * The largest size of a response, in bytes after decompression: 262,144 (256 KiB) by default. A number below 1 fails with
   * `ConfigError`.
   */
  readonly maxResponseBytes?: number | Config.Config<number | undefined> | undefined
  /**
   * The header `user-agent`: `sso-oidc-effect/VERSION` by default. If a header cannot have this text, each call fails with
   * `RequestInvalid`.
   */
  readonly userAgent?: string | Config.Config<string | undefined> | undefined
  /**
   * How the transport makes and keeps connections. See `NodeTransport.Options` for each member. The default of `proxy` comes from
   * `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`, and `proxy: {}` means no proxy. The default of `ca` is the file that
   * `AWS_CA_BUNDLE` names. An unusable proxy, certificate or key fails with `TransportOptionsError`. An unusable time or number
   * fails with `ConfigError`.
   */
  readonly transport?: NodeEnvironment.Overrides | undefined
  /**
   * How often and how fast the client retries: 3 further attempts by default. `{ times: 0 }` turns retries off. See
   * `Retry.Options` for each member. An unusable option makes the layer die with a `RangeError`.
   */
  readonly retry?: Retry.Options | undefined
}

/**
 * The options of {@link session}. None is required: without `profile`, `session` and `startUrl`, the profile is that of `AWS_PROFILE`, else of
 * `AWS_DEFAULT_PROFILE`, else `default`.
 *
 * @category models
 * @since 0.1.0
 */
export type SessionOptions<E = never> = NodeSession.Options<E>

/**
 * What {@link portal} takes beside the options of {@link session}.
 *
 * @category models
 * @since 0.1.0
 */
export interface RoleOptions<E = never> {
  /**
   * The role for which credentials are given if a call names none. The default is the role of the profile, from `sso_account_id` and
   * `sso_role_name`. It is checked when credentials are asked for: a role that cannot be used is `RoleUnusable`. A session that is not that of a
   * profile has no default.
   */
  readonly role?: RoleCredentials.Role | undefined
  /**
   * Where role credentials are kept. `CredentialsCache.layerMemory` by default, which keeps them as long as this layer lives.
   * `CredentialsCache.layerAwsCache()` keeps them in the files of the AWS CLI too. A cache may need a `FileSystem` and a `Path`, which this
   * layer has.
   */
  readonly credentialsCache?:
    | Layer.Layer<CredentialsCache.CredentialsCache, E, FileSystem.FileSystem | Path.Path>
    | undefined
}

/**
 * The options of {@link portal} and {@link credentials}. None is required.
 *
 * `transport`, `requestTimeout`, `maxResponseBytes` and `userAgent` hold for the requests of the session and of the portal. A member of `retry`
 * that you give holds for both too. The defaults of `retry` differ: see `Portal.Options` for those of the portal.
 *
 * @category models
 * @since 0.1.0
 */
export type PortalOptions<E = never, E2 = never> = SessionOptions<E> & RoleOptions<E2>

/**
 * What {@link credentials} gives: the function that the AWS SDK takes as `credentials`, and a way to end it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Credentials extends AwsSdk.Provider {
  /**
   * Closes the connections, and ends the requests in flight. A refresh in flight is awaited first, so that its token is stored. Each call
   * after it rejects with an error that says so. A second call of `dispose` does nothing.
   */
  readonly dispose: () => Promise<void>
}

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

/**
 * The errors of {@link layer}.
 *
 * - `EndpointError`: the region or the endpoint cannot be used.
 * - `ConfigError`: a variable, or an option from a `Config`, is missing or cannot be used, or a time or a number cannot.
 * - `TransportOptionsError`: a proxy, a certificate or a key cannot be used.
 *
 * @category errors
 * @since 0.1.0
 */
export type Error = ClientError.EndpointError | Config.ConfigError | TransportOptionsError

/**
 * The errors of {@link session}: those of {@link layer}, and these two.
 *
 * - `AwsConfigError`: a config file, a setting or a variable cannot be used.
 * - `ProfileNotFound`: no profile or session of that name.
 *
 * @category errors
 * @since 0.1.0
 */
export type SessionError = NodeSession.Error

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * Provides the client, `SsoOidc`.
 *
 * @example
 * ```ts
 * import * as DeviceGrant from "sso-oidc/DeviceGrant"
 * import * as DeviceGrantEvent from "sso-oidc/DeviceGrantEvent"
 * import * as Node from "sso-oidc/node"
 * import * as Console from "effect/Console"
 * import * as Effect from "effect/Effect"
 *
 * const login = DeviceGrant.login({
 *   clientName: "my-tool",
 *   startUrl: "https://d-1234567890.awsapps.com/start",
 *   onEvent: (event) => event._tag === "CodeReady" ? Console.log(DeviceGrantEvent.instructions(event)) : Effect.void
 * }).pipe(Effect.provide(Node.layer({ region: "eu-west-1" })))
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options): Layer.Layer<SsoOidc.SsoOidc, Error> =>
  Retry.layer(SsoOidc.SsoOidc, options.retry).pipe(
    Layer.provide(SsoOidc.layerConfig(Environment.options(SsoOidcService.service, options))),
    Layer.provide(NodeTransport.layerConfig(NodeEnvironment.options(options.transport)))
  )

/**
 * Provides the session and its `AccessToken`. It is `NodeSession.layer`.
 *
 * @example
 * ```ts
 * import * as LoginView from "sso-oidc/LoginView"
 * import * as Node from "sso-oidc/node"
 * import * as Session from "sso-oidc/Session"
 * import * as Effect from "effect/Effect"
 *
 * const token = Session.Session.use((session) => session.ensure({ onEvent: LoginView.terminal })).pipe(
 *   Effect.provide(Node.session({ profile: "dev" }))
 * )
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const session = <E = never>(
  options?: SessionOptions<E>
): Layer.Layer<Session | AccessToken, SessionError | E> => NodeSession.layer(options)

/**
 * Provides the access portal beside a session that the program makes in another way, such as by `NodeSession.layerWithoutBrowser`. The settings
 * are those of the session, and all of them share one transport.
 *
 * @category layers
 * @since 0.1.0
 */
export const portalOver = <E = never, E2 = never, E3 = never>(
  session: Layer.Layer<Session | AccessToken, E3, HttpClient.HttpClient>,
  settings: SessionSettings.SessionSettings,
  options: NodeSession.CommonOptions<E> & RoleOptions<E2> = {}
): Layer.Layer<Session | AccessToken | Portal.Portal, SessionError | E2 | E3> => {
  const { maxResponseBytes, requestTimeout, retry, role, userAgent } = options
  const client = {
    endpoint: settings.portalEndpoint,
    endpointSource: settings.portalEndpointSource,
    useFipsEndpoint: settings.useFipsEndpoint,
    useDualstackEndpoint: settings.useDualstackEndpoint,
    requestTimeout,
    maxResponseBytes,
    userAgent
  }
  // Two sessions of one name may have two start URLs, so that each layer has a memory of its own.
  const cache: Layer.Layer<CredentialsCache.CredentialsCache, E2, FileSystem.FileSystem | Path.Path> =
    options.credentialsCache ?? Layer.fresh(CredentialsCache.layerMemory)
  return Portal.layer({ role: role ?? roleOf(settings), retry }).pipe(
    Layer.provide(PortalClient.layer({ ...client, region: settings.region })),
    Layer.provideMerge(session),
    Layer.provide(Portal.layerLogout({ ...client, retry })),
    Layer.provide(Layer.provide(cache, NodeSession.layerFiles)),
    Layer.provide(NodeSession.transport(settings, options.transport))
  )
}

/** The portal over settings that were read. */
const portalOf = <E = never, E2 = never>(
  settings: SessionSettings.SessionSettings,
  options: PortalOptions<E, E2>
): Layer.Layer<Session | AccessToken | Portal.Portal, SessionError | E | E2> =>
  portalOver(NodeSession.layerSettings(settings, options), settings, options)

/** The role of the profile. Nothing is wrong with a profile without a role until credentials are asked for. */
const roleOf = (settings: SessionSettings.SessionSettings): Portal.Options["role"] =>
  settings.profile === undefined
    ? undefined
    : Result.mapError(
      SessionSettings.role(settings),
      ({ message }) => new RoleCredentials.RoleUnusable({ problem: "config", detail: message })
    )

/**
 * Provides the access portal, and the session and its `AccessToken`, as {@link session} does. All of them share one transport.
 *
 * The config files are read once, when the layer is built. A logout of the session tells the portal, and removes the role credentials that
 * are kept. The layer never logs in by itself.
 *
 * @example
 * ```ts
 * import * as Node from "sso-oidc/node"
 * import * as Portal from "sso-oidc/Portal"
 * import * as Console from "effect/Console"
 * import * as Effect from "effect/Effect"
 *
 * const program = Portal.Portal.use((portal) => portal.credentials()).pipe( // role and account from the profile
 *   Effect.flatMap(({ accessKeyId }) => Console.log(accessKeyId)),
 *   Effect.catchTag("NotLoggedIn", (error) => Console.error(error.message)),
 *   Effect.provide(Node.portal({ profile: "dev" }))
 * )
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const portal = <E = never, E2 = never>(
  options: PortalOptions<E, E2> = {}
): Layer.Layer<Session | AccessToken | Portal.Portal, SessionError | E | E2> =>
  Layer.unwrap(Effect.map(NodeSession.settings(options), (settings) => portalOf(settings, options)))

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * A function that gives role credentials to any client of the AWS SDK for JavaScript. It needs no Effect in the program.
 *
 * Nothing is read before its first call. That call reads the config files, and the program keeps the settings while they work. After a
 * call that failed, the next one reads them again. So a program goes on after `aws sso login`, or after a correction of the files. It rejects
 * with the error, whose `message` is a sentence for a person. It never logs in, and never opens a browser.
 *
 * All clients that get the same function share one request. It does not keep a process alive. What it logs goes to standard error.
 *
 * @example
 * ```ts
 * import * as Node from "sso-oidc/node"
 *
 * const credentials = Node.credentials({ profile: "dev" }) // role and account from the profile
 *
 * // new S3Client({ region: "us-east-1", credentials })
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const credentials = <E = never, E2 = never>(options: PortalOptions<E, E2> = {}): Credentials =>
  Held.make(NodeSession.settings(options), (settings) => portalOf(settings, options))
