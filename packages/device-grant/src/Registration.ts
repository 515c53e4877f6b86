/**
 * A client registration that can be kept and used again.
 *
 * Registering takes a request and lasts 90 days, so that a tool does well to keep what it was given. A registration is
 * good for the region and endpoint it was made at, and for the scopes it was made with, and holds them.
 *
 * @since 0.1.0
 */
import * as Endpoint from "@sso-oidc/core/aws/Endpoint"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Secret from "./internal/secret.ts"
import * as Stored from "./internal/stored.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * The members of a registration: for schemas whose encoding holds one and is a secret as a whole.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Members = Schema.Struct({
  /** The client's id. Printable. */
  clientId: Stored.Printable,
  /** The client's secret. */
  clientSecret: Secret.Member,
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
 * The schema to keep a registration with. Its encoding is JSON text in a `Redacted`: whoever reads it can act as the
 * client. It is no bearer of anybody's rights by itself, but belongs in a file that only its user can read.
 *
 * @example
 * ```ts
 * import * as Registration from "@sso-oidc/device-grant/Registration"
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
export const Registration: Schema.Codec<Registration, Redacted.Redacted<string>> = Secret.encodedAsSecret(
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
 * The registration that a secret text holds. What is no registration fails with a `SchemaError` that does not repeat it.
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
 * Whether the registration was made in this region and at this endpoint, where alone it is good. Regions have no case.
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
 * Whether the registration can be used at this place, with these scopes (in any order), at this time. One that has less
 * than 15 minutes left cannot: its end is told by the service's clock, and a login takes a while. One without an end never
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
