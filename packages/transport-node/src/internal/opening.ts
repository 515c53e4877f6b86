/**
 * Opens a connection for a request: TCP, then the tunnel through a proxy, then TLS.
 *
 * All of it happens before the request gets the socket. So a request whose connection did not open has not left.
 */
import type * as Http from "node:http"
import type * as Https from "node:https"
import type { Socket } from "node:net"
import type { Duplex } from "node:stream"
import type * as Tls from "node:tls"
import * as Dial from "./dial.ts"
import * as Failure from "./failure.ts"
import type { Party } from "./party.ts"
import * as Turns from "./turns.ts"

export interface Modules extends Dial.Modules {
  readonly http: typeof Http
  readonly https: typeof Https
  readonly tls: typeof Tls
}

type Done = (error: Error | null, socket?: Socket) => void

/** The options of a connection that is to be made. */
export interface RequestOptions extends Https.RequestOptions {
  readonly opening?: Opening | undefined
  readonly socket?: Socket | undefined
}

/** Turns a connection to the first peer into a connection to the target, such as by a tunnel through a proxy. */
export type Through = (opening: Opening, socket: Socket) => Promise<Socket>

/** The first peer of a connection, and the next step after it. */
export interface Way {
  readonly party: Party
  /** For a tunnel: its proxy, the proxy's address, and how to pass it. */
  readonly tunnel?: { readonly party: Party; readonly target: Dial.Target; readonly through: Through } | undefined
}

/** The opening of one connection. It is never started, and does nothing, if a kept connection can be used. */
export class Opening {
  readonly modules: Modules
  readonly #way: Way
  readonly #limitMillis: number
  readonly #sockets = new Set<Socket>()
  #endDial: () => void = () => {}
  #done: Done | undefined
  #open = false
  #closed = false

  constructor(modules: Modules, way: Way, limitMillis: number) {
    this.modules = modules
    this.#way = way
    this.#limitMillis = limitMillis
  }

  /** Whether it has given a connection that is ready for a request. */
  get isOpen(): boolean {
    return this.#open
  }

  /**
   * Ends it, and closes what it has opened. It does nothing once the connection is open: the request owns the connection then.
   */
  abort(): void {
    this.#closed = true
    this.#finish(new Failure.Judged("ABORTED", true))
  }

  /** Stops a platform that repeats requests by itself (Deno does) from getting a connection for it. */
  close(): void {
    this.#closed = true
  }

  /** Opens the connection. For a TLS target, `secure` makes the TLS socket over it. */
  start(target: Dial.Target, secure: ((socket: Socket) => Socket) | undefined, done: Done): void {
    if (this.#closed) return done(new Failure.Judged("CONNECTION_CLOSED", true))
    this.#closed = true
    this.#done = done
    this.#steps(target, secure).then((socket) => this.#finish(null, socket), (error) => this.#finish(error))
  }

  /** Makes a socket that belongs to this opening: it closes with it, and its errors are never uncaught. */
  own(make: () => Socket): Socket {
    if (this.#done === undefined) throw new Failure.Judged("ABORTED", true)
    const socket = make()
    this.#sockets.add(socket)
    socket.on("error", () => {})
    return socket
  }

  /** Waits for the end of the TLS handshake. */
  secured(socket: Socket, party: Party): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const fail = (error: unknown) => reject(Failure.ofHandshake(error, party))
      socket.once("secureConnect", () => resolve(socket))
      socket.once("error", fail)
      socket.once("close", () => fail({ code: "CONNECTION_CLOSED" }))
    })
  }

  async #steps(target: Dial.Target, secure: ((socket: Socket) => Socket) | undefined): Promise<Socket> {
    const { party, tunnel } = this.#way
    const first = await this.#dial(tunnel?.target ?? target, tunnel?.party ?? party)
    const way = tunnel === undefined ? first : await tunnel.through(this, first)
    return this.#look(secure === undefined ? way : await this.secured(this.own(() => secure(way)), party))
  }

  #dial(target: Dial.Target, party: Party): Promise<Socket> {
    return new Promise((resolve, reject) => {
      this.#endDial = Dial.dial(this.modules, target, this.#limitMillis, (error, socket) => {
        if (socket === undefined) reject(Failure.ofDial(error, party))
        else resolve(this.own(() => socket))
      })
    })
  }

  // A server that has no room accepts a connection and closes it at once. As nothing was written yet, the request may be sent
  // again.
  #look(socket: Socket): Promise<Socket> {
    return new Promise((resolve, reject) => {
      let lost: unknown = { code: "CONNECTION_CLOSED" }
      socket.once("error", (error) => {
        lost = error
      })
      Turns.afterReading(() =>
        Turns.isAlive(socket) ? resolve(socket) : reject(Failure.ofUnused(lost, this.#way.party))
      )
    })
  }

  #finish(error: Error | null, socket?: Socket): void {
    const done = this.#done
    if (done === undefined) return
    this.#done = undefined
    this.#endDial()
    if (socket === undefined) { for (const one of this.#sockets) one.destroy() }
    this.#sockets.clear()
    this.#open = socket !== undefined
    done(error, socket)
  }
}

// the callback's type requires a stream even with an error
const doneOf = (callback: (error: Error | null, stream: Duplex) => void): Done => (error, socket) => {
  Reflect.apply(callback, undefined, [error, socket])
}

const targetOf = ({ host, hostname, keepAlive, keepAliveInitialDelay, noDelay, port }: TargetOptions): Dial.Target => ({
  host: hostname ?? host ?? "localhost",
  port: Number(port),
  keepAlive,
  keepAliveInitialDelay,
  noDelay
})

type TargetOptions = RequestOptions & Pick<Dial.Target, "keepAlive" | "keepAliveInitialDelay" | "noDelay">

/** An agent whose connections come from the request's opening. The agent keeps them as usual. */
export const agent = (modules: Modules, options: Http.AgentOptions): Http.Agent =>
  new class extends modules.http.Agent {
    override createConnection(
      options: RequestOptions,
      callback: (error: Error | null, stream: Duplex) => void
    ): undefined {
      options.opening?.start(targetOf(options), undefined, doneOf(callback))
    }
  }(options)

/** The same with TLS, whose sessions the agent keeps for the next connection. */
export const secureAgent = (modules: Modules, options: Https.AgentOptions): Https.Agent =>
  new class extends modules.https.Agent {
    override createConnection(
      options: RequestOptions,
      callback: (error: Error | null, stream: Duplex) => void
    ): undefined {
      const secure = (socket: Socket): Socket => {
        const inside: RequestOptions = { ...options, socket }
        const stream = super.createConnection(inside)
        if (!(stream instanceof modules.tls.TLSSocket)) throw new TypeError()
        return stream
      }
      options.opening?.start(targetOf(options), secure, doneOf(callback))
    }
  }(options)
