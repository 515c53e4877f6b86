/**
 * The relay that a page needs, for SSO OIDC for Effect.
 *
 * @since 0.1.0
 */
export * as NodeMessage from "./NodeMessage.ts"
export * as RateLimit from "./RateLimit.ts"
export * as Relay from "./Relay.ts"
export * as RelayOptions from "./RelayOptions.ts"
