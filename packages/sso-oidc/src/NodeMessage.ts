/// <reference path="./internal/names.ts" preserve="true" />
/**
 * The module `@sso-oidc/relay/NodeMessage`.
 *
 * @since 0.1.0
 */
export * from "@sso-oidc/relay/NodeMessage"
