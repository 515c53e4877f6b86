/**
 * How a device grant backs off while the service cannot be reached.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"

/**
 * - `cap`: the longest wait that failures in a row may lead to. It never shortens a wait below the interval.
 * - `jitter`: the greatest part by which such a wait is lengthened at random, so that many clients do not come back at
 *   once. 0.2 lengthens by up to a fifth; it never shortens. What is no number of at least 0 counts as 0.
 *
 * @category models
 * @since 0.1.0
 */
export interface BackoffPolicy {
  readonly cap: Duration.Input
  readonly jitter: number
}

/**
 * The policy in force: 60 seconds and 0.2 unless provided otherwise.
 *
 * @example
 * ```ts
 * import * as DeviceGrant from "@sso-oidc/device-grant/DeviceGrant"
 * import { BackoffPolicy } from "@sso-oidc/device-grant/BackoffPolicy"
 * import * as Effect from "effect/Effect"
 *
 * const login = DeviceGrant.login({ clientName: "my-tool", startUrl: "https://my.awsapps.com/start" }).pipe(
 *   Effect.provideService(BackoffPolicy, { cap: "30 seconds", jitter: 0.5 })
 * )
 * ```
 *
 * @category references
 * @since 0.1.0
 */
export const BackoffPolicy = Context.Reference<BackoffPolicy>("@sso-oidc/device-grant/BackoffPolicy", {
  defaultValue: () => ({ cap: "60 seconds", jitter: 0.2 })
})
