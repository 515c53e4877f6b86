/**
 * The fetch transport of SSO OIDC for Effect.
 *
 * @since 0.1.0
 */
export * as FetchTransport from "./FetchTransport.ts"
