/**
 * The OIDC service of AWS IAM Identity Center as a value. Its operations share it.
 *
 * @since 0.1.0
 */
import * as Service from "./aws/Service.ts"
import type * as SsoOidcError from "./SsoOidcError.ts"

/**
 * The service `SSO OIDC`. Its error responses have `error` and `error_description`, as OAuth defines them (RFC 6749 section 5.2).
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
 * The value of the header `x-amzn-errortype` for an exception. Like the service, it adds the namespace of the model.
 * `Wire.errorTypeIn` reads the value back.
 *
 * @category error types
 * @since 0.1.0
 */
export const errorTypeHeader = (type: string): string =>
  `${type}:http://internal.amazon.com/coral/com.amazonaws.sso.oidc/`
