/**
 * A relay over a scripted service, and requests from a page.
 */
import * as Relay from "@sso-oidc/relay/Relay"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import { registerRequest } from "./fixtures.ts"
import type * as Wire from "./wire.ts"

export const origin = "https://app.example"
export const relayUrl = "https://relay.example/sso-oidc"
export const startUrl = "https://d-0123456789.awsapps.com/start"
export const verdictHeader = "x-sso-oidc-relay"

export const options: Relay.Options = {
  origins: [origin],
  regions: ["eu-west-1", "us-east-1"],
  startUrls: [startUrl]
}

export const make = (wire: Wire.Wire, more: Partial<Relay.Options> = {}) =>
  Relay.make({ ...options, ...more }).pipe(Effect.provideService(HttpClient.HttpClient, wire.client))

export interface Asked {
  readonly url?: string
  readonly path?: string
  readonly method?: string
  /** `undefined` removes one of the usual headers. */
  readonly headers?: Readonly<Record<string, string | undefined>>
  readonly body?: unknown
  readonly signal?: AbortSignal
}

/** A RegisterClient request of a page, with the given changes. */
export const asked = (more: Asked = {}): Request => {
  const headers = new Headers({ origin, "content-type": "application/json" })
  for (const [name, value] of Object.entries(more.headers ?? {})) {
    if (value === undefined) headers.delete(name)
    else headers.set(name, value)
  }
  const method = more.method ?? "POST"
  const body = more.body ?? registerRequest
  const init: RequestInit & { readonly duplex: "half" } = {
    method,
    headers,
    duplex: "half",
    ...(more.signal === undefined ? {} : { signal: more.signal }),
    ...(method === "GET" || method === "HEAD" || method === "OPTIONS"
      ? {}
      : { body: typeof body === "string" || body instanceof ReadableStream ? body : JSON.stringify(body) })
  }
  return new Request(more.url ?? `${relayUrl}${more.path ?? "/eu-west-1/client/register"}`, init)
}

/** The status, headers and body of a response in the service's dialect. */
export const said = (response: Response) =>
  Effect.promise(async () => {
    const body: unknown = await response.json()
    return {
      status: response.status,
      type: response.headers.get("x-amzn-errortype"),
      verdict: response.headers.get(verdictHeader),
      body
    }
  })
