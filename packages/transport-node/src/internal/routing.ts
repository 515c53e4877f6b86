/**
 * How targets are reached: directly, or through proxies and with certificates of one's own.
 *
 * The pool knows only this interface, so that a bundle of `DirectTransport` has no proxy and no certificate in it.
 */
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import type * as Tls from "node:tls"
import type { TransportOptionsError } from "../TransportOptionsError.ts"
import * as Host from "./host.ts"
import type * as Opening from "./opening.ts"
import * as Party from "./party.ts"
import * as Proxy from "./proxy.ts"
import * as ProxyParty from "./proxyParty.ts"
import * as Trust from "./trust.ts"
import * as Tunnel from "./tunnel.ts"

/** How a target is reached: directly, through a tunnel, or by a proxy that forwards each request. */
export interface Route {
  readonly way: "direct" | "tunnel" | "forward"
  readonly url: URL
  readonly proxy: Proxy.Proxy | undefined
  /** The peer of this route's connections. Connections of the same peer may be used for each other. */
  readonly peer: string
  /** The party that sends the responses: a proxy that forwards, or else the server. */
  readonly party: Party.Party
  /** Whether the connection is open only after its TLS handshake. */
  readonly secure: boolean
}

export interface Routing {
  readonly routeOf: (url: URL) => Route
  /** How a connection of the route is opened. */
  readonly wayOf: (route: Route, options: Opening.RequestOptions) => Opening.Way
  /** The URL and the options of the platform's request. */
  readonly requestOf: (route: Route, options: Opening.RequestOptions) => readonly [URL, Opening.RequestOptions]
  /** The TLS context for the first peer of such a way. `undefined` means the platform's own. */
  readonly contextOf: (way: Route["way"]) => Tls.SecureContext | undefined
}

// -----------------------------------------------------------------------------
// direct
// -----------------------------------------------------------------------------

const server: Opening.Way = { party: Party.server }

/** Every target is reached directly, with the platform's TLS settings. */
export const direct: Routing = {
  routeOf: (url) => ({
    way: "direct",
    url,
    proxy: undefined,
    peer: url.origin,
    party: Party.server,
    secure: url.protocol === "https:"
  }),
  wayOf: () => server,
  requestOf: ({ secure, url }, options) => [url, secure ? { ...options, servername: Host.servernameOf(url) } : options],
  contextOf: () => undefined
}

// -----------------------------------------------------------------------------
// proxies and certificates
// -----------------------------------------------------------------------------

export interface Options extends Trust.Options {
  readonly proxy?: Proxy.Options | undefined
}

/** Reads the options once, so that a wrong one fails before the first request. */
export const make = (options: Options): Result.Result<Routing, TransportOptionsError> =>
  Result.gen(function*() {
    const trust = yield* Trust.make(options)
    const proxies = yield* Proxy.make(options.proxy ?? {})
    return {
      routeOf: (url) => {
        const route = direct.routeOf(url)
        const proxy = Proxy.choose(proxies, url)
        if (proxy === undefined) return route
        return route.secure
          ? { ...route, way: "tunnel", proxy }
          : {
            way: "forward",
            url,
            proxy,
            peer: proxy.url.origin,
            party: ProxyParty.proxy,
            secure: proxy.url.protocol === "https:"
          }
      },
      wayOf: ({ proxy, url, way }, options) => {
        if (proxy === undefined || way === "direct") return server
        if (way === "forward") return { party: ProxyParty.proxy }
        const agent = Predicate.hasProperty(options.headers, "user-agent") ? options.headers["user-agent"] : undefined
        const authority = `${url.hostname}:${Host.portOf(url)}`
        return {
          party: ProxyParty.behind,
          tunnel: {
            party: ProxyParty.proxy,
            target: { host: Host.hostOf(proxy.url), port: Host.portOf(proxy.url), noDelay: true },
            through: Tunnel.through(proxy, trust.proxy, authority, agent)
          }
        }
      },
      requestOf: (route, options) => {
        const { proxy, url, way } = route
        if (proxy === undefined || way !== "forward") return direct.requestOf(route, options)
        const target = new URL(url)
        target.hash = ""
        return [proxy.url, {
          ...options,
          servername: proxy.servername,
          path: target.href,
          headers: { host: url.host, ...options.headers, ...proxy.headers }
        }]
      },
      contextOf: (way) => way === "forward" ? trust.proxy : trust.target
    }
  })
