/**
 * The options of the relay's operator.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import type * as RateLimit from "./RateLimit.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * Which pages the relay serves, and which requests it passes on.
 *
 * The relay checks what your functions give at each call. It passes a request on only if each gave a value of its type.
 * Otherwise it rejects the request, and logs an error that names the function.
 *
 * @category models
 * @since 0.1.0
 */
export interface RelayOptions {
  /**
   * The origins of the pages, such as `https://app.example`: https, or http to loopback. At least one. Any other text is a
   * `RangeError`.
   *
   * `"same-origin"` is the origin of the request's own URL. Name the origin instead if a proxy in front of the relay changes
   * host or scheme, or if foreign host names lead to the relay.
   */
  readonly origins: ReadonlyArray<string>
  /** The regions of the access portals. No region is a `RangeError`; a text that is no region name is an `EndpointError`. */
  readonly regions: ReadonlyArray<string>
  /**
   * The start URLs that may pass, compared exactly. They also apply to `issuerUrl`. No URL is a `RangeError`, and so is a URL
   * that is neither https nor http to loopback.
   *
   * Or a function that says at once whether a start URL may pass. The relay calls it only with URLs of https, or of http to
   * loopback. Only `true` lets a start URL pass.
   */
  readonly startUrls: ReadonlyArray<string> | ((startUrl: string) => boolean)
  /**
   * The path that the relay is mounted at. `/sso-oidc` by default. Use `/` if a framework has removed the path. It begins with
   * a slash and ends without one; any other text is a `RangeError`.
   */
  readonly base?: string | undefined
  /** The operator's own endpoint of the service; see `Endpoint.Options` of core. None by default. A page cannot change it. */
  readonly endpoint?: string | undefined
  /** Whether to call the FIPS endpoints; see `Endpoint.Options` of core. `false` by default. A page cannot change it. */
  readonly useFipsEndpoint?: boolean | undefined
  /** Whether to call the dual-stack endpoints; see `Endpoint.Options` of core. `false` by default. A page cannot change it. */
  readonly useDualstackEndpoint?: boolean | undefined
  /**
   * The most bytes of a request's body, counted while reading. 65,536 (64 KiB) by default; a number below 1 is a `RangeError`.
   */
  readonly maxRequestBytes?: number | undefined
  /**
   * The most bytes of a response of the service, counted while reading, after the transport has decompressed it. 262,144 (256
   * KiB) by default; a number below 1 is a `RangeError`.
   */
  readonly maxResponseBytes?: number | undefined
  /**
   * How long one request may take in all. 25 seconds by default; a bare number counts milliseconds. It must be longer than
   * zero, and finite; any other value is a `RangeError`.
   *
   * Keep it below the time limit of the page's client (30 seconds by default). Then the page learns from the relay what
   * happened to its request.
   */
  readonly requestTimeout?: Duration.Input | undefined
  /**
   * How many requests pass, and where they and their ids are counted. 1,200 a minute by default, for all callers together.
   *
   * Without a store's `isFirst`, each process holds the ids that it passed on. It holds each for 5 minutes, or for twice
   * `requestTimeout` if that is longer, and passes none of them on again. It holds 100,000 ids at most, and forgets none early.
   * When it is full, it responds to new requests with a 503 (`RELAY_FULL`) until the oldest id expires.
   */
  readonly rateLimit?: RateLimit.Options | undefined
}
