/** A proxy that this project did not write (`proxy` on npm), on loopback. It records what it sees. */
import * as Effect from "effect/Effect"
import * as Http from "node:http"
import * as Https from "node:https"
import type * as Net from "node:net"
import { createProxy } from "proxy"

/** What a client asked the proxy for. */
export interface Asked {
  readonly line: string
  readonly headers: Http.IncomingHttpHeaders
}

export interface Proxy {
  readonly url: string
  readonly port: number
  readonly asked: Array<Asked>
  /** How many connections came, how many were open at most at once, and how many the proxy still holds. */
  readonly connections: () => number
  readonly most: () => number
  readonly open: () => number
  /** The bytes that came through its tunnels, as the proxy could read them. */
  readonly seen: () => string
}

export interface Options {
  /** The only name and password that it accepts. */
  readonly user?: string
  /** The certificate of a proxy that speaks TLS itself. */
  readonly certificate?: Https.ServerOptions
}

export const make = (options: Options = {}) =>
  Effect.acquireRelease(
    Effect.callback<{ readonly view: Proxy; readonly close: (done: () => void) => void }>((resume) => {
      const { certificate, user } = options
      const server = createProxy(certificate === undefined ? Http.createServer() : Https.createServer(certificate))
      const sockets = new Set<Net.Socket>()
      const asked: Array<Asked> = []
      let connections = 0
      let most = 0
      let seen = ""
      if (user !== undefined) {
        const expected = `Basic ${Buffer.from(user).toString("base64")}`
        server.authenticate = (request) => request.headers["proxy-authorization"] === expected
      }
      const note = ({ headers, method, url }: Http.IncomingMessage) => asked.push({ line: `${method} ${url}`, headers })
      server.on("connect", note).on("request", note)
      server.on("connection", (socket: Net.Socket) => {
        connections++
        sockets.add(socket)
        most = Math.max(most, sockets.size)
        socket.on("error", () => {})
        socket.on("close", () => sockets.delete(socket))
      })
      // the proxy has paused the socket, and resumes it when the tunnel is open
      server.on("connect", (_request, socket) => {
        socket.on("data", (data) => {
          seen += data.toString("latin1")
        })
      })
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        const port = address !== null && typeof address === "object" ? address.port : 0
        resume(Effect.succeed({
          view: {
            url: `${certificate === undefined ? "http" : "https"}://127.0.0.1:${port}`,
            port,
            asked,
            connections: () => connections,
            most: () => most,
            open: () => sockets.size,
            seen: () => seen
          },
          close: (done) => {
            for (const socket of sockets) socket.destroy()
            server.close(done)
          }
        }))
      })
    }),
    ({ close }) => Effect.callback<void>((resume) => close(() => resume(Effect.void)))
  ).pipe(Effect.map(({ view }) => view))
