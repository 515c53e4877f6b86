/// <reference path="./internal/names.ts" preserve="true" />
/**
 * Re-exports the module `@sso-oidc/iam/Credentials`.
 *
 * @since 0.1.0
 */
export * from "@sso-oidc/iam/Credentials"
