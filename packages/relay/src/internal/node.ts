/** The relay as a listener of `node:http`. It uses the shape of Node's objects alone, and imports nothing of Node. */
import * as Predicate from "effect/Predicate"
import type { Incoming, Outgoing } from "../NodeMessage.ts"
import * as Received from "./received.ts"
import * as Responses from "./responses.ts"
import * as Unread from "./unread.ts"

type Handler = (request: Request, connection: Received.Connection) => Promise<Response>

/** How many ms a closing connection stays open for a client that still sends. Without them the client could lose the response. */
const grace = 500

type Listener = (incoming: Incoming, outgoing: Outgoing) => void

export const listener = (handler: Handler, origin: string | undefined): Listener => {
  if (origin !== undefined && !(URL.canParse(origin) && isOrigin.test(origin) && new URL(origin).origin === origin)) {
    throw new RangeError("Relay: origin must be an origin such as https://app.example, as a browser writes it")
  }
  return (incoming, outgoing) => {
    const gone = new AbortController()
    outgoing.on("close", () => gone.abort())
    const respond = async () => {
      const request = requestOf(incoming, origin, gone.signal)
      const response = request === undefined
        ? Unread.settle(
          new Request("http://localhost/", { headers: headersOf(incoming) }),
          Responses.refused(
            400,
            "The request has no header Host that names a host. Send one, or set the option origin of toNodeListener."
          ),
          { complete: false }
        )
        : await handler(request, { requestTarget: incoming.url ?? "", remoteAddress: incoming.socket.remoteAddress })
      await send(incoming, outgoing, response)
    }
    respond().catch(() => {
      if (outgoing.headersSent) return void outgoing.destroy()
      // the transport could not be built, or has a defect
      outgoing.writeHead(500, { "content-length": "0" })
      outgoing.end()
    })
  }
}

// a path or user info would change the URL's meaning
const isOrigin = /^https?:\/\/[^\s/?#\\@]+$/i

// -----------------------------------------------------------------------------
// requests
// -----------------------------------------------------------------------------

const headersOf = ({ rawHeaders }: Incoming): Headers => {
  const headers = new Headers()
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? ""
    // HTTP/2's own header names begin with a colon
    if (!name.startsWith(":")) headers.append(name, rawHeaders[at + 1] ?? "")
  }
  return headers
}

const originOf = (incoming: Incoming, headers: Headers): string => {
  const at = incoming.rawHeaders.indexOf(":authority")
  const host = at === -1 ? headers.get("host") : incoming.rawHeaders[at + 1]
  const isTls = Predicate.hasProperty(incoming.socket, "encrypted") && incoming.socket.encrypted === true
  return `${isTls ? "https" : "http"}://${host ?? ""}`
}

const requestOf = (
  incoming: Incoming,
  origin: string | undefined,
  signal: AbortSignal
): Request | undefined => {
  const headers = headersOf(incoming)
  const place = origin ?? originOf(incoming, headers)
  if (!isOrigin.test(place)) return undefined
  const method = incoming.method ?? "GET"
  const path = /^[a-z][a-z\d+.-]*:\/\/[^/?#\\]*(.*)$/i.exec(incoming.url ?? "")?.[1] ?? incoming.url ?? ""
  return Received.requestOf(`${place}${path.startsWith("/") ? path : "/"}`, {
    method,
    headers,
    signal,
    ...(method === "POST" ? { body: streamOf(incoming), duplex: "half" as const } : {})
  })
}

/**
 * The body as a stream, untouched until it is read, because Node itself reads the rest of an untouched body. `Readable.toWeb`
 * would close the connection when the relay stops reading, and the client would lose the relay's response.
 */
const streamOf = (incoming: Incoming): ReadableStream<Uint8Array<ArrayBuffer>> => {
  let state: "new" | "open" | "over" = "new"
  const open = (body: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>) => {
    const end = (how: () => void) => () => {
      if (state === "over") return
      state = "over"
      how()
    }
    state = "open"
    incoming.on("data", (chunk: Uint8Array) => {
      if (state === "over") return
      incoming.pause()
      body.enqueue(new Uint8Array(chunk))
    })
    incoming.on("end", end(() => body.close()))
    const broken = end(() => body.error(new Error("the request broke off")))
    incoming.on("error", broken)
    incoming.on("close", broken)
  }
  return new ReadableStream({
    pull: (body) => {
      if (state === "new") open(body)
      incoming.resume()
    },
    cancel: () => {
      state = "over"
      incoming.pause()
    }
  }, { highWaterMark: 0 })
}

// -----------------------------------------------------------------------------
// responses
// -----------------------------------------------------------------------------

const send = async (incoming: Incoming, outgoing: Outgoing, response: Response): Promise<void> => {
  const bytes = response.body === null ? undefined : new Uint8Array(await response.arrayBuffer())
  const { connection, ...headers } = Object.fromEntries(response.headers)
  // HTTP/2 closes streams, and forbids this header. After a request for another protocol, the bytes that follow are not read as
  // HTTP.
  const closes = incoming.httpVersionMajor === 1 && (connection === "close" || headersOf(incoming).has("upgrade"))
  outgoing.writeHead(response.status, {
    ...headers,
    ...(closes ? { connection: "close" } : {}),
    ...(bytes === undefined ? {} : { "content-length": String(bytes.length) })
  })
  if (bytes === undefined) return void outgoing.end()
  if (!closes) return void outgoing.end(bytes)
  // the response is complete by its length; ending it would close the connection, so that waits
  outgoing.write(bytes)
  await rest(incoming)
  outgoing.end()
}

/** Reads on for a moment. If a connection is closed over unread bytes, it is reset, and its client may lose the response. */
const rest = (incoming: Incoming): Promise<void> =>
  new Promise((resolve) => {
    if (incoming.readableEnded) return resolve()
    const done = () => {
      clearTimeout(timer)
      resolve()
    }
    const timer = setTimeout(done, grace)
    let size = 0
    incoming.on("data", (chunk: Uint8Array) => {
      size += chunk.length
      if (size <= Unread.most) return
      incoming.pause()
      done()
    })
    incoming.on("end", done)
    incoming.on("close", done)
    incoming.resume()
  })
