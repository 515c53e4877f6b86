/**
 * Decides which URLs may receive a secret or a person: https to any host, and plain http to this machine only.
 *
 * All packages use this rule, for endpoints, verification URIs, start URLs and redirect URIs.
 *
 * @since 0.1.0
 */
import * as Wire from "./Wire.ts"

// -----------------------------------------------------------------------------
// predicates
// -----------------------------------------------------------------------------

/**
 * Whether a host is this machine: `localhost`, 127.0.0.0/8 or `::1`.
 *
 * Pass a host as `URL.hostname` writes it, or the address of a peer, which may be an IPv4 address in IPv6 form
 * (`::ffff:127.0.0.1`). The URL parser has already normalized other spellings, such as `127.1` or `2130706433`.
 *
 * @category predicates
 * @since 0.1.0
 */
export const isLoopback = (hostname: string): boolean =>
  /^(?:localhost|\[?::1\]?|(?:::ffff:)?127(?:\.\d{1,3}){3})$/i.test(hostname)

/**
 * Whether a text is an absolute URL of https, or of http to loopback, without user info.
 *
 * A parser accepts more spellings than a person reads correctly. So the text must have `//` after its scheme, no white space, no
 * invisible character, and no backslash in its host. It must have no `@` before its path: the parser drops an empty user info, as
 * in `https://@evil.example/`.
 *
 * @category predicates
 * @since 0.1.0
 */
export const isTrusted = (text: string): boolean => {
  if (!Wire.isPrintable(text) || !/^https?:\/\/[^\s\\/?#@]+(?:[/?#]\S*)?$/i.test(text) || !URL.canParse(text)) {
    return false
  }
  const url = new URL(text)
  return url.protocol === "https:" || isLoopback(url.hostname)
}
