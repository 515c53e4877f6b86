/**
 * Requests that are written to a socket byte for byte, in ways that no client uses.
 */
import * as Effect from "effect/Effect"
import { connect, createServer } from "node:net"

export interface Raw {
  readonly method?: string
  readonly target?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** Whether the body is sent as one chunk, without a length. */
  readonly chunked?: boolean
}

export const origin = "https://app.example"

const path = "/sso-oidc/eu-west-1/client/register"

/** A request of a page to the relay, with the given changes. */
export const render = ({ body = "{}", chunked = false, headers, method = "POST", target = path }: Raw): string => {
  const all: Record<string, string> = {
    host: "127.0.0.1",
    origin,
    "content-type": "application/json",
    ...(chunked ? { "transfer-encoding": "chunked" } : { "content-length": String(Buffer.byteLength(body)) }),
    ...headers
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  const sent = chunked ? `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n` : body
  return `${method} ${target} HTTP/1.1\r\n${lines.join("")}\r\n${sent}`
}

export interface Heard {
  /** The final statuses, in turn. */
  readonly statuses: ReadonlyArray<number>
  readonly text: string
  /** Whether the server closed the connection. */
  readonly closed: boolean
}

const statusesOf = (text: string): ReadonlyArray<number> =>
  [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status)).filter((status) => status >= 200)

/**
 * What a server sends on one connection. It ends when the server has sent as many responses as there are requests, has closed
 * the connection, or after 3 seconds. Each request is written when the response to the previous request has begun.
 */
export const talk = (port: number, requests: ReadonlyArray<string>): Effect.Effect<Heard> =>
  Effect.callback((resume) => {
    const socket = connect(port, "127.0.0.1")
    let text = ""
    let written = 0
    const end = (closed: boolean) => {
      clearTimeout(timer)
      socket.destroy()
      resume(Effect.succeed({ statuses: statusesOf(text), text, closed }))
    }
    const next = () => {
      const request = requests[written++]
      if (request !== undefined) socket.write(request)
    }
    const timer = setTimeout(() => end(false), 3000)
    socket.setEncoding("latin1")
    socket.on("connect", next)
    socket.on("data", (chunk: string) => {
      text += chunk
      const heard = statusesOf(text).length
      if (heard >= requests.length && /\r\n\r\n/.test(text)) return end(false)
      if (heard >= written) next()
    })
    // an end that is reported as an error is an end too
    socket.on("error", () => {})
    socket.on("close", () => end(true))
    return Effect.sync(() => socket.destroy())
  })

/** Waits until a server listens. */
export const listening = (port: number): Effect.Effect<void> =>
  Effect.callback((resume) => {
    let isOver = false
    const attempt = () => {
      const socket = connect(port, "127.0.0.1")
      socket.on("connect", () => {
        socket.destroy()
        resume(Effect.void)
      })
      socket.on("error", () => {
        if (!isOver) setTimeout(attempt, 50)
      })
    }
    attempt()
    return Effect.sync(() => {
      isOver = true
    })
  })

/** A port where nothing listens. */
export const freePort: Effect.Effect<number> = Effect.callback((resume) => {
  const server = createServer()
  server.listen(0, "127.0.0.1", () => {
    const address = server.address()
    const port = typeof address === "object" && address !== null ? address.port : 0
    server.close(() => resume(Effect.succeed(port)))
  })
})
