/**
 * Loads the platform's TLS, as the first request to AWS does. The official client always loads it. Over plain http ours does not, which would be
 * 14 to 25 ms that no real program saves.
 */
process.getBuiltinModule("node:https")
process.getBuiltinModule("node:tls")
