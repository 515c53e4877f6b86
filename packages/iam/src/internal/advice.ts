/**
 * What to do about an exception of CreateTokenWithIAM. Core's own words speak of a device login.
 */
import * as Endpoint from "@sso-oidc/core/aws/Endpoint"
import type * as Service from "@sso-oidc/core/aws/Service"
import type * as SsoOidcError from "@sso-oidc/core/SsoOidcError"
import * as SsoOidcService from "@sso-oidc/core/SsoOidcService"
import * as Result from "effect/Result"

const advices: { readonly [type: string]: string | undefined } = {
  AccessDeniedException:
    "Access was denied: assign the user to the application, and allow the role of the credentials to use it.",
  AuthorizationPendingException: "The grant waits for a person: call again after the interval.",
  ExpiredTokenException: "The code, token or assertion has expired: get a new one.",
  InvalidClientException: "The application is not accepted: check its ARN in clientId, and the region.",
  InvalidGrantException:
    "The code, token or assertion is used, revoked, of another application, or of an issuer that is not trusted: get a new one.",
  InvalidRequestException: "The request is not accepted: check the members of its grant.",
  InvalidScopeException: "A scope is not accepted: check scope, for example sts:identity_context.",
  UnauthorizedClientException: "The application may not use this grant: add the grant to the application.",
  UnsupportedGrantTypeException: "The grant type is not supported: check grantType."
}

/** The hosts of AWS's endpoints for a region. None if it is no region. */
const hostsOf = (region: string): ReadonlyArray<string> =>
  [false, true].flatMap((useFipsEndpoint) =>
    [false, true].flatMap((useDualstackEndpoint) => {
      const url = Result.getOrUndefined(
        Endpoint.resolve(SsoOidcService.service, { region, useDualstackEndpoint, useFipsEndpoint })
      )
      return url === undefined ? [] : [new URL(url).host]
    })
  )

/** The endpoint with a scheme, if it is one of these hosts over https and nothing else. */
const endpointAt = (hosts: ReadonlyArray<string>, endpoint: string): string | undefined => {
  const text = /^[a-z]+:\/\//i.test(endpoint) ? endpoint : `https://${endpoint}`
  const url = URL.canParse(text) ? new URL(text) : undefined
  return url !== undefined && hosts.includes(url.host) && url.href === `https://${url.host}/` ? url.origin : undefined
}

/**
 * The region to use, and its endpoint. A program may call an endpoint that a sentence names, so that of the response is named only if it is AWS's
 * endpoint for the region. A text that is no region is not named either.
 */
const elsewhere = ({ endpoint, region }: SsoOidcError.ExceptionDetail): string | undefined => {
  if (region === undefined) return undefined
  const hosts = hostsOf(region)
  if (hosts.length === 0) {
    return "The application is in another region. The response names none that can be used: look it up in Identity Center."
  }
  const use = `The application is in another region: use the region ${region}`
  if (endpoint === undefined) return `${use}.`
  const known = endpointAt(hosts, endpoint)
  return known === undefined
    ? `${use}. The response names an endpoint that is not AWS's: do not call it.`
    : `${use}, with the endpoint ${known}.`
}

/** The service whose exceptions say what to do about this operation. */
export const service: Service.Service<SsoOidcError.ExceptionDetail> = {
  ...SsoOidcService.service,
  detail: (response, exception) => {
    const detail = SsoOidcService.service.detail(response, exception)
    const advice = exception.type === "InvalidRequestRegionException" ? elsewhere(detail) : advices[exception.type]
    return advice === undefined ? detail : { ...detail, advice }
  }
}
