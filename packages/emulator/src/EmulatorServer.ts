/**
 * The emulator on a socket: a Node server that listens on 127.0.0.1 and nowhere else.
 *
 * Only this module and the command need Node.
 *
 * @since 0.1.0
 */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Headers from "effect/http/Headers"
import * as HttpMiddleware from "effect/http/HttpMiddleware"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServer from "effect/http/HttpServer"
import type * as HttpServerError from "effect/http/HttpServerError"
import * as UrlParams from "effect/http/UrlParams"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { createServer, type Server } from "node:http"
import type { Socket } from "node:net"
import * as Emulator from "./Emulator.ts"
import * as EmulatorError from "./EmulatorError.ts"
import * as EmulatorHttp from "./EmulatorHttp.ts"
import { ResetConnection } from "./internal/http/faults.ts"
import * as Request from "./internal/http/request.ts"
import * as Settings from "./internal/service/options.ts"
import * as Random from "./internal/service/random.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * The emulator's options, and where it listens.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options extends Emulator.Options, Omit<EmulatorHttp.Options, "controlToken"> {
  /** The port on 127.0.0.1: a whole number from 0 to 65535. By default 0, which takes any free port. */
  readonly port?: number | undefined
  /**
   * Serves the control API. `true` makes a random token, which you find in {@link Service.controlToken}. You can give a
   * token of your own instead: at least 16 printable ASCII characters without a space. `false` by default.
   */
  readonly control?: boolean | Redacted.Redacted | undefined
}

/**
 * A running server.
 *
 * @category models
 * @since 0.1.0
 */
export interface Service {
  /** The endpoint for clients and the origin of the pages, such as `http://127.0.0.1:8484`, without a slash at its end. */
  readonly url: string
  /** The port that it listens on. */
  readonly port: number
  /** The token of the control API. `undefined` if the server does not serve it. */
  readonly controlToken: Redacted.Redacted | undefined
}

// -----------------------------------------------------------------------------
// service
// -----------------------------------------------------------------------------

/**
 * The running server as a service.
 *
 * @category services
 * @since 0.1.0
 */
export class EmulatorServer extends Context.Service<EmulatorServer, Service>()(
  "@sso-oidc/emulator/EmulatorServer"
) {}

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

// When the server closes, requests in flight have this long to end, in milliseconds. It is real time: a test clock that
// stands still must not keep the server open.
const grace = 500

/**
 * Closes the server. It stops listening and ends idle connections at once. Responses in flight have the grace time to go
 * out. Then every connection ends.
 *
 * Node's `closeAllConnections` ends only connections that its parser still reads. It misses an upgraded connection, and a
 * connection whose client does not read its last response.
 */
const closing = (server: Server): Effect.Effect<void> => {
  const sockets = new Set<Socket>()
  server.on("connection", (socket: Socket) => {
    sockets.add(socket)
    socket.once("close", () => sockets.delete(socket))
  })
  return Effect.callback<void>((resume) => {
    const late = setTimeout(() => {
      for (const socket of sockets) socket.destroy()
    }, grace)
    server.close(() => {
      clearTimeout(late)
      resume(Effect.void)
    })
  })
}

/**
 * Without a listener for `upgrade`, Node ignores the header `Upgrade` (RFC 9110 section 7.8). The request gets its ordinary
 * response, and the server still reads and closes the connection. The emulator speaks no other protocol.
 */
const neverUpgrading = (made: HttpServer.HttpServer["Service"], server: Server): HttpServer.HttpServer["Service"] =>
  HttpServer.make({
    address: made.address,
    serve: (app, middleware) =>
      Effect.tap(
        middleware === undefined ? made.serve(app) : made.serve(app, middleware),
        () => Effect.sync(() => server.removeAllListeners("upgrade"))
      )
  })

const why = (error: HttpServerError.ServeError, port: number): string => {
  const cause = error.cause
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause)
  return code === "EADDRINUSE"
    ? `port ${port} on 127.0.0.1 is in use, perhaps by an emulator that still runs; choose another, or 0 for any free port`
    : code === "EACCES"
    ? `this user may not listen on port ${port} of 127.0.0.1; choose a port above 1023, or 0 for any free port`
    : `cannot listen on port ${port} of 127.0.0.1 (${code})`
}

