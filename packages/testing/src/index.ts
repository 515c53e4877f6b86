/**
 * Transports for tests, and the contract of a transport as data. Everything here runs on every platform.
 *
 * `ContractServerNode` is not here, because it needs Node. Import it by itself:
 * `@sso-oidc/testing/contract/ContractServerNode`.
 *
 * @since 0.1.0
 */
export * as ContractServer from "./contract/ContractServer.ts"
export * as TransportContract from "./contract/TransportContract.ts"
export * as TransportGuarantee from "./contract/TransportGuarantee.ts"
export * as Fault from "./Fault.ts"
export * as FaultPlan from "./FaultPlan.ts"
export * as FaultyTransport from "./FaultyTransport.ts"
export * as RecordedTransport from "./RecordedTransport.ts"
export * as Script from "./Script.ts"
export * as ScriptedTransport from "./ScriptedTransport.ts"
