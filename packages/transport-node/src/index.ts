/**
 * The Node transport of SSO OIDC for Effect.
 *
 * @since 0.1.0
 */
export * as DirectTransport from "./DirectTransport.ts"
export * as NodeEnvironment from "./NodeEnvironment.ts"
export * as NodeTransport from "./NodeTransport.ts"
export * as TransportOptionsError from "./TransportOptionsError.ts"
