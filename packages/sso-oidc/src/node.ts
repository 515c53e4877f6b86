/// <reference path="./internal/names.ts" preserve="true" />
/**
 * The client for a program on Node, as one layer: what most programs want.
 *
 * The layer reads AWS's environment variables, reaches the service through the environment's proxies, and sends again what may
 * be sent again. It is these layers of the modules beside it:
 *
 * - `SsoOidc.layerConfig` over `Environment.options`: the client, and where the service is;
 * - `NodeTransport.layerConfig` over `NodeEnvironment.options`: the transport, with proxies and certificate authorities;
 * - `Retry.layer`: further attempts.
 *
 * Write these three lines yourself where you need another combination.
 *
 * @since 0.1.0
 */
import type * as ClientError from "@sso-oidc/core/aws/ClientError"
import * as Environment from "@sso-oidc/core/aws/Environment"
import * as Retry from "@sso-oidc/core/aws/Retry"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as SsoOidcService from "@sso-oidc/core/SsoOidcService"
import * as NodeEnvironment from "@sso-oidc/transport-node/NodeEnvironment"
import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
import type { TransportOptionsError } from "@sso-oidc/transport-node/TransportOptionsError"
import type * as Config from "effect/Config"
import type * as Duration from "effect/Duration"
import * as Layer from "effect/Layer"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * What the program says of its client. Only the region is needed.
 *
 * The members of the client are values, or are read from configuration, such as `Config.String("SSO_REGION")`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /**
   * The region of the access portal, such as `eu-west-1`. Capitals count as small letters. A text that is no region name is an
   * `EndpointError`. `AWS_REGION` is not read, since it is the workload's region and seldom the portal's.
   */
  readonly region: string | Config.Config<string>
  /**
   * The URL of the service, instead of the region's own: https, or http to loopback. By default `AWS_ENDPOINT_URL_SSO_OIDC`,
   * else `AWS_ENDPOINT_URL`, else none. A URL that cannot be used is an `EndpointError`.
   */
  readonly endpoint?: string | Config.Config<string | undefined> | undefined
  /**
   * Whether the client calls the FIPS endpoint of the region. By default `AWS_USE_FIPS_ENDPOINT`, else `false`. `true` together
   * with an endpoint is an `EndpointError`.
   */
  readonly useFipsEndpoint?: boolean | Config.Config<boolean | undefined> | undefined
  /**
   * Whether the client calls the dual-stack endpoint of the region. A start URL below `app.aws` needs it. By default
   * `AWS_USE_DUALSTACK_ENDPOINT`, else `false`. `true` together with an endpoint is an `EndpointError`.
   */
  readonly useDualstackEndpoint?: boolean | Config.Config<boolean | undefined> | undefined
  /**
   * How long one attempt of a call may take, its body included. 30 seconds by default. It must be longer than zero; any other
   * value is a `ConfigError`. Keep it above the transport's `connectTimeout`.
   */
  readonly requestTimeout?: Duration.Input | Config.Config<Duration.Input | undefined> | undefined
  /**
   * How large a response may be, in bytes after decompression. 262,144 (256 KiB) by default; a number below 1 is a
   * `ConfigError`.
   */
  readonly maxResponseBytes?: number | Config.Config<number | undefined> | undefined
  /** The header `user-agent`. `sso-oidc-effect/VERSION` by default. A text that no header can have fails each call. */
  readonly userAgent?: string | Config.Config<string | undefined> | undefined
  /**
   * How connections are made and kept; see `NodeTransport.Options` for each member. `proxy` is by default what `HTTPS_PROXY`,
   * `HTTP_PROXY` and `NO_PROXY` say, and `ca` the file of `AWS_CA_BUNDLE`. `proxy: {}` is no proxy. A proxy, a certificate or a
   * key that cannot be used is a `TransportOptionsError`; a time or a number that makes no sense is a `ConfigError`.
   */
  readonly transport?: NodeEnvironment.Overrides | undefined
  /**
   * How often and how fast the client sends again; see `Retry.Options` for each member. 3 further attempts by default;
   * `{ times: 0 }` is none. With an option that makes no sense the layer dies with a `RangeError`.
   */
  readonly retry?: Retry.Options | undefined
}

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

/**
 * Why there is no client.
 *
 * - `EndpointError`: region and endpoint cannot be used.
 * - `ConfigError`: a variable of the environment, or an option that is read from configuration, cannot be used.
 * - `TransportOptionsError`: a proxy, a certificate or a key cannot be used.
 *
 * @category errors
 * @since 0.1.0
 */
export type Error = ClientError.EndpointError | Config.ConfigError | TransportOptionsError

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * The client as one layer.
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
