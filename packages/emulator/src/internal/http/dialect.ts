/**
 * Responses in the form of the service. The body is JSON with its members in alphabetical order and explicit nulls. Headers
 * hold the type of an exception and a request id.
 */
import type * as SsoOidcError from "@sso-oidc/core/SsoOidcError"
import * as SsoOidcService from "@sso-oidc/core/SsoOidcService"
import type * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Random from "../service/random.ts"
import * as Response from "./response.ts"

/** The headers of every response. Clients calculate with the date, so it is the time of the emulator's clock. */
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

/** A success. It has every member of the model, with null for an absent one. */
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

/** The response to a request for an unknown operation. */
export const unknownOperation = (now: number): HttpServerResponse.HttpServerResponse =>
  respond(404, {}, now, errorType("UnknownOperationException"))
