/// <reference path="./internal/names.ts" preserve="true" />
/**
 * One layer that provides the client over `fetch`: for a page, a worker, an edge function, Deno and Bun.
 *
 * A page needs a relay, since the service does not allow requests from pages of other origins (CORS). A worker, an edge function
 * and a program need no relay. The layer combines three layers of this package:
 *
 * - `SsoOidc.layer`: the client;
 * - `FetchTransport.layerRelay` with a relay, else `FetchTransport.layer`: the transport;
 * - `Retry.layer`: further attempts.
 *
 * It reads no environment variable. If you need another combination, write these three lines yourself.
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
 * The options with a relay and without one. Only `region` is required.
 *
 * @category models
 * @since 0.1.0
 */
export interface CommonOptions {
  /**
   * The region of the access portal, such as `eu-west-1`. Capitals count as small letters. A text that is no region name fails
   * with `EndpointError`.
   */
  readonly region: string
  /**
   * How long one attempt of a call may take, its body included: 30 seconds by default. A bare number counts milliseconds. Keep it
   * above the time limit of the relay, which is 25 seconds by default. A time that is not above 0 makes the layer die with a
   * `RangeError`.
   */
  readonly requestTimeout?: Duration.Input | undefined
  /**
   * The largest size of a response, in bytes after decompression: 262,144 (256 KiB) by default. A number below 1 makes the layer
   * die with a `RangeError`.
   */
  readonly maxResponseBytes?: number | undefined
  /**
   * How often and how fast the client retries: 3 further attempts by default. `{ times: 0 }` turns retries off. See
   * `Retry.Options` for each member. An unusable option makes the layer die with a `RangeError`.
   */
  readonly retry?: Retry.Options | undefined
}

/**
 * The options of a client that uses a relay: for a page.
 *
 * @category models
 * @since 0.1.0
 */
export interface RelayedOptions extends CommonOptions {
  /**
   * The URL where the relay is mounted: absolute, or relative to the page, such as `/sso-oidc`. It must be https, or http to
   * loopback, without user info, query or fragment. Any other URL fails with `EndpointError`.
   */
  readonly relay: string
  /** Not together with `relay`: the operator of the relay chooses the endpoint. */
  readonly endpoint?: undefined
  /** Not together with `relay`: the operator of the relay chooses the endpoint. */
  readonly useFipsEndpoint?: undefined
  /** Not together with `relay`: the operator of the relay chooses the endpoint. */
  readonly useDualstackEndpoint?: undefined
  /** Not together with `relay`: the relay ignores the headers of the client. */
  readonly userAgent?: undefined
}

/**
 * The options of a client that calls the service directly: for a worker, an edge function or a program.
 *
 * @category models
 * @since 0.1.0
 */
export interface DirectOptions extends CommonOptions {
  /** Absent or `undefined`: the client calls the service directly. */
  readonly relay?: undefined
  /**
   * The URL of the service, instead of the region's endpoint: https, or http to loopback. None by default. Any other URL fails
   * with `EndpointError`.
   */
  readonly endpoint?: string | undefined
  /**
   * Whether the client calls the FIPS endpoint of the region: `false` by default. `true` together with `endpoint` fails with
   * `EndpointError`.
   */
  readonly useFipsEndpoint?: boolean | undefined
  /**
   * Whether the client calls the dual-stack endpoint of the region: `false` by default. A start URL below `app.aws` needs it.
   * `true` together with `endpoint` fails with `EndpointError`.
   */
  readonly useDualstackEndpoint?: boolean | undefined
  /**
   * The header `user-agent`: `sso-oidc-effect/VERSION` by default. Some browsers send their own. If a header cannot have this
   * text, each call fails with `RequestInvalid`.
   */
  readonly userAgent?: string | undefined
}

/**
 * The options of {@link layer}: with a relay, or without one.
 *
 * @category models
 * @since 0.1.0
 */
export type Options = RelayedOptions | DirectOptions

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

/**
 * The error of {@link layer}: the region, the endpoint or the relay's URL cannot be used.
 *
 * @category errors
 * @since 0.1.0
 */
export type Error = ClientError.EndpointError

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * Provides the client, `SsoOidc`.
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
