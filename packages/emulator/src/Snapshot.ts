/**
 * The state of the emulator as a value, which you can read, store and put back.
 *
 * Its secrets are `Redacted`. Its encoding holds them in the clear, so that you can put it back. Times are milliseconds
 * since 1970 by the emulator's clock.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Account } from "./Account.ts"
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
export class Registration extends Schema.Opaque<Registration>()(Schema.Struct({
  /** The id of the client. */
  clientId: Schema.String,
  /** The secret of the client. */
  clientSecret: secret("clientSecret"),
  /** The name of the client. The client wrote it, so escape it and do not trust it. */
  clientName: Schema.String,
  /** The scopes that the client may request. */
  scopes: Schema.Array(Schema.String),
  /** The grant types that the client may use. `seed` refuses an unknown one. */
  grantTypes: Schema.Array(Schema.String),
  /** The redirect URIs of the client. `seed` refuses a URI that RegisterClient would refuse. */
  redirectUris: Schema.Array(Schema.String),
  /** The issuer URL that the client registered. Absent if it registered none. */
  issuerUrl: Schema.optionalKey(Schema.String),
  /** When the secret expires, in milliseconds since 1970. */
  expiresAt: Schema.Finite
})) {}

const requester = Schema.optionalKey(Requester)
const decision = Schema.optionalKey(Schema.Literals(["approved", "denied"]))

/**
 * An authorization of the device grant, with its device code. `Authorization.DeviceAuthorization` shows the rest of it.
 *
 * @category models
 * @since 0.1.0
 */
export class DeviceAuthorization extends Schema.Opaque<DeviceAuthorization>()(Schema.Struct({
  /** The id of the client. `seed` refuses an id that neither the snapshot nor the emulator has. */
  clientId: Schema.String,
  /** The program that started the login. Absent if the transport described none. */
  requester,
  /** When the device code was issued, in milliseconds since 1970. */
  issuedAt: Schema.Finite,
  /** When the device code expires, in milliseconds since 1970. */
  expiresAt: Schema.Finite,
  /** The decision of the person. Absent while there is none. */
  decision,
  /** Whether the client has its token. */
  used: Schema.Boolean,
  /** The code that the client polls with. */
  deviceCode: secret("deviceCode"),
  /** The code that the person compares. Only the form `BCDF-GHJK` is accepted: twice four letters from A to Z. */
  userCode: Schema.String.check(Schema.isPattern(/^[A-Z]{4}-[A-Z]{4}$/)),
  /** The start URL of the request. `seed` refuses a URL that is neither https nor http to loopback. */
  startUrl: Schema.String,
  /**
   * The least time between two polls, in seconds, more than 0: the interval that was handed out, plus what `slow_down`
   * added.
   */
  interval: Schema.Finite.check(Schema.isGreaterThan(0)),
  /** When the last poll arrived, in milliseconds since 1970. Absent before the first poll. */
  polledAt: Schema.optionalKey(Schema.Finite)
})) {}

/**
 * An authorization of the authorization code grant, with its secrets. `Authorization.CodeAuthorization` shows the rest of
 * it.
 *
 * @category models
 * @since 0.1.0
 */
export class CodeAuthorization extends Schema.Opaque<CodeAuthorization>()(Schema.Struct({
  /** The id of the client. `seed` refuses an id that neither the snapshot nor the emulator has. */
  clientId: Schema.String,
  /** The program that started the login. Absent if the transport described none. */
  requester,
  /** When the browser came to `/authorize`, in milliseconds since 1970. */
  issuedAt: Schema.Finite,
  /** When the page and the authorization code expire, in milliseconds since 1970. */
  expiresAt: Schema.Finite,
  /** The decision of the person. Absent while there is none. */
  decision,
  /** Whether the client has its token. */
  used: Schema.Boolean,
  /** The id of the authorization. */
  id: Schema.String,
  /** The authorization code, which the browser brings to the client. */
  code: secret("code"),
  /** The redirect URI, to which the browser goes. `seed` refuses a URI that RegisterClient would refuse. */
  redirectUri: Schema.String,
  /** The client's own `state`, which the browser brings back. Absent if the client sent none. */
  state: Schema.optionalKey(secret("state")),
  /** The challenge of the proof key, by the method S256 (RFC 7636). */
  codeChallenge: Schema.String,
  /** The scopes that the client gets. */
  scopes: Schema.Array(Schema.String)
})) {}

