/**
 * The official client and ours over transports that do the same: they record the request and give a fixed response. `officialOf` and `oursOf`
 * take any service. `official` and `ours` are those of OIDC, and `differential-portal.ts` has those of the portal.
 *
 * The results of both are brought into one form. The official client gets everything by option that it would read from this
 * machine, so no test depends on a profile, a variable or the network.
 */
import { SSOOIDCClient, type SSOOIDCClientConfig } from "@aws-sdk/client-sso-oidc"
import { buildQueryString } from "@smithy/core/protocols"
import type * as ClientError from "@sso-oidc/core/aws/ClientError"
import type * as Endpoint from "@sso-oidc/core/aws/Endpoint"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/** A request as it reached the transport. */
export interface Sent {
  readonly method: string
  /** Scheme, host, port and path. */
  readonly url: string
  /** The query as the client wrote it, with its `?`. It is empty if there is none. */
  readonly search: string
  /** The parameters of the query, decoded. */
  readonly query: Readonly<Record<string, unknown>>
  readonly headers: Readonly<Record<string, string>>
  /** The JSON body. It is `undefined` if there is none. */
  readonly body: unknown
}

/** The response of the transport. A body that is neither text nor bytes is sent as JSON. */
export interface ServiceResponse {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

/** The outcome of a call, and the requests that it sent. */
export interface Outcome<A, E> {
  readonly result: Result.Result<A, E>
  readonly sent: ReadonlyArray<Sent>
}

type Members = Readonly<Record<string, unknown>>

const bytesOf = (body: unknown): Uint8Array<ArrayBuffer> =>
  body instanceof Uint8Array
    ? new Uint8Array(body)
    : new TextEncoder().encode(body === undefined ? "" : typeof body === "string" ? body : JSON.stringify(body))

/** The JSON body of a request. It is `undefined` if the request has none. */
const parsed = (body: unknown): unknown => {
  const text = new TextDecoder().decode(bytesOf(body))
  return text === "" ? undefined : JSON.parse(text)
}

// -----------------------------------------------------------------------------
// official
// -----------------------------------------------------------------------------

/** The request as the official client's handlers get it. */
export interface OfficialRequest {
  readonly method: string
  readonly protocol: string
  readonly hostname: string
  readonly port?: number
  readonly path: string
  readonly query?: Record<string, string | Array<string> | null>
  readonly username?: string
  readonly password?: string
  readonly fragment?: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: unknown
}

type OfficialOptions =
  & Partial<Endpoint.Options>
  & Pick<SSOOIDCClientConfig, "maxAttempts" | "ignoreConfiguredEndpointUrls">

/** Everything that the official client would look up on this machine. */
export const settled: SSOOIDCClientConfig = {
  maxAttempts: 1,
  retryMode: "standard",
  defaultsMode: "standard",
  useFipsEndpoint: false,
  useDualstackEndpoint: false,
  ignoreConfiguredEndpointUrls: true,
  authSchemePreference: [],
  userAgentAppId: () => Promise.resolve(undefined)
}

/** The query as the SDK's own handlers write it. */
export const searchOf = (query: OfficialRequest["query"] = {}): string => {
  const search = buildQueryString(query)
  return search === "" ? "" : `?${search}`
}

/** Scheme, host, port and path. */
export const urlOf = ({ hostname, path, port, protocol, username }: OfficialRequest): string =>
  `${protocol}//${username === undefined ? "" : `${username}@`}${hostname}${
    port === undefined ? "" : `:${port}`
  }${path}`

const recorded = (request: OfficialRequest): Sent => ({
  method: request.method,
  url: urlOf(request),
  search: searchOf(request.query),
  query: { ...request.query },
  headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), value])),
  body: parsed(request.body)
})

type Config = typeof settled & Pick<SSOOIDCClientConfig, "credentials" | "endpoint" | "region" | "requestHandler">

