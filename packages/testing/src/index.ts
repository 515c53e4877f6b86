/**
 * Transports for tests, and the contract that any transport can be held to.
 *
 * @since 0.1.0
 */
export {}
