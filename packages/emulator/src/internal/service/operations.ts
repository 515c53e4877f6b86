/**
 * The three operations of the OIDC service as transitions of the state, at a given time.
 *
 * They check in this order: the client, the members that the grant requires, the code (unknown, another client's, expired,
 * used), and the decision. While there is no decision, they check the interval.
 */
import * as TrustedUrl from "@sso-oidc/core/aws/TrustedUrl"
import * as CreateToken from "@sso-oidc/core/CreateToken"
import type * as RegisterClient from "@sso-oidc/core/RegisterClient"
import * as SsoOidcError from "@sso-oidc/core/SsoOidcError"
import type * as StartDeviceAuthorization from "@sso-oidc/core/StartDeviceAuthorization"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type { Requester } from "../../Authorization.ts"
import { raise } from "./exceptions.ts"
import * as Lengths from "./lengths.ts"
import * as Metadata from "./metadata.ts"
import type { Settings } from "./options.ts"
import * as Random from "./random.ts"
import * as Sessions from "./sessions.ts"
import type * as State from "./state.ts"

const registrationLife = 90 * 24 * 60 * 60

// In milliseconds. A correct client's timer may fire a little early.
const tolerance = 50

// Made once, because a stack takes time and these have nothing of a request in them
const invalidClient = raise(SsoOidcError.InvalidClientException, "Invalid client provided")
const unregisteredGrant = raise(
  SsoOidcError.UnauthorizedClientException,
  "The client is not registered for this grant type"
)
const invalidGrant = raise(SsoOidcError.InvalidGrantException, "Invalid grant provided")
const invalidRefreshToken = raise(SsoOidcError.InvalidGrantException, "Invalid refresh token provided")
const expiredCode = raise(SsoOidcError.ExpiredTokenException, "The device code has expired")
const denied = raise(SsoOidcError.AccessDeniedException, "The login was denied")
const pending = raise(SsoOidcError.AuthorizationPendingException, "Authorization is still pending")
const malformedScope = raise(SsoOidcError.InvalidScopeException, "A scope is malformed")

const full = (what: string, { capacity, capacityBytes }: Settings) =>
  raise(
    SsoOidcError.SlowDownException,
    `The emulator is full: it keeps at most ${capacity} ${what} in ${capacityBytes} bytes, and all are in use`
  )

