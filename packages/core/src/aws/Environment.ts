/**
 * Reads the endpoint from AWS's environment variables, like all AWS tools.
 *
 * - `AWS_ENDPOINT_URL_SSO_OIDC` for OIDC and `AWS_ENDPOINT_URL_SSO` for the portal (the id of the service, in upper case), or else
 *   `AWS_ENDPOINT_URL`: a custom endpoint. It is ignored if `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS` is `true`.
 * - `AWS_USE_FIPS_ENDPOINT`, `AWS_USE_DUALSTACK_ENDPOINT`: `true` or `false`, in any case.
 *
 * An empty variable is absent. `AWS_REGION` is not read, because it is the region of the workload, and the portal's often
 * differs. To use it, pass `region: Config.String("AWS_REGION")`.
 *
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
 * @since 0.1.0
 */
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import type * as Client from "./Client.ts"
import type * as Endpoint from "./Endpoint.ts"
import type * as Service from "./Service.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * The options that the environment gives: those of the endpoint, without the region.
 *
 * @category models
 * @since 0.1.0
 */
export type Environment = Omit<Endpoint.Options, "region">

// -----------------------------------------------------------------------------
// configs
// -----------------------------------------------------------------------------

const text = (name: string): Config.Config<string | undefined> =>
  Config.String(name).pipe(Config.withDefault(""), Config.map((value) => value === "" ? undefined : value))

const flag = (name: string): Config.Config<boolean | undefined> =>
  Config.mapEffect(text(name), (value) => {
    if (value === undefined || /^(?:true|false)$/i.test(value)) {
      return Effect.succeed(value === undefined ? undefined : value.toLowerCase() === "true")
    }
    const message = `${name} must be true or false. Correct the variable, or unset it.`
    return Effect.fail(new Config.ConfigError(new ConfigProvider.SourceError({ message })))
  })

/**
 * Reads the variables from the `ConfigProvider`, which is the environment of the process by default. It fails with a
 * `ConfigError` if a flag is neither `true` nor `false`. It does not check the endpoint: the client's layer does.
 *
 * @category configs
 * @since 0.1.0
 */
export const config = (service: Pick<Service.Service, "name">): Config.Config<Environment> => {
  const variable = `AWS_ENDPOINT_URL_${service.name.toUpperCase().replaceAll(" ", "_")}`
  return Config.all({
    specific: text(variable),
    general: text("AWS_ENDPOINT_URL"),
    ignore: flag("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"),
    useFipsEndpoint: flag("AWS_USE_FIPS_ENDPOINT"),
    useDualstackEndpoint: flag("AWS_USE_DUALSTACK_ENDPOINT")
  }).pipe(Config.map(({ general, ignore, specific, useDualstackEndpoint, useFipsEndpoint }) => {
    const endpoint = ignore === true ? undefined : specific ?? general
    return {
      endpoint,
      ...(endpoint === undefined
        ? {}
        : { endpointSource: specific === undefined ? "AWS_ENDPOINT_URL" : variable }),
      useFipsEndpoint,
      useDualstackEndpoint
    }
  }))
}

/**
 * The options of a client. Each is a value, or a `Config` that reads the value.
 *
 * @category models
 * @since 0.1.0
 */
export type Given = { readonly [K in keyof Client.Options]: Client.Options[K] | Config.Config<Client.Options[K]> }

const read = <A extends string | boolean | number | undefined>(given: A | Config.Config<A>): Config.Config<A> =>
  Config.isConfig(given) ? given : Config.succeed(given)

/**
 * The options of a client, for `SsoOidc.layerConfig`. An option that is not given comes from the environment.
 *
 * @example
 * ```ts
 * import * as Environment from "@sso-oidc/core/aws/Environment"
 * import * as SsoOidc from "@sso-oidc/core/SsoOidc"
 * import { service } from "@sso-oidc/core/SsoOidcService"
 * import * as Config from "effect/Config"
 *
 * const fixed = SsoOidc.layerConfig(Environment.options(service, { region: "eu-west-1" }))
 * const configured = SsoOidc.layerConfig(Environment.options(service, { region: Config.String("SSO_REGION") }))
 * ```
 *
 * @category configs
 * @since 0.1.0
 */
export const options = (service: Pick<Service.Service, "name">, given: Given): Config.Config<Client.Options> =>
  Config.all({
    environment: config(service),
    region: read(given.region),
    endpoint: read(given.endpoint),
    endpointSource: read(given.endpointSource),
    useFipsEndpoint: read(given.useFipsEndpoint),
    useDualstackEndpoint: read(given.useDualstackEndpoint),
    requestTimeout: Config.isConfig(given.requestTimeout) ? given.requestTimeout : Config.succeed(given.requestTimeout),
    maxResponseBytes: read(given.maxResponseBytes),
    userAgent: read(given.userAgent)
  }).pipe(
    Config.map(({ endpointSource, environment, ...given }) => ({
      ...given,
      ...sourceOf(endpointSource ?? (given.endpoint === undefined ? environment.endpointSource : undefined)),
      endpoint: given.endpoint ?? environment.endpoint,
      useFipsEndpoint: given.useFipsEndpoint ?? environment.useFipsEndpoint,
      useDualstackEndpoint: given.useDualstackEndpoint ?? environment.useDualstackEndpoint
    }))
  )

const sourceOf = (endpointSource: string | undefined) => endpointSource === undefined ? {} : { endpointSource }
