/**
 * The connections of one client.
 */
import type * as Http from "node:http"
import type * as Https from "node:https"
import type { Socket } from "node:net"

/** What a pool needs to know of a request that is under way. */
export interface Abortable {
  readonly abort: (code: string) => void
}

// the platform's timers hold 31 bits; it warns of what is longer
const maxDelay = 2 ** 31 - 1

export class Pool {
  readonly #http: typeof Http
  readonly #https: typeof Https
  readonly #agents: Readonly<Record<string, Http.Agent>>
  readonly #active = new Set<Abortable>()
  readonly #idleSince = new WeakMap<Socket, number>()
  #closed = false

  constructor(idleMillis: number) {
    // an `import` computes every export of node:http, and one of them loads the whole of the built-in undici
    this.#http = process.getBuiltinModule("node:http")
    this.#https = process.getBuiltinModule("node:https")
    const options: Http.AgentOptions = {
      keepAlive: idleMillis > 0,
      // of use to an idle connection alone: the agent lets a busy one be
      ...(idleMillis > 0 && idleMillis <= maxDelay ? { timeout: Math.ceil(idleMillis) } : {})
    }
    this.#agents = { "http:": new this.#http.Agent(options), "https:": new this.#https.Agent(options) }
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Opens a request, on a kept connection where there is one. Throws what the platform throws. */
  open(url: URL, options: Http.RequestOptions): Http.ClientRequest {
    const agent = this.#agents[url.protocol]
    if (agent === undefined) throw Object.assign(new TypeError(), { code: "UNSUPPORTED_PROTOCOL" })
    this.#dropStale(agent)
    const node = (url.protocol === "https:" ? this.#https : this.#http).request(url, { ...options, agent })
    node.once("close", () => {
      if (node.socket !== null) this.#idleSince.set(node.socket, Date.now())
    })
    return node
  }

  /** Knows a request until its `close`. */
  track(node: Http.ClientRequest, request: Abortable): void {
    this.#active.add(request)
    node.once("close", () => this.#active.delete(request))
  }

  close(): void {
    this.#closed = true
    for (const request of this.#active) request.abort("CLIENT_CLOSED")
    for (const agent of Object.values(this.#agents)) agent.destroy()
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
