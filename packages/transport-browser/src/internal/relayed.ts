/** The page's side of the relay: where requests go, and how the relay's responses are read. */
import { EndpointError } from "@sso-oidc/core/aws/ClientError"
import * as Endpoint from "@sso-oidc/core/aws/Endpoint"
import * as Operation from "@sso-oidc/core/aws/Operation"
import * as RelayVerdict from "@sso-oidc/core/aws/RelayVerdict"
import { TransportCause } from "@sso-oidc/core/aws/TransportCause"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as SsoOidcService from "@sso-oidc/core/SsoOidcService"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"

// -----------------------------------------------------------------------------
// where to
// -----------------------------------------------------------------------------

const pageUrl = (): string | undefined =>
  Predicate.hasProperty(globalThis, "location") && Predicate.hasProperty(globalThis.location, "href") &&
    typeof globalThis.location.href === "string"
    ? globalThis.location.href
    : undefined

/** The relay's URL without a slash at its end, checked by the rules for an endpoint. On a page it may be relative to the page. */
export const urlOf = (url: string): Result.Result<string, EndpointError> => {
  const page = pageUrl()
  const absolute = !URL.canParse(url) && page !== undefined && URL.canParse(url, page) ? new URL(url, page).href : url
  // these rules do not depend on the region
  return Result.mapError(
    Endpoint.resolve(SsoOidcService.service, {
      region: "us-east-1",
      endpoint: absolute,
      endpointSource: "the relay's URL"
    }),
    ({ detail, problem }) =>
      new EndpointError({
        problem,
        detail: URL.canParse(absolute)
          ? detail
          : "the relay's URL must be absolute where there is no page that it could be relative to"
      })
  )
}

/**
 * The path below the relay's URL. It holds the region and the operation's path, taken from a request for the region's plain
 * endpoint.
 */
const below = (
  request: HttpClientRequest.HttpClientRequest,
  operations: ReadonlyArray<Operation.Any>
): string | undefined => {
  const url = Option.getOrUndefined(HttpClientRequest.toUrl(request))
  // the label after the prefix is the region; the check below makes sure that the whole host is the plain endpoint
  const [prefix, region] = url?.hostname.split(".") ?? []
  if (url === undefined || region === undefined || prefix !== SsoOidcService.service.endpointPrefix) return undefined
  const isPlain = Result.getOrUndefined(Endpoint.resolve(SsoOidcService.service, { region })) === url.origin
  return isPlain && request.method === "POST" && url.search === "" &&
      operations.some((operation) => operation.path === url.pathname && Operation.isBodyAlone(operation))
    ? `/${region}${url.pathname}`
    : undefined
}

const newId = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("")

// -----------------------------------------------------------------------------
// what came of it
// -----------------------------------------------------------------------------

const failed = (
  request: HttpClientRequest.HttpClientRequest,
  cause: TransportCause
): HttpClientError.HttpClientError =>
  new HttpClientError.HttpClientError({ reason: new HttpClientError.TransportError({ request, cause }) })

const kept = ["x-amzn-requestid", "retry-after", "date"]

/** The request that the relay made of this one. With it, errors name the service and not the relay. */
const ofService = (
  request: HttpClientRequest.HttpClientRequest,
  relay: string
): HttpClientRequest.HttpClientRequest => {
  const [, region = "", ...path] = request.url.slice(relay.length).split("/")
  const endpoint = Endpoint.resolve(SsoOidcService.service, { region })
  return Result.isSuccess(endpoint)
    ? HttpClientRequest.setUrl(request, `${endpoint.success}/${path.join("/")}`)
    : request
}

/** The service's response as far as the relay reports it: its status, and a body that was lost or is not passed on. */
const partial = (
  response: HttpClientResponse.HttpClientResponse,
  request: HttpClientRequest.HttpClientRequest,
  status: number,
  body: ReadableStream<Uint8Array<ArrayBuffer>> | null
): HttpClientResponse.HttpClientResponse =>
  HttpClientResponse.fromWeb(
    request,
    status === 0 ? Response.error() : new Response(body, {
      status,
      headers: kept.flatMap((name): Array<[string, string]> => {
        const value = response.headers[name]
        return value === undefined ? [] : [[name, value]]
      })
    })
  )

const read = (relay: string) =>
(
  response: HttpClientResponse.HttpClientResponse
): Effect.Effect<HttpClientResponse.HttpClientResponse, HttpClientError.HttpClientError> => {
  const verdict = response.status < 400 ? undefined : RelayVerdict.parse(response.headers[RelayVerdict.header])
  if (verdict === undefined) return Effect.succeed(response)
  const { code, transient, sent, status } = verdict
  const request = ofService(response.request, relay)
  if (sent !== "answered") {
    return Effect.fail(failed(request, new TransportCause({ sent, code, transient })))
  }
  // no `Response` can have that status, so core reads the relay's own response, a 502
  if (status === undefined || (status !== 0 && (status < 200 || status > 599))) return Effect.succeed(response)
  if (!transient) return Effect.succeed(partial(response, request, status, null))
  if (status < 200 || [204, 205, 304].includes(status)) return Effect.succeed(response)
  // core reads a body that fails as a lost response
  const cause = new TransportCause({ sent: "maybe", code, transient })
  return Effect.succeed(partial(response, request, status, new ReadableStream({ start: (body) => body.error(cause) })))
}

/** A client that sends the requests for the operations to the relay. */
export const through = (
  client: HttpClient.HttpClient,
  relay: string,
  operations: ReadonlyArray<Operation.Any> = SsoOidc.operations
): HttpClient.HttpClient =>
  client.pipe(
    HttpClient.mapRequestEffect((request) => {
      const path = below(request, operations)
      return path === undefined
        ? Effect.fail(failed(request, new TransportCause({ sent: "no", code: "NOT_RELAYED", transient: false })))
        // Only the body's headers are sent. The relay reads no others, and each further header would have to be allowed across
        // origins.
        : Effect.sync(() =>
          HttpClientRequest.post(`${relay}${path}`, {
            headers: { [RelayVerdict.idHeader]: newId() },
            body: request.body
          })
        )
    }),
    HttpClient.transformResponse(Effect.flatMap(read(relay)))
  )
