/**
 * Names of sections in sentences.
 */
import * as Wire from "@sso-oidc/core/aws/Wire"

/** A name in quotes, without characters that cannot be seen. */
export const quoted = (name: string): string => `"${Wire.printable(name)}"`

/** The header to write for a name. */
export const titleOf = (kind: "profile" | "sso-session", name: string): string => {
  if (kind === "profile" && name === "default") return "[default]"
  return /[\s"'\\]/.test(name) ? `[${kind} ${quoted(name)}]` : `[${kind} ${Wire.printable(name)}]`
}
