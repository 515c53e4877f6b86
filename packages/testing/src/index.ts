/**
 * Transports for tests, and the contract that any transport can be held to.
 *
 * @since 0.1.0
 */
export * as ContractServer from "./ContractServer.ts"
export * as ContractServerNode from "./ContractServerNode.ts"
export * as TransportContract from "./TransportContract.ts"
export * as TransportPromise from "./TransportPromise.ts"
