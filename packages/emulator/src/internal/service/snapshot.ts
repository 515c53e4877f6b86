/**
 * Converts between the state and a snapshot.
 */
import * as TrustedUrl from "@sso-oidc/core/aws/TrustedUrl"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type * as Snapshot from "../../Snapshot.ts"
import type * as AccessTokens from "./accessTokens.ts"
import * as Accounts from "./accounts.ts"
import * as Metadata from "./metadata.ts"
import type { Settings } from "./options.ts"
import * as Random from "./random.ts"
import * as RedirectUri from "./redirectUri.ts"
import * as Sessions from "./sessions.ts"
import type * as State from "./state.ts"

const present = <K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } | {} =>
  value === undefined ? {} : { [key]: value }

/** Takes a snapshot of all entries that are still of use at this time. */
export const take = (state: State.State, accounts: Accounts.Accounts, now: number): Snapshot.Snapshot => {
  const { accessTokens, codeAuthorizations, deviceAuthorizations, registrations, sessions } = state.everything(now)
  return {
    registrations: registrations.map(({ clientSecret, issuerUrl, ...registration }) => ({
      ...registration,
      ...present("issuerUrl", issuerUrl),
      clientSecret: Redacted.make(clientSecret, { label: "clientSecret" })
    })),
    deviceAuthorizations: deviceAuthorizations.map((code) => ({
      deviceCode: Redacted.make(code.deviceCode, { label: "deviceCode" }),
      userCode: code.userCode,
      clientId: code.client.clientId,
      startUrl: code.startUrl,
      ...present("requester", code.requester),
      issuedAt: code.issuedAt,
      expiresAt: code.expiresAt,
      interval: code.interval,
      ...present("polledAt", code.polledAt),
      ...present("decision", code.decision),
      used: code.used
    })),
    codeAuthorizations: codeAuthorizations.map((authorization) => ({
      id: authorization.id,
      code: Redacted.make(authorization.code, { label: "code" }),
      clientId: authorization.client.clientId,
      redirectUri: authorization.redirectUri,
      ...(authorization.state === undefined ? {} : { state: Redacted.make(authorization.state, { label: "state" }) }),
      codeChallenge: authorization.codeChallenge,
      scopes: authorization.scopes,
      ...present("requester", authorization.requester),
      issuedAt: authorization.issuedAt,
      expiresAt: authorization.expiresAt,
      ...present("decision", authorization.decision),
      used: authorization.used
    })),
    sessions: sessions.map(([refreshToken, { clientId, codeAuthorizationId, endsAt, id, usedTokens }]) => ({
      id,
      refreshToken: Redacted.make(refreshToken, { label: "refreshToken" }),
      clientId,
      endsAt,
      ...present("codeAuthorizationId", codeAuthorizationId),
      ...(usedTokens.length === 0
        ? {}
        : { usedRefreshTokens: usedTokens.map((token) => Redacted.make(token, { label: "usedRefreshToken" })) })
    })),
    accessTokens: accessTokens.map(([accessToken, { clientId, expiresAt, scopes, sessionId }]) => ({
      accessToken: Redacted.make(accessToken, { label: "accessToken" }),
      sessionId,
      clientId,
      scopes,
      expiresAt
    })),
    accounts: accounts.list()
  }
}

/**
 * Puts a snapshot into the state. An entry replaces the entry with the same key. If an entry is wrong, it changes nothing and
 * says what is wrong. The client of each entry must be in the snapshot or in the state.
 */
