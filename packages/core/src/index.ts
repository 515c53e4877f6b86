/**
 * The OIDC service of AWS IAM Identity Center for Effect: its operations, errors, endpoints and client.
 *
 * Import the modules by their paths (`@sso-oidc/core/SsoOidc`) if your bundler does not drop unused namespaces.
 *
 * @since 0.1.0
 */
export * as AccessToken from "./AccessToken.ts"
export * as Client from "./aws/Client.ts"
export * as ClientError from "./aws/ClientError.ts"
export * as Endpoint from "./aws/Endpoint.ts"
export * as Environment from "./aws/Environment.ts"
export * as Operation from "./aws/Operation.ts"
export * as Retry from "./aws/Retry.ts"
export * as Service from "./aws/Service.ts"
export * as TransportCause from "./aws/TransportCause.ts"
export * as TrustedUrl from "./aws/TrustedUrl.ts"
export * as UserFunction from "./aws/UserFunction.ts"
export * as CreateToken from "./CreateToken.ts"
export * as PortalLogout from "./PortalLogout.ts"
export * as Refresh from "./Refresh.ts"
export * as RegisterClient from "./RegisterClient.ts"
export * as Registration from "./Registration.ts"
export * as Sealer from "./Sealer.ts"
export * as SsoOidc from "./SsoOidc.ts"
export * as SsoOidcError from "./SsoOidcError.ts"
export * as SsoOidcService from "./SsoOidcService.ts"
export * as StartDeviceAuthorization from "./StartDeviceAuthorization.ts"
export * as Token from "./Token.ts"
