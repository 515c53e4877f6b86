/**
 * Between what the emulator keeps and what it shows of it.
 */
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type * as Snapshot from "../Snapshot.ts"
import * as Decisions from "./decisions.ts"
import * as Metadata from "./metadata.ts"
import type * as State from "./state.ts"
import type { Limits } from "./store.ts"
import * as Url from "./url.ts"

const present = <K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } | {} =>
  value === undefined ? {} : { [key]: value }

/** All that can still matter at this time. */
export const take = (state: State.State, now: number): Snapshot.Snapshot => {
  const { consents, deviceCodes, registrations, sessions } = state.everything(now)
  return {
    registrations: registrations.map(({ clientSecret, issuerUrl, ...registration }) => ({
      ...registration,
      ...present("issuerUrl", issuerUrl),
      clientSecret: Redacted.make(clientSecret, { label: "clientSecret" })
    })),
    deviceCodes: deviceCodes.map((code) => ({
      deviceCode: Redacted.make(code.deviceCode, { label: "deviceCode" }),
      userCode: code.userCode,
      clientId: code.client.clientId,
      startUrl: code.startUrl,
      ...Decisions.from(code.from),
      issuedAt: code.issuedAt,
      expiresAt: code.expiresAt,
      interval: code.interval,
      ...present("polledAt", code.polledAt),
      ...present("decision", code.decision),
      used: code.used
    })),
    consents: consents.map((consent) => ({
      id: consent.id,
      code: Redacted.make(consent.code, { label: "code" }),
      clientId: consent.client.clientId,
      redirectUri: consent.redirectUri,
      ...(consent.state === undefined ? {} : { state: Redacted.make(consent.state, { label: "state" }) }),
      codeChallenge: consent.codeChallenge,
      scopes: consent.scopes,
      ...Decisions.from(consent.from),
      issuedAt: consent.issuedAt,
      expiresAt: consent.expiresAt,
      ...present("decision", consent.decision),
      used: consent.used
    })),
    sessions: sessions.map(([refreshToken, { clientId, consent, endsAt }]) => ({
      refreshToken: Redacted.make(refreshToken, { label: "refreshToken" }),
      clientId,
      endsAt,
      ...present("consent", consent)
    }))
  }
}

const back = (from: (typeof Snapshot.DeviceCode.Type)["from"]): State.From | undefined =>
  from === undefined ? undefined : { address: from.address, userAgent: from.userAgent }

/**
 * Puts it back, in place of what has the same key, or says in one sentence what is wrong with it: then nothing was put.
 * What hangs on a client needs that client, in the snapshot or in the state.
 */
export const put = (
  state: State.State,
  snapshot: Snapshot.Snapshot,
  { capacity, capacityBytes }: Limits,
  now: number
): Result.Result<void, string> =>
  Result.gen(function*() {
    const clients = new Map(state.everything(now).registrations.map((client) => [client.clientId, client]))
    const registrations: Array<State.Registration> = []
    for (const { clientSecret, issuerUrl, ...given } of snapshot.registrations) {
      const unknown = given.grantTypes.find((grantType) => !Metadata.grantTypes.includes(grantType))
      if (unknown !== undefined) return yield* Result.fail(`${unknown} is no grant type`)
      if (!given.redirectUris.every(Url.isRedirectUri)) {
        return yield* Result.fail(`the client ${given.clientId} has a redirect URI that none can be`)
      }
      const registration = { ...given, issuerUrl, clientSecret: Redacted.value(clientSecret) }
      registrations.push(registration)
      clients.set(registration.clientId, registration)
    }
    const client = (clientId: string): Result.Result<State.Registration, string> => {
      const known = clients.get(clientId)
      return known === undefined ? Result.fail(`there is no client ${clientId}`) : Result.succeed(known)
    }
    const deviceCodes: Array<State.DeviceCode> = []
    for (const { clientId, deviceCode, from, ...given } of snapshot.deviceCodes) {
      if (!Url.isStartUrl(given.startUrl)) {
        return yield* Result.fail(`${given.userCode} has no start URL that can be one`)
      }
      deviceCodes.push({
        ...given,
        _tag: "DeviceCode",
        deviceCode: Redacted.value(deviceCode),
        client: yield* client(clientId),
        from: back(from),
        polledAt: given.polledAt,
        decision: given.decision
      })
    }
    const consents: Array<State.Consent> = []
    for (const { clientId, code, from, ...given } of snapshot.consents) {
      if (!Url.isRedirectUri(given.redirectUri)) {
        return yield* Result.fail(`the consent ${given.id} has a redirect URI that none can be`)
      }
      consents.push({
        ...given,
        _tag: "Consent",
        code: Redacted.value(code),
        client: yield* client(clientId),
        from: back(from),
        state: given.state === undefined ? undefined : Redacted.value(given.state),
        decision: given.decision
      })
    }
    const sessions: Array<readonly [string, State.Session]> = []
    for (const { clientId, consent, endsAt, refreshToken } of snapshot.sessions) {
      yield* client(clientId)
      sessions.push([Redacted.value(refreshToken), { clientId, endsAt, consent }])
    }
    const given = { registrations, deviceCodes, consents, sessions }
    if (!state.hasRoomFor(given, now)) {
      return yield* Result.fail(`the emulator keeps at most ${capacity} of each, in ${capacityBytes} bytes`)
    }
    state.restore(given)
  })
