/**
 * A listener before a server, which takes note of each request.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Http from "node:http"

/** The listener. */
export interface Front {
  /** Its address, on 127.0.0.1. */
  readonly url: string
  /** The method and the path of each request, in order, without the query. */
  readonly seen: Array<string>
}

const portOf = (server: Http.Server): number => {
  const address = server.address()
  return typeof address === "object" && address !== null ? address.port : 0
}

/**
 * Listens until the scope closes, and passes all requests on to the port. `takes` says how many milliseconds the response to a request to this
 * path waits.
 */
export const front = (
  port: number,
  takes: (path: string) => number = () => 0
): Effect.Effect<Front, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.callback<Front & { readonly close: () => void }>((resume) => {
      const seen: Array<string> = []
      const server = Http.createServer((request, response) => {
        const { headers, method, url: path = "" } = request
        seen.push(`${method} ${path.replace(/\?.*/, "")}`)
        const inner = Http.request({ port, host: "127.0.0.1", method, path, headers }, (from) => {
          const pass = () => {
            response.writeHead(from.statusCode ?? 0, from.headers)
            from.pipe(response)
          }
          const wait = takes(path)
          if (wait > 0) setTimeout(pass, wait)
          else pass()
        })
        inner.on("error", () => response.destroy())
        request.pipe(inner)
      })
      const close = () => {
        server.close()
        server.closeAllConnections()
      }
      server.listen(0, "127.0.0.1", () => {
        resume(Effect.succeed({ url: `http://127.0.0.1:${portOf(server)}`, seen, close }))
      })
    }),
    ({ close }) => Effect.sync(close)
  )
