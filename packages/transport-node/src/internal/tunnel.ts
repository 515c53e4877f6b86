/** A tunnel through a proxy to a TLS target (RFC 9110 section 9.3.6). */
import type { Socket } from "node:net"
import type * as Tls from "node:tls"
import * as Failure from "./failure.ts"
import * as Host from "./host.ts"
import type * as Opening from "./opening.ts"
import type * as Proxy from "./proxy.ts"
import * as ProxyParty from "./proxyParty.ts"

/** The most bytes of a proxy's response before the end of its head, interim responses included. */
const largestHead = 16 * 1024

/** The first characters of every response. */
const start = "HTTP/1."

/** The status of the head at the start of the text, and where the rest begins. It is `undefined` while the head has not ended. */
const headOf = (text: string): { readonly status: number; readonly end: number } | undefined => {
  if (!start.startsWith(text.slice(0, start.length))) throw new Failure.Judged("PROXY_HPE_INVALID_CONSTANT", true)
  const end = /\r?\n\r?\n/.exec(text)
  if (end === null) {
    if (text.length > largestHead) throw new Failure.Judged("PROXY_HPE_HEADER_OVERFLOW", true)
    return undefined
  }
  const status = /^HTTP\/1\.\d (\d{3})(?: |\r?\n)/.exec(text)?.[1]
  if (status === undefined) throw new Failure.Judged("PROXY_HPE_INVALID_CONSTANT", true)
  return { status: Number(status), end: end.index + end[0].length }
}

/**
 * Waits for the proxy's response to a CONNECT, and resolves once the tunnel is open. It parses the head itself: the platform
 * takes the first head for the last, but a proxy may send interim responses before it (RFC 9110 section 15.2). The bytes after
 * the head belong to the tunnel.
 */
const consent = (socket: Socket): Promise<Socket> =>
  new Promise((resolve, reject) => {
    let seen = Buffer.alloc(0)
    let spent = 0
    const end = (act: () => void) => {
      socket.off("data", onData).off("end", onEnd).off("close", onEnd).off("error", onError)
      act()
    }
    const fail = (error: unknown) => end(() => reject(Failure.ofUnused(error, ProxyParty.proxy)))
    const onError = fail
    const onEnd = () => fail({ code: "ECONNRESET" })
    const onData = (data: Uint8Array) => {
      seen = Buffer.concat([seen, data])
      try {
        for (let head = headOf(seen.toString("latin1")); head !== undefined; head = headOf(seen.toString("latin1"))) {
          const { status } = head
          seen = seen.subarray(head.end)
          spent += head.end
          if (status >= 200 && status < 300) {
            return end(() => {
              socket.pause()
              if (seen.length > 0) socket.unshift(seen)
              resolve(socket)
            })
          }
          // 101 is no interim response: it ends HTTP
          if (status < 100 || status >= 200 || status === 101) throw ProxyParty.refusedBy(status)
          if (spent > largestHead) throw new Failure.Judged("PROXY_HPE_HEADER_OVERFLOW", true)
        }
      } catch (error) {
        end(() => reject(error))
      }
    }
    socket.on("data", onData).on("end", onEnd).on("close", onEnd).on("error", onError)
  })

/** The User-Agent for the proxy if the request has none. */
const userAgent = "sso-oidc-transport-node"

/** Asks the proxy for a connection to the target. Of the request's headers it sends `user-agent` alone. */
export const through = (
  proxy: Proxy.Proxy,
  context: Tls.SecureContext | undefined,
  authority: string,
  agent: unknown
): Opening.Through =>
async (opening, socket) => {
  const { headers, servername, url } = proxy
  const secureContext = context === undefined ? {} : { secureContext: context }
  const way = url.protocol === "https:"
    ? await opening.secured(
      opening.own(() => opening.modules.tls.connect({ socket, host: Host.hostOf(url), servername, ...secureContext })),
      ProxyParty.proxy
    )
    : socket
  const said = {
    host: authority,
    // a proxy may read a missing header as `close`
    connection: "keep-alive",
    "user-agent": typeof agent === "string" && agent !== "" ? agent : userAgent,
    ...headers
  }
  const lines = Object.entries(said).map(([name, value]) => `${name}: ${value}\r\n`)
  way.write(`CONNECT ${authority} HTTP/1.1\r\n${lines.join("")}\r\n`, "latin1")
  return consent(way)
}
