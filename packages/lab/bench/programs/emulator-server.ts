/**
 * A server that answers polls, for `bench/emulator.ts`. Its argument says which: `emulator`, `node` or `effect`.
 *
 * It gets messages from the process that started it, and tells its processor time when it is asked.
 */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import * as Effect from "effect/Effect"
import * as HttpServer from "effect/http/HttpServer"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { Asked, Codes, Given } from "../emulator.ts"

const tell = (message: Codes | number): void => void process.send?.(message)

/** The codes that wait, all of one registration, as a tool has them. */
const codesOf = (url: string, count: number) =>
  Effect.gen(function*() {
    const emulator = yield* Emulator.Emulator
    const { clientId, clientSecret } = yield* emulator.registerClient({ clientName: "bench", clientType: "public" })
    const start = Effect.map(
      emulator.startDeviceAuthorization({ clientId, clientSecret, startUrl: "https://bench.awsapps.com/start" }),
      ({ deviceCode }) => Redacted.value(deviceCode)
    )
    const codes = yield* Effect.forEach(Array.from({ length: count }), () => start)
    tell({ port: Number(new URL(url).port), clientId, clientSecret: Redacted.value(clientSecret), codes })
    return yield* Effect.never
  })

/** The emulator, with this many codes that wait. */
const emulator = (count: number): void =>
  void Effect.runFork(
    EmulatorServer.EmulatorServer.use(({ url }) => codesOf(url, count)).pipe(
      Effect.provide(
        EmulatorServer.layer({ expiresIn: "1 hour", capacity: count, requestsPerSecond: count })
      )
    )
  )

const portOf = (address: ReturnType<ReturnType<typeof createServer>["address"]>): Codes => ({
  port: typeof address === "object" && address !== null ? address.port : 0,
  clientId: "",
  clientSecret: "",
  codes: []
})

/** A server by hand, which reads the body and answers the same bytes each time. */
const node = ({ body, headers, status }: Given): void => {
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const chunks = new Array<Buffer>()
    request.on("data", (chunk: Buffer) => chunks.push(chunk))
    request.on("end", () => {
      Buffer.concat(chunks)
      response.writeHead(status, headers).end(body)
    })
  })
  server.listen(0, "127.0.0.1", () => tell(portOf(server.address())))
}

/** Effect's server, which reads the body and answers the same bytes each time. */
const effect = ({ body, headers, status }: Given): void => {
  const server = createServer()
  const app = Effect.flatMap(
    HttpServerRequest.HttpServerRequest,
    (request) =>
      Effect.map(
        request.arrayBuffer,
        () => HttpServerResponse.text(body, { status, headers, contentType: "application/json" })
      )
  )
  const layer = HttpServer.serve(app).pipe(
    Layer.provide(
      Layer.effect(HttpServer.HttpServer, NodeHttpServer.make(() => server, { port: 0, host: "127.0.0.1" }))
    )
  )
  server.on("listening", () => tell(portOf(server.address())))
  Effect.runFork(Layer.launch(layer))
}

let before = process.cpuUsage()
process.on("disconnect", () => process.exit())
process.on("message", (asked: Asked) => {
  if (asked._tag === "Start") {
    if (asked.server === "emulator") emulator(asked.count)
    else if (asked.server === "node") node(asked.given)
    else effect(asked.given)
    return
  }
  if (asked._tag === "Begin") {
    before = process.cpuUsage()
    return tell(0)
  }
  const { system, user } = process.cpuUsage(before)
  tell(system + user)
})
