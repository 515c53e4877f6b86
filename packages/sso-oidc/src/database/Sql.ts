/// <reference path="../internal/names.ts" preserve="true" />
/**
 * Re-exports the module `@sso-oidc/core/database/Sql`.
 *
 * @since 0.1.0
 */
export * from "@sso-oidc/core/database/Sql"
