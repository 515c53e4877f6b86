/**
 * The OIDC service of AWS IAM Identity Center for Effect: its operations, errors, endpoints and client.
 *
 * Import the modules by their paths (`@sso-oidc/core/SsoOidc`) where bundle size matters to you and your bundler does
 * not drop unused namespaces.
 *
 * @since 0.1.0
 */
export * as AwsEnvironment from "./AwsEnvironment.ts"
export * as CreateToken from "./CreateToken.ts"
export * as Endpoint from "./Endpoint.ts"
export type * as Operation from "./Operation.ts"
export * as Refresh from "./Refresh.ts"
export * as RegisterClient from "./RegisterClient.ts"
export * as Retry from "./Retry.ts"
export * as SsoOidc from "./SsoOidc.ts"
export * as SsoOidcError from "./SsoOidcError.ts"
export * as StartDeviceAuthorization from "./StartDeviceAuthorization.ts"
export * as TransportCause from "./TransportCause.ts"
export * as TrustedUrl from "./TrustedUrl.ts"
