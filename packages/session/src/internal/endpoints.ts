/**
 * Whether the OIDC service and the portal have an endpoint by some settings.
 */
import type { EndpointError } from "@sso-oidc/core/aws/ClientError"
import * as Endpoint from "@sso-oidc/core/aws/Endpoint"
import { service } from "@sso-oidc/core/SsoOidcService"
import * as Result from "effect/Result"

// the portal's rules are those of the OIDC service
const portal = { endpointPrefix: "portal.sso" }

export interface Options extends Endpoint.Options {
  readonly portalEndpoint?: string | undefined
  readonly portalEndpointSource?: string | undefined
}

export const check = (options: Options): Result.Result<string, EndpointError> => {
  const { portalEndpoint: endpoint, portalEndpointSource: endpointSource = "`portalEndpoint`" } = options
  return Result.flatMap(
    Endpoint.resolve(service, options),
    () => Endpoint.resolve(portal, { ...options, endpoint, endpointSource })
  )
}
