/**
 * How a connection comes about, until it is a request's: TCP, the way through a proxy, and TLS.
 *
 * All of it happens before the request is given the socket, so a request whose connection did not open has not left.
 */
import type * as Http from "node:http"
import type * as Https from "node:https"
import type { Socket } from "node:net"
import type { Duplex } from "node:stream"
import type * as Tls from "node:tls"
import * as Dial from "./dial.ts"
import * as Failure from "./failure.ts"
import type { Party } from "./tlsFailure.ts"
import * as Turns from "./turns.ts"

export interface Modules extends Dial.Modules {
  readonly http: typeof Http
  readonly https: typeof Https
  readonly tls: typeof Tls
}

type Done = (error: Error | null, socket?: Socket) => void

/** What is told of a connection that is to be made: where to, and how. */
export interface RequestOptions extends Https.RequestOptions {
  readonly opening?: Opening | undefined
  readonly socket?: Socket | undefined
}

/** The way from a connection to the first peer to one with the target, such as a tunnel through a proxy. */
export type Through = (opening: Opening, socket: Socket) => Promise<Socket>

/** The first peer of a connection, and what follows it. */
export interface Way {
  readonly party: Party
  /** Of a tunnel: where its proxy is, and how it is passed. */
  readonly tunnel?: { readonly target: Dial.Target; readonly through: Through } | undefined
}

/** The opening of one connection. One that is never started, since a kept connection serves, does nothing. */
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

  /** Ends it, and closes what it has opened. Does nothing once the connection is open: it is then the request's. */
  abort(): void {
    this.#closed = true
    this.#finish(new Failure.Judged("ABORTED", true))
  }

  /** Keeps a platform that sends again by itself (Deno does) from a connection for it. */
  close(): void {
    this.#closed = true
  }

  /** Opens the connection. `secure` makes the TLS socket over it, where the target is one of TLS. */
  start(target: Dial.Target, secure: ((socket: Socket) => Socket) | undefined, done: Done): void {
    if (this.#closed) return done(new Failure.Judged("CONNECTION_CLOSED", true))
    this.#closed = true
    this.#done = done
    this.#steps(target, secure).then((socket) => this.#finish(null, socket), (error) => this.#finish(error))
  }

  /** Makes a socket of this opening: it is closed with it, and its errors are never uncaught. */
  own(make: () => Socket): Socket {
    if (this.#done === undefined) throw new Failure.Judged("ABORTED", true)
    const socket = make()
    this.#sockets.add(socket)
    socket.on("error", () => {})
    return socket
  }

  /** The end of the handshake. */
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
    const first = await this.#dial(tunnel?.target ?? target, tunnel === undefined ? party : "proxy")
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

  // A server without room takes a connection and closes it at once. What is not written then may be sent again.
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

// its type asks for a stream even beside an error
const told = (callback: (error: Error | null, stream: Duplex) => void): Done => (error, socket) => {
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

/** Agents whose connections are those of the request's opening. They keep them as any other. */
export const agent = (modules: Modules, options: Http.AgentOptions): Http.Agent =>
  new class extends modules.http.Agent {
    override createConnection(
      options: RequestOptions,
      callback: (error: Error | null, stream: Duplex) => void
    ): undefined {
      options.opening?.start(targetOf(options), undefined, told(callback))
    }
  }(options)

/** The same with TLS over them, and its sessions kept for the next one. */
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
      options.opening?.start(targetOf(options), secure, told(callback))
    }
  }(options)
