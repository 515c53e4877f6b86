/**
 * The network of a company between a client and the emulator. A proxy (`proxy` on npm) wants a password, and the service has
 * TLS with a certificate of its own.
 */
import * as Effect from "effect/Effect"
import * as Net from "node:net"
import * as Tls from "node:tls"
import { createProxy } from "proxy"
import * as Certificate from "./testOnlyCertificate.ts"

const listening = (server: Net.Server, port = 0) =>
  Effect.acquireRelease(
    Effect.callback<{ readonly port: number; readonly sockets: Set<Net.Socket>; readonly close: Effect.Effect<void> }>(
      (resume) => {
        const sockets = new Set<Net.Socket>()
        server.on("connection", (socket) => {
          sockets.add(socket)
          socket.on("error", () => {})
          socket.on("close", () => sockets.delete(socket))
        })
        server.listen(port, "127.0.0.1", () => {
          const address = server.address()
          const close = Effect.callback<void>((resume) => {
            for (const socket of sockets) socket.destroy()
            server.close(() => resume(Effect.void))
          })
          const port = address !== null && typeof address === "object" ? address.port : 0
          resume(Effect.succeed({ port, sockets, close }))
        })
      }
    ),
    ({ close }) => close
  )

/** TLS in front of a server that has none. */
export const behindTls = (port: number) =>
  Effect.map(
    listening(Tls.createServer(Certificate, (socket) => {
      const inner = Net.connect(port, "127.0.0.1")
      for (const each of [socket, inner]) each.on("error", () => {})
      socket.pipe(inner).pipe(socket)
      socket.on("close", () => inner.destroy())
      inner.on("close", () => socket.destroy())
    })),
    ({ port }) => `https://localhost:${port}`
  )

export interface Proxy {
  readonly port: number
  /** The name and password that the proxy accepts, as the header has them. */
  user: string
  /** The first lines of the requests to the proxy. */
  readonly asked: Array<string>
  /** Everything that went through its tunnels to the service, as the proxy could read it. */
  seen: string
  /** Ends every connection, as a restarted proxy does. */
  readonly drop: () => void
  /** Ends for good. */
  readonly close: Effect.Effect<void>
}

export const proxy = (user: string) =>
  Effect.gen(function*() {
    const server = createProxy()
    const { close, port, sockets } = yield* listening(server)
    const view: Proxy = {
      port,
      user,
      asked: [],
      seen: "",
      close,
      drop: () => {
        for (const socket of sockets) socket.destroy()
      }
    }
    server.authenticate = (request) =>
      request.headers["proxy-authorization"] === `Basic ${Buffer.from(view.user).toString("base64")}`
    server.on("connect", ({ method, url }, socket) => {
      view.asked.push(`${method} ${url}`)
      socket.on("data", (data) => {
        view.seen += data.toString("latin1")
      })
    })
    return view
  })
