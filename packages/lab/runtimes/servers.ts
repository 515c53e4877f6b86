/**
 * The servers that every column calls, in this process and from the workspace's sources.
 */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import * as Relay from "@sso-oidc/relay/Relay"
import * as ContractServerNode from "@sso-oidc/testing/contract/ContractServerNode"
import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServer from "effect/http/HttpServer"
import * as Layer from "effect/Layer"
import { createServer } from "node:http"
import { startUrl } from "./program/login.ts"
import type { Servers } from "./program/run.ts"

/** The relay of a page, in front of the emulator, on its own origin. */
const relay = Effect.fnUntraced(function*(page: string, emulator: string) {
  const transport = yield* Layer.build(NodeTransport.layer())
  const handler = yield* Relay.make({
    origins: [page],
    regions: ["eu-west-1"],
    startUrls: [startUrl],
    endpoint: emulator
  }).pipe(Effect.provideContext(transport))
  const context = yield* Layer.build(
    HttpRouter.serve(HttpRouter.add("*", "/sso-oidc/*", Relay.toHttpEffect(handler)), {
      disableListenLog: true,
      disableLogger: true
    })
      .pipe(Layer.provideMerge(NodeHttpServer.layer(createServer, { port: 0, host: "127.0.0.1" })))
  )
  const { address } = Context.get(context, HttpServer.HttpServer)
  if (!("port" in address)) return yield* Effect.die(new Error("the relay has no port"))
  return `http://127.0.0.1:${address.port}/sso-oidc`
})

/** The servers close with the scope. `page` is an empty page of the contract's origin, for a transport that runs in a page. */
export const start = Effect.gen(function*() {
  const contract = yield* ContractServerNode.make
  const origin = contract.addresses.http
  const context = yield* Layer.build(EmulatorServer.layer({ autoApprove: "1 second", cors: [origin] }))
  const { url: emulator } = yield* Effect.provide(EmulatorServer.EmulatorServer, context)
  const servers: Servers = { contract: contract.url, emulator, relay: yield* relay(origin, emulator) }
  return { servers, page: `${origin}/` }
})
