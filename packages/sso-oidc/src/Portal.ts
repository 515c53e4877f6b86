/// <reference path="./internal/names.ts" preserve="true" />
/**
 * Re-exports the module `@sso-oidc/portal/Portal`.
 *
 * @since 0.1.0
 */
export * from "@sso-oidc/portal/Portal"
