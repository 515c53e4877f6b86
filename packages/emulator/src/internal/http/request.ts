/**
 * Reads a request: its body, its query, its origin, and the program that sent it.
 */
import * as TrustedUrl from "@sso-oidc/core/aws/TrustedUrl"
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as Effect from "effect/Effect"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as Option from "effect/Option"
import type { RequestContext } from "../../Emulator.ts"

type Request = HttpServerRequest.HttpServerRequest

/** In bytes. A legitimate request has at most about 4 kB: a client secret and a token. */
export const maxBytes = 64 * 1024

/** The bytes of the body, or `undefined` if there are more than {@link maxBytes}. */
export const body = (request: Request): Effect.Effect<Uint8Array | undefined> =>
  Wire.readBody(request.stream, maxBytes).pipe(
    Effect.map(({ bytes, tooLarge }) => tooLarge ? undefined : bytes),
    // On some platforms an empty body has no stream. If a body breaks off, no client waits for the response
    Effect.catchTag("HttpServerError", () => Effect.succeed(new Uint8Array(0)))
  )

/** The fields of a form. */
export const form = (bytes: Uint8Array): URLSearchParams => new URLSearchParams(new TextDecoder().decode(bytes))

/** The query of the request's own URL. */
export const query = (request: Request): URLSearchParams => new URL(request.originalUrl).searchParams

/** The origin of a URL. It is `undefined` for a text that is not a URL, and for a URL with user info. */
export const originOf = (url: string): string | undefined => {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  return parsed === undefined || parsed.username !== "" || parsed.password !== "" ? undefined : parsed.origin
}

/** Whether the request names a loopback host, and no user info. */
export const isToLoopback = (request: Request): boolean =>
  originOf(request.originalUrl) !== undefined && TrustedUrl.isLoopback(new URL(request.originalUrl).hostname)

/** What the transport knows about the request. */
export const context = (request: Request): RequestContext => ({
  origin: originOf(request.originalUrl),
  requester: { address: Option.getOrUndefined(request.remoteAddress), userAgent: request.headers["user-agent"] }
})
