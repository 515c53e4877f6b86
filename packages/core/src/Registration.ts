/**
 * A client registration that can be stored and used again.
 *
 * A registration lasts 90 days, and each new one takes a request. So a tool stores its registration. It is good for one region,
 * one endpoint and one set of scopes, which it holds.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Endpoint from "./aws/Endpoint.ts"
import type * as RegisterClient from "./RegisterClient.ts"
import * as Stored from "./Stored.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

const members = Schema.Struct({
  /** The id of the client. */
  clientId: Stored.Printable,
  /** The secret of the client. */
  clientSecret: Stored.secret("clientSecret"),
  /** When the client secret expires. */
  expiresAt: Schema.optionalKey(Schema.DateTimeUtcFromMillis),
  /** The scopes of the client. */
  scopes: Schema.Array(Stored.Text),
  /** The region of the client. */
  region: Stored.Printable,
  /** The endpoint of the client. */
  endpoint: Stored.Printable
})

type MembersSchema = typeof members

/**
 * The type of the schema {@link Members}. Declarations of other modules show its name instead of repeating its members.
 *
 * @category schemas
 * @since 0.1.0
 */
export interface Members extends MembersSchema {}

/**
 * The members of a registration. Their encoding has the secret of the client in plain text. Use them only inside a schema whose
 * whole encoding is a secret, and use {@link Registration} everywhere else.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Members: Members = members

/**
 * A client registration, with its region, endpoint and scopes.
 *
 * @category models
 * @since 0.1.0
 */
export interface Registration {
  /** The id of the client. It has no invisible characters. */
  readonly clientId: string
  /** The secret of the client. It is not empty. */
  readonly clientSecret: Redacted.Redacted
  /** When the client secret expires, on the service's clock. Absent if it never expires (RFC 7591 section 3.2.1). */
  readonly expiresAt?: DateTime.Utc
  /** The scopes that the client was registered with. They have no invisible characters. */
  readonly scopes: ReadonlyArray<string>
  /** The region that the client was registered in. It has no invisible characters. */
  readonly region: string
  /** The endpoint that the client was registered at. It has no invisible characters. */
  readonly endpoint: string
}

/**
 * The schema to store a registration with. Its encoding is JSON text in a `Redacted`.
 *
 * A reader of the text can act as the client. That alone gives no access, but keep the text in a file that only its user can
 * read. A codec for JSON that contains this schema fails to encode it.
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
 * Encodes a registration as a secret text.
 *
 * @category encoding
 * @since 0.1.0
 */
export const encode = (registration: Registration): Effect.Effect<Redacted.Redacted<string>> =>
  Effect.orDie(Schema.encodeEffect(Registration)(registration))

/**
 * Decodes a registration from a secret text. A text that is no registration fails with a `SchemaError`. The error names the
 * member that is wrong, and never repeats the text. Register again then.
 *
 * @category encoding
 * @since 0.1.0
 */
export const decode = (text: Redacted.Redacted<string>): Effect.Effect<Registration, Schema.SchemaError> =>
  Schema.decodeEffect(Registration)(text)

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Makes a registration from a response of RegisterClient. An expiry of 0 means that it never expires (RFC 7591 section 3.2.1).
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromResponse = (
  { clientId, clientSecret, clientSecretExpiresAt }: RegisterClient.Response,
  at: Pick<Registration, "scopes" | "region" | "endpoint">
): Registration => ({
  clientId,
  clientSecret,
  ...(clientSecretExpiresAt === 0 ? {} : { expiresAt: Stored.instant(clientSecretExpiresAt * 1000) }),
  scopes: at.scopes,
  region: at.region,
  endpoint: at.endpoint
})

// -----------------------------------------------------------------------------
// predicates
// -----------------------------------------------------------------------------

// 15 minutes in milliseconds
const margin = 900_000

const sameScopes = (a: ReadonlyArray<string>, b: ReadonlyArray<string>): boolean => {
  const [left, right] = [new Set(a), new Set(b)]
  return left.size === right.size && a.every((scope) => right.has(scope))
}

/**
 * A place where a client can be registered.
 *
 * @category models
 * @since 0.1.0
 */
export interface Place {
  /** The region of the service, in any case. */
  readonly region: string
  /** The endpoint of the service, without a slash at its end. */
  readonly endpoint: string
}

/**
 * A use of a registration, for {@link isUsable}.
 *
 * @category models
 * @since 0.1.0
 */
export interface Use extends Place {
  /** The scopes that the login needs, in any order. */
  readonly scopes: ReadonlyArray<string>
  /** The current time. */
  readonly now: DateTime.DateTime
}

/**
 * Whether the registration was made in this region and at this endpoint. It is good at no other place.
 *
 * @category predicates
 * @since 0.1.0
 */
export const isOf = (registration: Registration, at: Place): boolean =>
  Endpoint.regionOf(registration.region) === Endpoint.regionOf(at.region) && registration.endpoint === at.endpoint

/**
 * Whether the registration can be used at this region and endpoint, with these scopes, at this time.
 *
 * A registration that expires within 15 minutes cannot be used, because a login takes time, and the clock of the service may
 * differ. A registration without an expiry never expires.
 *
 * @category predicates
 * @since 0.1.0
 */
export const isUsable = (registration: Registration, at: Use): boolean =>
  isOf(registration, at) &&
  sameScopes(registration.scopes, at.scopes) &&
  (registration.expiresAt === undefined ||
    DateTime.toEpochMillis(registration.expiresAt) >= DateTime.toEpochMillis(at.now) + margin)
