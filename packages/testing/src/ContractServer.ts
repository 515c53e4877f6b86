/**
 * The server that a transport is held to: it answers in every way that the contract asks about, well and badly, and
 * remembers what it saw of each case.
 *
 * Cases run where the transport runs, also in a page or on the edge, and the server may be elsewhere. So they know it by
 * its addresses, and ask it over HTTP what it saw, with the platform's own `fetch` and not with the transport under
 * test. `ContractServerNode` starts one.
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
 * Where the server can be found, and where nobody can.
 *
 * - `http`: the server. Paths begin with a behaviour and the id of a case: `/echo/3f2a`.
 * - `untrusted`: the same behind TLS with a certificate that nobody vouches for.
 * - `silent`: takes connections and says nothing, so that no TLS handshake ends.
 * - `plain`: an origin of https where the server speaks plain HTTP.
 * - `old`: an origin of https where the server knows TLS 1.1 at most.
 * - `closing`: takes connections and closes each within its TLS handshake.
 * - `refused`: nobody listens there. `unresolved`: no such name.
 * - `families`: the server at `localhost`, once for each address that the name has here. At each port only one of the
 *   addresses is served, so the others are dead.
 *
 * All are origins, without a slash at the end.
 *
 * @category models
 * @since 0.1.0
 */
export const Addresses = /* @__PURE__ */ Schema.Struct({
  http: Schema.String,
  untrusted: Schema.String,
  silent: Schema.String,
  plain: Schema.String,
  old: Schema.String,
  closing: Schema.String,
  refused: Schema.String,
  unresolved: Schema.String,
  families: Schema.Array(Schema.String)
})

/**
 * @category models
 * @since 0.1.0
 */
export type Addresses = typeof Addresses.Type

/**
 * A request as it came: header names and values as they were on the wire, `body` in hexadecimal and no more than its
 * first KiB, `size` in bytes.
 *
 * @category models
 * @since 0.1.0
 */
export const Seen = /* @__PURE__ */ Schema.Struct({
  method: Schema.String,
  target: Schema.String,
  headers: Schema.Array(Schema.Tuple([Schema.String, Schema.String])),
  body: Schema.String,
  size: Schema.Number,
  /** The number of the connection that brought it. */
  connection: Schema.Number
})

/**
 * @category models
 * @since 0.1.0
 */
export type Seen = typeof Seen.Type

/**
 * What the server saw of one case: its requests in their order, and the connections that brought them.
 *
 * @category models
 * @since 0.1.0
 */
export const Report = /* @__PURE__ */ Schema.Struct({
  requests: Schema.Array(Seen),
  connections: Schema.Array(Schema.Struct({ id: Schema.Number, open: Schema.Boolean }))
})

/**
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
  /** Where it tells its addresses and what it saw: what {@link layerRemote} takes. */
  readonly url: string
  readonly addresses: Addresses
  readonly report: (id: string) => Effect.Effect<Report, ContractServerError>
}

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

/**
 * The server itself cannot be started or reached: it says nothing about the transport.
 *
 * @category errors
 * @since 0.1.0
 */
export class ContractServerError extends Data.TaggedError("ContractServerError")<{ readonly detail: string }> {
  override readonly message: string = `the contract's server: ${this.detail}`
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
  "@sso-oidc/testing/ContractServer"
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
    catch: (error) => new ContractServerError({ detail: `no answer from ${url}: ${String(error)}` })
  }).pipe(Effect.flatMap((json) =>
    Effect.mapError(
      Schema.decodeUnknownEffect(schema)(json),
      () => new ContractServerError({ detail: `${url} is no server of this contract` })
    )
  ))

/**
 * A server that runs in another process, or outside of the page. `url` is its {@link Service} `url`.
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
