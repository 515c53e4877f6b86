/**
 * Effect's `HttpClient` over `node:http` and `node:https`, under the guarantees that core's operations rest on.
 *
 * - One request on the wire per `execute`: none is repeated, also not after a kept-alive connection turned out dead.
 * - No request is written to a connection whose end has already arrived: the transport looks before it writes.
 * - No redirect is followed, no cookie or credential added, no encoding asked for.
 * - Interruption, and the end of the scope of `HttpClient.withScope`, close the connection of an unfinished exchange; a
 *   finished one leaves its connection for the next request.
 * - A new connection has a limit of time, which covers the proxy, name, TCP and TLS. The addresses of a name race, so that
 *   a dead one does not hide a living one.
 * - A failure says whether the request can have left: the cause of its `TransportError` is core's `TransportCause`, and
 *   `sent: "no"` is said of a socket that was seen never to open, not of an error code.
 * - Connections belong to the client's scope, close with it, and do not keep an idle process alive.
 *
 * A body of a request is sent with its length. A `Stream` is collected first, so that its failure is an `EncodeError`
 * of a request that did not leave; `FormData` and an `upgrade` are refused, as is a URL with user info.
 *
 * All of it holds through a proxy too: a target of https is reached by a tunnel (`CONNECT`) with TLS inside, so that the
 * proxy sees a host and a port and no more, and nothing of a request leaves before the tunnel stands. No variable of the
 * environment is read here: Use `NodeEnvironment` to read them.
 *
 * @since 0.1.0
 */
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as Exchange from "./internal/exchange.ts"
import * as Pool from "./internal/pool.ts"
import * as Proxy from "./internal/proxy.ts"
import * as Trust from "./internal/trust.ts"
import type { TransportOptionsError } from "./TransportOptionsError.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * The proxies that targets are reached through.
 *
 * - `https`: the proxy of https targets, which are reached by a tunnel (`CONNECT`). It is told the host and the port of
 *   the target and the request's `User-Agent`, and nothing else.
 * - `http`: the proxy of http targets, which are reached by asking it for the whole URL, each time over a connection of
 *   its own. It reads and may change all.
 * - `noProxy`: targets that are reached directly: `*` (all), `example.com` (it and the names below it; `.example.com`
 *   and `*.example.com` are the same), a name with stars elsewhere (`*corp.example`), an address, a range (`10.0.0.0/8`,
 *   `192.168.*`). Each but a bare IPv6 address can have a port (`*:443`, `example.com:8443`, `[::1]:80`). A range matches
 *   addresses in URLs; no name is looked up for it.
 * - `loopback`: whether `localhost`, 127.0.0.0/8 and `[::1]` are reached through the proxies too. `false` by default,
 *   since a proxy's loopback is the proxy's own; `true` is for a proxy on this machine that shows what is sent.
 *
 * A proxy is `http://host:port` or `https://host:port`, or `host:port`. One with a user and a password in it must be
 * `Redacted`; they are sent to the proxy alone (Basic authentication).
 *
 * @category models
 * @since 0.1.0
 */
export interface ProxyOptions {
  readonly https?: string | Redacted.Redacted | undefined
  readonly http?: string | Redacted.Redacted | undefined
  readonly noProxy?: ReadonlyArray<string> | undefined
  readonly loopback?: boolean | undefined
}

/**
 * How connections are made and kept: options that cannot be wrong in what they hold.
 *
 * - `connectTimeout`: how long a new connection may take, from the name to the end of the TLS handshake, a proxy
 *   included. 10 seconds by default; longer than zero, `Infinity` for no limit. Kept by Effect's `Clock`. Past it the
 *   request fails with code `CONNECT_TIMEOUT` and `sent: "no"`. It is the limit of each address of the name too: the last
 *   one is tried before half of it has passed.
 * - `idleTimeout`: how long an unused connection is kept for the next request. 30 seconds by default, which outlasts
 *   the pause between two polls; zero keeps none, `Infinity` keeps it until either side closes it. Kept by the
 *   platform's clock, and looked at again before a connection is used, so that a process that was frozen in between
 *   does not write to a connection that the service has long given up. A server that announces a shorter time
 *   (`keep-alive: timeout=5`) has its way.
 * - `maxConnections`: how many connections an origin may have at once. A whole number of at least 1; `Infinity` by
 *   default. A request over it waits its turn, and no limit of the transport runs meanwhile. A connection is in use
 *   until its answer's body has been read or let go.
 *
 * @category models
 * @since 0.1.0
 */
export interface ConnectionOptions {
  readonly connectTimeout?: Duration.Input | undefined
  readonly idleTimeout?: Duration.Input | undefined
  readonly maxConnections?: number | undefined
}

/**
 * The same with options whose texts come from outside the program, and so may be wrong.
 *
 * - `proxy`: the proxies; none by default.
 * - `ca`: certificate authorities in PEM form that are trusted beside those of the platform
 *   (`tls.getCACertificates("default")`, as they are when the client is made, `NODE_EXTRA_CA_CERTS` included), for
 *   targets and for proxies of https.
 * - `cert`, `key`, `passphrase`: the client's certificate (with its chain) and private key, in PEM form, for targets that
 *   ask for one. Proxies are not shown it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options extends ConnectionOptions {
  readonly proxy?: ProxyOptions | undefined
  readonly ca?: string | ReadonlyArray<string> | undefined
  readonly cert?: string | undefined
  readonly key?: Redacted.Redacted | undefined
  readonly passphrase?: Redacted.Redacted | undefined
}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/** Without those, a client can always be made. */
type Plain = ConnectionOptions & { readonly [K in Exclude<keyof Options, keyof ConnectionOptions>]?: undefined }

