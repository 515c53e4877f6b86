/** One request on the wire, and its response. */
import type * as TransportCause from "@sso-oidc/core/aws/TransportCause"
import * as Cause from "effect/Cause"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import type * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import type * as Http from "node:http"
import * as Failure from "./failure.ts"
import type * as Opening from "./opening.ts"
import * as Payload from "./payload.ts"
import type * as Pool from "./pool.ts"
import * as Response from "./response.ts"
import type * as Routing from "./routing.ts"
import type * as Slots from "./slots.ts"
import * as Turns from "./turns.ts"

export interface Settings {
  readonly pool: Pool.Pool
  readonly connectTimeout: Duration.Duration
}

/** The fiber that runs a request. */
type Running = Parameters<Parameters<typeof HttpClient.make>[0]>[3]

type Responded = Effect.Effect<HttpClientResponse.HttpClientResponse, HttpClientError.HttpClientError>

export const run = (
  settings: Settings,
  request: HttpClientRequest.HttpClientRequest,
  url: URL,
  signal: AbortSignal,
  fiber: Running
): Responded => {
  const { pool } = settings
  const send = (body: Uint8Array | undefined): Responded => {
    const refuse = (error: unknown) => Effect.fail(Failure.transport(request, Failure.causeOf(error, "no", false)))
    if (pool.closed) return refuse({ code: "CLIENT_CLOSED" })
    if (signal.aborted) return refuse({ code: "ABORTED" })
    // the platform would make an Authorization header of it
    if (url.username !== "" || url.password !== "") return refuse({ code: "URL_CREDENTIALS" })
    if (request.headers["upgrade"] !== undefined) return refuse({ code: "UPGRADE_UNSUPPORTED" })
    const route = pool.route(url)
    // One callback for all of it, because a fiber that waits costs more than the rest of the request. An interruption between two
    // steps could also lose a place or a connection.
    return Effect.callback((resume) => {
      let exchange: Exchange | undefined
      let release: Slots.Release | undefined
      let endLimit = () => {}
      const attempt = (place: Slots.Release) => {
        try {
          exchange = new Exchange(pool, route, request, signal, body, place)
        } catch (error) {
          place()
          return resume(refuse(error))
        }
        exchange.watch(look)
        if (!exchange.isOpened) endLimit = limit(exchange, settings.connectTimeout, fiber)
      }
      const look = (exchange: Exchange) => {
        const { failure, response } = exchange
        if (exchange.isOpened || failure !== undefined) endLimit()
        if (response !== undefined) {
          exchange.watch(undefined)
          return resume(Effect.succeed(new Response.NodeResponse(request, url, response, exchange)))
        }
        if (failure === undefined) return
        exchange.watch(undefined)
        exchange.abort("ABORTED")
        // Nothing was written, so nothing is sent twice. Each attempt uses up one kept connection.
        if (exchange.isStale && release !== undefined && !pool.closed && !signal.aborted) return attempt(release)
        if (exchange.isStale) release?.()
        resume(Effect.fail(Failure.transport(request, failure)))
      }
      const leave = pool.place(route, signal, (place, refused) => {
        release = place
        if (place === undefined) resume(refuse({ code: refused }))
        else attempt(place)
      })
      return Effect.sync(() => {
        leave()
        endLimit()
        exchange?.watch(undefined)
        exchange?.abort("ABORTED")
        if (exchange?.isStale === true) release?.()
      })
    })
  }
  const body = Payload.bytesOf(request)
  return Effect.isEffect(body) ? Effect.flatMap(body, send) : send(body)
}

/** Ends an opening that takes too long, by Effect's `Clock`. It gives the function that ends this limit. */
const limit = (exchange: Exchange, time: Duration.Duration, fiber: Running): () => void => {
  const sleeping = Effect.runForkWith(fiber.context)(
    Effect.andThen(Effect.sleep(time), Effect.sync(() => exchange.timeOut()))
  )
  return () => sleeping.interruptUnsafe()
}

/**
 * The transport sets the framing. If a caller's length differed from the body's, the rest of the body would become the next
 * request.
 */
