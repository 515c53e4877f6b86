/**
 * How the service answers: JSON with its members in alphabetical order and explicit nulls, the type of an exception in a
 * header, a request id.
 */
import type * as SsoOidcError from "@sso-oidc/core/SsoOidcError"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Random from "./random.ts"
import * as Unseen from "./unseen.ts"

const answer = (
  status: number,
  body: Readonly<Record<string, unknown>>,
  headers: Readonly<Record<string, string>> = {}
): Effect.Effect<HttpServerResponse.HttpServerResponse> =>
  Effect.map(Clock.currentTimeMillis, (now) =>
    Unseen.text(JSON.stringify(body), {
      status,
      contentType: "application/json",
      headers: {
        // a client reckons with it, so it must come from the clock that everything else here keeps
        date: new Date(now).toUTCString(),
        "cache-control": "no-store",
        "x-amzn-requestid": Random.requestId(),
        ...headers
      }
    }))

const errorType = (name: string): Readonly<Record<string, string>> => ({
  "x-amzn-errortype": `${name}:http://internal.amazon.com/coral/com.amazonaws.sso.oidc/`
})

/** A success: every member that the model has, absent ones as null. */
export const success = (
  body: object,
  members: ReadonlyArray<string>
): Effect.Effect<HttpServerResponse.HttpServerResponse> => {
  const given = new Map<string, unknown>(Object.entries(body))
  return answer(200, Object.fromEntries(members.toSorted().map((member) => [member, given.get(member) ?? null])))
}

/** An exception of the model. */
export const failure = (
  exception: SsoOidcError.ExceptionFields & { readonly _tag: string }
): Effect.Effect<HttpServerResponse.HttpServerResponse> =>
  answer(
    exception.status,
    { error: exception.error, error_description: exception.errorDescription ?? null },
    errorType(exception._tag)
  )

/** What a path says that no operation has. */
export const unknownOperation: Effect.Effect<HttpServerResponse.HttpServerResponse> = answer(
  404,
  {},
  errorType("UnknownOperationException")
)
