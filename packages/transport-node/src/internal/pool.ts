/**
 * The connections of one client.
 */
import type * as Effect from "effect/Effect"
import type * as Http from "node:http"
import type * as Https from "node:https"
import type { Socket } from "node:net"
import * as Proxy from "./proxy.ts"
import * as Slots from "./slots.ts"
import type * as Trust from "./trust.ts"
import * as Tunnel from "./tunnel.ts"

/** What a pool needs to know of a request that is under way. */
export interface Abortable {
  readonly abort: (code: string) => void
}

export interface Settings {
  readonly idleMillis: number
  readonly maxConnections: number
  readonly trust: Trust.Trust
  readonly proxies: Proxy.Proxies
}

/** How a target is reached: by itself, through a tunnel, or by a proxy that passes each request on. */
export interface Route {
  readonly way: "direct" | "tunnel" | "forward"
  readonly url: URL
  readonly proxy: Proxy.Proxy | undefined
  /** Whom connections of this route are with: one peer's may be used for each other. */
  readonly peer: string
  /** Whether a connection is open when its TLS is. */
  readonly secure: boolean
}

export interface Opening {
  readonly node: Http.ClientRequest
  /** Ends a connection that the request does not have yet. */
  readonly abort: () => void
}

// the platform's timers hold 31 bits; it warns of what is longer
const maxDelay = 2 ** 31 - 1

export class Pool {
  // an `import` computes every export of node:http, and one of them loads the whole of the built-in undici
  readonly #modules: Tunnel.Modules = {
    http: process.getBuiltinModule("node:http"),
    https: process.getBuiltinModule("node:https")
  }
  readonly #settings: Settings
  readonly #slots: Slots.Slots
  readonly #agents = new Map<string, Http.Agent>()
  readonly #active = new Set<Abortable>()
  readonly #idleSince = new WeakMap<Socket, number>()
  #closed = false

  constructor(settings: Settings) {
    this.#settings = settings
    this.#slots = new Slots.Slots(settings.maxConnections)
  }

  get closed(): boolean {
    return this.#closed
  }

  route(url: URL): Route {
    const secure = url.protocol === "https:"
    const proxy = Proxy.choose(this.#settings.proxies, url)
    if (proxy === undefined) return { way: "direct", url, proxy, peer: url.origin, secure }
    return secure
      ? { way: "tunnel", url, proxy, peer: url.origin, secure }
      : { way: "forward", url, proxy, peer: proxy.url.origin, secure: proxy.url.protocol === "https:" }
  }

  /** A place among the connections of the route's peer. See {@link Slots.Slots.take}. */
  place(route: Route, signal: AbortSignal): Effect.Effect<Slots.Release, string> {
    return this.#slots.take(`${route.way} ${route.peer}`, signal)
  }

  /** Opens a request, on a kept connection where there is one. Throws what the platform throws. */
  open(route: Route, options: Http.RequestOptions): Opening {
    const agent = this.#agent(route)
    this.#dropStale(agent)
    const opening = this.#request(route, { ...options, agent })
    const { node } = opening
    node.once("close", () => {
      if (node.socket !== null) this.#idleSince.set(node.socket, Date.now())
    })
    return opening
  }

  /** Knows a request until its `close`. */
  track(node: Http.ClientRequest, request: Abortable): void {
    this.#active.add(request)
    node.once("close", () => this.#active.delete(request))
  }

  close(): void {
    this.#closed = true
    this.#slots.close("CLIENT_CLOSED")
    for (const request of this.#active) request.abort("CLIENT_CLOSED")
    for (const agent of this.#agents.values()) agent.destroy()
  }

  #request({ proxy, url, way }: Route, options: Https.RequestOptions): Opening {
    const { http, https } = this.#modules
    if (proxy === undefined || way === "direct") {
      return { node: (url.protocol === "https:" ? https : http).request(url, options), abort: () => {} }
    }
    if (way === "tunnel") {
      const authority = `${url.hostname}:${url.port === "" ? 443 : url.port}`
      const tunnel = new Tunnel.Tunnel(this.#modules, proxy, this.#settings.trust.proxy, authority)
      const through: Tunnel.RequestOptions = { ...options, tunnel }
      return { node: https.request(url, through), abort: () => tunnel.abort() }
    }
    const target = new URL(url)
    target.hash = ""
    const node = (proxy.url.protocol === "https:" ? https : http).request(proxy.url, {
      ...options,
      servername: proxy.servername,
      path: target.href,
      headers: { host: url.host, ...options.headers, ...proxy.headers }
    })
    return { node, abort: () => {} }
  }

  #agent({ secure, url, way }: Route): Http.Agent {
    if (url.protocol !== "https:" && url.protocol !== "http:") {
      throw Object.assign(new TypeError(), { code: "UNSUPPORTED_PROTOCOL" })
    }
    const name = `${way} ${secure}`
    const agent = this.#agents.get(name) ?? this.#makeAgent(way, secure)
    this.#agents.set(name, agent)
    return agent
  }

  #makeAgent(way: Route["way"], secure: boolean): Http.Agent {
    const { idleMillis, trust } = this.#settings
    // Proxies that pass requests on may end a connection without having announced it (tinyproxy does after each answer),
    // and the next request on it would be lost.
    const keepAlive = idleMillis > 0 && way !== "forward"
    const kept: Http.AgentOptions = {
      keepAlive,
      // of use to an idle connection alone: the agent lets a busy one be
      ...(keepAlive && idleMillis <= maxDelay ? { timeout: Math.ceil(idleMillis) } : {})
    }
    if (!secure) return new this.#modules.http.Agent(kept)
    const secureContext = way === "forward" ? trust.proxy : trust.target
    const options: Https.AgentOptions = secureContext === undefined ? kept : { ...kept, secureContext }
    return way === "tunnel" ? Tunnel.agentThrough(this.#modules, options) : new this.#modules.https.Agent(options)
  }

  // A frozen process (a function between two calls, a laptop with its lid shut) runs no timer, and on waking may send
  // before the overdue ones have run. A clock that was set back tells nothing: such a connection goes too.
  #dropStale(agent: Http.Agent): void {
    const now = Date.now()
    for (const sockets of Object.values(agent.freeSockets)) {
      for (const socket of sockets ?? []) {
        const idle = now - (this.#idleSince.get(socket) ?? 0)
        if (socket.timeout !== undefined && socket.timeout > 0 && (idle < 0 || idle >= socket.timeout)) socket.destroy()
      }
    }
  }
}
