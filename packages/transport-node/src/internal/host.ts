/**
 * The host and the port of a URL, as sockets, TLS and people write them.
 */

/** What sockets and resolvers are given: no brackets, and the dot of the DNS root, which skips search domains. */
export const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, "")

/** Without the dot of the root too: it belongs to the question to the resolver, not to the name. */
export const nameOf = (url: URL): string => hostOf(url).replace(/\.$/, "")

export const portOf = (url: URL): number => url.port === "" ? url.protocol === "https:" ? 443 : 80 : Number(url.port)

// a URL writes an address in brackets or as four numbers, and lets no name end in a number
const isAddress = (url: URL): boolean => /^\[|\.\d+$/.test(url.hostname)

/**
 * The name to say in TLS, and to hold the certificate to; empty for an address, which TLS does not say. RFC 6066 section 3
 * has no dot at its end. Left to itself, the platform takes the name from the `host` header.
 */
export const servernameOf = (url: URL): string => isAddress(url) ? "" : nameOf(url)
