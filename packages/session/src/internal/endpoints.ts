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

export interface Problem {
  /** Which of the two has no endpoint. */
  readonly of: "oidc" | "portal"
  readonly problem: EndpointError["problem"]
  /** What is wrong. It has no value. */
  readonly detail: string
}

const problem = (of: Problem["of"], { region }: Options) => ({ detail, problem }: EndpointError): Problem => ({
  of,
  problem,
  // the sentence about the region shows it
  detail: problem !== "region" ? detail : /fips/i.test(region) ? oldRegion : noRegion
})

const noRegion = "is not a region name. Write it like eu-west-1"

const oldRegion =
  "is an old name of a FIPS region, or no region name. Write the plain region, such as us-east-1, and ask for FIPS"

/** Nothing, or the first problem. The detail about a region lacks its subject. */
export const check = (options: Options): Result.Result<undefined, Problem> => {
  const { portalEndpoint: endpoint, portalEndpointSource: endpointSource = "`portalEndpoint`" } = options
  return Result.mapError(Endpoint.resolve(service, options), problem("oidc", options)).pipe(
    Result.flatMap(() =>
      Result.mapError(
        Endpoint.resolve(portal, { ...options, endpoint, endpointSource }),
        problem("portal", options)
      )
    ),
    Result.map(() => undefined)
  )
}
