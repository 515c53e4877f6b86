/**
 * The transports of every runtime that has `fetch`.
 */
import * as FetchTransport from "@sso-oidc/transport-browser/FetchTransport"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Layer from "effect/Layer"
import type { Transports } from "./run.ts"

export const transports: Transports = {
  "transport-browser": () => FetchTransport.layer,
  relay: ({ relay }) => Layer.orDie(FetchTransport.layerRelay({ url: relay })),
  fetch: () => FetchHttpClient.layer
}
