/**
 * @since 0.1.0
 */
export * as AuthorizationCodeError from "./AuthorizationCodeError.ts"
export * as AwsConfig from "./AwsConfig.ts"
export * as AwsConfigError from "./AwsConfigError.ts"
export * as Browser from "./Browser.ts"
export * as CachedRegistration from "./CachedRegistration.ts"
export * as CachedToken from "./CachedToken.ts"
export * as CacheKey from "./CacheKey.ts"
export * as CacheUnreadable from "./CacheUnreadable.ts"
export * as Callback from "./Callback.ts"
export * as Lock from "./Lock.ts"
export * as LoginEvent from "./LoginEvent.ts"
export * as LoginMethod from "./LoginMethod.ts"
export * as Session from "./Session.ts"
export * as SessionSettings from "./SessionSettings.ts"
export * as TokenStore from "./TokenStore.ts"
export * as TokenStoreContract from "./TokenStoreContract.ts"
