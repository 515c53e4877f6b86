/**
 * The listener of a login, on Node: an HTTP server on 127.0.0.1 that waits for one callback.
 *
 * It is bound on 127.0.0.1 alone, so that no other machine reaches it. Other programs and web pages on this machine do reach it. They
 * change nothing without the state of the login, which only its URL has.
 *
 * `node:http` is loaded when a login first listens.
 *
 * @since 0.1.0
 */
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type * as Http from "node:http"
import type { Socket } from "node:net"
import * as Callback from "../Callback.ts"
import * as CallbackRequest from "../internal/callbackRequest.ts"
import * as CallbackPage from "../internal/pages/callbackPage.ts"

// -----------------------------------------------------------------------------
// failures
// -----------------------------------------------------------------------------

const details: Readonly<Record<string, string>> = {
  EADDRINUSE: "another program uses this port",
  EACCES: "this user may not use this port",
  EPERM: "this user may not listen",
  EADDRNOTAVAIL: "this machine has no address 127.0.0.1",
  EMFILE: "this process has too many open files"
}

const unavailable = (error: unknown, port: number): Callback.CallbackUnavailable => {
  const code = Wire.nameIn(error, "code") ?? "UNKNOWN"
  return new Callback.CallbackUnavailable({
    ...(port === 0 ? {} : { port }),
    code,
    detail: details[code] ?? "the system reported an error"
  })
}

const outOfRange = (port: unknown): Callback.CallbackUnavailable =>
  new Callback.CallbackUnavailable({
    ...(typeof port === "number" ? { port } : {}),
    code: "ERR_SOCKET_BAD_PORT",
    detail: "the option port must be a whole number from 0 to 65535"
  })

// -----------------------------------------------------------------------------
// the server
// -----------------------------------------------------------------------------

/** A browser needs one or two. Past this number the oldest connection makes room, so silent connections keep no browser out. */
const maxConnections = 64

const limits: Http.ServerOptions = {
  // A browser sends the cookies of every program on 127.0.0.1, whatever its port.
  maxHeaderSize: 64 * 1024,
  headersTimeout: 5000,
  requestTimeout: 5000,
  connectionsCheckingInterval: 1000
}

interface Server {
  readonly port: number
  readonly close: Effect.Effect<void>
}

const serve = (
  { createServer }: typeof Http,
  port: number,
  respond: (request: Http.IncomingMessage, response: Http.ServerResponse, port: number) => void
): Effect.Effect<Server, Callback.CallbackUnavailable> =>
  Effect.callback((resume) => {
    const server = createServer(limits)
    const sockets = new Set<Socket>()
    const used = new WeakSet<Socket>()

    const close = Effect.callback<void>((closed) => {
      server.close(() => closed(Effect.void))
      for (const socket of sockets) socket.destroy()
    })

    server.on("connection", (socket: Socket) => {
      sockets.add(socket)
      socket.once("close", () => sockets.delete(socket))
      const [oldest] = sockets
      if (sockets.size > maxConnections) oldest?.destroy()
    })
    server.once("error", (error) => resume(Effect.fail(unavailable(error, port))))
    // `exclusive`: the workers of a cluster would share the port, and a callback would reach any of them.
    server.listen({ host: "127.0.0.1", port, exclusive: true }, () => {
      const address = server.address()
      const bound = address !== null && typeof address === "object" ? address.port : port
      // A connection that cannot be accepted must not end the process.
      server.on("error", () => {})
      server.on("request", (request, response) => {
        // Each connection is for one request. A second one may have come in the same packet.
        if (used.has(request.socket)) return void response.destroy()
        used.add(request.socket)
        respond(request, response, bound)
      })
      resume(Effect.succeed({ port: bound, close }))
    })
  })

// -----------------------------------------------------------------------------
// the listener
// -----------------------------------------------------------------------------

interface Login {
  readonly callback: Deferred.Deferred<Redacted.Redacted<string>>
  hasCallback: boolean
}

const listen = Effect.fnUntraced(function*(
  { port = 0 }: Callback.Options = {}
): Effect.fn.Return<Callback.Listener, Callback.CallbackUnavailable, Scope.Scope> {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) return yield* outOfRange(port)
  const http = yield* Effect.promise(() => import("node:http"))
  const logins = new Map<string, Login>()

  const send = (response: Http.ServerResponse, kind: CallbackPage.Kind, sent: () => void = () => {}): void => {
    const { body, headers, status } = CallbackPage.page(kind)
    // `close` comes without `finish` if the browser has gone.
    response.once("finish", sent).once("close", sent)
    response.writeHead(status, { ...headers, "content-length": Buffer.byteLength(body) }).end(body)
  }

  const server = yield* Effect.acquireRelease(
    serve(http, port, (request, response, bound) => {
      const { headersDistinct, method, url: target } = request
      const judged = CallbackRequest.judge({ method, target, hosts: headersDistinct["host"] ?? [] }, bound)
      if (typeof judged === "string") return send(response, judged)
      const login = logins.get(judged.state)
      if (login === undefined) return send(response, "foreign")
      if (login.hasCallback) return send(response, "again")
      login.hasCallback = true
      const url = Redacted.make(`http://127.0.0.1:${bound}${target}`, { label: "callback" })
      send(response, judged.kind, () => void Deferred.doneUnsafe(login.callback, Effect.succeed(url)))
    }),
    ({ close }) => close
  )

  return {
    redirectUri: Callback.redirectUriOf(server.port),
    received: (state) =>
      Effect.suspend(() => {
        const key = Redacted.value(state)
        const login = logins.get(key) ?? { callback: Deferred.makeUnsafe(), hasCallback: false }
        logins.set(key, login)
        return Deferred.await(login.callback)
      })
  }
})

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * Listeners on 127.0.0.1.
 *
 * - A callback after the first one of the same login gets 410. It changes nothing.
 * - A request may have 64 KiB of headers, and must be complete after 5 seconds.
 * - 64 connections may be open. A further one closes the oldest.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<Callback.Callback> = Layer.succeed(Callback.Callback, { listen })
