/// <reference path="./internal/names.ts" preserve="true" />
/**
 * The module `@sso-oidc/transport-node/NodeTransport`.
 *
 * @since 0.1.0
 */
export * from "@sso-oidc/transport-node/NodeTransport"
