/**
 * The contract's server on sockets of 127.0.0.1, with Node. When its scope closes, the server and all connections close.
 *
 * @since 0.1.0
 */
import * as TrustedUrl from "@sso-oidc/core/aws/TrustedUrl"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as Dns from "node:dns"
import * as Http from "node:http"
import * as Https from "node:https"
import * as Net from "node:net"
import { ContractServer, ContractServerError, type Service } from "./ContractServer.ts"
import * as Behaviours from "./internal/behaviours.ts"
import { Memory } from "./internal/memory.ts"
import { certificate } from "./internal/testOnlyCertificate.ts"

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

const listen = (
  server: Net.Server,
  port = 0,
  host = "127.0.0.1"
): Effect.Effect<number, ContractServerError, Scope.Scope> =>
  Effect.gen(function*() {
    const sockets = new Set<Net.Socket>()
    server.on("connection", (socket: Net.Socket) => {
      sockets.add(socket)
      socket.on("error", () => {})
      socket.once("close", () => sockets.delete(socket))
    })
    // a client that does not trust the certificate, or that stops during the handshake
    server.on("tlsClientError", () => {})
    return yield* Effect.acquireRelease(
      Effect.callback<number, ContractServerError>((resume) => {
        server.once("error", (error) =>
          resume(Effect.fail(
            new ContractServerError({ detail: `no socket on ${host} (${error.message}). Run again, or free the port.` })
          )))
        server.listen(port, host, () => {
          const address = server.address()
          resume(Effect.succeed(address !== null && typeof address === "object" ? address.port : 0))
        })
      }),
      () =>
        Effect.callback<void>((resume) => {
          server.close(() => resume(Effect.void))
          for (const socket of sockets) socket.destroy()
        })
    )
  })

// below the range of ports that systems give to connections, so that no connection of ours gets it by chance
const unused: Effect.Effect<number, ContractServerError> = Effect.suspend(() =>
  Effect.scoped(listen(Net.createServer(), 20_000 + Math.floor(Math.random() * 10_000)))
).pipe(Effect.retry({ times: 20 }))

/** The loopback addresses of a host name. On a machine without a resolver there is none, and the server keeps 127.0.0.1. */
const addressesOf = (name: string): Effect.Effect<ReadonlyArray<string>> =>
  Effect.callback((resume) => {
    Dns.lookup(name, { all: true }, (error, found) => {
      const addresses = error === null ? found.map(({ address }) => address) : []
      resume(Effect.succeed(addresses.filter(TrustedUrl.isLoopback)))
    })
  })

// For pages of other origins. These headers allow no cookies, so the cookie case runs in a page of this origin.
const open = {
  "access-control-allow-origin": "*",
  "access-control-allow-headers": "*",
  "access-control-allow-methods": "*",
  "access-control-expose-headers": "*",
  "cache-control": "no-store"
}

const settings: Http.ServerOptions = { keepAliveTimeout: 60_000, requestTimeout: 0 }

const headersOf = ({ rawHeaders }: Http.IncomingMessage): Array<readonly [string, string]> => {
  const headers: Array<readonly [string, string]> = []
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) headers.push([rawHeaders[i] ?? "", rawHeaders[i + 1] ?? ""])
  return headers
}

const base = "http://contract"

// more than the body of any case
const largest = 8 * 1024 * 1024

// OpenSSL allows this version only below its default security level
const old: Https.ServerOptions = {
  ...settings,
  ...certificate,
  ciphers: "DEFAULT@SECLEVEL=0",
  minVersion: "TLSv1",
  maxVersion: "TLSv1.1"
}

const page = "<!doctype html><title>contract</title><link rel=\"icon\" href=\"data:,\">"

const cases = (memory: Memory): Http.RequestListener => (request, response) => {
  const target = request.url ?? "/"
  const { pathname, searchParams: query } = new URL(URL.canParse(target, base) ? target : "/none", base)
  const [, behaviour = "", id = ""] = pathname.split("/")
  for (const [name, value] of Object.entries(open)) response.setHeader(name, value)
  if (request.method === "OPTIONS") return void response.writeHead(204).end()
  // an empty page of this origin, for transports that run in a page
  if (pathname === "/") return void response.writeHead(200, { "content-type": "text/html" }).end(page)
  const respond = Object.hasOwn(Behaviours.behaviours, behaviour) ? Behaviours.behaviours[behaviour] : undefined
  if (respond === undefined || id === "") return void response.writeHead(404).end()
  const { kept, piece } = memory.saw(id, request.socket, {
    method: request.method ?? "",
    target,
    headers: headersOf(request)
  })
  const pieces: Array<Uint8Array> = []
  let size = 0
  request.on("data", (bytes: Uint8Array) => {
    piece(bytes)
    pieces.push(bytes)
    size += bytes.length
    if (size > largest) request.destroy()
  })
  request.on("error", () => {})
  response.on("error", () => {})
  request.on("end", () => respond({ id, query, body: () => Buffer.concat(pieces), kept, response }))
}

const control = (memory: Memory, addresses: Service["addresses"]): Http.RequestListener => (request, response) => {
  const [, what, id = ""] = (request.url ?? "").split("/")
  const body = what === "addresses" ? addresses : what === "report" ? memory.report(id) : undefined
  response.writeHead(body === undefined ? 404 : 200, { ...open, "content-type": "application/json" })
  response.end(JSON.stringify(body ?? {}))
}

/**
 * Starts the server in the scope.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: Effect.Effect<Service, ContractServerError, Scope.Scope> = Effect.gen(function*() {
  const memory = new Memory()
  const loopback = (scheme: string, port: number) => `${scheme}://127.0.0.1:${port}`
  const http = yield* listen(Http.createServer(settings, cases(memory)))
  const families = yield* Effect.forEach(
    yield* addressesOf("localhost"),
    (host) => Effect.result(listen(Http.createServer(settings, cases(memory)), 0, host))
  )
  const addresses = {
    http: loopback("http", http),
    untrusted: loopback("https", yield* listen(Https.createServer({ ...settings, ...certificate }, cases(memory)))),
    silent: loopback("https", yield* listen(Net.createServer())),
    plain: loopback("https", http),
    old: loopback("https", yield* listen(Https.createServer(old, cases(memory)))),
    closing: loopback("https", yield* listen(Net.createServer((socket) => socket.once("data", () => socket.end())))),
    refused: loopback("http", yield* unused),
    unresolved: "http://does-not-exist.invalid",
    // an address cannot be served if the name has it but the machine does not
    families: families.filter(Result.isSuccess).map(({ success }) => `http://localhost:${success}`)
  }
  return {
    url: loopback("http", yield* listen(Http.createServer(control(memory, addresses)))),
    addresses,
    report: (id) => Effect.sync(() => memory.report(id))
  }
})

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * The server as a layer. It closes with the layer.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<ContractServer, ContractServerError> = /* @__PURE__ */ Layer.effect(
  ContractServer,
  make
)
