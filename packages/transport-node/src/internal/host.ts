/** The host and the port of a URL, in the forms that sockets and TLS take. */

/**
 * The host for sockets and resolvers: without brackets, but with a dot at its end, which makes the resolver skip its search
 * domains.
 */
export const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, "")

/** The host without that dot. The dot is for the resolver and not part of the name. */
export const nameOf = (url: URL): string => hostOf(url).replace(/\.$/, "")

export const portOf = (url: URL): number => url.port === "" ? url.protocol === "https:" ? 443 : 80 : Number(url.port)

// a URL writes an address in brackets or as four numbers, and no name can end in a number
const isAddress = (url: URL): boolean => /^\[|\.\d+$/.test(url.hostname)

/**
 * The name for TLS (SNI) and for the certificate check. It is empty for an address, which SNI does not carry. It has no dot at
 * its end (RFC 6066 section 3). Without it, the platform would take the name from the `host` header.
 */
export const servernameOf = (url: URL): string => isAddress(url) ? "" : nameOf(url)
