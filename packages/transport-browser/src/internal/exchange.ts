/**
 * One request by `fetch`, and its response.
 *
 * It is not Effect's `FetchHttpClient`, which can stream the body of a request. That would add 3 kB to a compressed bundle.
 */
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Failure from "./failure.ts"

// With `redirect: "manual"`, a redirect comes back as a response: a 3xx, or status 0 in a browser. Core then reports the
// redirect. With "error" it would look like a transient network failure, and workerd does not accept "error".
const settings: RequestInit = {
  redirect: "manual",
  credentials: "omit",
  cache: "no-store",
  referrerPolicy: "no-referrer"
}

// An edge runtime throws at a setting that it does not implement. (workerd does at `credentials` and `referrerPolicy`, and did
// at `cache` before 2024-11.) Such a runtime has nothing for the setting to turn off. A setting that a platform implements is a
// member of its `Request`. `redirect` is always set: without it, the client secret follows a 307 to another origin.
const pinned = (): RequestInit => {
  const known: object = typeof Request === "undefined" ? {} : Request.prototype
  return Object.fromEntries(Object.entries(settings).filter(([name]) => name === "redirect" || name in known))
}

// Effect keeps the first global `fetch` that it has seen. A mock or an instrumentation that replaces it later must be called.
const fetchOf = (context: Context.Context<never>): typeof globalThis.fetch =>
  Context.getOrUndefined(context, FetchHttpClient.Fetch) ?? globalThis.fetch

const encodeError = (request: HttpClientRequest.HttpClientRequest, description: string) =>
  new HttpClientError.HttpClientError({ reason: new HttpClientError.EncodeError({ request, description }) })

// Not `instanceof`, because the bytes may come from another realm (jsdom).
const isSendable = (body: unknown): body is string | ArrayBuffer | ArrayBufferView<ArrayBuffer> =>
  typeof body === "string" || ArrayBuffer.isView(body) || body instanceof ArrayBuffer

/** Collects a stream before anything is sent, so that its failure means that the request did not leave. */
const bodyOf = (
  request: HttpClientRequest.HttpClientRequest
): Effect.Effect<BodyInit | undefined, HttpClientError.HttpClientError> => {
  const { body } = request
  if (body._tag === "Empty") return Effect.undefined
  if (body._tag === "FormData") return Effect.succeed(body.formData)
  if (body._tag === "Stream") {
    return Effect.mapBoth(Wire.readBody(body.stream, Infinity), {
      onFailure: () => encodeError(request, "the stream of the body failed"),
      onSuccess: ({ bytes }) => bytes
    })
  }
  return isSendable(body.body)
    ? Effect.succeed(body.body)
    : Effect.fail(encodeError(request, "a raw body must be a string or bytes"))
}

/** A client that calls the `fetch` of the context. */
export const make = (): HttpClient.HttpClient => {
  const init = pinned()
  const client = HttpClient.make((request, url, signal, fiber) =>
    Effect.flatMap(bodyOf(request), (body) => {
      const fetch = fetchOf(fiber.context)
      const { "content-length": _length, ...headers } = request.headers
      const options: RequestInit = {
        ...init,
        method: request.method,
        headers,
        signal,
        ...(body === undefined ? {} : { body })
      }
      const unsendable = Failure.unsendable(fetch, request, url, options)
      if (unsendable !== undefined) return Effect.fail(Failure.failed(request, unsendable))
      return Effect.map(
        Effect.tryPromise({
          try: () => fetch(url, options),
          catch: (error) => Failure.failed(request, Failure.causeOf(error))
        }),
        (response) => HttpClientResponse.fromWeb(request, response)
      )
    })
  )
  return HttpClient.transformResponse(client, Effect.provideService(HttpClient.TracerPropagationEnabled, false))
}