/**
 * A session, which a refresh token continues.
 *
 * @category models
 * @since 0.1.0
 */
export class Session extends Schema.Opaque<Session>()(Schema.Struct({
  /** The id of the session, which its access tokens have too. Absent in older snapshots: `seed` makes one then. */
  id: Schema.optionalKey(Schema.String),
  /** The latest refresh token. An entry replaces each session that has one of its tokens. */
  refreshToken: secret("refreshToken"),
  /** The id of the client. `seed` refuses an id that neither the snapshot nor the emulator has. */
  clientId: Schema.String,
  /** When the session ends, in milliseconds since 1970. */
  endsAt: Schema.Finite,
  /** The id of the code authorization that began the session. Absent for the device grant. */
  codeAuthorizationId: Schema.optionalKey(Schema.String),
  /**
   * The used refresh tokens that still continue the session, the token that a client sent last at the end. Absent if there are
   * none, as always with the rotation `strict`. `seed` keeps the last 64, or none with the rotation `strict`.
   */
  usedRefreshTokens: Schema.optionalKey(Schema.Array(secret("usedRefreshToken")))
})) {}

/**
 * An access token, which the portal accepts.
 *
 * @category models
 * @since 0.1.0
 */
export class AccessToken extends Schema.Opaque<AccessToken>()(Schema.Struct({
  /** The access token. */
  accessToken: secret("accessToken"),
  /** The id of its session. Absent for a session of its own, without a refresh token. */
  sessionId: Schema.optionalKey(Schema.String),
  /** The id of the client. `seed` refuses an id that neither the snapshot nor the emulator has. */
  clientId: Schema.String,
  /** The scopes of the token. With `sso:account:access`, or without any scope, it opens the portal. */
  scopes: Schema.Array(Schema.String),
  /** When the token expires, in milliseconds since 1970. */
  expiresAt: Schema.Finite
})) {}

// With this default, a file that seeds one client needs no other list
const list = <S extends Schema.Top>(item: S) =>
  Schema.Array(item).pipe(Schema.withDecodingDefaultKey(Effect.succeed([])))

/**
 * The state of the emulator. An encoding may leave out lists that are empty.
 *
 * @category models
 * @since 0.1.0
 */
export class Snapshot extends Schema.Opaque<Snapshot>()(Schema.Struct({
  /** The registered clients. Empty by default. */
  registrations: list(Registration),
  /** The authorizations of the device grant, decided or not. Empty by default. */
  deviceAuthorizations: list(DeviceAuthorization),
  /** The authorizations of the authorization code grant, decided or not. Empty by default. */
  codeAuthorizations: list(CodeAuthorization),
  /** The sessions that have a valid refresh token. Empty by default. */
  sessions: list(Session),
  /** The access tokens that are valid. Empty by default. */
  accessTokens: list(AccessToken),
  /**
   * The accounts, with the roles that are assigned to the person. `seed` puts them in the place of all accounts. If they are
   * absent, as in older snapshots, it leaves the accounts as they are.
   */
  accounts: Schema.optionalKey(Schema.Array(Account))
})) {}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * An empty snapshot. Spread it to seed only a few entries.
 *
 * @category constructors
 * @since 0.1.0
 */
export const empty: Snapshot = {
  registrations: [],
  deviceAuthorizations: [],
  codeAuthorizations: [],
  sessions: [],
  accessTokens: []
}
