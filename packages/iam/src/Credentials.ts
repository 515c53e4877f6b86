/**
 * The AWS credentials that sign CreateTokenWithIAM.
 *
 * {@link Credentials} is one service, so that one line swaps it. No other operation of this project asks for it.
 *
 * - {@link layerKeys} has keys of your program.
 * - {@link layerEnvironment} reads AWS's variables.
 * - {@link layerProvider} asks a function, such as a credential provider of the AWS SDK for JavaScript.
 *
 * @since 0.1.0
 */
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Context from "effect/Context"
import type * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as IamError from "./IamError.ts"
import * as Check from "./internal/check.ts"
import * as Keeping from "./internal/keeping.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * Keys that sign a request.
 *
 * @category models
 * @since 0.1.0
 */
export interface Identity {
  /** The id of the access key. It is no secret, and is sent in clear text. */
  readonly accessKeyId: string
  /** The secret access key. It signs, and is never sent. */
  readonly secretAccessKey: Redacted.Redacted
  /** The session token of temporary credentials. It is sent. Absent for a key that lasts. */
  readonly sessionToken?: Redacted.Redacted | undefined
  /** When the credentials expire. Absent if that is not known, or if they last. */
  readonly expiration?: DateTime.Utc | undefined
}

/**
 * Credentials as the AWS SDK for JavaScript has them, with the secrets in clear text. Other members are not read.
 *
 * @category models
 * @since 0.1.0
 */
export interface SdkIdentity {
  /** The id of the access key. */
  readonly accessKeyId: string
  /** The secret access key, in clear text. */
  readonly secretAccessKey: string
  /** The session token, in clear text. */
  readonly sessionToken?: string | undefined
  /** When the credentials expire. */
  readonly expiration?: Date | undefined
}

/**
 * A function that gives credentials, such as `fromNodeProviderChain()` of `@aws-sdk/credential-providers`, or `AwsSdk.credentials(runtime)` of
 * `@sso-oidc/portal`.
 *
 * @category models
 * @since 0.1.0
 */
export type Provider = () => Promise<SdkIdentity>

/**
 * The options of {@link fromProvider} and {@link layerProvider}.
 *
 * @category models
 * @since 0.1.0
 */
export interface ProviderOptions {
  /** The longest time that one call of the function may take. 30 seconds by default, and 60 at most. It must be longer than zero; a bare number counts milliseconds. */
  readonly timeout?: Duration.Input | undefined
}

// -----------------------------------------------------------------------------
// service
// -----------------------------------------------------------------------------

/**
 * What {@link Credentials} gives.
 *
 * @category models
 * @since 0.1.0
 */
export interface Service {
  /**
   * The credentials to sign the next request with. They are asked for right before each request. If that takes longer than 60 seconds, the call
   * fails with a `CredentialsError`. The client's `requestTimeout` begins after it.
   */
  readonly get: Effect.Effect<Identity, IamError.CredentialsError>
  /**
   * Forgets an identity that `get` gave, because the service refused it: the next `get` asks for another. `createToken` calls it after a response that
   * means `"expired"` or `"rejected"`. Absent if nothing is kept.
   */
  readonly forget?: ((identity: Identity) => Effect.Effect<void>) | undefined
}

/**
 * The credentials as a service.
 *
 * @category services
 * @since 0.1.0
 */
export class Credentials extends Context.Service<Credentials, Service>()("@sso-oidc/iam/Credentials") {}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Gives these keys. Keys that cannot sign, and keys that have expired, are a `CredentialsError` of `get`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromKeys = (identity: Identity): Service => ({
  get: Effect.suspend(() => Effect.flatMap(Effect.fromResult(Check.identityOf(identity)), Keeping.unexpired))
})

const variable = (name: string): Config.Config<string | undefined> =>
  Config.String(name).pipe(Config.withDefault(""), Config.map((value) => value === "" ? undefined : value))

const variables = Config.all({
  accessKeyId: variable("AWS_ACCESS_KEY_ID"),
  secretAccessKey: variable("AWS_SECRET_ACCESS_KEY"),
  sessionToken: variable("AWS_SESSION_TOKEN"),
  expiration: variable("AWS_CREDENTIAL_EXPIRATION")
})

