/// <reference path="../internal/names.ts" preserve="true" />
/**
 * The module `@sso-oidc/core/aws/CacheFile`.
 *
 * @since 0.1.0
 */
export * from "@sso-oidc/core/aws/CacheFile"
