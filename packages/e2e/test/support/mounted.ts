/**
 * A web handler on a socket of Node, and pages and relays on it.
 */
import * as Relay from "@sso-oidc/transport-browser/Relay"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import type * as Layer from "effect/Layer"
import { createServer, type IncomingMessage } from "node:http"

type Handler = (request: Request) => Promise<Response> | Response

// `Readable.toWeb` would close the connection with the stream, and with it the way back for a refusal
const streamOf = (incoming: IncomingMessage) => {
  const chunks = incoming[Symbol.asyncIterator]()
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull: async (body) => {
      const { done, value } = await chunks.next()
      if (done === true) body.close()
      else body.enqueue(value)
    }
  })
}

/**
 * The address of a server that answers with the handler, as the README of transport-browser mounts it. `drops` says of
 * an answer that its connection closes instead.
 */
export const mounted = (handler: Handler, drops: (request: Request) => boolean = () => false) =>
  Effect.acquireRelease(
    Effect.callback<{ readonly origin: string; readonly close: () => void }>((resume) => {
      const server = createServer((incoming, outgoing) => {
        const gone = new AbortController()
        outgoing.once("close", () => gone.abort())
        const request = new Request(`http://${incoming.headers.host}${incoming.url}`, {
          method: incoming.method ?? "GET",
          headers: Object.entries(incoming.headersDistinct).flatMap(([name, values = []]) =>
            values.map((value): [string, string] => [name, value])
          ),
          signal: gone.signal,
          ...(incoming.method === "POST" ? { body: streamOf(incoming), duplex: "half" } : {})
        })
        const answer = async () => {
          const response = await handler(request)
          if (drops(request)) return void incoming.socket.destroy()
          outgoing.writeHead(response.status, Object.fromEntries(response.headers))
          outgoing.end(new Uint8Array(await response.arrayBuffer()))
        }
        answer().catch(() => outgoing.destroy())
      })
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

/** A relay on a socket, which also serves a page; the same handler answers both. */
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
  const { origin } = yield* mounted((request) => {
    if (html !== undefined && request.method === "GET") return page(html)
    requests.push(request)
    return handler(request)
  }, drops)
  return { origin, requests, url: `${origin}/sso-oidc` }
})

/** A document, as an answer. */
export const page = (html: string): Response =>
  new Response(html, { headers: { "content-type": "text/html; charset=utf-8" } })