const headersOf = (
  request: HttpClientRequest.HttpClientRequest,
  body: Uint8Array | undefined
): Http.OutgoingHttpHeaders => {
  const { "content-length": _length, "transfer-encoding": _encoding, ...headers } = request.headers
  return {
    "accept-encoding": "identity",
    ...headers,
    ...(body === undefined ? {} : { "content-length": body.length })
  }
}

export class Exchange implements Pool.Abortable, Response.Source {
  readonly #node: Http.ClientRequest
  readonly #route: Routing.Route
  readonly #opening: Opening.Opening
  /** Whether this is a kept connection, which has to be checked before it is used. */
  readonly #kept: boolean
  #opened: boolean
  /** Whether bytes of the request may have left. */
  #left = false
  #message: Http.IncomingMessage | undefined
  /** Whether the caller may have the message. */
  #ready = false
  #ended = false
  #failure: TransportCause.TransportCause | undefined
  #stale = false
  #wake: ((exchange: Exchange) => void) | undefined

  constructor(
    pool: Pool.Pool,
    route: Routing.Route,
    request: HttpClientRequest.HttpClientRequest,
    signal: AbortSignal,
    body: Uint8Array | undefined,
    release: Slots.Release
  ) {
    const { node, opening } = pool.open(route, { method: request.method, headers: headersOf(request, body) })
    this.#node = node
    this.#route = route
    this.#opening = opening
    this.#kept = node.reusedSocket
    this.#opened = this.#kept
    if (!this.#kept) {
      // a kept connection does not open again, and each request would add one more listener to it
      node.once("socket", (socket) => {
        // the platform sends the request right after this, and has held it back until now
        if (opening.isOpen) return this.#open()
        // for a platform that makes its connections itself
        socket.once(route.secure ? "secureConnect" : "connect", () => this.#open())
      })
    }
    node.on("response", (message) => this.#receive(message))
    // never removed: an aborted request can still emit an error
    node.on("error", (error) => this.#fail(error))
    node.on("close", () => {
      signal.removeEventListener("abort", onAbort)
      pool.untrack(node, this)
      // such as an unrequested 101, which the platform drops without an error
      if (this.#message === undefined) this.#fail({ code: "CONNECTION_CLOSED" })
      // the platform gives the connection back right after this; the next request in the queue must find it
      if (!this.#stale) process.nextTick(release)
    })
    const onAbort = () => this.abort("ABORTED")
    signal.addEventListener("abort", onAbort, { once: true })
    pool.track(this)
    if (this.#kept) {
      opening.close()
      Turns.afterReading(() => this.#use(body))
    } else node.end(body)
  }

  /** Whether the kept connection had ended before it was used. Its place is then still taken, for the next attempt. */
  get isStale(): boolean {
    return this.#stale
  }

  get isOpened(): boolean {
    return this.#opened
  }

  /** The message, as soon as the caller may have it. */
  get response(): Http.IncomingMessage | undefined {
    return this.#ready ? this.#message : undefined
  }

  get failure(): TransportCause.TransportCause | undefined {
    return this.#failure
  }

  /** Calls `wake` after each event, in place of the function before it. */
  watch(wake: ((exchange: Exchange) => void) | undefined): void {
    this.#wake = wake
  }

  /**
   * Closes the connection. It does nothing once the exchange is over: the platform has taken the connection back, and another
   * request may be on it. (Effect aborts after every body, also after a body that was read to its end.)
   */
  abort(code: string): void {
    this.#failure ??= this.#causeOf({ code })
    this.#woken()
    // if the request is destroyed before it has its socket, the platform puts that socket into the pool instead of closing it
    if (this.#node.socket === null) this.#node.once("socket", () => this.#node.destroy())
    else this.#node.destroy()
    this.#opening.abort()
  }

  /** The connection did not open in time. The limit does not apply to waiting for the service. */
  timeOut(): void {
    // check the socket again: it may have opened in the same turn in which the limit passed
    if (this.#opened) return
    this.#failure ??= Failure.causeOf({ code: "CONNECT_TIMEOUT" }, "no", true)
    this.#woken()
  }

  #open(): void {
    this.#opened = true
    this.#left = true
    this.#woken()
  }

  /**
   * Writes to a kept connection. It does not if the connection's end, or an unrequested response, has arrived in the meantime.
   */
  #use(body: Uint8Array | undefined): void {
    if (this.#failure !== undefined) return
    const { socket } = this.#node
    if (socket === null || !Turns.isAlive(socket)) {
      this.#fail({ code: "CONNECTION_CLOSED" })
      return this.abort("CONNECTION_CLOSED")
    }
    this.#left = true
    this.#node.end(body)
  }

  /** The next bytes of the body, as many as have arrived. Without a pull, nothing is read beyond the platform's buffer. */
  readonly pull: Effect.Effect<Response.Chunk, TransportCause.TransportCause | Cause.Done> = Effect.suspend(() =>
    this.#next() ?? Effect.callback((resume) => {
      this.#wake = () => {
        const next = this.#next()
        if (next === undefined) return
        this.#wake = undefined
        resume(next)
      }
      return Effect.sync(() => this.watch(undefined))
    })
  )

  #next(): Effect.Effect<Response.Chunk, TransportCause.TransportCause | Cause.Done> | undefined {
    const message = this.#message
    const chunk: Uint8Array | null | undefined = message?.read()
    if (chunk) return Effect.succeed([chunk])
    if (this.#ended) return Cause.done()
    // a failure after the last byte loses nothing
    return this.#failure !== undefined && (message?.complete !== true || message.destroyed)
      ? Effect.fail(this.#failure)
      : undefined
  }

  #receive(message: Http.IncomingMessage): void {
    // a message that a server sends before the request, such as a 408 after a long wait, is no response to this request
    if (this.#kept && !this.#left) {
      this.#fail({ code: "CONNECTION_CLOSED" })
      return this.abort("CONNECTION_CLOSED")
    }
    // A 101 is no response to our request, which asked for no other protocol. The bytes after it on the connection are not
    // HTTP.
    if (message.statusCode === 101) return this.abort("CONNECTION_CLOSED")
    // Only a proxy sends a 407, and it has passed nothing on. If it were passed on as a response, it would look like the
    // target's.
    const { rejected } = this.#route.party
    if (message.statusCode === 407 && rejected !== undefined) {
      this.#fail(rejected())
      return this.abort("PROXY_REFUSED_407")
    }
    this.#message = message
    message.on("end", () => {
      const end = () => {
        this.#ended = true
        this.#woken()
      }
      // the platform gives the connection back one tick from now, and the next request may follow at once
      if (this.#node.writableFinished) return process.nextTick(end)
      // The platform first waits for the event that the request is written, and TLS emits it late. A server that does not read
      // the rest of a request would prevent that event.
      this.#node.once("finish", () => process.nextTick(end))
      Turns.afterReading(end)
    })
    message.on("error", (error) => this.#fail(error))
    message.on("close", () => {
      if (!message.readableEnded) this.#fail({ code: "CONNECTION_CLOSED" })
    })
    message.on("readable", () => {
      // A body without bytes ends only when it is read. If the caller does not read it, its connection would never be free.
      if (message.complete && message.readableLength === 0) message.read()
      this.#woken()
    })
    // By then the platform has parsed what arrived together with the head, so that the caller need not wait for it again.
    process.nextTick(() => this.#give())
  }

  /** Lets the caller have the message. */
  #give(): void {
    this.#ready = true
    this.#woken()
  }

  #woken(): void {
    this.#wake?.(this)
  }

  #causeOf(error: unknown): TransportCause.TransportCause {
    return Failure.ofRequest(error, this.#left ? "maybe" : "no", this.#opened, this.#route.party)
  }

  #fail(error: unknown): void {
    if (this.#failure === undefined) {
      this.#stale = this.#kept && !this.#left
      this.#failure = this.#causeOf(error)
    }
    // a head that has arrived is the caller's, also if the rest was lost
    this.#give()
  }
}
