/** Servers on loopback that record what they see. */
import * as Effect from "effect/Effect"
import * as Net from "node:net"
import * as Tls from "node:tls"

/** One connection as the server sees it. */
export interface Connection {
  readonly socket: Net.Socket
  /** What arrived, after decryption. */
  received: string
  closed: boolean
}

export interface Server {
  readonly port: number
  readonly origin: string
  /** All connections in the order of their arrival, including those that never finished their TLS handshake. */
  readonly connections: Array<Connection>
  /** The connections that the server still holds. */
  readonly open: () => number
}

type Handler = (connection: Connection, index: number) => void

const listening = (
  scheme: "http" | "https",
  make: (seen: (socket: Net.Socket) => Connection) => Net.Server
) =>
  Effect.acquireRelease(
    Effect.callback<{ readonly server: Net.Server; readonly raw: Set<Net.Socket>; readonly view: Server }>((resume) => {
      const connections: Array<Connection> = []
      // closes also connections that never finished their handshake, and those that a proxy forgot
      const raw = new Set<Net.Socket>()
      const server = make((socket) => {
        const connection: Connection = { socket, received: "", closed: false }
        connections.push(connection)
        socket.on("error", () => {})
        socket.on("close", () => {
          connection.closed = true
        })
        return connection
      })
      server.on("connection", (socket) => {
        raw.add(socket)
        socket.on("close", () => raw.delete(socket))
      })
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        const port = address !== null && typeof address === "object" ? address.port : 0
        resume(Effect.succeed({
          server,
          raw,
          view: {
            port,
            origin: `${scheme}://127.0.0.1:${port}`,
            connections,
            open: () => connections.filter((connection) => !connection.closed).length
          }
        }))
      })
    }),
    ({ raw, server, view }) =>
      Effect.callback<void>((resume) => {
        for (const connection of view.connections) connection.socket.destroy()
        for (const socket of raw) socket.destroy()
        server.close(() => resume(Effect.void))
      })
  ).pipe(Effect.map(({ view }) => view))

/** Calls the handler for each piece that a connection sends. */
export const tcp = (onData: Handler, onConnection: Handler = () => {}) =>
  listening("http", (seen) => {
    let count = 0
    return Net.createServer((socket) => {
      const connection = seen(socket)
      const index = count++
      onConnection(connection, index)
      socket.on("data", (data) => {
        connection.received += data.toString("latin1")
        onData(connection, index)
      })
    })
  })

/** The same behind TLS. */
export const tls = (certificate: Tls.TlsOptions, onData: Handler) =>
  listening("https", (seen) => {
    let count = 0
    const server = Tls.createServer(certificate, (socket) => {
      const connection = seen(socket)
      const index = count++
      socket.on("data", (data) => {
        connection.received += data.toString("latin1")
        onData(connection, index)
      })
    })
    return server.on("tlsClientError", () => {})
  })

/** A whole response. */
export const response = (body: string, head: ReadonlyArray<string> = ["HTTP/1.1 200 OK"]): string =>
  [...head, `content-length: ${Buffer.byteLength(body)}`, "", body].join("\r\n")

/** Responds to each request on each connection. A request must have no body or come in one piece. */
export const always = (text: string): Handler => (connection) => {
  connection.socket.write(text)
}

/** Waits in real time until a condition is true, whatever the Clock of the test. */
export const until = (what: string, so: () => boolean) =>
  Effect.callback<void>((resume) => {
    const started = Date.now()
    const look = () => {
      if (so()) return resume(Effect.void)
      if (Date.now() - started > 5_000) return resume(Effect.die(new Error(`never: ${what}`)))
      timer = setTimeout(look, 5)
    }
    let timer = setTimeout(look, 0)
    return Effect.sync(() => clearTimeout(timer))
  })

/** Lets real time pass, whatever the Clock of the test. */
export const pause = (millis: number) =>
  Effect.callback<void>((resume) => {
    const timer = setTimeout(() => resume(Effect.void), millis)
    return Effect.sync(() => clearTimeout(timer))
  })

/** A port on which nothing listens. */
export const refusedPort = Effect.callback<number>((resume) => {
  const server = Net.createServer()
  server.listen(0, "127.0.0.1", () => {
    const address = server.address()
    const port = address !== null && typeof address === "object" ? address.port : 0
    server.close(() => resume(Effect.succeed(port)))
  })
})
