/**
 * The transports of every runtime that has `fetch`.
 */
import * as FetchTransport from "@sso-oidc/transport-browser/FetchTransport"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import type { Transports } from "./run.ts"

export const transports: Transports = {
  "transport-browser": () => FetchTransport.layer,
  fetch: () => FetchHttpClient.layer
}
