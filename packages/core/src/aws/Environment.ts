/**
 * The endpoint that AWS's environment variables ask for, read as all AWS tools read them.
 *
 * - `AWS_ENDPOINT_URL_SSO_OIDC` (the service's id, in capitals), else `AWS_ENDPOINT_URL`: a custom endpoint, unless
 *   `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS` is true.
 * - `AWS_USE_FIPS_ENDPOINT`, `AWS_USE_DUALSTACK_ENDPOINT`: `true` or `false`.
 *
 * An empty variable counts as absent. The region is not among them: `AWS_REGION` is the workload's region and seldom the
 * portal's; who wants it asks for it by name.
 *
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
 * @since 0.1.0
 */
import * as Config from "effect/Config"
import * as Schema from "effect/Schema"
import type * as Client from "./Client.ts"
import type * as Endpoint from "./Endpoint.ts"
import type * as Service from "./Service.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * What the environment says of the endpoint: options of `SsoOidc.layer` without the region.
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
  Config.schema(Schema.String.check(Schema.isPattern(/^(?:true|false)?$/i, { expected: "true or false" })), name).pipe(
    Config.withDefault(""),
    Config.map((value) => value === "" ? undefined : value.toLowerCase() === "true")
  )

/**
 * Reads the variables from the `ConfigProvider`, by default the process's environment. Fails with a `ConfigError` where
 * a flag is neither `true` nor `false`; whether the endpoint can be used is for the client's layer to say.
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
 * A client's options, each of them given or to be read from configuration.
 *
 * @category models
 * @since 0.1.0
 */
export type Given = { readonly [K in keyof Client.Options]: Client.Options[K] | Config.Config<Client.Options[K]> }

const read = <A extends string | boolean | number | undefined>(given: A | Config.Config<A>): Config.Config<A> =>
  Config.isConfig(given) ? given : Config.succeed(given)

/**
 * A client's options with what they leave open taken from the environment, for `SsoOidc.layerConfig`.
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
