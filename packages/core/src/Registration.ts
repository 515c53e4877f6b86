/**
 * A client registration that can be kept and used again.
 *
 * Registering takes a request, and a registration lasts 90 days. So a tool keeps the one that it was given. A registration is
 * good at one region and endpoint and for one set of scopes, and holds them.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Endpoint from "./aws/Endpoint.ts"
import * as Stored from "./Stored.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * The members of a registration. Their encoding has the client's secret in the clear. So use them inside a schema whose encoding
 * is a secret as a whole, and {@link Registration} everywhere else.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Members = Schema.Struct({
  /** The client's id. Printable. */
  clientId: Stored.Printable,
  /** The client's secret. Not empty. */
  clientSecret: Stored.secret("clientSecret"),
  /** When the client secret expires, on the service's clock. Absent: it never does (RFC 7591 section 3.2.1). */
  expiresAt: Schema.optionalKey(Schema.DateTimeUtcFromMillis),
  /** The scopes that the client was registered with. Printable. */
  scopes: Schema.Array(Stored.Text),
  /** The region that the client was registered in. Printable. */
  region: Stored.Printable,
  /** The endpoint that the client was registered at. Printable. */
  endpoint: Stored.Printable
})

/**
 * A client registration, with the region, endpoint and scopes it is good for.
 *
 * @category models
 * @since 0.1.0
 */
export interface Registration extends Schema.Schema.Type<typeof Members> {}

/**
 * The schema to keep a registration with. Its encoding is JSON text in a `Redacted`: a reader of the text can act as the client.
 * It gives no access by itself, but belongs in a file that only its user can read. A codec for JSON that holds it fails to encode.
 *
 * @example
 * ```ts
 * import * as Registration from "@sso-oidc/core/Registration"
 * import * as Effect from "effect/Effect"
 * import * as Redacted from "effect/Redacted"
 *
 * const toFile = (registration: Registration.Registration, write: (text: string) => Effect.Effect<void>) =>
 *   Effect.flatMap(Registration.encode(registration), (secret) => write(Redacted.value(secret)))
 * ```
 *
 * @category schemas
 * @since 0.1.0
 */
export const Registration: Schema.Codec<Registration, Redacted.Redacted<string>> = Stored.encodedAsSecret(
  "registration",
  Members
)

// -----------------------------------------------------------------------------
// encoding
// -----------------------------------------------------------------------------

/**
 * The registration as a secret text.
 *
 * @category encoding
 * @since 0.1.0
 */
export const encode = (registration: Registration): Effect.Effect<Redacted.Redacted<string>> =>
  Effect.orDie(Schema.encodeEffect(Registration)(registration))

/**
 * The registration that a secret text holds. A text that holds none fails with a `SchemaError`, which does not repeat the text.
 *
 * @category encoding
 * @since 0.1.0
 */
export const decode = (text: Redacted.Redacted<string>): Effect.Effect<Registration, Schema.SchemaError> =>
  Schema.decodeEffect(Registration)(text)

// -----------------------------------------------------------------------------
// predicates
// -----------------------------------------------------------------------------

const margin = Duration.minutes(15)

const sameScopes = (a: ReadonlyArray<string>, b: ReadonlyArray<string>): boolean => {
  const [left, right] = [new Set(a), new Set(b)]
  return left.size === right.size && a.every((scope) => right.has(scope))
}

/**
 * Whether the registration was made in this region and at this endpoint. It is good nowhere else. Regions have no case.
 *
 * @category predicates
 * @since 0.1.0
 */
export const isOf = (
  registration: Registration,
  at: { readonly region: string; readonly endpoint: string }
): boolean =>
  Endpoint.regionOf(registration.region) === Endpoint.regionOf(at.region) && registration.endpoint === at.endpoint

/**
 * Whether the registration can be used at this region and endpoint, with these scopes (in any order), at this time. One that
 * expires within 15 minutes cannot: its expiry is on the service's clock, and a login takes a while. One without an expiry never
 * expires.
 *
 * @category predicates
 * @since 0.1.0
 */
export const isUsable = (
  registration: Registration,
  at: {
    readonly region: string
    readonly endpoint: string
    readonly scopes: ReadonlyArray<string>
    readonly now: DateTime.DateTime
  }
): boolean =>
  isOf(registration, at) &&
  sameScopes(registration.scopes, at.scopes) &&
  (registration.expiresAt === undefined ||
    DateTime.isGreaterThanOrEqualTo(registration.expiresAt, DateTime.addDuration(at.now, margin)))
