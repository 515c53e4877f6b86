/**
 * The fetch transport of SSO OIDC for Effect, and the relay that a page needs.
 *
 * @since 0.1.0
 */
export * as FetchTransport from "./FetchTransport.ts"
export * as RateLimit from "./RateLimit.ts"
export * as Relay from "./Relay.ts"
