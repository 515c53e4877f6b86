/**
 * The server that tests a transport. It responds in every way that the contract asks about, well and badly, and remembers
 * the requests of each case.
 *
 * Cases run where the transport runs, also in a page or on the edge, and the server may run elsewhere. Cases know it by its
 * addresses. They ask it over HTTP what it saw, with the platform's own `fetch` and not with the transport under test.
 * `ContractServerNode` starts one.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * Where the server is, and where none is. Each address is an origin, without a slash at the end.
 *
 * @category models
 * @since 0.1.0
 */
export const Addresses = /* @__PURE__ */ Schema.Struct({
  /** The server. Paths begin with a behaviour and the id of a case: `/echo/3f2a`. */
  http: Schema.String,
  /** The same server behind TLS, with a certificate that no authority has signed. */
  untrusted: Schema.String,
  /** Takes connections and sends nothing, so that no TLS handshake ends. */
  silent: Schema.String,
  /** An origin of https where the server speaks plain HTTP. */
  plain: Schema.String,
  /** An origin of https where the server knows TLS 1.1 at most. */
  old: Schema.String,
  /** Takes connections and closes each within its TLS handshake. */
  closing: Schema.String,
  /** No process listens there. */
  refused: Schema.String,
  /** A name that does not exist. */
  unresolved: Schema.String,
  /**
   * The server at `localhost`, once for each address that the name has on this machine. At each port only one of the
   * addresses is served, so that the others are dead.
   */
  families: Schema.Array(Schema.String)
})

/**
 * Where the server is, and where none is.
 *
 * @category models
 * @since 0.1.0
 */
export type Addresses = typeof Addresses.Type

/**
 * A request as it arrived.
 *
 * @category models
 * @since 0.1.0
 */
export const ReceivedRequest = /* @__PURE__ */ Schema.Struct({
  /** The HTTP method. */
  method: Schema.String,
  /** The path with its query. */
  target: Schema.String,
  /** Names and values as they were on the wire, in their order. */
  headers: Schema.Array(Schema.Tuple([Schema.String, Schema.String])),
  /** The first KiB of the body, in hex digits. */
  body: Schema.String,
  /** The length of the whole body, in bytes. */
  size: Schema.Number,
  /** The number of the connection that brought it. */
  connection: Schema.Number
})

/**
 * A request as it arrived.
 *
 * @category models
 * @since 0.1.0
 */
export type ReceivedRequest = typeof ReceivedRequest.Type

/**
 * What the server saw of one case.
 *
 * @category models
 * @since 0.1.0
 */
export const Report = /* @__PURE__ */ Schema.Struct({
  /** The requests, in their order. */
  requests: Schema.Array(ReceivedRequest),
  /** The connections that brought them, and whether each is still open. */
  connections: Schema.Array(Schema.Struct({ id: Schema.Number, open: Schema.Boolean }))
})

/**
 * What the server saw of one case.
 *
 * @category models
 * @since 0.1.0
 */
export type Report = typeof Report.Type

/**
 * A server that runs.
 *
 * @category models
 * @since 0.1.0
 */
export interface Service {
  /** Where it serves its addresses and its reports. {@link layerRemote} takes this URL. */
  readonly url: string
  /** Where the server is, and where none is. */
  readonly addresses: Addresses
  /** What the server saw of the case with this id. An unknown id gives an empty report. */
  readonly report: (id: string) => Effect.Effect<Report, ContractServerError>
}

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

/**
 * The server cannot be started or reached. It says nothing about the transport.
 *
 * @category errors
 * @since 0.1.0
 */
export class ContractServerError extends Data.TaggedError("ContractServerError")<{
  /** What failed, where, and what to do, as a sentence. */
  readonly detail: string
}> {
  override readonly message: string = `The contract's server failed: ${this.detail}`
}

// -----------------------------------------------------------------------------
// service
// -----------------------------------------------------------------------------

/**
 * The server as a service.
 *
 * @category services
 * @since 0.1.0
 */
export class ContractServer extends Context.Service<ContractServer, Service>()(
  "@sso-oidc/testing/contract/ContractServer"
) {}

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

const ask = <A>(schema: Schema.Codec<A, unknown>, url: string): Effect.Effect<A, ContractServerError> =>
  Effect.tryPromise({
    try: async (signal) => {
      const response = await fetch(url, { signal })
      if (!response.ok) throw new Error(`status ${response.status}`)
      return await response.json()
    },
    catch: (error) =>
      new ContractServerError({
        detail: `no response from ${url} (${
          String(error)
        }). Start ContractServerNode, and give the \`url\` of its service.`
      })
  }).pipe(Effect.flatMap((json) =>
    Effect.mapError(
      Schema.decodeUnknownEffect(schema)(json),
      () =>
        new ContractServerError({
          detail: `${url} is not a server of this contract. Give the \`url\` of the service of ContractServerNode.`
        })
    )
  ))

/**
 * A server that runs in another process, or outside of the page. `url` is the `url` of its {@link Service}.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerRemote = (url: string): Layer.Layer<ContractServer, ContractServerError> =>
  Layer.effect(
    ContractServer,
    Effect.map(ask(Addresses, `${url}/addresses`), (addresses) =>
      ContractServer.of({
        url,
        addresses,
        report: (id) => ask(Report, `${url}/report/${encodeURIComponent(id)}`)
      }))
  )
