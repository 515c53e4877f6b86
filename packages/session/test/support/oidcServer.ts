/**
 * The OIDC service on a socket of 127.0.0.1: it refreshes every token, and records what it gets.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Http from "node:http"

export interface OidcServer {
  readonly url: string
  /** The body of each request. */
  readonly bodies: ReadonlyArray<string>
  /** The header `user-agent` of each request. */
  readonly agents: ReadonlyArray<string | undefined>
  /** The target of each tunnel that was asked for. The server opens none. */
  readonly tunnels: ReadonlyArray<string | undefined>
}

export interface Options {
  /** How many requests get 503 first. None by default. */
  readonly busy?: number
  /** Whether it never responds. */
  readonly isSilent?: boolean
}

const portOf = (server: Http.Server): number => {
  const address = server.address()
  return typeof address === "object" && address !== null ? address.port : 0
}

export const make = ({ busy = 0, isSilent = false }: Options = {}): Effect.Effect<OidcServer, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.callback<OidcServer & { readonly close: () => void }>((resume) => {
      const bodies: Array<string> = []
      const agents: Array<string | undefined> = []
      const tunnels: Array<string | undefined> = []
      const server = Http.createServer((request, response) => {
        let body = ""
        request.setEncoding("utf8").on("data", (text: string) => (body += text)).on("end", () => {
          bodies.push(body)
          agents.push(request.headers["user-agent"])
          if (isSilent) return
          const issued = { accessToken: "access-1", refreshToken: "refresh-1", tokenType: "Bearer", expiresIn: 28_800 }
          response.statusCode = bodies.length > busy ? 200 : 503
          response.setHeader("content-type", "application/json").end(JSON.stringify(issued))
        })
      })
      server.on("connect", (request, socket) => {
        tunnels.push(request.url)
        socket.end("HTTP/1.1 503 Service Unavailable\r\n\r\n")
      })
      const close = () => {
        server.close()
        server.closeAllConnections()
      }
      server.listen(0, "127.0.0.1", () => {
        resume(Effect.succeed({ url: `http://127.0.0.1:${portOf(server)}`, bodies, agents, tunnels, close }))
      })
    }),
    ({ close }) => Effect.sync(close)
  )
