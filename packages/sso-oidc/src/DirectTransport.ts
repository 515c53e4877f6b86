/// <reference path="./internal/names.ts" preserve="true" />
/**
 * Re-exports the module `@sso-oidc/transport-node/DirectTransport`.
 *
 * @since 0.1.0
 */
export * from "@sso-oidc/transport-node/DirectTransport"
