/**
 * The server that tests a transport. It responds in every way that the contract tests, correct or broken, and remembers the
 * requests of each case.
 *
 * A case runs where the transport runs, which can be a page or an edge worker. The server can run elsewhere. So a case knows
 * the server by its addresses, and reads the server's reports over HTTP. For that it uses the platform's own `fetch`, and not
 * the transport under test. `ContractServerNode` starts a server.
 *
 * @since 0.1.0
 */
import type * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * The addresses of the server, and addresses where there is none. Each is an origin, without a slash at the end.
 *
 * @category models
 * @since 0.1.0
 */
export const Addresses = /* @__PURE__ */ Schema.Struct({
  /** The server. A path has the name of a behaviour and the id of a case: `/echo/3f2a`. */
  http: Schema.String,
  /** The same server behind TLS, with a certificate that no authority has signed. */
  untrusted: Schema.String,
  /** Takes connections and sends nothing, so a TLS handshake never ends. */
  silent: Schema.String,
  /** An https origin where the server speaks plain HTTP. */
  plain: Schema.String,
  /** An https origin where the server speaks TLS 1.1 at most. */
  old: Schema.String,
  /** Takes connections and closes each one during its TLS handshake. */
  closing: Schema.String,
  /** No process listens here. */
  refused: Schema.String,
  /** A host name that does not exist. */
  unresolved: Schema.String,
  /**
   * The server at `localhost`, once for each address that the name has on this machine. Each of these ports is open on one
   * address only, so the other addresses do not work.
   */
  families: Schema.Array(Schema.String)
})

/**
 * The addresses of the server, and addresses where there is none.
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
  /** The first 1024 bytes of the body, in hex digits. */
  body: Schema.String,
  /** The length of the whole body, in bytes. */
  size: Schema.Number,
  /** The number of the connection that the request came on. */
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
 * What the server received for one case.
 *
 * @category models
 * @since 0.1.0
 */
export const Report = /* @__PURE__ */ Schema.Struct({
  /** The requests, in their order. */
  requests: Schema.Array(ReceivedRequest),
  /** The connections that the requests came on. */
  connections: Schema.Array(Schema.Struct({
    /** The number of the connection. */
    id: Schema.Number,
    /** Whether the connection is still open. */
    open: Schema.Boolean
  }))
})

/**
 * What the server received for one case.
 *
 * @category models
 * @since 0.1.0
 */
export type Report = typeof Report.Type

/**
 * A running server.
 *
 * @category models
 * @since 0.1.0
 */
export interface Service {
  /** The URL where the server serves its addresses and its reports. {@link layerRemote} takes it. */
  readonly url: string
  /** The addresses of the server, and addresses where there is none. */
  readonly addresses: Addresses
  /** Reads what the server received for the case with this id. An unknown id gives an empty report. */
  readonly report: (id: string) => Effect.Effect<Report, ContractServerError>
}

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

interface ContractServerErrorMembers {
  /** The tag of this error. */
  readonly _tag: "ContractServerError"
  /** What failed, where, and what to do, as a sentence. */
  readonly detail: string
}

const ContractServerErrorBase: new(
  members: Omit<ContractServerErrorMembers, "_tag">
) => Cause.YieldableError & ContractServerErrorMembers = /* @__PURE__ */ Data.TaggedError("ContractServerError")<
  Omit<ContractServerErrorMembers, "_tag">
>

/**
 * The server cannot be started or reached. This says nothing about the transport.
 *
 * @category errors
 * @since 0.1.0
 */
export class ContractServerError extends ContractServerErrorBase {
  /** The {@link detail}, after the name of what failed. */
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

const readJson = <A>(schema: Schema.Codec<A, unknown>, url: string): Effect.Effect<A, ContractServerError> =>
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
    Effect.map(readJson(Addresses, `${url}/addresses`), (addresses) =>
      ContractServer.of({
        url,
        addresses,
        report: (id) => readJson(Report, `${url}/report/${encodeURIComponent(id)}`)
      }))
  )
