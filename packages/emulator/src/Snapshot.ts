/**
 * All that the emulator remembers, as a value: to look at, to keep, and to put back.
 *
 * It names its secrets as `Redacted`; its encoding holds them in the clear, since it must be able to be put back. Times
 * are milliseconds since 1970 by the emulator's clock, and `interval` is in seconds.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { From } from "./Authorization.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

const secret = (label: string) => Schema.RedactedFromValue(Schema.String, { label })

const decision = Schema.optionalKey(Schema.Literals(["approved", "denied"]))

/**
 * A registered client.
 *
 * @category models
 * @since 0.1.0
 */
export const Registration = Schema.Struct({
  clientId: Schema.String,
  clientSecret: secret("clientSecret"),
  clientName: Schema.String,
  scopes: Schema.Array(Schema.String),
  grantTypes: Schema.Array(Schema.String),
  redirectUris: Schema.Array(Schema.String),
  issuerUrl: Schema.optionalKey(Schema.String),
  expiresAt: Schema.Finite
})

/**
 * A device code, whatever became of it.
 *
 * @category models
 * @since 0.1.0
 */
export const DeviceCode = Schema.Struct({
  deviceCode: secret("deviceCode"),
  userCode: Schema.String.check(Schema.isPattern(/^[A-Z]{4}-[A-Z]{4}$/)),
  clientId: Schema.String,
  startUrl: Schema.String,
  from: Schema.optionalKey(From),
  issuedAt: Schema.Finite,
  expiresAt: Schema.Finite,
  /** What was handed out, plus what `slow_down` added. */
  interval: Schema.Finite.check(Schema.isGreaterThan(0)),
  polledAt: Schema.optionalKey(Schema.Finite),
  decision,
  used: Schema.Boolean
})

/**
 * A browser that came to `/authorize`, and the authorization code that it leaves with.
 *
 * @category models
 * @since 0.1.0
 */
export const Consent = Schema.Struct({
  id: Schema.String,
  code: secret("code"),
  clientId: Schema.String,
  redirectUri: Schema.String,
  state: Schema.optionalKey(secret("state")),
  codeChallenge: Schema.String,
  scopes: Schema.Array(Schema.String),
  from: Schema.optionalKey(From),
  issuedAt: Schema.Finite,
  expiresAt: Schema.Finite,
  decision,
  used: Schema.Boolean
})

/**
 * What a refresh token stands for.
 *
 * @category models
 * @since 0.1.0
 */
export const Session = Schema.Struct({
  refreshToken: secret("refreshToken"),
  clientId: Schema.String,
  endsAt: Schema.Finite,
  /** The consent that it came from, for the authorization code grant. */
  consent: Schema.optionalKey(Schema.String)
})

// A file that puts in one client needs to name no more
const list = <S extends Schema.Top>(item: S) =>
  Schema.Array(item).pipe(Schema.withDecodingDefaultKey(Effect.succeed([])))

/**
 * All that the emulator remembers. An encoding may leave out what it has none of.
 *
 * @category models
 * @since 0.1.0
 */
export const Snapshot = Schema.Struct({
  registrations: list(Registration),
  deviceCodes: list(DeviceCode),
  consents: list(Consent),
  sessions: list(Session)
})

/**
 * All that the emulator remembers.
 *
 * @category models
 * @since 0.1.0
 */
export type Snapshot = typeof Snapshot.Type

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Nothing at all: what to start from where only a few things are to be put into the emulator.
 *
 * @category constructors
 * @since 0.1.0
 */
export const empty: Snapshot = { registrations: [], deviceCodes: [], consents: [], sessions: [] }
