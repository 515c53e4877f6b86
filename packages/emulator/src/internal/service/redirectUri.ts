/**
 * Which redirect URIs a client may register and name, and what is added to them.
 */
import * as TrustedUrl from "@sso-oidc/core/aws/TrustedUrl"

const parse = (text: string): URL | undefined => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  return url === undefined || url.username !== "" || url.password !== "" ? undefined : url
}

/**
 * An absolute URI without a fragment (RFC 6749 section 3.1.2): https, http to loopback (RFC 8252 section 7.3), or a
 * private scheme with a dot in its name (section 7.1), which leaves out `javascript:` and its like.
 */
export const isRedirectUri = (text: string): boolean => {
  const url = parse(text)
  return url !== undefined && !text.includes("#") &&
    (TrustedUrl.isTrusted(text) ? isPlainHost(url.host) : /^[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+:$/.test(url.protocol))
}

// The host goes into a content security policy, where a semicolon would begin another directive
const isPlainHost = (host: string): boolean => /^(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::\d+)?$/.test(host)

/**
 * Whether the URI is the registered one. A loopback address may come with any port, since the client gets its own from
 * the system (RFC 8252 section 7.3); all else must be equal to the letter (RFC 6749 section 3.1.2.3).
 */
export const isRegistered = (registered: string, given: string): boolean => {
  if (registered === given) return true
  const [a, b] = [parse(registered), parse(given)]
  return a !== undefined && b !== undefined && !given.includes("#") && a.protocol === "http:" &&
    b.protocol === "http:" && a.hostname === b.hostname && TrustedUrl.isLoopback(a.hostname) &&
    a.pathname === b.pathname && a.search === b.search
}

/** The URI with more in its query (RFC 6749 section 3.1.2). */
export const withQuery = (uri: string, parameters: Readonly<Record<string, string | undefined>>): string => {
  const url = new URL(uri)
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) url.searchParams.append(name, value)
  return url.href
}

/** Where a redirect goes, in a word that a person and a content security policy can read: an origin, or a scheme. */
export const destination = (uri: string): string => {
  const url = new URL(uri)
  return url.protocol === "http:" || url.protocol === "https:" ? url.origin : url.protocol
}
