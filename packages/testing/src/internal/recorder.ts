/**
 * Watches one exchange, and passes it on unchanged.
 */
import * as TransportCause from "@sso-oidc/core/aws/TransportCause"
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as Effect from "effect/Effect"
import type * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Stream from "effect/Stream"
import type { TransportFailure } from "../Script.ts"
import type * as Draft from "./draft.ts"
import * as Response from "./response.ts"

type Exchange = Effect.Effect<HttpClientResponse.HttpClientResponse, HttpClientError.HttpClientError>

/** Calls `tell` with each new outcome: at the head of a response, at its end, and at a failure. */
export const watch = (exchange: Exchange, tell: (outcome: Draft.Outcome) => Effect.Effect<void>): Exchange =>
  exchange.pipe(
    Effect.tapError((error) => tell({ _tag: "Failed", failure: failureOf(error) })),
    Effect.onInterrupt(() => tell({ _tag: "NoResponse" })),
    Effect.flatMap((response) => {
      const redirect = Wire.isRedirect(response)
      // a response from another URL is a redirect that was followed
      const followed = redirect && !Wire.isRedirectStatus(response.status)
      const head = { status: followed ? 302 : response.status, headers: { ...response.headers } }
      const responded = (bytes: Uint8Array, end: Draft.End) => tell({ _tag: "Responded", head, bytes, end })
      const none = new Uint8Array()
      return redirect
        ? Effect.as(responded(none, "whole"), response)
        // the outcome until a reader begins
        : Effect.as(responded(none, "stopped"), watchBody(response, responded))
    })
  )

const watchBody = (
  response: HttpClientResponse.HttpClientResponse,
  responded: (bytes: Uint8Array, end: Draft.End) => Effect.Effect<void>
): HttpClientResponse.HttpClientResponse =>
  Response.withBody(
    response,
    // if a transport has its bodies in memory, they can be read twice
    Stream.suspend(() => {
      const chunks: Array<Uint8Array> = []
      let cutOff: string | undefined
      let ended = false
      return response.stream.pipe(
        // fetch gives no stream for an empty body
        Stream.catchReason("HttpClientError", "EmptyBodyError", () => Stream.empty),
        Stream.tap((chunk) => Effect.sync(() => chunks.push(chunk))),
        Stream.mapError((error): Response.CutOff => {
          cutOff = Wire.nameIn(causeOf(error.reason), "code") ?? "BODY"
          return { name: "Error", code: cutOff }
        }),
        Stream.onEnd(Effect.sync(() => {
          ended = true
        })),
        // The type has only the stream's failures, but this exit is the reader's. The reader may also fail for its own reasons,
        // or stop early.
        Stream.onExit((exit) =>
          responded(
            concat(chunks),
            exit._tag === "Success" ? ended ? "whole" : "stopped" : cutOff === undefined ? "stalled" : { cutOff }
          )
        )
      )
    })
  )

const concat = (chunks: ReadonlyArray<Uint8Array>): Uint8Array => {
  const bytes = new Uint8Array(chunks.reduce((size, chunk) => size + chunk.length, 0))
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
}

/** What core would read from the error, as the members of a `TransportCause`. */
const failureOf = ({ reason }: HttpClientError.HttpClientError): TransportFailure => {
  switch (reason._tag) {
    case "InvalidUrlError":
      return { sent: "no", code: "INVALID_URL", transient: false }
    case "EncodeError":
      return { sent: "no", code: "ENCODE", transient: false }
    default: {
      const cause = causeOf(reason)
      return TransportCause.isTransportCause(cause)
        ? { sent: cause.sent, code: cause.code, transient: cause.transient, syscall: cause.syscall }
        : { sent: "maybe", code: Wire.nameIn(cause, "code") ?? "UNKNOWN", transient: true }
    }
  }
}

const causeOf = (reason: object): unknown => "cause" in reason ? reason.cause : undefined
