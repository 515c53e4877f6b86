/**
 * All that the emulator remembers, as a value: to look at, to keep, and to put back.
 *
 * It names its secrets as `Redacted`. Its encoding holds them in the clear, so that it can be put back. Times are
 * milliseconds since 1970 by the emulator's clock.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Requester } from "./Authorization.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

const secret = (label: string) => Schema.RedactedFromValue(Schema.String, { label })

/**
 * A registered client.
 *
 * @category models
 * @since 0.1.0
 */
export const Registration = Schema.Struct({
  /** The id of the client. */
  clientId: Schema.String,
  /** Its secret. */
  clientSecret: secret("clientSecret"),
  /** As the client wrote it: never trust it, and escape it. */
  clientName: Schema.String,
  /** The scopes that it may ask for. */
  scopes: Schema.Array(Schema.String),
  /** The grant types that it may use. */
  grantTypes: Schema.Array(Schema.String),
  /** Where it may send a browser back to. */
  redirectUris: Schema.Array(Schema.String),
  /** What it registered. Absent where it registered none. */
  issuerUrl: Schema.optionalKey(Schema.String),
  /** When the secret expires. */
  expiresAt: Schema.Finite
})

const common = {
  /** The client that it belongs to. */
  clientId: Schema.String,
  /** The program that sent the request. Absent where nothing was told of it. */
  requester: Schema.optionalKey(Requester),
  /** When it began. */
  issuedAt: Schema.Finite,
  /** When it ends. */
  expiresAt: Schema.Finite,
  /** The decision of the person. Absent while there is none. */
  decision: Schema.optionalKey(Schema.Literals(["approved", "denied"])),
  /** Whether the client has its token. */
  used: Schema.Boolean
}

/**
 * An authorization of the device grant, with its secret: what `Authorization.DeviceAuthorization` shows.
 *
 * @category models
 * @since 0.1.0
 */
export const DeviceAuthorization = Schema.Struct({
  ...common,
  /** The code that the client polls with. */
  deviceCode: secret("deviceCode"),
  /** The code that the person compares, such as `BCDF-GHJK`. */
  userCode: Schema.String.check(Schema.isPattern(/^[A-Z]{4}-[A-Z]{4}$/)),
  /** The start URL of the request. */
  startUrl: Schema.String,
  /** The least time between two polls, in seconds: the interval that was handed out, plus what `slow_down` added. */
  interval: Schema.Finite.check(Schema.isGreaterThan(0)),
  /** When the last poll came. Absent before the first. */
  polledAt: Schema.optionalKey(Schema.Finite)
})

/**
 * An authorization of the authorization code grant, with its secrets: what `Authorization.CodeAuthorization` shows.
 *
 * @category models
 * @since 0.1.0
 */
export const CodeAuthorization = Schema.Struct({
  ...common,
  /** It names the authorization. */
  id: Schema.String,
  /** The authorization code, which the browser brings to the client. */
  code: secret("code"),
  /** Where the browser goes afterwards. */
  redirectUri: Schema.String,
  /** The client's own `state`, which the browser brings back. Absent where it sent none. */
  state: Schema.optionalKey(secret("state")),
  /** The challenge of the proof key, by the method S256 (RFC 7636). */
  codeChallenge: Schema.String,
  /** The scopes that the client gets. */
  scopes: Schema.Array(Schema.String)
})

/**
 * What a refresh token stands for.
 *
 * @category models
 * @since 0.1.0
 */
export const Session = Schema.Struct({
  /** The token that is good for the next refresh. */
  refreshToken: secret("refreshToken"),
  /** The client that it belongs to. */
  clientId: Schema.String,
  /** When the session ends. */
  endsAt: Schema.Finite,
  /** The id of the code authorization that it came from. Absent for the device grant. */
  codeAuthorizationId: Schema.optionalKey(Schema.String)
})

// A file that puts in one client needs to name no more
const list = <S extends Schema.Top>(item: S) =>
  Schema.Array(item).pipe(Schema.withDecodingDefaultKey(Effect.succeed([])))

/**
 * All that the emulator remembers. An encoding may leave out the lists that are empty.
 *
 * @category models
 * @since 0.1.0
 */
export const Snapshot = Schema.Struct({
  /** The registered clients. */
  registrations: list(Registration),
  /** The authorizations of the device grant, decided or not. */
  deviceAuthorizations: list(DeviceAuthorization),
  /** The authorizations of the authorization code grant, decided or not. */
  codeAuthorizations: list(CodeAuthorization),
  /** The sessions that can be refreshed. */
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
 * A snapshot of nothing: where to start from to put in only a few things.
 *
 * @category constructors
 * @since 0.1.0
 */
export const empty: Snapshot = { registrations: [], deviceAuthorizations: [], codeAuthorizations: [], sessions: [] }
