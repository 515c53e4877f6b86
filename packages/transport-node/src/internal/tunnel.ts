/**
 * A way through a proxy to a target of TLS (RFC 9110 section 9.3.6).
 */
import type * as Http from "node:http"
import type * as Https from "node:https"
import type { Socket } from "node:net"
import type { Duplex } from "node:stream"
import type * as Tls from "node:tls"
import * as Failure from "./failure.ts"
import type * as Proxy from "./proxy.ts"

export interface Modules {
  readonly http: typeof Http
  readonly https: typeof Https
}

type Done = (error: Failure.ProxyFailure | null, socket?: Socket) => void

/** What a request's connection is, until it is the request's. */
export class Tunnel {
  readonly #modules: Modules
  readonly #proxy: Proxy.Proxy
  readonly #context: Tls.SecureContext | undefined
  readonly #authority: string
  #abort: (() => void) | undefined

  constructor(modules: Modules, proxy: Proxy.Proxy, context: Tls.SecureContext | undefined, authority: string) {
    this.#modules = modules
    this.#proxy = proxy
    this.#context = context
    this.#authority = authority
  }

  /** Closes the connection to the proxy. Does nothing once the tunnel stands: its socket is then the request's. */
  abort(): void {
    this.#abort?.()
  }

  /** Asks the proxy for a connection to the target, and gives its socket. */
  dig(done: Done): void {
    const { headers, servername, url } = this.#proxy
    const node = (url.protocol === "https:" ? this.#modules.https : this.#modules.http).request(url, {
      method: "CONNECT",
      path: this.#authority,
      // of a connection without an agent the platform says `close`, which a proxy may take at its word
      headers: { host: this.#authority, connection: "keep-alive", ...headers },
      agent: false,
      servername,
      ...(this.#context === undefined ? {} : { secureContext: this.#context })
    })
    const end: Done = (error, socket) => {
      if (this.#abort === undefined) return
      this.#abort = undefined
      done(error, socket)
    }
    this.#abort = () => {
      end(new Failure.ProxyFailure("ABORTED", true))
      node.destroy()
    }
    // whatever its status, the answer to a CONNECT is this event, and what follows it is no body
    node.once("connect", (message, socket: Socket, head) => {
      const status = message.statusCode ?? 0
      if (status >= 200 && status < 300) {
        if (head.length > 0) socket.unshift(head)
        return end(null, socket)
      }
      socket.destroy()
      end(Failure.refusedBy(status))
    })
    // stays for good: an aborted request still has an error to tell
    node.on("error", (error) => end(Failure.ofProxy(error, node.socket)))
    node.end()
  }
}

/** What an {@link agentThrough} is told of a connection that it is to make. */
export interface RequestOptions extends Https.RequestOptions {
  readonly tunnel?: Tunnel | undefined
  readonly socket?: Socket | undefined
}

/** An agent whose connections are TLS inside the tunnel of the request that needs one. It keeps them as any other. */
export const agentThrough = (modules: Modules, options: Https.AgentOptions): Https.Agent =>
  new class extends modules.https.Agent {
    override createConnection(
      options: RequestOptions,
      callback: (error: Error | null, stream: Duplex) => void
    ): undefined {
      options.tunnel?.dig((error, socket) => {
        const inside: RequestOptions = { ...options, socket }
        const stream = socket && super.createConnection(inside)
        // within the same turn, or a connection that fails would find nobody to tell
        if (stream) callback(null, stream)
        // its type asks for a stream even so
        else Reflect.apply(callback, undefined, [error])
      })
    }
  }(options)
