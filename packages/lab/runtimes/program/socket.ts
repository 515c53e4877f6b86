/**
 * The transports that only Node has.
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
import type { Transports } from "./run.ts"

export const transports: Transports = {
  // shorter than the contract's time limit
  "transport-node": () => NodeTransport.layer({ connectTimeout: "1 second" }),
  undici: () => NodeHttpClient.layerUndici,
  "node-http": () => NodeHttpClient.layerNodeHttp
}
