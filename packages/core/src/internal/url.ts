/**
 * Which URLs a secret or a person may be sent to.
 */

/** Loopback by name or address, as the URL parser spells hosts: IPv4 is normalised, IPv6 has brackets. */
export const isLoopback = (hostname: string): boolean =>
  hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname)

/** Parsed, or `undefined` where the text is no absolute URL. */
export const parse = (text: string): URL | undefined => URL.canParse(text) ? new URL(text) : undefined

/** https to anywhere, or http to loopback, without user info. */
export const isTrustworthy = (text: string): boolean => {
  const url = parse(text)
  return url !== undefined && url.username === "" && url.password === "" &&
    (url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url.hostname)))
}
