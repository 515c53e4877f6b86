/**
 * Settings by hand, with what the environment says of endpoints, as for the settings of a file.
 */
import * as Environment from "@sso-oidc/core/aws/Environment"
import { service } from "@sso-oidc/core/SsoOidcService"
import type * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import { AwsConfigError } from "../AwsConfigError.ts"
import * as SessionSettings from "../SessionSettings.ts"

// the portal's name, from which AWS makes that of its variable
const portal = { name: "SSO" }

/** The settings. An option wins over its variable. */
export const fromEnvironment = Effect.fnUntraced(function*(
  given: SessionSettings.Options
): Effect.fn.Return<SessionSettings.SessionSettings, AwsConfigError | Config.ConfigError> {
  const oidc = yield* Environment.config(service)
  const ofPortal = yield* Environment.config(portal)
  const endpointSource = given.endpoint === undefined ? oidc.endpointSource : undefined
  const portalEndpointSource = given.portalEndpoint === undefined ? ofPortal.endpointSource : undefined
  const sources = {
    ...(endpointSource === undefined ? {} : { endpointSource }),
    ...(portalEndpointSource === undefined ? {} : { portalEndpointSource })
  }
  const options = {
    ...given,
    ...sources,
    endpoint: given.endpoint ?? oidc.endpoint,
    portalEndpoint: given.portalEndpoint ?? ofPortal.endpoint,
    useFipsEndpoint: given.useFipsEndpoint ?? oidc.useFipsEndpoint,
    useDualstackEndpoint: given.useDualstackEndpoint ?? oidc.useDualstackEndpoint
  }
  const variables: Readonly<Record<string, string | undefined>> = {
    endpoint: endpointSource,
    portalEndpoint: portalEndpointSource,
    useFipsEndpoint: given.useFipsEndpoint === undefined ? "AWS_USE_FIPS_ENDPOINT" : undefined,
    useDualstackEndpoint: given.useDualstackEndpoint === undefined ? "AWS_USE_DUALSTACK_ENDPOINT" : undefined
  }
  const settings = yield* Effect.mapError(Effect.fromResult(SessionSettings.make(options)), (error) => {
    const setting = error.setting === undefined ? undefined : variables[error.setting]
    return setting === undefined
      ? error
      : new AwsConfigError({ source: "environment", setting, detail: error.detail })
  })
  return { ...settings, ...sources }
})
