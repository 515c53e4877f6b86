/** Sends one request to the service, and makes the relay's response from the service's. */
import type * as RelayVerdict from "@sso-oidc/core/aws/RelayVerdict"
import { isTransportCause } from "@sso-oidc/core/aws/TransportCause"
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as Effect from "effect/Effect"
import * as HttpBody from "effect/http/HttpBody"
import * as HttpClient from "effect/http/HttpClient"
import type * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Responses from "./responses.ts"
import type { Route, Settings } from "./settings.ts"

/** How far a request has come. It is kept outside the request, because the time limit must know it too. */
export interface Progress {
  /** Whether it is certain that the request did not leave: its browser has not sent it before, and no transport has it yet. */
  unsent: boolean
  /** Whether it is the first request of its id, and may be passed on. */
  taken?: boolean
  /** The head of the service's response, once it has arrived. */
  head?: HttpClientResponse.HttpClientResponse | undefined
}

/** The relay's response if the request ended at this point, without a response of the service to pass on. */
export const ended = (
  progress: Progress,
  how: { readonly status: number; readonly code: string; readonly transient: boolean }
): Response => {
  const { code, transient, status } = how
  const { head, unsent } = progress
  return head === undefined
    ? Responses.failed(status, { sent: unsent ? "no" : "maybe", code, transient })
    : Responses.failed(status, { sent: "answered", code, transient, status: head.status }, headersOf(head, trail))
}

export const exchange = Effect.fnUntraced(function*(
  client: HttpClient.HttpClient,
  settings: Settings,
  route: Route,
  members: unknown,
  progress: Progress
): Effect.fn.Return<Response> {
  return yield* Effect.suspend(() => {
    const request = HttpClientRequest.post(route.url, {
      headers: { "user-agent": settings.userAgent },
      body: HttpBody.jsonUnsafe(members)
    })
    progress.unsent = false
    return HttpClient.withScope(client).execute(request)
  }).pipe(
    Effect.flatMap((response) => {
      progress.head = response
      return receive(response, settings.maxResponseBytes, progress)
    }),
    // closes the connection of a response that is not read to its end
    Effect.scoped,
    Effect.catchTag("HttpClientError", (error) => {
      // a client that filters by status fails with the response in its error
      progress.head ??= error.response
      return Effect.succeed(
        progress.head === undefined
          ? Responses.failed(502, verdictOf(error))
          : ended(progress, {
            status: 502,
            code: codeOf("cause" in error.reason ? error.reason.cause : undefined),
            transient: true
          })
      )
    }),
    // Effect's own client span would end a 4xx with an error that holds the request, and its trace headers would go to the
    // service.
    Effect.provideService(HttpClient.TracerDisabledWhen, () => true),
    Effect.provideService(HttpClient.TracerPropagationEnabled, false)
  )
})

// -----------------------------------------------------------------------------
// failures
// -----------------------------------------------------------------------------

// Reads a failure as core does. It is "no" only if the transport says so, or if no transport got the request.
const verdictOf = (error: HttpClientError.HttpClientError): RelayVerdict.RelayVerdict => {
  const { reason } = error
  switch (reason._tag) {
    case "InvalidUrlError":
    case "EncodeError":
      return { sent: "no", code: reason._tag === "EncodeError" ? "ENCODE" : "INVALID_URL", transient: false }
    default: {
      const cause = "cause" in reason ? reason.cause : undefined
      return isTransportCause(cause)
        ? { sent: cause.sent, code: cause.code, transient: cause.transient }
        : { sent: "maybe", code: codeOf(cause), transient: true }
    }
  }
}

const codeOf = (cause: unknown): string => Wire.nameIn(cause, "code") ?? "UNKNOWN"

// -----------------------------------------------------------------------------
// responses
// -----------------------------------------------------------------------------

/** The headers that are kept of a response that is not passed on. */
const trail = ["x-amzn-requestid", "retry-after", "date"]

const back = ["x-amzn-errortype", ...trail]

