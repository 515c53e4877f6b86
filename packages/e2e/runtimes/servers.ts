/**
 * The servers that every column talks to, in this process and from the workspace's sources.
 */
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import * as ContractServerNode from "@sso-oidc/testing/ContractServerNode"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Servers } from "./program/run.ts"

/** They close with the scope. `page` is an empty page of the contract's origin, for a transport that lives in one. */
export const start = Effect.gen(function*() {
  const contract = yield* ContractServerNode.make
  const origin = contract.addresses.http
  const context = yield* Layer.build(EmulatorServer.layer({ autoApprove: 1, cors: [origin] }))
  const { url: emulator } = yield* Effect.provide(EmulatorServer.EmulatorServer, context)
  const servers: Servers = { contract: contract.url, emulator }
  return { servers, page: `${origin}/` }
})
