/**
 * The device authorization grant (RFC 8628) of AWS IAM Identity Center for Effect.
 *
 * @since 0.1.0
 */
export * as BackoffPolicy from "./BackoffPolicy.ts"
export * as DeviceGrant from "./DeviceGrant.ts"
export * as DeviceGrantError from "./DeviceGrantError.ts"
export * as DeviceGrantEvent from "./DeviceGrantEvent.ts"
export * as DeviceGrantStream from "./DeviceGrantStream.ts"
export * as PendingAuthorization from "./PendingAuthorization.ts"
export * as PollError from "./PollError.ts"
