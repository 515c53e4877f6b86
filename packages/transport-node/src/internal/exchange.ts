/** One request on the wire, and its response. */
import type * as TransportCause from "@sso-oidc/core/aws/TransportCause"
import * as Cause from "effect/Cause"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import type * as Http from "node:http"
import * as Failure from "./failure.ts"
import type * as Opening from "./opening.ts"
import * as Payload from "./payload.ts"
import type * as Pool from "./pool.ts"
import * as Response from "./response.ts"
import type * as Slots from "./slots.ts"
import * as Turns from "./turns.ts"

export interface Settings {
  readonly pool: Pool.Pool
  readonly connectTimeout: Duration.Duration
}

export const run = (
  settings: Settings,
  request: HttpClientRequest.HttpClientRequest,
  url: URL,
  signal: AbortSignal
): Effect.Effect<HttpClientResponse.HttpClientResponse, HttpClientError.HttpClientError> =>
  Effect.flatMap(Payload.bytesOf(request), (body) =>
    Effect.suspend(() => {
      const { connectTimeout, pool } = settings
      const refuse = (error: unknown) => Effect.fail(Failure.transport(request, Failure.causeOf(error, "no", false)))
      if (pool.closed) return refuse({ code: "CLIENT_CLOSED" })
      if (signal.aborted) return refuse({ code: "ABORTED" })
      // the platform would make an Authorization header of it
      if (url.username !== "" || url.password !== "") return refuse({ code: "URL_CREDENTIALS" })
      if (request.headers["upgrade"] !== undefined) return refuse({ code: "UPGRADE_UNSUPPORTED" })
      const route = pool.route(url)
      // an interruption between here and the attempt must not lose the place
      return Effect.uninterruptibleMask((restore) => {
        const attempt = (release: Slots.Release): ReturnType<typeof run> => {
          let exchange: Exchange
          try {
            exchange = new Exchange(pool, route, request, signal, body, release)
          } catch (error) {
            release()
            return refuse(error)
          }
          return restore(exchange.responded(connectTimeout)).pipe(
            Effect.onInterrupt(() =>
              Effect.sync(() => {
                exchange.abort("ABORTED")
                if (exchange.isStale) release()
              })
            ),
            Effect.matchEffect({
              onSuccess: (message) => Effect.succeed(new Response.NodeResponse(request, url, message, exchange)),
              onFailure: (cause) => {
                exchange.abort("ABORTED")
                // Nothing was written, so nothing is sent twice. Each attempt uses up one kept connection.
                if (exchange.isStale && !pool.closed && !signal.aborted) return attempt(release)
                if (exchange.isStale) release()
                return Effect.fail(Failure.transport(request, cause))
              }
            })
          )
        }
        return Effect.matchEffect(restore(pool.place(route, signal)), {
          onFailure: (code) => refuse({ code }),
          onSuccess: attempt
        })
      })
    }))

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
  readonly #route: Pool.Route
  readonly #opening: Opening.Opening
  /** Whether this is a kept connection, which has to be checked before it is used. */
  readonly #kept: boolean
  #opened: boolean
  /** Whether bytes of the request may have left. */
  #left = false
  #message: Http.IncomingMessage | undefined
  #ended = false
  #failure: TransportCause.TransportCause | undefined
  #stale = false
  #wake: () => void = () => {}

  constructor(
    pool: Pool.Pool,
    route: Pool.Route,
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
    node.once("socket", (socket) => {
      // a kept connection does not open again, and each request would add one more listener to it
      if (this.#kept) return
      // the platform sends the request right after this, and has held it back until now
      if (opening.isOpen) return this.#open()
      // for a platform that makes its connections itself
      socket.once(route.secure ? "secureConnect" : "connect", () => this.#open())
    })
    node.once("response", (message) => this.#receive(message))
    // never removed: an aborted request can still emit an error
    node.on("error", (error) => this.#fail(error))
    node.once("close", () => {
      signal.removeEventListener("abort", onAbort)
      // such as an unrequested 101, which the platform drops without an error
      if (this.#message === undefined) this.#fail({ code: "CONNECTION_CLOSED" })
      // the platform gives the connection back right after this; the next request in the queue must find it
      if (!this.#stale) process.nextTick(release)
    })
    const onAbort = () => this.abort("ABORTED")
    signal.addEventListener("abort", onAbort, { once: true })
    pool.track(node, this)
    if (this.#kept) {
      opening.close()
      Turns.afterReading(() => this.#use(body))
    } else node.end(body)
  }

  /** Whether the kept connection had ended before it was used. Its place is then still taken, for the next attempt. */
  get isStale(): boolean {
    return this.#stale
  }

  /**
   * Closes the connection. It does nothing once the exchange is over: the platform has taken the connection back, and another
   * request may be on it. (Effect aborts after every body, also after a body that was read to its end.)
   */
  abort(code: string): void {
    this.#failure ??= this.#causeOf({ code })
    this.#wake()
    // if the request is destroyed before it has its socket, the platform puts that socket into the pool instead of closing it
    if (this.#node.socket === null) this.#node.once("socket", () => this.#node.destroy())
    else this.#node.destroy()
    this.#opening.abort()
  }

  /** Waits for the head of the response. The limit applies to opening a connection, not to waiting for the service. */
  responded(connectTimeout: Duration.Duration): Effect.Effect<Http.IncomingMessage, TransportCause.TransportCause> {
    const message = this.#await(() =>
      this.#message !== undefined ? Effect.succeed(this.#message) : this.#failure && Effect.fail(this.#failure)
    )
    if (this.#opened) return message
    return this.#await(() => this.#opened ? Effect.void : this.#failure && Effect.fail(this.#failure)).pipe(
      Effect.timeoutOrElse({
        duration: connectTimeout,
        // check the socket again: it may have opened in the same turn in which the limit passed
        orElse: () => this.#opened ? Effect.void : Effect.fail(Failure.causeOf({ code: "CONNECT_TIMEOUT" }, "no", true))
      }),
      Effect.andThen(message)
    )
  }

  #open(): void {
    this.#opened = true
    this.#left = true
    this.#wake()
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
  readonly pull = this.#await<Response.Chunk, TransportCause.TransportCause | Cause.Done>(() => {
    const message = this.#message
    const chunk: Uint8Array | null | undefined = message?.read()
    if (chunk) return Effect.succeed([chunk])
    if (this.#ended) return Cause.done()
    // a failure after the last byte loses nothing
    return this.#failure !== undefined && (message?.complete !== true || message.destroyed)
      ? Effect.fail(this.#failure)
      : undefined
  })

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
    if (message.statusCode === 407 && this.#route.way === "forward") {
      this.#fail(Failure.refusedBy(407))
      return this.abort("PROXY_REFUSED_407")
    }
    this.#message = message
    message.on("readable", () => {
      // A body without bytes ends only when it is read. If the caller does not read it, its connection would never be free.
      if (message.complete && message.readableLength === 0) message.read()
      this.#wake()
    })
    message.on("end", () => {
      const end = () => {
        this.#ended = true
        this.#wake()
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
    this.#wake()
  }

  #causeOf(error: unknown): TransportCause.TransportCause {
    const party = this.#route.way === "forward" ? "proxy" : "server"
    return Failure.ofRequest(error, this.#left ? "maybe" : "no", this.#opened, party)
  }

  #fail(error: unknown): void {
    if (this.#failure === undefined) {
      this.#stale = this.#kept && !this.#left
      this.#failure = this.#causeOf(error)
    }
    this.#wake()
  }

  /** Calls `next` now and after each event, until it gives an effect. */
  #await<A, E>(next: () => Effect.Effect<A, E> | undefined): Effect.Effect<A, E> {
    return Effect.callback((resume) => {
      const sleep = () => {
        this.#wake = () => {}
      }
      this.#wake = () => {
        const effect = next()
        if (effect === undefined) return
        sleep()
        resume(effect)
      }
      this.#wake()
      return Effect.sync(sleep)
    })
  }
}
