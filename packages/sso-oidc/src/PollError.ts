/// <reference path="./internal/names.ts" preserve="true" />
/**
 * Re-exports the module `@sso-oidc/device-grant/PollError`.
 *
 * @since 0.1.0
 */
export * from "@sso-oidc/device-grant/PollError"
