/**
 * The connections of one client.
 */
import type * as Http from "node:http"
import type * as Https from "node:https"
import type { Socket } from "node:net"
import * as Opening from "./opening.ts"
import type * as Routing from "./routing.ts"
import * as Slots from "./slots.ts"
import * as Turns from "./turns.ts"

/** What the pool needs to know of a request in progress. */
export interface Abortable {
  readonly abort: (code: string) => void
}

export interface Settings {
  readonly connectMillis: number
  readonly idleMillis: number
  readonly maxConnections: number
  readonly routing: Routing.Routing
}

export interface Opened {
  readonly node: Http.ClientRequest
  /** The opening of its connection, used if no kept connection is. */
  readonly opening: Opening.Opening
}

// the platform's timers hold 31 bits, and it warns about a longer time
const maxDelay = 2 ** 31 - 1

export class Pool {
  // An `import` computes every export of node:http, and one of them loads the whole built-in undici. The modules behind the
  // getters are loaded for the first request that needs them: TLS alone takes about 10 ms.
  readonly #modules: Opening.Modules = {
    http: process.getBuiltinModule("node:http"),
    net: process.getBuiltinModule("node:net"),
    get dns() {
      return process.getBuiltinModule("node:dns")
    },
    get https() {
      return process.getBuiltinModule("node:https")
    },
    get tls() {
      return process.getBuiltinModule("node:tls")
    }
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

  route(url: URL): Routing.Route {
    return this.#settings.routing.routeOf(url)
  }

  /** Takes a place among the connections of the route's peer. See {@link Slots.Slots.take}. */
  place(route: Routing.Route, signal: AbortSignal, taken: Slots.Taken): () => void {
    return this.#slots.take(`${route.way} ${route.peer}`, signal, taken)
  }

  /** Opens a request, on a kept connection if there is one. It throws what the platform throws. */
  open(route: Routing.Route, options: Http.RequestOptions): Opened {
    const agent = this.#agent(route)
    this.#dropStale(agent)
    const { connectMillis, routing } = this.#settings
    const opening = new Opening.Opening(this.#modules, routing.wayOf(route, options), connectMillis)
    const { request } = route.secure ? this.#modules.https : this.#modules.http
    return { node: request(...routing.requestOf(route, { ...options, agent, opening })), opening }
  }

  /** Remembers a request in progress, to abort it when the pool closes. */
  track(request: Abortable): void {
    this.#active.add(request)
  }

  /** Forgets a request whose platform's request has closed. Its connection is idle from now on. */
  untrack(node: Http.ClientRequest, request: Abortable): void {
    this.#active.delete(request)
    if (node.socket !== null) this.#idleSince.set(node.socket, Date.now())
  }

  close(): void {
    this.#closed = true
    this.#slots.close("CLIENT_CLOSED")
    for (const request of this.#active) request.abort("CLIENT_CLOSED")
    for (const agent of this.#agents.values()) agent.destroy()
  }

  #agent({ secure, url, way }: Routing.Route): Http.Agent {
    if (url.protocol !== "https:" && url.protocol !== "http:") {
      throw Object.assign(new TypeError(), { code: "UNSUPPORTED_PROTOCOL" })
    }
    const name = `${way} ${secure}`
    const agent = this.#agents.get(name) ?? this.#makeAgent(way, secure)
    this.#agents.set(name, agent)
    return agent
  }

  #makeAgent(way: Routing.Route["way"], secure: boolean): Http.Agent {
    const { idleMillis, routing } = this.#settings
    // A forwarding proxy may end a connection without announcing it (tinyproxy does after each response). The next request on
    // that connection would be lost.
    const keepAlive = idleMillis > 0 && way !== "forward"
    const kept: Http.AgentOptions = {
      keepAlive,
      // affects idle connections only: the agent ignores it on a busy one
      ...(keepAlive && idleMillis <= maxDelay ? { timeout: Math.ceil(idleMillis) } : {})
    }
    if (!secure) return Opening.agent(this.#modules, kept)
    const secureContext = routing.contextOf(way)
    const options: Https.AgentOptions = secureContext === undefined ? kept : { ...kept, secureContext }
    return Opening.secureAgent(this.#modules, options)
  }

  // A frozen process (a function between two calls, a laptop with its lid shut) runs no timer. When it wakes, it may send
  // before the overdue timers have run. If the clock was set back, the idle time is unknown, so that connection is closed too.
  //
  // The agent takes the last of its free connections, so that only the last has to be good. Looking at all of them at each request
  // takes a time that grows with the square of the callers.
  #dropStale(agent: Http.Agent): void {
    const now = Date.now()
    for (const sockets of Object.values(agent.freeSockets)) {
      // from the end, since the agent takes a dropped connection out of this list
      for (let at = (sockets?.length ?? 0) - 1; at >= 0; at--) {
        const socket = sockets?.[at]
        if (socket === undefined || this.#isFresh(socket, now)) break
        // its `close` comes one turn later, and until then the agent might give it to the next request
        socket.destroy()
        socket.emit("agentRemove")
      }
    }
  }

  #isFresh(socket: Socket, now: number): boolean {
    const idle = now - (this.#idleSince.get(socket) ?? 0)
    const stale = socket.timeout !== undefined && socket.timeout > 0 && (idle < 0 || idle >= socket.timeout)
    return !stale && Turns.isAlive(socket)
  }
}
