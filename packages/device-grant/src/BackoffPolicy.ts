/**
 * How a device grant backs off while the service cannot be reached.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"

/**
 * How long the waits after failures in a row become.
 *
 * @category models
 * @since 0.1.0
 */
export interface BackoffPolicy {
  /** The longest wait that failures in a row may lead to: 60 seconds by default. It never shortens a wait below the interval. */
  readonly cap: Duration.Input
  /**
   * The greatest part by which such a wait is lengthened at random, so that many clients do not come back at once: 0.2 by default,
   * which lengthens by up to a fifth. It never shortens a wait. A negative number and `NaN` count as 0.
   */
  readonly jitter: number
}

/**
 * The policy in force: 60 seconds and 0.2 unless you provide another.
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
