/**
 * A server on loopback that sends the bytes that it is given, and reports the requests that it received.
 */
import type * as Client from "@sso-oidc/core/aws/Client"
import type * as CreateToken from "@sso-oidc/core/CreateToken"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import type * as StartDeviceAuthorization from "@sso-oidc/core/StartDeviceAuthorization"
import * as FetchTransport from "@sso-oidc/transport-browser/FetchTransport"
import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as Net from "node:net"

// -----------------------------------------------------------------------------
// server
// -----------------------------------------------------------------------------

export interface Connection {
  readonly socket: Net.Socket
  /** The paths of the requests on this connection, in order. */
  readonly paths: Array<string>
  closed: boolean
}

/** Sends one response: bytes, or an action on the socket. */
export type Script = string | Uint8Array | ((socket: Net.Socket) => void)

export interface Server {
  readonly origin: string
  readonly connections: ReadonlyArray<Connection>
  /** The paths of all requests. */
  readonly paths: () => ReadonlyArray<string>
  /** How many connections are open. */
  readonly open: () => number
}

// the end of a request's head, and the length of its body
const headOf = (received: string): { readonly path: string; readonly length: number } | undefined => {
  const end = received.indexOf("\r\n\r\n")
  if (end === -1) return undefined
  const length = Number(/\r\ncontent-length: (\d+)/i.exec(received.slice(0, end))?.[1] ?? 0)
  return { path: received.split(" ", 2)[1] ?? "", length: end + 4 + length }
}

/** Responds to the nth request, over all connections, with the nth script, and to further requests with the last script. */
export const serve = (...scripts: ReadonlyArray<Script>) =>
  Effect.acquireRelease(
    Effect.callback<{ readonly server: Net.Server; readonly view: Server }>((resume) => {
      const connections: Array<Connection> = []
      let responded = 0
      const server = Net.createServer({ noDelay: true }, (socket) => {
        const connection: Connection = { socket, paths: [], closed: false }
        connections.push(connection)
        let received = ""
        socket.on("error", () => {})
        socket.on("close", () => {
          connection.closed = true
        })
        socket.on("data", (data) => {
          received += data.toString("latin1")
          const head = headOf(received)
          if (head === undefined || received.length < head.length) return
          received = received.slice(head.length)
          connection.paths.push(head.path)
          const script = scripts[Math.min(responded++, scripts.length - 1)] ?? ""
          if (typeof script === "function") script(socket)
          else socket.write(script)
        })
      })
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        const port = address !== null && typeof address === "object" ? address.port : 0
        resume(Effect.succeed({
          server,
          view: {
            origin: `http://127.0.0.1:${port}`,
            connections,
            paths: () => connections.flatMap(({ paths }) => paths),
            open: () => connections.filter(({ closed }) => !closed).length
          }
        }))
      })
    }),
    ({ server, view }) =>
      Effect.callback<void>((resume) => {
        for (const { socket } of view.connections) socket.destroy()
        server.close(() => resume(Effect.void))
      })
  ).pipe(Effect.map(({ view }) => view))

/** Whether the condition became true within two seconds. */
export const becomes = (so: () => boolean): Effect.Effect<boolean> =>
  Effect.gen(function*() {
    for (let tries = 0; tries < 400 && !so(); tries++) yield* Effect.sleep("5 millis")
    return so()
  })

// -----------------------------------------------------------------------------
// responses
// -----------------------------------------------------------------------------

/** The secrets in these responses and requests. */
export const secret = {
  clientSecret: "client-secret-Zq8vK2nWp4",
  refreshToken: "aor-refresh-Bv7nQ3zJx9tLc",
  accessToken: "aoa-access-Gm4kY8sPdhXe6"
} as const

export const token = JSON.stringify({ accessToken: secret.accessToken, tokenType: "Bearer", expiresIn: 3600 })

/** A head and what follows it, as bytes. It has only the given headers. */
export const raw = (
  status: string,
  headers: ReadonlyArray<string>,
  body: string | Uint8Array = new Uint8Array()
): Uint8Array =>
  Buffer.concat([
    Buffer.from([`HTTP/1.1 ${status}`, ...headers, "", ""].join("\r\n"), "latin1"),
    typeof body === "string" ? Buffer.from(body) : body
  ])

export const requestId = "x-amzn-requestid: r-1"

/** A whole response in the service's dialect, with the length of its body. */
export const response = (
  body: string | Uint8Array,
  status = "200 OK",
  headers: ReadonlyArray<string> = []
): Uint8Array =>
  raw(status, [
    requestId,
    "content-type: application/json",
    ...headers,
    `content-length: ${Buffer.byteLength(body)}`
  ], body)

// -----------------------------------------------------------------------------
// cases
// -----------------------------------------------------------------------------

/** A response, and its only allowed outcome. */
export interface Case {
  readonly name: string
  readonly script: Script
  /** The outcome of both transports, or of Node's alone if the outcome of `fetch` differs. See `lineOf`. */
  readonly outcome: string
  readonly fetch?: string
  /** Whether the connection cannot be used again, so must close: for both transports, or for Node's alone. */
  readonly closed?: boolean
  readonly fetchClosed?: boolean
  /** What the redacted excerpt must hold. */
  readonly excerpt?: string
  readonly requestTimeout?: Duration.Input
}

/** Ends the connection after the bytes. */
export const closing = (bytes: Uint8Array) => (socket: Net.Socket): void => void socket.end(bytes)

// -----------------------------------------------------------------------------
// client
// -----------------------------------------------------------------------------

/** Both transports, as a program would use them. */
export const transports = [["node", NodeTransport.layer()], ["fetch", FetchTransport.layer]] as const

/** A client of the server. A call that takes as long as its limit hangs, unless the case is about the limit. */
export const client = (
  server: Server,
  transport: (typeof transports)[number][1],
  options?: Partial<Client.Options>
): Effect.Effect<SsoOidc.Service, never, Scope.Scope> =>
  Layer.build(
    SsoOidc.layer({ region: "eu-west-1", endpoint: server.origin, requestTimeout: "10 seconds", ...options }).pipe(
      Layer.provide(transport),
      Layer.orDie
    )
  ).pipe(Effect.flatMap((context) => Effect.provide(SsoOidc.SsoOidc, context)))

export const createToken = (oidc: SsoOidc.Service) =>
  oidc.createToken({
    grantType: "refresh_token",
    clientId: "client-id",
    clientSecret: Redacted.make(secret.clientSecret),
    refreshToken: Redacted.make(secret.refreshToken)
  })

export const start = (oidc: SsoOidc.Service) =>
  oidc.startDeviceAuthorization({
    clientId: "client-id",
    clientSecret: Redacted.make(secret.clientSecret),
    startUrl: "https://d-0123456789.awsapps.com/start"
  })

export type AnyError = CreateToken.Error | StartDeviceAuthorization.Error

/** An error as one line: its tag, what was wrong, the code, the status and the wait, if it has them. */
export const lineOf = (error: AnyError): string =>
  [
    error._tag,
    ...("sent" in error ? [error.sent] : []),
    ...("problem" in error ? [error.problem] : []),
    ...("code" in error && error.code !== undefined ? [error.code] : []),
    ...("status" in error && error.status !== undefined ? [error.status] : []),
    ...("retryAfter" in error && error.retryAfter !== undefined ? [`after ${error.retryAfter} s`] : [])
  ].join(" ")