// JSON or plain text, as one media type. Of a list, browsers read the last member (Fetch, section 3.4).
const harmless =
  /^(?:text\/plain|application\/(?:json|[\w.-]+\+json|x-amz-json-1\.\d))(?:[ \t]*;[ \t]*[\w-]+=(?:[\w.-]+|"[\w .-]*"))*[ \t]*$/i

/**
 * The content type for the browser. It must not show a body of the service, or of a proxy, as a document of the page's origin.
 */
const typeOf = (
  { headers }: HttpClientResponse.HttpClientResponse,
  bytes: Uint8Array
): Readonly<Record<string, string>> => {
  const type = headers["content-type"]
  if (type !== undefined && harmless.test(type)) return { "content-type": type }
  return type === undefined && bytes.length === 0 ? {} : { "content-type": "text/plain; charset=utf-8" }
}

const magic: Readonly<Record<string, ReadonlyArray<number>>> = {
  gzip: [0x1f, 0x8b],
  "x-gzip": [0x1f, 0x8b],
  zstd: [0x28, 0xb5, 0x2f, 0xfd]
}

/**
 * The encoding that the body still has. `fetch` decodes a body and keeps the header, and other transports do not decode, so
 * only the bytes tell. An encoding without magic bytes counts as decoded if the body is text, as in core.
 */
const encodingOf = (
  { headers }: HttpClientResponse.HttpClientResponse,
  bytes: Uint8Array
): Readonly<Record<string, string>> => {
  const encoding = headers["content-encoding"] ?? ""
  if (!/^[\w-]+(?:[ \t]*,[ \t]*[\w-]+)*$/.test(encoding)) return {}
  const last = encoding.toLowerCase().split(",").at(-1)?.trim() ?? ""
  if (last === "identity" || bytes.length === 0) return {}
  const start = Object.hasOwn(magic, last) ? magic[last] : undefined
  const isEncoded = start === undefined ? !Wire.isText(bytes) : start.every((byte, at) => bytes[at] === byte)
  return isEncoded ? { "content-encoding": encoding } : {}
}

/** The chosen headers, if their values are valid in a header. */
const headersOf = (
  response: HttpClientResponse.HttpClientResponse,
  names: ReadonlyArray<string>
): Readonly<Record<string, string>> =>
  Object.fromEntries(names.flatMap((name) => {
    const value = response.headers[name]
    return value !== undefined && /^[\t\u0020-\u007e\u0080-\u00ff]*$/.test(value) ? [[name, value]] : []
  }))

const receive = Effect.fnUntraced(function*(
  response: HttpClientResponse.HttpClientResponse,
  maxBytes: number,
  progress: Progress
): Effect.fn.Return<Response, HttpClientError.HttpClientError> {
  const { status } = response
  const withhold = (code: string, status: number) =>
    Responses.failed(502, { sent: "answered", code, transient: false, status }, headersOf(response, trail))
  // Redirects are neither followed nor passed on.
  if (Wire.isRedirect(response)) return withhold("REDIRECT", Wire.isRedirectStatus(status) ? status : 0)
  if (status < 200 || status > 599) return ended(progress, { status: 502, code: "STATUS", transient: false })
  const { bytes, tooLarge } = yield* Wire.readBody(response.stream, maxBytes).pipe(
    // `fetch` has no stream for an empty body, and some platforms have none for any body
    Effect.catchReason("HttpClientError", "EmptyBodyError", () =>
      Effect.map(response.arrayBuffer, (buffer) => {
        const bytes = new Uint8Array(buffer)
        return { bytes, tooLarge: bytes.length > maxBytes }
      }))
  )
  if (tooLarge) return withhold("TOO_LARGE", status)
  const headers = { ...headersOf(response, back), ...typeOf(response, bytes), ...encodingOf(response, bytes) }
  // these statuses have no body (Fetch, section 2.2.3)
  return Responses.passed(status, headers, status === 204 || status === 205 ? null : bytes)
})
