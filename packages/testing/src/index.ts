/**
 * Transports for tests, and the contract that any transport can be held to, on every platform. The contract's server needs
 * Node, and so is a module to be imported by itself: `@sso-oidc/testing/ContractServerNode`.
 *
 * @since 0.1.0
 */
export * as AnyOperation from "./AnyOperation.ts"
export * as ContractServer from "./ContractServer.ts"
export * as Fault from "./Fault.ts"
export * as FaultyTransport from "./FaultyTransport.ts"
export * as RecordedTransport from "./RecordedTransport.ts"
export * as Script from "./Script.ts"
export * as ScriptedTransport from "./ScriptedTransport.ts"
export * as TransportContract from "./TransportContract.ts"
export * as TransportPromise from "./TransportPromise.ts"