const listen = (port: number): Layer.Layer<HttpServer.HttpServer, EmulatorError.EmulatorError> =>
  Layer.effect(
    HttpServer.HttpServer,
    Effect.gen(function*() {
      if (!Number.isSafeInteger(port) || port < 0 || port > 65535) {
        return yield* new EmulatorError.EmulatorError({
          problem: "options",
          detail: `port must be a whole number from 0 to 65535, not ${Settings.quoted(port)}`
        })
      }
      const server = createServer()
      const close = closing(server)
      const made = yield* NodeHttpServer.make(() => server, {
        port,
        host: "127.0.0.1",
        disablePreemptiveShutdown: true
      })
        .pipe(
          Effect.mapError((error) => new EmulatorError.EmulatorError({ problem: "listen", detail: why(error, port) }))
        )
      yield* Effect.addFinalizer(() => close)
      return neverUpgrading(made, server)
    })
  )

// A user code is enough to approve a login, so the spans of the server must not hold one. At `/authorize` the headers of the
// response hold the code and the state, and a span would keep them. So these requests have no span.
// The portal reads an access token from a header of its own.
const unseen = Layer.mergeAll(
  Layer.effect(
    Headers.CurrentRedactedNames,
    Effect.map(Headers.CurrentRedactedNames, (names) => [...names, "x-amz-sso_bearer_token"])
  ),
  Layer.effect(
    UrlParams.CurrentRedactedNames,
    Effect.map(UrlParams.CurrentRedactedNames, (names) => [...names, "user_code"])
  ),
  Layer.succeed(HttpMiddleware.TracerDisabledWhen, (request) => /^\/authorize(?:[?#]|$)/.test(request.url))
)

// The request's fiber ends with its connection, so this effect does not have to end
const resetConnection = Layer.succeed(ResetConnection, (request) =>
  Effect.andThen(
    Effect.sync(() => NodeHttpServerRequest.toIncomingMessage(request).socket.destroy()),
    Effect.never
  ))

const optionError = (detail: string) => new EmulatorError.EmulatorError({ problem: "options", detail })

const controlToken = (
  control: Options["control"]
): Effect.Effect<Redacted.Redacted | undefined, EmulatorError.EmulatorError> => {
  if (control === undefined || control === false) return Effect.succeed(undefined)
  if (control === true) return Effect.sync(() => Redacted.make(Random.controlToken(), { label: "controlToken" }))
  if (!Redacted.isRedacted(control)) {
    return Effect.fail(optionError("control must be true, false or a token in Redacted.make, not the bare token"))
  }
  return /^[\x21-\x7e]{16,}$/.test(Redacted.value(control))
    ? Effect.succeed(control)
    : Effect.fail(optionError("the control token must have at least 16 printable ASCII characters, without a space"))
}

const origins = (cors: ReadonlyArray<string> = []): Effect.Effect<void, EmulatorError.EmulatorError> => {
  const problem = Settings.listProblem(cors)
  if (problem !== undefined) return Effect.fail(optionError(problem))
  const wrong = cors.find((origin) => !/^https?:/.test(origin) || Request.originOf(origin) !== origin)
  return wrong === undefined
    ? Effect.void
    : Effect.fail(
      optionError("a CORS origin must be a scheme, a host and possibly a port, such as http://localhost:5173")
    )
}

/**
 * Starts the emulator, and stops it when the layer's scope closes. The layer also provides the `Emulator`, with which a
 * program can approve logins.
 *
 * @example
 * ```ts
 * import * as Emulator from "@sso-oidc/emulator/Emulator"
 * import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
 * import * as Effect from "effect/Effect"
 *
 * const main = Effect.gen(function*() {
 *   const { url } = yield* EmulatorServer.EmulatorServer
 *   const emulator = yield* Emulator.Emulator
 *   // Point a client at `url`, then approve the code that it shows
 *   yield* emulator.authorizations.approve("BCDF-GHJK")
 *   return url
 * }).pipe(Effect.provide(EmulatorServer.layer({ expiresIn: "1 minute" })))
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  options: Options = {}
): Layer.Layer<Emulator.Emulator | EmulatorServer, EmulatorError.EmulatorError> =>
  Layer.unwrap(Effect.gen(function*() {
    yield* origins(options.cors)
    const token = yield* controlToken(options.control)
    const routes = EmulatorHttp.layer({ cors: options.cors, controlToken: token })
    return Layer.merge(
      HttpRouter.serve(routes, { disableLogger: true, disableListenLog: true }),
      Layer.effect(
        EmulatorServer,
        Effect.map(HttpServer.HttpServer, ({ address }) => {
          const url = HttpServer.formatAddress(address)
          return EmulatorServer.of({ url, port: Number(new URL(url).port), controlToken: token })
        })
      )
    ).pipe(
      Layer.provide([listen(options.port ?? 0), unseen, resetConnection]),
      Layer.provideMerge(Emulator.layer(options))
    )
  }))
