/**
 * Reads a request: its body, its query, its origin, and the program that sent it.
 */
import * as TrustedUrl from "@sso-oidc/core/aws/TrustedUrl"
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as ByteSize from "effect/ByteSize"
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpIncomingMessage from "effect/http/HttpIncomingMessage"
import type * as HttpServerError from "effect/http/HttpServerError"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as Option from "effect/Option"
import type { RequestContext } from "../../Emulator.ts"

type Request = HttpServerRequest.HttpServerRequest

type Given = Pick<Request, "originalUrl">

/** In bytes. A legitimate request has at most about 4 kB: a client secret and a token. */
export const maxBytes = 64 * 1024

const limit = ByteSize.bytes(maxBytes)

const isTooLarge = ({ reason }: HttpServerError.HttpServerError): boolean =>
  reason._tag === "RequestParseError" && reason.reason === "BodyTooLarge"

/** The bytes of the body, or `undefined` if there are more than {@link maxBytes}. */
export const body = (request: Request): Effect.Effect<Uint8Array | undefined> =>
  Effect.matchEager(
    HttpClientRequest.isHttpClientRequest(request.source)
      // A request in process is read without a limit, except as a stream
      ? Effect.map(Wire.readBody(request.stream, maxBytes), ({ bytes, tooLarge }) => tooLarge ? undefined : bytes)
      // A server counts the bytes as they arrive. A stream would take several times as long
      : Effect.provideService(
        Effect.map(request.arrayBuffer, (buffer) => new Uint8Array(buffer)),
        HttpIncomingMessage.MaxBodySize,
        limit
      ),
    {
      onSuccess: identity,
      // On some platforms an empty body has no stream. If a body breaks off, no client waits for the response
      onFailure: (error) => isTooLarge(error) ? undefined : new Uint8Array(0)
    }
  )

/** The fields of a form. */
export const form = (bytes: Uint8Array): URLSearchParams => new URLSearchParams(new TextDecoder().decode(bytes))

const parsed = (url: string): URL | undefined => URL.canParse(url) ? new URL(url) : undefined

// A request needs its URL several times, and a client that polls sends the same URL again
let latest: { readonly text: string; readonly url: URL | undefined } = { text: "", url: undefined }

/** The request's own URL, or `undefined` if its host makes no URL. */
const urlOf = ({ originalUrl: text }: Given): URL | undefined => {
  if (text !== latest.text) latest = { text, url: parsed(text) }
  return latest.url
}

/** The request's own URL, or `undefined` if its host makes no URL. */
export const url = (request: Given): URL | undefined => urlOf(request)

/** The query of the request's own URL. */
export const query = (request: Given): URLSearchParams => urlOf(request)?.searchParams ?? new URLSearchParams()

const originIn = (url: URL | undefined): string | undefined =>
  url === undefined || url.username !== "" || url.password !== "" ? undefined : url.origin

/** The origin of a URL. It is `undefined` for a text that is not a URL, and for a URL with user info. */
export const originOf = (url: string): string | undefined => originIn(parsed(url))

/** The origin that the request names, as {@link originOf} gives it. */
export const ownOrigin = (request: Given): string | undefined => originIn(urlOf(request))

/** Whether the request names a loopback host, and no user info. */
export const isToLoopback = (request: Given): boolean => {
  const url = urlOf(request)
  return url !== undefined && originIn(url) !== undefined && TrustedUrl.isLoopback(url.hostname)
}

/** What the transport knows about the request. */
export const context = (request: Request): RequestContext => ({
  origin: ownOrigin(request),
  requester: { address: Option.getOrUndefined(request.remoteAddress), userAgent: request.headers["user-agent"] }
})
