/**
 * A web handler on a socket of Node, and pages and relays on it.
 */
import * as Relay from "@sso-oidc/relay/Relay"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import type * as Layer from "effect/Layer"
import { createServer } from "node:http"

type Handler = (request: Request, connection: Relay.Connection) => Promise<Response> | Response

/**
 * Serves the handler and gives the server's address, as the README of the relay mounts it. If `drops` returns `true` for a
 * response, the connection closes instead.
 */
export const mounted = (handler: Handler, drops: (request: Request) => boolean = () => false) =>
  Effect.acquireRelease(
    Effect.callback<{ readonly origin: string; readonly close: () => void }>((resume) => {
      const server = createServer((incoming, outgoing) =>
        Relay.toNodeListener(async (request, connection) => {
          const response = await handler(request, connection)
          if (drops(request)) incoming.socket.destroy()
          return response
        })(incoming, outgoing)
      )
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        const port = typeof address === "object" && address !== null ? address.port : 0
        resume(Effect.succeed({
          origin: `http://127.0.0.1:${port}`,
          close: () => {
            server.close()
            server.closeAllConnections()
          }
        }))
      })
    }),
    ({ close }) => Effect.sync(close)
  )

/** A relay on a socket, which also serves a page. The same handler responds to both. */
export const relayed = Effect.fnUntraced(function*(
  options: Relay.Options,
  transport: Layer.Layer<HttpClient.HttpClient>,
  html?: string,
  drops?: (request: Request) => boolean
) {
  const { handler } = yield* Effect.acquireRelease(
    Effect.sync(() => Relay.toWebHandler(options, transport)),
    ({ dispose }) => Effect.promise(dispose)
  )
  const requests: Array<Request> = []
  const { origin } = yield* mounted((request, connection) => {
    if (html !== undefined && request.method === "GET") return page(html)
    requests.push(request)
    return handler(request, connection)
  }, drops)
  return { origin, requests, url: `${origin}/sso-oidc` }
})

/** A document as a response. */
export const page = (html: string): Response =>
  new Response(html, { headers: { "content-type": "text/html; charset=utf-8" } })
