/**
 * The checks of RegisterClient (RFC 7591 section 2).
 */
import * as TrustedUrl from "@sso-oidc/core/aws/TrustedUrl"
import * as CreateToken from "@sso-oidc/core/CreateToken"
import type * as RegisterClient from "@sso-oidc/core/RegisterClient"
import * as SsoOidcError from "@sso-oidc/core/SsoOidcError"
import * as Result from "effect/Result"
import { raise } from "./exceptions.ts"
import * as Lengths from "./lengths.ts"
import * as RedirectUri from "./redirectUri.ts"

/** The grant types of CreateToken, from the schema of its request. */
export const grantTypes: ReadonlyArray<string> = CreateToken.Request.members.map((member) =>
  member.fields.grantType.literal
)

// The grant types of a registration without `grantTypes`: the login that the service had first
const deviceLogin: ReadonlyArray<string> = [CreateToken.deviceCodeGrantType, "refresh_token"]

// RFC 6749 section 3.3
const isScope = (scope: string): boolean => /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(scope)

export interface Metadata {
  readonly clientName: string
  readonly scopes: ReadonlyArray<string>
  readonly grantTypes: ReadonlyArray<string>
  readonly redirectUris: ReadonlyArray<string>
  readonly issuerUrl: string | undefined
}

/** The first malformed scope, or `undefined`. */
export const malformedScope = (scopes: ReadonlyArray<string>): string | undefined =>
  scopes.find((scope) => !isScope(scope))

export const check = (request: RegisterClient.Request): Result.Result<Metadata, RegisterClient.Exception> => {
  const { clientName, grantTypes: asked = [], issuerUrl, redirectUris = [], scopes = [] } = request
  const sized = Lengths.check({ clientName, grantTypes: asked, issuerUrl, redirectUris, scopes })
  if (Result.isFailure(sized)) return Result.fail(sized.failure)
  if (clientName.trim() === "") {
    return raise(SsoOidcError.InvalidClientMetadataException, "clientName is empty")
  }
  if (request.clientType !== "public") {
    return raise(SsoOidcError.InvalidClientMetadataException, "clientType must be public")
  }
  if (!redirectUris.every(RedirectUri.isRedirectUri)) {
    return raise(
      SsoOidcError.InvalidRedirectUriException,
      "A redirect URI must be absolute, without a fragment, and https, http to loopback, or of a private scheme"
    )
  }
  if (!asked.every((grantType) => grantTypes.includes(grantType))) {
    return raise(SsoOidcError.UnsupportedGrantTypeException, `grantTypes may hold ${grantTypes.join(", ")}`)
  }
  if (malformedScope(scopes) !== undefined) return raise(SsoOidcError.InvalidScopeException, "A scope is malformed")
  if (asked.includes("authorization_code")) {
    // Two quirks of the service that its documentation does not mention
    if (asked.includes(CreateToken.deviceCodeGrantType)) {
      return raise(SsoOidcError.InvalidScopeException, "authorization_code and device_code need separate registrations")
    }
    if (scopes.length === 0) return raise(SsoOidcError.InvalidScopeException, "authorization_code needs scopes")
  }
  if (issuerUrl !== undefined && !TrustedUrl.isTrusted(issuerUrl)) {
    return raise(SsoOidcError.InvalidRequestException, "issuerUrl must be https, or http to loopback")
  }
  return Result.succeed({
    clientName,
    scopes: [...scopes],
    grantTypes: asked.length === 0 ? deviceLogin : [...asked],
    redirectUris: [...redirectUris],
    issuerUrl
  })
}
