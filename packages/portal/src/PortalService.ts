/**
 * The access portal of AWS IAM Identity Center as a service value. Its operations share it.
 *
 * @since 0.1.0
 */
import * as Service from "@sso-oidc/core/aws/Service"
import type * as PortalError from "./PortalError.ts"

/**
 * The service `SSO`. Its error responses have a `message` and a type, and are no OAuth errors.
 *
 * @category models
 * @since 0.1.0
 */
export const service: Service.Service<PortalError.ExceptionFields> = {
  name: "SSO",
  endpointPrefix: "portal.sso",
  signingName: "awsssoportal",
  detail: (response) => ({ ...Service.textsOf(response, { errorDescription: "message" }), ...response.common })
}

/**
 * The member `__type` of an error response. Like the portal, it adds the namespace of the portal's own model. `Wire.errorTypeIn` reads the
 * value back.
 *
 * @category error types
 * @since 0.1.0
 */
export const errorType = (type: string): string => `com.amazonaws.switchboard.portal#${type}`
