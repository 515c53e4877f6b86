/**
 * Device logins of AWS IAM Identity Center that outlive the process that started them.
 *
 * @since 0.1.0
 */
export * as EngineStorage from "./EngineStorage.ts"
export * as Login from "./Login.ts"
export * as LoginError from "./LoginError.ts"
export * as LoginMetrics from "./LoginMetrics.ts"
export * as Logins from "./Logins.ts"
export * as LoginStore from "./LoginStore.ts"
export * as LoginStoreContract from "./LoginStoreContract.ts"
export * as RedisLoginStore from "./RedisLoginStore.ts"
export * as SqlLoginStore from "./SqlLoginStore.ts"
export * as Step from "./Step.ts"