// `Date` reads nearly any text that has a number in it, and a time without a zone as that of this machine.
const iso8601 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/

const expirationIn = (text: string): Effect.Effect<Date, IamError.CredentialsError> => {
  const date = new Date(iso8601.test(text.trim()) ? text.trim() : Number.NaN)
  return Number.isNaN(date.getTime())
    ? Effect.fail(
      new IamError.CredentialsError({
        problem: "malformed",
        detail: "AWS_CREDENTIAL_EXPIRATION is no time in ISO 8601, such as 2026-11-24T12:00:00Z"
      })
    )
    : Effect.succeed(date)
}

/** The provider of the program. Effect's default one keeps the environment of its first use, so the environment is read anew in its place. */
const configProvider = /* @__PURE__ */ Effect.contextWith((context: Context.Context<never>) =>
  Effect.sync(() => Context.getOrUndefined(context, ConfigProvider.ConfigProvider) ?? ConfigProvider.fromEnv())
)

/**
 * Reads `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN` and `AWS_CREDENTIAL_EXPIRATION` from the `ConfigProvider`, which is the
 * environment of the process by default. The environment is read for each request, so that a change counts. An empty variable is absent.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromEnvironment: Service = {
  get: /* @__PURE__ */ Effect.suspend(() =>
    Effect.gen(function*() {
      const { accessKeyId, expiration, secretAccessKey, sessionToken } = yield* Effect.mapError(
        variables.parse(yield* configProvider),
        () => new IamError.CredentialsError({ problem: "missing", detail: "The configuration cannot be read" })
      )
      const absent = [
        ...(accessKeyId === undefined ? ["AWS_ACCESS_KEY_ID"] : []),
        ...(secretAccessKey === undefined ? ["AWS_SECRET_ACCESS_KEY"] : [])
      ]
      if (absent.length > 0) {
        return yield* new IamError.CredentialsError({
          problem: "missing",
          detail: `${absent.join(" and ")} ${absent.length === 1 ? "is" : "are"} not set`
        })
      }
      const ends = expiration === undefined ? undefined : yield* expirationIn(expiration)
      const identity = yield* Effect.fromResult(
        Check.identityOf({ accessKeyId, secretAccessKey, sessionToken, expiration: ends })
      )
      return yield* Keeping.unexpired(identity)
    })
  )
}

/**
 * Asks a function, and keeps what it gives until 5 minutes before the expiration. Concurrent requests share one call. Credentials without an
 * expiration are not kept: the function is called for each request.
 *
 * In the last 5 minutes, a request waits at most 5 seconds for new credentials. If the function takes longer or fails, the request gets those that
 * are kept, and the function is called again a minute later. The function runs in the scope, so that an interruption of one request leaves the
 * others alone. Credentials that the service refused are not given again, unless the function gives them. After the end of the scope, `get` fails with a `CredentialsError`.
 *
 * An invalid `timeout` is a mistake in the program: the effect dies with a `RangeError`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromProvider = (
  provider: Provider,
  options: ProviderOptions = {}
): Effect.Effect<Service, never, Scope.Scope> => Keeping.make(provider, options)

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * Credentials of these keys. See {@link fromKeys}.
 *
 * @example
 * ```ts
 * import * as Credentials from "@sso-oidc/iam/Credentials"
 * import * as Redacted from "effect/Redacted"
 *
 * const layer = (secret: string) =>
 *   Credentials.layerKeys({ accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: Redacted.make(secret) })
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layerKeys = (identity: Identity): Layer.Layer<Credentials> =>
  Layer.succeed(Credentials, fromKeys(identity))

/**
 * Credentials of AWS's environment variables. See {@link fromEnvironment}.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerEnvironment: Layer.Layer<Credentials> = /* @__PURE__ */ Layer.succeed(Credentials, fromEnvironment)

/**
 * Credentials of a function. See {@link fromProvider}.
 *
 * @example
 * ```ts
 * import * as Credentials from "@sso-oidc/iam/Credentials"
 *
 * const layer = (provider: Credentials.Provider) => Credentials.layerProvider(provider)
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layerProvider = (provider: Provider, options?: ProviderOptions): Layer.Layer<Credentials> =>
  Layer.effect(Credentials, fromProvider(provider, options))