/** One call of an official client. Credentials are available, and the function counts whether the client reads them. */
export const officialOf = <Client>(make: (config: Config) => Client) =>
<A extends object>(
  use: (client: Client) => Promise<A>,
  { endpoint, region, useDualstackEndpoint, useFipsEndpoint, ...options }: OfficialOptions = { region: "eu-west-1" },
  { body, headers = {}, status = 200 }: ServiceResponse = {}
): Effect.Effect<Outcome<A, unknown> & { readonly credentialsAsked: number }> => {
  const sent: Array<Sent> = []
  let credentialsAsked = 0
  return Effect.tryPromise({
    try: async () => {
      const client = make({
        ...settled,
        credentials: () => {
          credentialsAsked++
          return Promise.resolve({ accessKeyId: "AKIDEXAMPLE", secretAccessKey: "example" })
        },
        ...options,
        ...(region === undefined ? {} : { region }),
        ...(endpoint === undefined ? {} : { endpoint }),
        ...(useFipsEndpoint === undefined ? {} : { useFipsEndpoint }),
        ...(useDualstackEndpoint === undefined ? {} : { useDualstackEndpoint }),
        requestHandler: {
          metadata: { handlerProtocol: "http/1.1" },
          handle: (request: OfficialRequest) => {
            sent.push(recorded(request))
            return Promise.resolve({ response: { statusCode: status, headers: { ...headers }, body: bytesOf(body) } })
          }
        }
      })
      return await use(client)
    },
    catch: (error) => error
  }).pipe(Effect.result, Effect.map((result) => ({ result, sent, credentialsAsked })))
}

/** One call of the official client of OIDC. */
export const official = officialOf((config) => new SSOOIDCClient(config))

/** The members of a success, without absent members and without the metadata. */
export const officialValue = (output: object): Members =>
  Object.fromEntries(
    Object.entries(output).filter(([name, value]) => name !== "$metadata" && value !== undefined && value !== null)
  )

const member = (u: unknown, key: string): unknown => Predicate.hasProperty(u, key) ? u[key] : undefined

const present = (members: Members): Members =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined && value !== null))

/** An exception of the official client in the form of `oursException`. Its enumerable members come from the response. */
export const officialException = (error: unknown): Members =>
  present({
    type: member(error, "name"),
    error: member(error, "error"),
    description: member(error, "error_description"),
    reason: member(error, "reason"),
    status: member(member(error, "$metadata"), "httpStatusCode"),
    requestId: member(member(error, "$metadata"), "requestId")
  })

// -----------------------------------------------------------------------------
// ours
// -----------------------------------------------------------------------------

/** One call of one of our clients. */
export const oursOf = <Client>(
  make: (options: Endpoint.Options) => Effect.Effect<Client, ClientError.EndpointError, HttpClient.HttpClient>
) =>
<A, E>(
  use: (client: Client) => Effect.Effect<A, E>,
  options: Endpoint.Options = { region: "eu-west-1" },
  { body, headers = {}, status = 200 }: ServiceResponse = {}
): Effect.Effect<Outcome<A, E | ClientError.EndpointError>> =>
  Effect.suspend(() => {
    const sent: Array<Sent> = []
    const client = HttpClient.make((request, url) =>
      Effect.sync(() => {
        sent.push({
          method: request.method,
          url: `${url.protocol}//${url.username === "" ? "" : `${url.username}@`}${url.host}${url.pathname}`,
          search: url.search,
          query: Object.fromEntries(url.searchParams),
          headers: { ...request.headers },
          body: parsed(request.body._tag === "Uint8Array" ? request.body.body : undefined)
        })
        const empty = status === 204 || status === 205 || status === 304
        return HttpClientResponse.fromWeb(
          request,
          new Response(empty ? null : bytesOf(body), { status, headers: { ...headers } })
        )
      })
    )
    return make(options).pipe(
      Effect.provideService(HttpClient.HttpClient, client),
      Effect.flatMap(use),
      Effect.result,
      Effect.map((result) => ({ result, sent }))
    )
  })

/** One call of our client of OIDC. */
export const ours = oursOf(SsoOidc.make)

/** The members of a success, its secrets as text. */
export const oursValue = (output: object): Members =>
  Object.fromEntries(
    Object.entries(output).map(([name, value]) => [name, Redacted.isRedacted(value) ? Redacted.value(value) : value])
  )

/** An exception of ours in the form of `officialException`. */
export const oursException = (error: unknown): Members =>
  present({
    type: member(error, "_tag"),
    error: member(error, "error"),
    description: member(error, "errorDescription"),
    reason: member(error, "reason"),
    status: member(error, "status"),
    requestId: member(error, "requestId")
  })

// -----------------------------------------------------------------------------
// results
// -----------------------------------------------------------------------------

export const succeeded = <A, E>(outcome: Outcome<A, E>): A =>
  Result.getOrThrowWith(outcome.result, (error) => new Error(`expected a success, but got ${String(error)}`))

export const failed = <A, E>(outcome: Outcome<A, E>): E => Result.getOrThrow(Result.flip(outcome.result))

/** The only request that was sent. */
export const request = (outcome: { readonly sent: ReadonlyArray<Sent> }): Sent => {
  const [one, ...more] = outcome.sent
  if (one === undefined || more.length > 0) throw new Error(`expected one request, but got ${outcome.sent.length}`)
  return one
}
