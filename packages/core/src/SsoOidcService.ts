/**
 * The OIDC service of AWS IAM Identity Center as a value: what its operations share.
 *
 * @since 0.1.0
 */
import * as Service from "./aws/Service.ts"
import type * as SsoOidcError from "./SsoOidcError.ts"

/**
 * The service `SSO OIDC`. Its exceptions are told as OAuth tells them, by `error` and `error_description` (RFC 6749 section 5.2).
 *
 * @category models
 * @since 0.1.0
 */
export const service: Service.Service<SsoOidcError.ExceptionDetail> = {
  name: "SSO OIDC",
  endpointPrefix: "oidc",
  signingName: "sso-oauth",
  detail: (response, { error = "" }) => ({
    ...Service.textsOf(response, {
      errorDescription: "error_description",
      reason: "reason",
      endpoint: "endpoint",
      region: "region"
    }),
    ...response.common,
    error: response.text("error", error) ?? error
  })
}

/**
 * The type of an exception as the service writes it into the header `x-amzn-errortype`: with the namespace of its model.
 * `Wire.errorTypeIn` reads it back.
 *
 * @category error types
 * @since 0.1.0
 */
export const errorTypeHeader = (type: string): string =>
  `${type}:http://internal.amazon.com/coral/com.amazonaws.sso.oidc/`
