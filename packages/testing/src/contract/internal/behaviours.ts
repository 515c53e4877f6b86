/**
 * How the contract's server responds, by the first part of the path.
 */
import type * as Http from "node:http"
import * as Pattern from "./pattern.ts"

/** A request, and what the server knows about it. */
export interface Visit {
  readonly id: string
  readonly query: URLSearchParams
  /** The whole body. Call it after the request has ended. */
  readonly body: () => Uint8Array
  /** Whether the same connection has brought another request of this case before. */
  readonly kept: boolean
  readonly response: Http.ServerResponse
}

// long enough for the head to arrive before the response goes wrong
const soon = 50
// a limit, because a client that never stops must not keep the server busy forever
const endless = 256 * 1024 * 1024

const drop = (response: Http.ServerResponse) => response.socket?.resetAndDestroy()

const octets = (bytes: Uint8Array): Http.OutgoingHttpHeaders => ({
  "content-type": "application/octet-stream",
  "content-length": bytes.length
})

const send = ({ response }: Visit, bytes: Uint8Array) => response.writeHead(200, octets(bytes)).end(bytes)

const part = ({ response }: Visit, head: Http.OutgoingHttpHeaders, then: (response: Http.ServerResponse) => void) => {
  response.writeHead(200, { "content-type": "application/octet-stream", ...head }).write("part")
  setTimeout(() => then(response), soon)
}

export const behaviours: Readonly<Record<string, (visit: Visit) => void>> = {
  echo: (visit) => send(visit, visit.body()),
  headers: (visit) => visit.response.writeHead(200, Pattern.responseHeaders).end("ok"),
  empty: ({ response }) => response.writeHead(200, { "content-length": 0 }).end(),
  none: ({ response }) => response.writeHead(204).end(),
  large: (visit) => send(visit, Pattern.pattern(Pattern.large)),
  status: ({ query, response }) => {
    const code = Number(query.get("code"))
    const known = Pattern.statuses.includes(code) || code === 421
    response.writeHead(known ? code : 400, {
      "content-type": "application/json",
      ...(code === 401 ? { "www-authenticate": "Basic realm=\"contract\"" } : {}),
      ...(code === 429 || code === 503 ? { "retry-after": "0" } : {})
    }).end("{}")
  },
  redirect: ({ id, query, response }) => {
    const code = Number(query.get("code"))
    response.writeHead(code >= 301 && code <= 308 ? code : 400, { location: `/target/${id}` }).end("moved")
  },
  interim: (visit) => {
    visit.response.writeProcessing()
    visit.response.writeEarlyHints({ link: "</contract.css>; rel=preload; as=style" })
    send(visit, Buffer.from("final"))
  },
  target: (visit) => send(visit, Buffer.from("target")),
  cookie: ({ response }) => response.writeHead(200, { "set-cookie": "contract=kept; Path=/" }).end("cookie"),
  hold: () => {},
  trickle: (visit) => part(visit, { "content-length": 100 }, () => {}),
  endless: ({ response }) => {
    const chunk = Pattern.pattern(64 * 1024)
    let sent = 0
    const more = (): void => {
      while (!response.destroyed && sent < endless) {
        sent += chunk.length
        if (!response.write(chunk)) return void response.once("drain", more)
      }
      response.end()
    }
    response.writeHead(200, { "content-type": "application/octet-stream" })
    more()
  },
  reset: ({ response }) => drop(response),
  resetKept: (visit) => visit.kept ? drop(visit.response) : send(visit, Buffer.from("fresh")),
  // in one write: if the platform ends the response, it closes the connection some time later
  ending: ({ response }) => {
    const headers = Object.entries({ ...response.getHeaders(), ...octets(Buffer.from("ending")) })
    response.socket?.end(
      `HTTP/1.1 200 OK\r\n${headers.map(([name, value]) => `${name}: ${String(value)}\r\n`).join("")}\r\nending`
    )
  },
  endingSoon: (visit) => {
    // read it now, because the response gives its socket back when it ends
    const { socket } = visit.response
    send(visit, Buffer.from("ending"))
    setTimeout(() => socket?.end(), soon)
  },
  late: ({ response }) => void setTimeout(() => drop(response), soon),
  garbage: ({ response }) => response.socket?.end("SSH-2.0-contract\r\n"),
  cut: (visit) => part(visit, { "content-length": 100 }, (response) => response.socket?.end()),
  unchunked: (visit) => part(visit, {}, (response) => response.socket?.end()),
  resetBody: (visit) => part(visit, { "content-length": 100 }, drop)
}
