/**
 * Which URLs a secret or a person may be sent to: https to anywhere, plain http to this machine alone.
 *
 * One rule for every room: endpoints, verification URIs, start URLs, redirect URIs.
 *
 * @since 0.1.0
 */
import * as Wire from "./Wire.ts"

// -----------------------------------------------------------------------------
// predicates
// -----------------------------------------------------------------------------

/**
 * Whether a host is this machine: `localhost`, 127.0.0.0/8 or `::1`. It is a host as `URL.hostname` spells it, or the address
 * of a peer, where an IPv4 address may be written as IPv6 (`::ffff:127.0.0.1`). The URL parser has made one spelling of the
 * others, such as `127.1` or `2130706433`.
 *
 * @category predicates
 * @since 0.1.0
 */
export const isLoopback = (hostname: string): boolean =>
  /^(?:localhost|\[?::1\]?|(?:::ffff:)?127(?:\.\d{1,3}){3})$/i.test(hostname)

/**
 * Whether a text is one absolute URL without user info, of https, or of http to loopback. It must be written as one: no
 * white space, no character that cannot be seen, `//` after its scheme, no backslash in its host, which a parser would forgive and a person misread, and no `@`
 * before its path. The parser drops an empty user info, as in `https://@evil.example/`.
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
