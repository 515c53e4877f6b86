/// <reference path="./internal/names.ts" preserve="true" />
/**
 * The client over `fetch`, as one layer: for a page, a worker, an edge function, Deno and Bun.
 *
 * A page needs a relay, since the service does not respond to pages of a foreign origin (CORS). A worker, an edge function and a
 * program need none. The layer is these layers of the modules beside it:
 *
 * - `SsoOidc.layer`: the client;
 * - `FetchTransport.layerRelay` with a relay, else `FetchTransport.layer`: the transport;
 * - `Retry.layer`: further attempts.
 *
 * It reads no variable of the environment. Write these three lines yourself where you need another combination.
 *
 * @since 0.1.0
 */
import type * as ClientError from "@sso-oidc/core/aws/ClientError"
import * as Retry from "@sso-oidc/core/aws/Retry"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as FetchTransport from "@sso-oidc/transport-browser/FetchTransport"
import type * as Duration from "effect/Duration"
import * as Layer from "effect/Layer"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * What the program says of its client in any case. Only the region is needed.
 *
 * @category models
 * @since 0.1.0
 */
export interface CommonOptions {
  /**
   * The region of the access portal, such as `eu-west-1`. Capitals count as small letters. A text that is no region name is an
   * `EndpointError`.
   */
  readonly region: string
  /**
   * How long one attempt of a call may take, its body included. 30 seconds by default. Keep it above the relay's own, which is
   * 25 seconds by default. It must be longer than zero; with any other value the layer dies with a `RangeError`.
   */
  readonly requestTimeout?: Duration.Input | undefined
  /**
   * How large a response may be, in bytes after decompression. 262,144 (256 KiB) by default; with a number below 1 the layer dies
   * with a `RangeError`.
   */
  readonly maxResponseBytes?: number | undefined
  /**
   * How often and how fast the client sends again; see `Retry.Options` for each member. 3 further attempts by default;
   * `{ times: 0 }` is none. With an option that makes no sense the layer dies with a `RangeError`.
   */
  readonly retry?: Retry.Options | undefined
}

/**
 * The options of a client that goes through a relay: for a page.
 *
 * @category models
 * @since 0.1.0
 */
export interface RelayedOptions extends CommonOptions {
  /**
   * Where the relay is mounted: absolute, or relative to the page, such as `/sso-oidc`. It is https, or http to loopback,
   * without user info, query or fragment; any other URL is an `EndpointError`.
   */
  readonly relay: string
  /** Not together with `relay`: the operator of the relay chooses the endpoint. */
  readonly endpoint?: undefined
  /** Not together with `relay`: the operator of the relay chooses the endpoint. */
  readonly useFipsEndpoint?: undefined
  /** Not together with `relay`: the operator of the relay chooses the endpoint. */
  readonly useDualstackEndpoint?: undefined
  /** Not together with `relay`, which reads no header of the client. */
  readonly userAgent?: undefined
}

/**
 * The options of a client that calls the service itself: for a worker, an edge function or a program.
 *
 * @category models
 * @since 0.1.0
 */
export interface DirectOptions extends CommonOptions {
  /** Absent, or `undefined`: the client calls the service itself. */
  readonly relay?: undefined
  /**
   * The URL of the service, instead of the region's own: https, or http to loopback. None by default. A URL that cannot be used
   * is an `EndpointError`.
   */
  readonly endpoint?: string | undefined
  /**
   * Whether the client calls the FIPS endpoint of the region. `false` by default. `true` together with `endpoint` is an
   * `EndpointError`.
   */
  readonly useFipsEndpoint?: boolean | undefined
  /**
   * Whether the client calls the dual-stack endpoint of the region. A start URL below `app.aws` needs it. `false` by default.
   * `true` together with `endpoint` is an `EndpointError`.
   */
  readonly useDualstackEndpoint?: boolean | undefined
  /**
   * The header `user-agent`. `sso-oidc-effect/VERSION` by default. Some browsers send their own. A text that no header can have
   * fails each call.
   */
  readonly userAgent?: string | undefined
}

/**
 * What the program says of its client: through a relay, or not.
 *
 * @category models
 * @since 0.1.0
 */
export type Options = RelayedOptions | DirectOptions

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

/**
 * Why there is no client: region and endpoint cannot be used, or the relay's URL cannot.
 *
 * @category errors
 * @since 0.1.0
 */
export type Error = ClientError.EndpointError

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * The client as one layer.
 *
 * @example
 * ```ts
 * import * as Browser from "sso-oidc/browser"
 *
 * const inAPage = Browser.layer({ region: "eu-west-1", relay: "/sso-oidc" })
 * const inAWorker = Browser.layer({ region: "eu-west-1" })
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options): Layer.Layer<SsoOidc.SsoOidc, Error> =>
  Retry.layer(SsoOidc.SsoOidc, options.retry).pipe(
    Layer.provide(SsoOidc.layer(options)),
    Layer.provide(
      options.relay === undefined ? FetchTransport.layer : FetchTransport.layerRelay({ url: options.relay })
    )
  )
