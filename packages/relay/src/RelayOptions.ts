/**
 * What the operator tells the relay.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import type * as RateLimit from "./RateLimit.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * Which pages the relay serves, and what it passes on for them.
 *
 * Each function is held to its type when it is called. The relay passes a request on only after each of them gave what its
 * type says. Any other value refuses the request, and the relay logs an error that names the function.
 *
 * @category models
 * @since 0.1.0
 */
export interface RelayOptions {
  /**
   * The origins of the pages, such as `https://app.example`: https, or http to loopback. `"same-origin"` is the origin that
   * the request itself was sent to, as its URL says. Use it only where no foreign host names lead to the relay. No origin,
   * or any other text, is a `RangeError`.
   */
  readonly origins: ReadonlyArray<string>
  /** The regions of the access portals. None is a `RangeError`; a text that is no region name is an `EndpointError`. */
  readonly regions: ReadonlyArray<string>
  /**
   * The start URLs, to the letter; or a function that says at once whether one may pass. The relay calls it with URLs of
   * https (or of http to loopback) only. `true` alone lets a start URL pass. No URL, or another kind of URL in the array, is
   * a `RangeError`.
   */
  readonly startUrls: ReadonlyArray<string> | ((startUrl: string) => boolean)
  /**
   * The path that the relay is mounted at. `/sso-oidc` by default; `/` where a framework has cut it off. It begins with a
   * slash and ends without one; any other text is a `RangeError`.
   */
  readonly base?: string | undefined
  /** The operator's own endpoint; see `Endpoint.Options` of core. None by default. A page has no say. */
  readonly endpoint?: string | undefined
  /** See `Endpoint.Options` of core. `false` by default. A page has no say. */
  readonly useFipsEndpoint?: boolean | undefined
  /** See `Endpoint.Options` of core. `false` by default. A page has no say. */
  readonly useDualstackEndpoint?: boolean | undefined
  /** The most bytes of a request, counted while reading. 64 KiB by default; a number below 1 is a `RangeError`. */
  readonly maxRequestBytes?: number | undefined
  /**
   * The most bytes of a response of the service, counted while reading, after a decompression by the transport. 256 KiB by
   * default; a number below 1 is a `RangeError`.
   */
  readonly maxResponseBytes?: number | undefined
  /**
   * How long one request may take in all. 25 seconds by default. Keep it below the time limit of the page's client, so that
   * the page learns from the relay what came of its request. It must be longer than zero, and finite; any other value is a
   * `RangeError`.
   */
  readonly requestTimeout?: Duration.Input | undefined
  /**
   * How many requests pass, and where they and their ids are counted. 1,200 in a minute by default, for all callers together.
   *
   * Without a store's `isFirst`, each process holds the ids that it passed on for 5 minutes, or for twice `requestTimeout`
   * if that is longer. In that time it passes no id on twice. It holds 100,000 ids at most, and forgets none early: when
   * it is full, it refuses new requests with a 503 (`RELAY_FULL`) until the oldest id has had its time.
   */
  readonly rateLimit?: RateLimit.Options | undefined
}
