/**
 * Which URLs and hosts the emulator accepts.
 */
import * as TrustedUrl from "@sso-oidc/core/TrustedUrl"

const parse = (text: string): URL | undefined => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  return url === undefined || url.username !== "" || url.password !== "" ? undefined : url
}

/** https to anywhere, or http to loopback. */
export const isStartUrl = TrustedUrl.isTrusted

/**
 * An absolute URI without a fragment (RFC 6749 section 3.1.2): https, http to loopback (RFC 8252 section 7.3), or a
 * private scheme with a dot in its name (section 7.1), which leaves out `javascript:` and its like.
 */
export const isRedirectUri = (text: string): boolean => {
  const url = parse(text)
  return url !== undefined && !text.includes("#") &&
    (isStartUrl(text) || /^[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+:$/.test(url.protocol))
}

/** The origin of a request's own URL, where its host is loopback. */
export const loopbackOrigin = (requestUrl: string): string | undefined => {
  const url = parse(requestUrl)
  return url !== undefined && TrustedUrl.isLoopback(url.hostname) ? url.origin : undefined
}

/** The origin of a request's own URL, or `undefined` where it names no host. */
export const originOf = (requestUrl: string): string | undefined => parse(requestUrl)?.origin
