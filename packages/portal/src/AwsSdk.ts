/**
 * Role credentials for the AWS SDK for JavaScript.
 *
 * The SDK takes a function that gives credentials, and calls it again before they end. {@link credentials} makes such a function from a
 * runtime that has a `Portal`. It imports nothing of the SDK, and never opens a browser.
 *
 * @see https://docs.aws.amazon.com/sdk-for-javascript/v3/developer-guide/setting-credentials-node.html
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Portal from "./Portal.ts"
import type * as RoleCredentials from "./RoleCredentials.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * Credentials as the SDK takes them. The secrets are **in clear text**, because the SDK signs with them: do not log this value.
 *
 * @category models
 * @since 0.1.0
 */
export interface Identity {
  /** The id of the access key. */
  readonly accessKeyId: string
  /** The secret access key, in clear text. */
  readonly secretAccessKey: string
  /** The session token, in clear text. */
  readonly sessionToken: string
  /** When the credentials expire. The SDK asks again when less than 5 minutes are left. */
  readonly expiration: Date
  /** The number of the account. */
  readonly accountId: string
}

/**
 * What the SDK may give to the function. Anything else that it gives is not read.
 *
 * @category models
 * @since 0.1.0
 */
export interface ProviderOptions {
  /** Whether new credentials are fetched even if fresh ones are kept. `false` by default. */
  readonly forceRefresh?: boolean | undefined
}

/**
 * The function that the SDK takes as `credentials`. It rejects with the error of `Portal.credentials`, or of the runtime's layer. The `message`
 * of that error is a sentence for a person.
 *
 * @category models
 * @since 0.1.0
 */
export type Provider = (options?: ProviderOptions) => Promise<Identity>

/**
 * A runtime that has a `Portal`, such as a `ManagedRuntime`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Runtime {
  /** Runs an effect. It rejects with the error of the effect. */
  readonly runPromise: <A, E>(effect: Effect.Effect<A, E, Portal.Portal>) => Promise<A>
}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Credentials in the form of the SDK.
 *
 * @category constructors
 * @since 0.1.0
 */
export const identity = (credentials: RoleCredentials.RoleCredentials): Identity => ({
  accessKeyId: credentials.accessKeyId,
  secretAccessKey: Redacted.value(credentials.secretAccessKey),
  sessionToken: Redacted.value(credentials.sessionToken),
  expiration: DateTime.toDateUtc(credentials.expiration),
  accountId: credentials.accountId
})

/**
 * A function that gives credentials to any client of the SDK. Without a role, it is that of the portal's layer.
 *
 * The SDK calls the function again when its credentials have less than 5 minutes left. All clients that use the same runtime share one
 * request.
 *
 * @example
 * ```ts
 * import * as AwsSdk from "@sso-oidc/portal/AwsSdk"
 * import type * as Portal from "@sso-oidc/portal/Portal"
 * import type * as ManagedRuntime from "effect/ManagedRuntime"
 *
 * const clientOptions = <E>(runtime: ManagedRuntime.ManagedRuntime<Portal.Portal, E>) => ({
 *   region: "us-east-1",
 *   credentials: AwsSdk.credentials(runtime, { accountId: "111122223333", roleName: "ReadOnly" })
 * })
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const credentials = (runtime: Runtime, role?: RoleCredentials.Role): Provider => (options) =>
  runtime.runPromise(Effect.map(
    Portal.Portal.use((portal) => portal.credentials(role, { forceRefresh: options?.forceRefresh === true })),
    identity
  ))
