/**
 * Watches one exchange, and hands it on as it came.
 */
import * as TransportCause from "@sso-oidc/core/aws/TransportCause"
import * as Effect from "effect/Effect"
import type * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Predicate from "effect/Predicate"
import * as Stream from "effect/Stream"
import * as Answer from "./answer.ts"
import type * as Draft from "./draft.ts"

type Exchange = Effect.Effect<HttpClientResponse.HttpClientResponse, HttpClientError.HttpClientError>

/** `tell` is called when there is something new to tell: at the head of an answer, at its end, and at a failure. */
export const watch = (exchange: Exchange, tell: (outcome: Draft.Outcome) => Effect.Effect<void>): Exchange =>
  exchange.pipe(
    Effect.tapError((error) => tell({ _tag: "Failed", failure: failureOf(error) })),
    Effect.onInterrupt(() => tell({ _tag: "Unanswered" })),
    Effect.flatMap((response) => {
      const elsewhere = Answer.isElsewhere(response)
      // an answer of another URL is a redirect that was followed
      const redirected = elsewhere && response.status !== 0 && !(response.status >= 300 && response.status < 400)
      const head = { status: redirected ? 302 : response.status, headers: { ...response.headers } }
      const answered = (bytes: Uint8Array, end: Draft.End) => tell({ _tag: "Answered", head, bytes, end })
      const none = new Uint8Array()
      return elsewhere
        ? Effect.as(answered(none, "whole"), response)
        // until its reader begins
        : Effect.as(answered(none, "stopped"), watchBody(response, answered))
    })
  )

const watchBody = (
  response: HttpClientResponse.HttpClientResponse,
  answered: (bytes: Uint8Array, end: Draft.End) => Effect.Effect<void>
): HttpClientResponse.HttpClientResponse =>
  Answer.withBody(
    response,
    // a transport whose bodies are in memory lets them be read twice
    Stream.suspend(() => {
      const chunks: Array<Uint8Array> = []
      let cutOff: string | undefined
      let ended = false
      return response.stream.pipe(
        // fetch has no stream at all for a body of no bytes
        Stream.catchReason("HttpClientError", "EmptyBodyError", () => Stream.empty),
        Stream.tap((chunk) => Effect.sync(() => chunks.push(chunk))),
        Stream.mapError((error): Answer.CutOff => {
          cutOff = codeOf(causeOf(error.reason)) ?? "BODY"
          return { name: "Error", code: cutOff }
        }),
        Stream.onEnd(Effect.sync(() => {
          ended = true
        })),
        // Its type knows the stream's failures alone, but this exit is the reader's, who may fail for reasons of its own,
        // or want no more.
        Stream.onExit((exit) =>
          answered(
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

/** What core would read in the error, in the words of a `TransportCause`. */
const failureOf = ({ reason }: HttpClientError.HttpClientError): Answer.Failure => {
  switch (reason._tag) {
    case "InvalidUrlError":
      return { sent: "no", code: "INVALID_URL", transient: false }
    case "EncodeError":
      return { sent: "no", code: "ENCODE", transient: false }
    default: {
      const cause = causeOf(reason)
      return TransportCause.isTransportCause(cause)
        ? { sent: cause.sent, code: cause.code, transient: cause.transient, syscall: cause.syscall }
        : { sent: "maybe", code: codeOf(cause) ?? "UNKNOWN", transient: true }
    }
  }
}

const causeOf = (reason: object): unknown => "cause" in reason ? reason.cause : undefined

// fetch wraps the platform's error in a TypeError; the code is one level down
const codeOf = (error: unknown): string | undefined => {
  for (const at of [error, Predicate.hasProperty(error, "cause") ? error.cause : undefined]) {
    if (Predicate.hasProperty(at, "code") && typeof at.code === "string" && at.code !== "") return at.code
  }
  return undefined
}
