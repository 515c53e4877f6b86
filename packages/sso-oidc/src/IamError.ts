/// <reference path="./internal/names.ts" preserve="true" />
/**
 * Re-exports the module `@sso-oidc/iam/IamError`.
 *
 * @since 0.1.0
 */
export * from "@sso-oidc/iam/IamError"