export const make = (settings: Settings, state: State.State) => {
  const client = (
    request: { readonly clientId: string; readonly clientSecret: Redacted.Redacted },
    grantType: string,
    now: number
  ): Result.Result<
    State.Registration,
    SsoOidcError.InvalidClientException | SsoOidcError.UnauthorizedClientException
  > => {
    const registration = state.registration(request.clientId, now)
    if (registration === undefined || registration.clientSecret !== Redacted.value(request.clientSecret)) {
      return invalidClient
    }
    if (!registration.grantTypes.includes(grantType)) {
      return unregisteredGrant
    }
    return Result.succeed(registration)
  }

  const throttle = (operation: string, now: number) =>
    state.throttled(operation, now)
      ? raise(
        SsoOidcError.SlowDownException,
        `More than ${settings.requestsPerSecond} requests of this operation in one second`
      )
      : Result.succeed(undefined)

  const register = (
    request: RegisterClient.Request,
    now: number
  ): Result.Result<RegisterClient.Response, RegisterClient.Exception> =>
    Result.gen(function*() {
      yield* throttle("RegisterClient", now)
      const metadata = yield* Metadata.check(request)
      const clientIdIssuedAt = Math.floor(now / 1000)
      const clientSecretExpiresAt = clientIdIssuedAt + registrationLife
      const registration: State.Registration = {
        ...metadata,
        clientId: Random.clientId(settings.region),
        clientSecret: Random.clientSecret(),
        expiresAt: clientSecretExpiresAt * 1000
      }
      if (!state.addRegistration(registration, now)) return yield* full("registrations", settings)
      return {
        clientId: registration.clientId,
        clientSecret: Redacted.make(registration.clientSecret, { label: "clientSecret" }),
        clientIdIssuedAt,
        clientSecretExpiresAt
      }
    })

  const start = (
    request: StartDeviceAuthorization.Request,
    origin: string,
    requester: Requester | undefined,
    now: number
  ): Result.Result<StartDeviceAuthorization.Response, StartDeviceAuthorization.Exception> =>
    Result.gen(function*() {
      yield* throttle("StartDeviceAuthorization", now)
      yield* Lengths.check({ startUrl: request.startUrl })
      const registration = yield* client(request, CreateToken.deviceCodeGrantType, now)
      if (!TrustedUrl.isTrusted(request.startUrl)) {
        return yield* raise(SsoOidcError.InvalidRequestException, "startUrl must be https, or http to loopback")
      }
      const code = state.addDeviceAuthorization({
        client: registration,
        requester,
        startUrl: request.startUrl,
        issuedAt: now,
        expiresAt: now + settings.expiresIn * 1000,
        interval: settings.interval
      })
      if (code === undefined) return yield* full("device authorizations", settings)
      const verificationUri = `${origin}/device`
      return {
        deviceCode: Redacted.make(code.deviceCode, { label: "deviceCode" }),
        userCode: code.userCode,
        verificationUri,
        verificationUriComplete: `${verificationUri}?user_code=${code.userCode}`,
        expiresIn: settings.expiresIn,
        interval: settings.interval
      }
    })

  const issue = (
    registration: State.Registration,
    session: Omit<Sessions.Session, "clientId">,
    now: number
  ): CreateToken.Response => {
    const { clientId, scopes } = registration
    const left = Math.floor((session.endsAt - now) / 1000)
    // Without scopes, the token is valid for the whole session, and there is no refresh token
    const isWhole = scopes.length === 0
    const expiresIn = isWhole ? left : Math.min(settings.accessTokenLifetime, left)
    const accessToken = state.addAccessToken(
      { clientId, sessionId: session.id, scopes, expiresAt: now + expiresIn * 1000 },
      now
    )
    return {
      accessToken: Redacted.make(accessToken, { label: "accessToken" }),
      tokenType: "Bearer",
      expiresIn,
      ...(isWhole
        ? {}
        : { refreshToken: Redacted.make(state.addSession({ ...session, clientId }, now), { label: "refreshToken" }) })
    }
  }

  /** A session that begins now. */
  const begun = (codeAuthorizationId: string | undefined, now: number): Omit<Sessions.Session, "clientId"> => ({
    id: codeAuthorizationId ?? Random.id(),
    codeAuthorizationId,
    endsAt: now + settings.sessionDuration * 1000,
    usedTokens: []
  })

  const tooEarly = (code: State.DeviceAuthorization, now: number): boolean => {
    const before = code.polledAt
    code.polledAt = now
    // If the clock was set back, the time between two polls is unknown
    if (before === undefined || now < before || now - before >= code.interval * 1000 - tolerance) return false
    code.interval += 5
    return true
  }

  const poll = (
    registration: State.Registration,
    deviceCode: string,
    now: number
  ): Result.Result<CreateToken.Response, CreateToken.Exception> => {
    const code = state.byDeviceCode(deviceCode)
    if (code === undefined || code.client.clientId !== registration.clientId) return invalidGrant
    state.attend(code, now)
    if (now >= code.expiresAt) return expiredCode
    switch (state.decision(code, now)) {
      case "denied":
        return denied
      case "approved":
        state.useDeviceCode(code)
        return Result.succeed(issue(registration, begun(undefined, now), now))
      // `slow_down` means that the login is still pending (RFC 8628 section 3.5), so it must not hide a decision
      case undefined:
        return tooEarly(code, now)
          ? raise(SsoOidcError.SlowDownException, `Polled too early: wait ${code.interval} seconds between polls`)
          : pending
    }
  }

  const refresh = (
    registration: State.Registration,
    refreshToken: string,
    now: number
  ): Result.Result<CreateToken.Response, CreateToken.Exception> => {
    const found = state.session(refreshToken, now)
    if (
      found === undefined || found.session.clientId !== registration.clientId ||
      // The wire has whole seconds, so a token of 1 second would outlive the session
      found.session.endsAt - now < 1000
    ) return invalidRefreshToken
    const { latest, session } = found
    state.takeSession(latest)
    const usedTokens = settings.rotation === "lenient"
      ? Sessions.usedAfter(session.usedTokens, latest, refreshToken)
      : []
    return Result.succeed(issue(registration, { ...session, usedTokens }, now))
  }

  const redeem = (
    registration: State.Registration,
    request: typeof CreateToken.AuthorizationCodeRequest.Type,
    challenge: string | undefined,
    now: number
  ): Result.Result<CreateToken.Response, CreateToken.Exception> => {
    const authorization = state.byAuthorizationCode(Redacted.value(request.code))
    if (authorization === undefined || authorization.client.clientId !== registration.clientId) return invalidGrant
    if (authorization.used) {
      // The code may be stolen, so its session ends too (RFC 6749 section 4.1.2)
      state.endSessionsOf(authorization)
      return invalidGrant
    }
    if (
      now >= authorization.expiresAt || state.decision(authorization, now) !== "approved" ||
      request.redirectUri !== authorization.redirectUri || challenge !== authorization.codeChallenge
    ) return invalidGrant
    authorization.used = true
    return Result.succeed(issue(registration, begun(authorization.id, now), now))
  }

  /** `challenge` is the challenge of the request's code verifier, if it has one. */
  const exchange = (
    request: CreateToken.Request,
    challenge: string | undefined,
    now: number
  ): Result.Result<CreateToken.Response, CreateToken.Exception> =>
    Result.flatMap(client(request, request.grantType, now), (registration) => {
      // `scope` has no effect at the service, but it must be well formed
      if (Metadata.malformedScope(request.scope ?? []) !== undefined) return malformedScope
      switch (request.grantType) {
        case CreateToken.deviceCodeGrantType:
          return poll(registration, Redacted.value(request.deviceCode), now)
        case "refresh_token":
          return refresh(registration, Redacted.value(request.refreshToken), now)
        case "authorization_code":
          return redeem(registration, request, challenge, now)
      }
    })

  return { register, start, exchange }
}
