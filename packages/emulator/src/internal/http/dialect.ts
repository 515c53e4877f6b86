/**
 * How the service responds: JSON with its members in alphabetical order and explicit nulls, the type of an exception in a
 * header, a request id.
 */
import type * as SsoOidcError from "@sso-oidc/core/SsoOidcError"
import * as SsoOidcService from "@sso-oidc/core/SsoOidcService"
import type * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Random from "../service/random.ts"
import * as Response from "./response.ts"

/** What every response has. A client reckons with the date, so it comes from the clock that everything here keeps. */
export const head = (now: number): Readonly<Record<string, string>> => ({
  date: new Date(now).toUTCString(),
  "cache-control": "no-store",
  "x-amzn-requestid": Random.id()
})

const respond = (
  status: number,
  body: Readonly<Record<string, unknown>>,
  now: number,
  headers: Readonly<Record<string, string>> = {}
): HttpServerResponse.HttpServerResponse =>
  Response.text(JSON.stringify(body), {
    status,
    contentType: "application/json",
    headers: { ...head(now), ...headers }
  })

const errorType = (name: string): Readonly<Record<string, string>> => ({
  "x-amzn-errortype": SsoOidcService.errorTypeHeader(name)
})

/** A success: every member that the model has, absent ones as null. */
export const success = (
  body: object,
  members: ReadonlyArray<string>,
  now: number
): HttpServerResponse.HttpServerResponse => {
  const given = new Map<string, unknown>(Object.entries(body))
  return respond(200, Object.fromEntries(members.toSorted().map((member) => [member, given.get(member) ?? null])), now)
}

/** An exception of the model. */
export const failure = (
  exception: SsoOidcError.ExceptionDetail & { readonly _tag: string },
  now: number
): HttpServerResponse.HttpServerResponse =>
  respond(
    exception.status,
    {
      error: exception.error,
      error_description: exception.errorDescription ?? null,
      ...(exception.reason === undefined ? {} : { reason: exception.reason })
    },
    now,
    {
      ...errorType(exception._tag),
      ...(exception.retryAfter === undefined ? {} : { "retry-after": String(exception.retryAfter) })
    }
  )

/** The response to a request of no operation. */
export const unknownOperation = (now: number): HttpServerResponse.HttpServerResponse =>
  respond(404, {}, now, errorType("UnknownOperationException"))
