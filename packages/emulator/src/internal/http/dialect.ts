/**
 * Responses in the forms of the two services.
 *
 * The OIDC service sends JSON with its members in alphabetical order and explicit nulls. Headers hold the type of an exception and
 * a request id. The portal sends explicit nulls too, and has the type of an exception in the body.
 */
import type * as Service from "@sso-oidc/core/aws/Service"
import * as Wire from "@sso-oidc/core/aws/Wire"
import type * as SsoOidcError from "@sso-oidc/core/SsoOidcError"
import * as SsoOidcService from "@sso-oidc/core/SsoOidcService"
import * as IamError from "@sso-oidc/iam/IamError"
import type * as PortalError from "@sso-oidc/portal/PortalError"
import * as PortalService from "@sso-oidc/portal/PortalService"
import type * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Random from "../service/random.ts"
import * as Response from "./response.ts"

/** An exception of the OIDC service, which has an OAuth code, or of the portal, or an error of a signature. */
export type Exception =
  | SsoOidcError.ExceptionDetail & { readonly _tag: string }
  | PortalError.ExceptionFields & { readonly _tag: string }
  | IamError.CredentialsError
  | IamError.ClockSkewed

type Head = Readonly<Record<string, string>>

// Clients calculate with the date, so it is the time of the emulator's clock
const dated = (now: number): Head => ({ date: new Date(now).toUTCString() })

const oidcHead = (now: number): Head => ({
  ...dated(now),
  "cache-control": "no-store",
  "x-amzn-requestid": Random.id()
})

const portalHead = (now: number): Head => ({
  ...dated(now),
  "cache-control": "no-cache",
  server: "AWS SSO",
  "access-control-expose-headers": "RequestId",
  requestid: Random.id()
})

/** Whether it is the portal. An operation may be a copy, so the name counts. */
export const isPortal = (service: Pick<Service.Service, "name">): boolean => service.name === PortalService.service.name

/** The headers of every response of a service. */
export const head = (now: number, service: Pick<Service.Service, "name"> = SsoOidcService.service): Head =>
  isPortal(service) ? portalHead(now) : oidcHead(now)

const respond = (
  status: number,
  body: Readonly<Record<string, unknown>>,
  headers: Head
): HttpServerResponse.HttpServerResponse =>
  Response.text(JSON.stringify(body), { status, contentType: "application/json", headers })

const errorType = (name: string): Head => ({ "x-amzn-errortype": SsoOidcService.errorTypeHeader(name) })

/** A success of the OIDC service. It has every member of the model, with null for an absent one. */
export const success = (
  body: object,
  members: ReadonlyArray<string>,
  now: number
): HttpServerResponse.HttpServerResponse => {
  const given = new Map<string, unknown>(Object.entries(body))
  return respond(
    200,
    Object.fromEntries(members.toSorted().map((member) => [member, given.get(member) ?? null])),
    oidcHead(now)
  )
}

/** A success of the portal: a body with every member of the model, or no body. */
export const portalSuccess = (
  body: Readonly<Record<string, unknown>> | undefined,
  now: number
): HttpServerResponse.HttpServerResponse =>
  body === undefined ? Response.empty(200, portalHead(now)) : respond(200, body, portalHead(now))

const retryAfter = (seconds: number | undefined): Head =>
  seconds === undefined ? {} : { "retry-after": String(seconds) }

// The portal has the type in the body only, which is behind a function. The log has it too
const types = new WeakMap<object, string>()

/** The exception in a response, or `undefined`. */
export const exceptionIn = ({ body, headers }: HttpServerResponse.HttpServerResponse): string | undefined =>
  Wire.errorTypeIn(headers["x-amzn-errortype"]) ?? types.get(body)

/** An exception of the portal, which its model may not have. */
const portalFailure = (
  type: string,
  exception: PortalError.ExceptionFields,
  now: number
): HttpServerResponse.HttpServerResponse => {
  const response = respond(
    exception.status,
    { message: exception.errorDescription ?? null, __type: PortalService.errorType(type) },
    { ...portalHead(now), ...retryAfter(exception.retryAfter) }
  )
  types.set(response.body, type)
  return response
}

/** An error of a signature. The front of AWS's services sends it, in a form of its own. */
const signatureFailure = (
  { code = "", detail = null, status = 403 }: {
    readonly code?: string
    readonly detail?: string | null
    readonly status?: number
  },
  now: number
): HttpServerResponse.HttpServerResponse =>
  respond(status, { message: detail }, { ...oidcHead(now), "x-amzn-errortype": code })

/** An exception of a service. */
export const failure = (exception: Exception, now: number): HttpServerResponse.HttpServerResponse =>
  exception instanceof IamError.CredentialsError || exception instanceof IamError.ClockSkewed
    ? signatureFailure(exception, now)
    : "error" in exception
    ? respond(
      exception.status,
      {
        error: exception.error,
        error_description: exception.errorDescription ?? null,
        ...(exception.reason === undefined ? {} : { reason: exception.reason }),
        ...(exception.endpoint === undefined ? {} : { endpoint: exception.endpoint }),
        ...(exception.region === undefined ? {} : { region: exception.region })
      },
      { ...oidcHead(now), ...errorType(exception._tag), ...retryAfter(exception.retryAfter) }
    )
    : portalFailure(exception._tag, exception, now)

/** The response to a request for an unknown operation. */
export const unknownOperation = (now: number): HttpServerResponse.HttpServerResponse =>
  respond(404, {}, { ...oidcHead(now), ...errorType("UnknownOperationException") })

/** The response of the portal to a path with another method. */
export const methodNotAllowed = (now: number): HttpServerResponse.HttpServerResponse =>
  portalFailure("MethodNotAllowedException", { status: 405, errorDescription: "HTTP 405 Method Not Allowed" }, now)
