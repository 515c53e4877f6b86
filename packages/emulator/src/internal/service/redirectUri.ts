/**
 * Checks redirect URIs, and adds parameters to them.
 */
import * as TrustedUrl from "@sso-oidc/core/aws/TrustedUrl"

const parse = (text: string): URL | undefined => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  return url === undefined || url.username !== "" || url.password !== "" ? undefined : url
}

/**
 * Whether a client may register this URI. It must be absolute, without a fragment (RFC 6749 section 3.1.2). Its scheme is
 * https, http to loopback (RFC 8252 section 7.3), or private with a dot in its name (section 7.1). The dot excludes
 * `javascript:` and the like.
 */
export const isRedirectUri = (text: string): boolean => {
  const url = parse(text)
  return url !== undefined && !text.includes("#") &&
    (TrustedUrl.isTrusted(text) ? isPlainHost(url.host) : /^[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+:$/.test(url.protocol))
}

// The host goes into a content security policy, in which a semicolon would start another directive
const isPlainHost = (host: string): boolean => /^(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::\d+)?$/.test(host)

/**
 * Whether the URI is the registered URI. A loopback address may have any port, because the system chooses the client's port
 * (RFC 8252 section 7.3). Everything else must be equal, character by character (RFC 6749 section 3.1.2.3).
 */
export const isRegistered = (registered: string, given: string): boolean => {
  if (registered === given) return true
  const [a, b] = [parse(registered), parse(given)]
  return a !== undefined && b !== undefined && !given.includes("#") && a.protocol === "http:" &&
    b.protocol === "http:" && a.hostname === b.hostname && TrustedUrl.isLoopback(a.hostname) &&
    a.pathname === b.pathname && a.search === b.search
}

/** Adds parameters to the query of the URI (RFC 6749 section 3.1.2). */
export const withQuery = (uri: string, parameters: Readonly<Record<string, string | undefined>>): string => {
  const url = new URL(uri)
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) url.searchParams.append(name, value)
  return url.href
}

/** The origin of the redirect, or its scheme. A person and a content security policy can read both. */
export const destination = (uri: string): string => {
  const url = new URL(uri)
  return url.protocol === "http:" || url.protocol === "https:" ? url.origin : url.protocol
}