interface Limits {
  readonly connectTimeout: Duration.Duration
  readonly idleMillis: number
  readonly maxConnections: number
}

const limitsOf = (options: ConnectionOptions): Result.Result<Limits, string> => {
  const connectTimeout = durationOf(options.connectTimeout ?? "10 seconds")
  if (connectTimeout === undefined) return Result.fail("connectTimeout is no duration of zero or more")
  if (Duration.isZero(connectTimeout)) return Result.fail("connectTimeout must be longer than zero")
  const idleTimeout = durationOf(options.idleTimeout ?? "30 seconds")
  if (idleTimeout === undefined) return Result.fail("idleTimeout is no duration of zero or more")
  const maxConnections = options.maxConnections ?? Infinity
  if (!(maxConnections >= 1) || (maxConnections !== Infinity && !Number.isSafeInteger(maxConnections))) {
    return Result.fail("maxConnections must be a whole number of at least 1, or Infinity")
  }
  return Result.succeed({ connectTimeout, idleMillis: Duration.toMillis(idleTimeout), maxConnections })
}

const durationOf = (input: Duration.Input): Duration.Duration | undefined => {
  const duration = Duration.fromInput(input)
  // of NaN Effect makes zero, without a word
  return Number.isNaN(input) || duration._tag === "None" || Duration.isNegative(duration.value)
    ? undefined
    : duration.value
}

/** A Node older than 22.3 (or 20.16) lacks the function that gives the platform's modules. */
const hasBuiltins = (platform: { readonly getBuiltinModule?: unknown }): boolean =>
  typeof platform.getBuiltinModule === "function"

const open = (limits: Limits, options: Options) =>
  Effect.gen(function*() {
    const trust = yield* Effect.fromResult(Trust.make(options))
    const proxies = yield* Effect.fromResult(Proxy.make(options.proxy ?? {}))
    const pool = yield* Effect.acquireRelease(
      Effect.sync(() =>
        new Pool.Pool({ ...limits, connectMillis: Duration.toMillis(limits.connectTimeout), trust, proxies })
      ),
      (pool) => Effect.sync(() => pool.close())
    )
    const settings = { pool, connectTimeout: limits.connectTimeout }
    return HttpClient.make((request, url, signal) => Exchange.run(settings, request, url, signal))
  })

/**
 * A client whose connections live in the scope. Once the scope is closed, its requests fail with code `CLIENT_CLOSED`.
 *
 * Proxies, certificates and keys that cannot be used are a `TransportOptionsError` that names the option. A time or a
 * number that makes no sense is a mistake in the program: the effect dies with a `RangeError` that names the option.
 *
 * @category constructors
 * @since 0.1.0
 */
export function make(options?: Plain): Effect.Effect<HttpClient.HttpClient, never, Scope.Scope>
export function make(options?: Options): Effect.Effect<HttpClient.HttpClient, TransportOptionsError, Scope.Scope>
export function make(options: Options = {}): Effect.Effect<HttpClient.HttpClient, TransportOptionsError, Scope.Scope> {
  return Effect.suspend(() => {
    const limits = limitsOf(options)
    if (Result.isFailure(limits)) throw new RangeError(`NodeTransport: ${limits.failure}`)
    if (!hasBuiltins(process)) throw new Error("NodeTransport needs Node 22.19 or newer: update Node")
    return open(limits.success, options)
  })
}

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * The client as a layer. Its connections close with the layer. See {@link make} for options that make no sense.
 *
 * @example
 * ```ts
 * import * as SsoOidc from "@sso-oidc/core/SsoOidc"
 * import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
 * import * as Layer from "effect/Layer"
 *
 * const Live = SsoOidc.layer({ region: "eu-west-1" }).pipe(Layer.provide(NodeTransport.layer()))
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export function layer(options?: Plain): Layer.Layer<HttpClient.HttpClient>
export function layer(options?: Options): Layer.Layer<HttpClient.HttpClient, TransportOptionsError>
export function layer(options?: Options): Layer.Layer<HttpClient.HttpClient, TransportOptionsError> {
  return Layer.effect(HttpClient.HttpClient, make(options))
}

/**
 * The client as a layer whose options come from configuration, such as `NodeEnvironment`. Here a time or a number that
 * makes no sense is a `ConfigError`.
 *
 * @example
 * ```ts
 * import * as SsoOidc from "@sso-oidc/core/SsoOidc"
 * import * as NodeEnvironment from "@sso-oidc/transport-node/NodeEnvironment"
 * import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
 * import * as Layer from "effect/Layer"
 *
 * // HTTPS_PROXY, HTTP_PROXY, NO_PROXY and AWS_CA_BUNDLE
 * const Live = SsoOidc.layer({ region: "eu-west-1" }).pipe(
 *   Layer.provide(NodeTransport.layerConfig(NodeEnvironment.options()))
 * )
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layerConfig = (
  options: Config.Wrap<Options>
): Layer.Layer<HttpClient.HttpClient, TransportOptionsError | Config.ConfigError> =>
  Layer.effect(
    HttpClient.HttpClient,
    Effect.gen(function*() {
      const read = yield* Config.unwrap(options)
      const limits = limitsOf(read)
      if (Result.isFailure(limits)) {
        return yield* Effect.fail(new Config.ConfigError(new ConfigProvider.SourceError({ message: limits.failure })))
      }
      return yield* open(limits.success, read)
    })
  )