export const put = (
  state: State.State,
  accounts: Accounts.Accounts,
  snapshot: Snapshot.Snapshot,
  { capacity, capacityBytes, rotation }: Settings,
  now: number
): Result.Result<void, string> =>
  Result.gen(function*() {
    const clients = new Map(state.everything(now).registrations.map((client) => [client.clientId, client]))
    const registrations: Array<State.Registration> = []
    for (const { clientSecret, issuerUrl, ...given } of snapshot.registrations) {
      const unknown = given.grantTypes.find((grantType) => !Metadata.grantTypes.includes(grantType))
      if (unknown !== undefined) return yield* Result.fail(`${unknown} is not a grant type`)
      if (!given.redirectUris.every(RedirectUri.isRedirectUri)) {
        return yield* Result.fail(`the client ${given.clientId} has a redirect URI that RegisterClient would refuse`)
      }
      const registration = { ...given, issuerUrl, clientSecret: Redacted.value(clientSecret) }
      registrations.push(registration)
      clients.set(registration.clientId, registration)
    }
    const client = (clientId: string): Result.Result<State.Registration, string> => {
      const known = clients.get(clientId)
      return known === undefined
        ? Result.fail(`the client ${clientId} is neither in the snapshot nor in the emulator`)
        : Result.succeed(known)
    }
    const deviceAuthorizations: Array<State.DeviceAuthorization> = []
    for (const { clientId, deviceCode, requester, ...given } of snapshot.deviceAuthorizations) {
      if (!TrustedUrl.isTrusted(given.startUrl)) {
        return yield* Result.fail(`the startUrl of ${given.userCode} must be https, or http to loopback`)
      }
      deviceAuthorizations.push({
        ...given,
        _tag: "DeviceAuthorization",
        deviceCode: Redacted.value(deviceCode),
        client: yield* client(clientId),
        requester,
        polledAt: given.polledAt,
        decision: given.decision
      })
    }
    const codeAuthorizations: Array<State.CodeAuthorization> = []
    for (const { clientId, code, requester, ...given } of snapshot.codeAuthorizations) {
      if (!RedirectUri.isRedirectUri(given.redirectUri)) {
        return yield* Result.fail(
          `the code authorization ${given.id} has a redirect URI that RegisterClient would refuse`
        )
      }
      codeAuthorizations.push({
        ...given,
        _tag: "CodeAuthorization",
        code: Redacted.value(code),
        client: yield* client(clientId),
        requester,
        state: given.state === undefined ? undefined : Redacted.value(given.state),
        decision: given.decision
      })
    }
    const sessions: Array<readonly [string, Sessions.Session]> = []
    for (const { clientId, codeAuthorizationId, endsAt, id, refreshToken, usedRefreshTokens } of snapshot.sessions) {
      yield* client(clientId)
      const usedTokens = rotation === "lenient"
        ? (usedRefreshTokens ?? []).slice(-Sessions.mostUsedTokens).map(Redacted.value)
        : []
      sessions.push([Redacted.value(refreshToken), {
        // A snapshot from before the portal has no ids
        id: id ?? codeAuthorizationId ?? Random.id(),
        clientId,
        endsAt,
        codeAuthorizationId,
        usedTokens
      }])
    }
    const accessTokens: Array<readonly [string, AccessTokens.AccessToken]> = []
    for (const { accessToken, clientId, expiresAt, scopes, sessionId } of snapshot.accessTokens) {
      yield* client(clientId)
      accessTokens.push([Redacted.value(accessToken), {
        clientId,
        sessionId: sessionId ?? Random.id(),
        scopes,
        expiresAt
      }])
    }
    const itsAccounts = snapshot.accounts === undefined ? undefined : yield* Accounts.check(snapshot.accounts)
    const noRoom = itsAccounts === undefined ? undefined : accounts.roomProblem(itsAccounts)
    if (noRoom !== undefined) return yield* Result.fail(noRoom)
    const given = { registrations, deviceAuthorizations, codeAuthorizations, sessions, accessTokens }
    if (!state.hasRoomFor(given, now)) {
      return yield* Result.fail(
        `the emulator keeps at most ${capacity} of each kind, in ${capacityBytes} bytes; raise capacity or capacityBytes`
      )
    }
    state.restore(given)
    if (itsAccounts !== undefined) accounts.replace(itsAccounts)
  })
