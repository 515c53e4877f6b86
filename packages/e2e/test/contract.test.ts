/**
 * Our transports under the contract, and the guarantees that Effect's own transports are known to break.
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { assert, describe, it } from "@effect/vitest"
import * as ContractServerNode from "@sso-oidc/testing/contract/ContractServerNode"
import * as TransportContract from "@sso-oidc/testing/contract/TransportContract"
import type { GuaranteeName } from "@sso-oidc/testing/contract/TransportGuarantee"
import * as FetchTransport from "@sso-oidc/transport-browser/FetchTransport"
import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import type * as HttpClient from "effect/http/HttpClient"
import type * as Layer from "effect/Layer"

const server = ContractServerNode.layer

describe("transport-node keeps every guarantee", () => {
  TransportContract.register(it, { transport: NodeTransport.layer({ connectTimeout: "1 second" }), server })
})

describe("transport-browser keeps what fetch can keep", () => {
  TransportContract.register(it, {
    transport: FetchTransport.layer,
    server,
    guarantees: TransportContract.fetchGuarantees
  })
})

// the guarantees about safety, which no client may lose
const essential: ReadonlyArray<GuaranteeName> = [
  "bytes",
  "headers",
  "emptyBody",
  "largeBody",
  "statuses",
  "concurrency",
  "oneRequest",
  "interruption",
  "abandonedBody",
  "sentMaybe",
  "truncatedBody",
  "trust"
]

const foreign: ReadonlyArray<{
  readonly name: string
  readonly transport: Layer.Layer<HttpClient.HttpClient>
  readonly misses: ReadonlyArray<GuaranteeName>
}> = [
  { name: "FetchHttpClient.layer", transport: FetchHttpClient.layer, misses: ["noRedirect"] },
  { name: "NodeHttpClient.layerUndici", transport: NodeHttpClient.layerUndici, misses: ["connectTimeout"] },
  { name: "NodeHttpClient.layerNodeHttp", transport: NodeHttpClient.layerNodeHttp, misses: ["connectTimeout"] }
]

describe("Effect's own transports break only the known guarantees", () => {
  it.live.each(foreign)("$name", ({ misses, transport }) =>
    Effect.gen(function*() {
      const outcomes = yield* TransportContract.run({ transport, guarantees: essential, concurrency: 4 })
      const broken = outcomes.filter(({ verdict }) => verdict === "broken").map(({ violation }) => violation?.message)
      assert.deepStrictEqual(broken, [])
      const missed = new Set(outcomes.filter(({ verdict }) => verdict === "missed").map(({ guarantee }) => guarantee))
      assert.includeMembers([...missed], [...misses, "sentNo", "transient"])
    }).pipe(Effect.provide(server)))
})
