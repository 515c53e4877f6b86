/**
 * Effect's `HttpClient` over `node:http` and `node:https`. It gives the guarantees that core's operations need.
 *
 * - It sends one request per `execute`. It repeats none, even if a kept connection turns out dead.
 * - It writes no request to a connection whose end has already arrived. It checks the connection before it writes.
 * - It follows no redirect, adds no cookie or credential, and asks for no encoding.
 * - Interruption closes the connection of an unfinished exchange, and so does the end of the scope of `HttpClient.withScope`. A
 *   finished exchange leaves its connection for the next request.
 * - A new connection has a time limit. It covers the proxy, the name, TCP and TLS. The addresses of a name race, so a dead
 *   address does not block a working one.
 * - A failure says whether the request can have left. The cause of its `TransportError` is core's `TransportCause`. It says
 *   `sent: "no"` only if the transport saw that the socket never opened. An error code alone does not decide it.
 * - Connections belong to the client's scope and close with it. They do not keep an idle process alive.
 *
 * A body is sent with its length. A `Stream` is collected first, so its failure is an `EncodeError` of a request that did not
 * leave. `FormData`, an `upgrade`, and a URL with user info are refused.
 *
 * All of this holds through a proxy too. An https target is reached through a tunnel (`CONNECT`) with TLS inside, so the proxy
 * sees only a host and a port. Nothing of a request leaves before the tunnel is open.
 *
 * This module reads no environment variables. Use `NodeEnvironment` to read them. `DirectTransport` is the same without proxies and without
 * certificates of your own, for a smaller bundle.
 *
 * @since 0.1.0
 */
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import type { ConnectionOptions } from "./DirectTransport.ts"
import * as Client from "./internal/client.ts"
import * as Routing from "./internal/routing.ts"
import type { TransportOptionsError } from "./TransportOptionsError.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * The proxies, and the targets that are reached without them.
 *
 * A proxy is `http://host:port`, `https://host:port` or `host:port`. A proxy with a user and a password must be `Redacted`.
 * They are sent to the proxy alone, as Basic authentication.
 *
 * @category models
 * @since 0.1.0
 */
export interface ProxyOptions {
  /**
   * The proxy of https targets. None by default. The transport reaches such a target through a tunnel (`CONNECT`). The proxy
   * gets the target's host and port and the request's `User-Agent`, and nothing else.
   *
   * Refused: a text that is no URL, another scheme (SOCKS), and a path, query or fragment (a `.pac` file). Also a password that
   * is not `Redacted`, a stray `%`, and a user with a colon.
   */
  readonly https?: string | Redacted.Redacted | undefined
  /**
   * The proxy of http targets. None by default. The transport sends it the whole URL, each time over a new connection. This
   * proxy can read and change the whole request and response. The same values are refused as for `https`.
   */
  readonly http?: string | Redacted.Redacted | undefined
  /**
   * The targets that the transport reaches without a proxy. None by default. An entry has one of these forms:
   *
   * - `*`: all targets
   * - `example.com`, `.example.com` or `*.example.com`: this name and the names below it
   * - `*corp.example`: a name pattern, in which a star stands for any text
   * - `10.0.0.1`, `10.0.0.0/8`, `192.168.*`, `fd00::/8`: an address or a range. It matches an address in a URL. The transport
   *   looks no name up for it.
   *
   * Each entry except a bare IPv6 address can have a port: `*:443`, `example.com:8443`, `[::1]:80`. Any other entry is refused.
   */
  readonly noProxy?: ReadonlyArray<string> | undefined
  /**
   * Whether `localhost`, the names below it, 127.0.0.0/8 and `[::1]` are reached through the proxies too. `false` by default,
   * because on the proxy these names mean the proxy itself. Use `true` for a proxy on this machine that shows the traffic.
   */
  readonly loopback?: boolean | undefined
}

/**
 * All options. The options below come from outside the program, so a wrong value is a `TransportOptionsError`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options extends ConnectionOptions {
  /** The proxies. None by default. */
  readonly proxy?: ProxyOptions | undefined
  /**
   * Certificate authorities in PEM form, as one text or several. None by default. An empty text, and a text without a readable
   * certificate, is refused.
   *
   * The transport trusts them in addition to the platform's authorities, for targets and for https proxies. The platform's are
   * those of `tls.getCACertificates("default")` when the client is made, which include `NODE_EXTRA_CA_CERTS`. Needs Node 22.15.
   */
  readonly ca?: string | ReadonlyArray<string> | undefined
  /**
   * The client's certificate with its chain, in PEM form, for targets that ask for one. None by default. Refused without `key`.
   * Proxies do not get it.
   */
  readonly cert?: string | undefined
  /** The private key of `cert`, in PEM form. None by default. Refused without `cert`, or if it belongs to another certificate. */
  readonly key?: Redacted.Redacted | undefined
  /** The passphrase of an encrypted `key`. None by default. A wrong one, or one without `key`, is refused. */
  readonly passphrase?: Redacted.Redacted | undefined
}

export type {
  /**
   * How connections are made and kept.
   *
   * @category models
   * @since 0.1.0
   */
  ConnectionOptions
}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/** A client without those options can always be made. */
type Plain = ConnectionOptions & { readonly [K in Exclude<keyof Options, keyof ConnectionOptions>]?: undefined }

const open = (limits: Client.Limits, options: Options) =>
  Effect.flatMap(Effect.fromResult(Routing.make(options)), (routing) => Client.open(limits, routing))

/**
 * Makes a client whose connections live in the scope. After the scope has closed, requests fail with code `CLIENT_CLOSED`.
 *
 * A proxy, certificate or key that cannot be used is a `TransportOptionsError` that names the option. A time or a number that
 * makes no sense is a mistake in the program: the effect dies with a `RangeError` that names the option.
 *
 * @category constructors
 * @since 0.1.0
 */
export function make(options?: Plain): Effect.Effect<HttpClient.HttpClient, never, Scope.Scope>
export function make(options?: Options): Effect.Effect<HttpClient.HttpClient, TransportOptionsError, Scope.Scope>
export function make(options: Options = {}): Effect.Effect<HttpClient.HttpClient, TransportOptionsError, Scope.Scope> {
  return Effect.suspend(() => {
    return open(Client.checked("NodeTransport", options), options)
  })
}

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * The client as a layer. Its connections close with the layer. See {@link make} for options that cannot be used.
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
 * The client as a layer whose options come from configuration, such as `NodeEnvironment`. Here a time or a number that makes no
 * sense is a `ConfigError`.
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
      const limits = Client.limitsOf(read)
      if (Result.isFailure(limits)) {
        return yield* Effect.fail(
          new Config.ConfigError(new ConfigProvider.SourceError({ message: `NodeTransport: ${limits.failure}` }))
        )
      }
      return yield* open(limits.success, read)
    })
  )
