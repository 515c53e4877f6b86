/**
 * One request on the wire, and its answer.
 */
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
      // a place that was given must not be lost to an interruption on the way here
      return Effect.uninterruptibleMask((restore) => {
        const attempt = (release: Slots.Release): ReturnType<typeof run> => {
          let exchange: Exchange
          try {
            exchange = new Exchange(pool, route, request, signal, body, release)
          } catch (error) {
            release()
            return refuse(error)
          }
          return restore(exchange.answered(connectTimeout)).pipe(
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
                // Nothing was written, so this sends nothing a second time. Each turn uses up one kept connection.
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

/** The framing is the transport's: a length that is not the body's would make the rest of it the next request. */
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
  /** On a kept connection, which has to be looked at before it is used. */
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
      // a kept connection opens no second time, and would collect a listener with each request
      if (this.#kept) return
      // the platform sends the request right after this, and has held it back until now
      if (opening.isOpen) return this.#open()
      // of a platform that makes its connections itself
      socket.once(route.secure ? "secureConnect" : "connect", () => this.#open())
    })
    node.once("response", (message) => this.#receive(message))
    // stays for good: an aborted request still has an error to tell
    node.on("error", (error) => this.#fail(error))
    node.once("close", () => {
      signal.removeEventListener("abort", onAbort)
      // such as a 101 that nobody asked for, which the platform drops without an error
      if (this.#message === undefined) this.#fail({ code: "CONNECTION_CLOSED" })
      // the platform gives the connection back right after this, and the next in the queue shall find it
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

  /** Whether its kept connection had ended before it was used. Its place is then still taken, for the next attempt. */
  get isStale(): boolean {
    return this.#stale
  }

  /**
   * Closes the connection. Does nothing to an exchange that is over: the platform has taken the connection back, and
   * another request may be on it. (Effect aborts after every body, also after one that was read to its end.)
   */
  abort(code: string): void {
    this.#failure ??= this.#causeOf({ code })
    this.#wake()
    // destroyed before it has its socket, a request would give that socket to the pool instead of closing it
    if (this.#node.socket === null) this.#node.once("socket", () => this.#node.destroy())
    else this.#node.destroy()
    this.#opening.abort()
  }

  /** The head of the answer. The limit is on the opening of a connection, not on the wait for the service. */
  answered(connectTimeout: Duration.Duration): Effect.Effect<Http.IncomingMessage, TransportCause.TransportCause> {
    const message = this.#await(() =>
      this.#message !== undefined ? Effect.succeed(this.#message) : this.#failure && Effect.fail(this.#failure)
    )
    if (this.#opened) return message
    return this.#await(() => this.#opened ? Effect.void : this.#failure && Effect.fail(this.#failure)).pipe(
      Effect.timeoutOrElse({
        duration: connectTimeout,
        // asks the socket again: it may have opened in the very turn of the limit
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

  /** Writes to a kept connection, unless its end or something that nobody asked for has arrived in the meantime. */
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

  /**
   * The next bytes of the body, as many as have arrived. Nothing is read from the connection beyond the platform's
   * buffer while nobody pulls.
   */
  readonly pull = this.#await<Response.Chunk, TransportCause.TransportCause | Cause.Done>(() => {
    const message = this.#message
    const chunk: Uint8Array | null | undefined = message?.read()
    if (chunk) return Effect.succeed([chunk])
    if (this.#ended) return Cause.done()
    // a connection that fails after the last byte takes nothing away
    return this.#failure !== undefined && (message?.complete !== true || message.destroyed)
      ? Effect.fail(this.#failure)
      : undefined
  })

  #receive(message: Http.IncomingMessage): void {
    // what a server says before it is asked, such as that it has waited long enough, is no answer to this request
    if (this.#kept && !this.#left) {
      this.#fail({ code: "CONNECTION_CLOSED" })
      return this.abort("CONNECTION_CLOSED")
    }
    // no answer to our request, which asked for no other protocol: what follows it on the connection is not HTTP
    if (message.statusCode === 101) return this.abort("CONNECTION_CLOSED")
    // nobody but a proxy says this, and it has passed nothing on: as an answer it would look like the target's
    if (message.statusCode === 407 && this.#route.way === "forward") {
      this.#fail(Failure.refusedBy(407))
      return this.abort("PROXY_REFUSED_407")
    }
    this.#message = message
    message.on("readable", () => {
      // A body without bytes ends only when somebody reads it. Nobody may, and its connection would wait with it.
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
      // It first waits to hear that the request is written, which TLS tells late. A server that does not take the rest of
      // a request would never let it hear that.
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

  /** Asks now and after each event, until there is something to go on with. */
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
