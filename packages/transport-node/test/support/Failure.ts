/** Reads what a failed request says. */
import { assert } from "@effect/vitest"
import * as TransportCause from "@sso-oidc/core/aws/TransportCause"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"

/** Sends, expects a `TransportError`, and gives its cause. */
export const causeOf = (client: HttpClient.HttpClient, target: string | HttpClientRequest.HttpClientRequest) =>
  client.execute(typeof target === "string" ? HttpClientRequest.get(target) : target).pipe(
    Effect.flip,
    Effect.map((error) => {
      assert.strictEqual(error.reason._tag, "TransportError")
      const cause = "cause" in error.reason ? error.reason.cause : undefined
      if (!TransportCause.isTransportCause(cause)) return assert.fail("the cause is no TransportCause")
      return cause
    })
  )

/** The same as a plain object. */
export const toldBy = (client: HttpClient.HttpClient, target: string | HttpClientRequest.HttpClientRequest) =>
  Effect.map(causeOf(client, target), ({ code, transient, sent }) => ({ sent, code, transient }))
