/**
 * How long a device grant waits after polls that fail.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"

/**
 * The limits of the back-off: after the n-th failure in a row the wait is `min(cap, interval × 2^n)`, lengthened by the jitter.
 *
 * @category models
 * @since 0.1.0
 */
export interface BackoffPolicy {
  /**
   * The longest back-off before jitter: 60 seconds by default. A bare number counts milliseconds. The cap never shortens a wait
   * below the interval. A value that is no duration counts as 60 seconds.
   */
  readonly cap: Duration.Input
  /**
   * The largest part by which a back-off is lengthened at random: 0.2 by default, which adds up to a fifth. It keeps many clients
   * from polling again at the same moment. It never shortens a wait. A negative number, an infinite number and `NaN` count as 0.
   */
  readonly jitter: number
}

/**
 * The policy that is used: a cap of 60 seconds and a jitter of 0.2, unless you provide another.
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
