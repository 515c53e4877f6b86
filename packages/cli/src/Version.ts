/** The version of this command, for `--version`. A test holds it against package.json. */
export const version = "0.1.0"
