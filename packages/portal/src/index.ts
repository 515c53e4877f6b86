/**
 * The access portal of AWS IAM Identity Center for Effect: accounts, roles and role credentials.
 *
 * @since 0.1.0
 */
export * as AwsSdk from "./AwsSdk.ts"
export * as CachedCredentials from "./CachedCredentials.ts"
export * as CredentialsCache from "./CredentialsCache.ts"
export * as GetRoleCredentials from "./GetRoleCredentials.ts"
export * as ListAccountRoles from "./ListAccountRoles.ts"
export * as ListAccounts from "./ListAccounts.ts"
export * as Logout from "./Logout.ts"
export * as Portal from "./Portal.ts"
export * as PortalClient from "./PortalClient.ts"
export * as PortalError from "./PortalError.ts"
export * as PortalService from "./PortalService.ts"
export * as RoleCredentials from "./RoleCredentials.ts"
