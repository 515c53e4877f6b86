/** The version of this package, for the relay's `user-agent` header. A test holds it against package.json. */
export const version = "0.1.0"
