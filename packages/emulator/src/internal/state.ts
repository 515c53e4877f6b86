/**
 * What the emulator remembers, and for how long.
 *
 * Every function here is synchronous, so that of two requests at once one is first and the other sees what it did.
 * Nothing runs by itself: what is past its time is dropped when something new is written. Each kind has a store of its own,
 * with its own bounds, so that none can push another out. A registration that leaves takes its logins and sessions along.
 */
import * as Random from "./random.ts"
import * as Store from "./store.ts"

export interface Registration {
  readonly clientId: string
  readonly clientSecret: string
  readonly clientName: string
  readonly scopes: ReadonlyArray<string>
  readonly grantTypes: ReadonlyArray<string>
  readonly redirectUris: ReadonlyArray<string>
  readonly issuerUrl: string | undefined
  readonly expiresAt: number
}

/** Where a request came from, as far as the transport tells. */
export interface From {
  readonly address: string | undefined
  readonly userAgent: string | undefined
}

interface Decidable {
  /** Another one where a registration was put in its place. */
  client: Registration
  readonly from: From | undefined
  readonly issuedAt: number
  expiresAt: number
  decision: "approved" | "denied" | undefined
  used: boolean
}

export interface DeviceCode extends Decidable {
  readonly _tag: "DeviceCode"
  readonly deviceCode: string
  readonly userCode: string
  readonly startUrl: string
  /** Seconds: what was handed out, plus what `slow_down` added. */
  interval: number
  polledAt: number | undefined
}

/** A browser that came to `/authorize`, and the authorization code that it leaves with. */
export interface Consent extends Decidable {
  readonly _tag: "Consent"
  readonly id: string
  readonly code: string
  readonly redirectUri: string
  readonly state: string | undefined
  readonly codeChallenge: string
  readonly scopes: ReadonlyArray<string>
}

export interface Session {
  readonly clientId: string
  readonly endsAt: number
  /** The consent that it came from: a code that is tried twice ends what came of it (RFC 6749 section 4.1.2). */
  readonly consent: string | undefined
}

/** What another state gave. */
export interface Given {
  readonly registrations: ReadonlyArray<Registration>
  readonly deviceCodes: ReadonlyArray<DeviceCode>
  readonly consents: ReadonlyArray<Consent>
  readonly sessions: ReadonlyArray<readonly [string, Session]>
}

/** How long an expired code is known as expired, rather than unknown. In milliseconds. */
const memory = 60 * 60 * 1000

const values = <A>(store: Store.Store<A>): ReadonlyArray<A> => store.list().map(([, value]) => value)

const reassign = (item: Decidable | undefined, client: Registration): void => {
  if (item !== undefined) item.client = client
}

/**
 * How long a login counts as one that a person or a poller is busy with, after a poll, a look or a decision. In
 * milliseconds; twice the interval where that is more.
 */
const attention = 2 * 60 * 1000

export const make = (
  options: Store.Limits & { readonly autoApprove: number | undefined; readonly requestsPerSecond: number }
) => {
  const { capacity, capacityBytes } = options
  const limits = { capacity, capacityBytes }
  const isOver = (item: Decidable, now: number): boolean => item.used || item.expiresAt <= now
  const owner = (item: Decidable): string => item.client.clientId
  // the client is measured as a registration
  const content = (item: Decidable): unknown => ({ ...item, client: undefined })

  const byDeviceCode = new Map<string, DeviceCode>()
  const deviceCodes = Store.make<DeviceCode>({
    ...limits,
    content,
    isOver,
    owner,
    onDrop: ({ deviceCode }) => byDeviceCode.delete(deviceCode)
  })
  const byCode = new Map<string, Consent>()
  const consents = Store.make<Consent>({
    ...limits,
    content,
    isOver,
    owner,
    onDrop: ({ code }) => byCode.delete(code)
  })
  // by the refresh token that is good at present
  const sessions = Store.make<Session>({
    ...limits,
    content: (session) => session,
    isOver: ({ endsAt }, now) => endsAt <= now,
    owner: ({ clientId }) => clientId
  })
  const ofClients = [deviceCodes, consents, sessions]
  const registrations = Store.make<Registration>({
    ...limits,
    content: (registration) => registration,
    isOver: ({ expiresAt }, now) => expiresAt <= now,
    onDrop: ({ clientId }) => {
      for (const store of ofClients) store.dropOwnedBy(clientId)
    }
  })
  const windows = new Map<string, { second: number; count: number }>()
  let purgedAt = -Infinity

  // Looks at everything, so not more often than once in a second of the clock, wherever that was set
  const purge = (now: number): void => {
    if (now >= purgedAt && now - purgedAt < 1000) return
    purgedAt = now
    registrations.dropWhere(({ expiresAt }) => expiresAt <= now)
    deviceCodes.dropWhere(({ expiresAt }) => expiresAt <= now - memory)
    consents.dropWhere(({ expiresAt }) => expiresAt <= now - memory)
    sessions.dropWhere(({ endsAt }) => endsAt <= now)
  }

  const keepDeviceCode = (code: DeviceCode): void => {
    deviceCodes.set(code.userCode, code)
    // a used one is as unknown to the device as one that never was
    if (!code.used) byDeviceCode.set(code.deviceCode, code)
  }

  const keepConsent = (consent: Consent): void => {
    consents.set(consent.id, consent)
    byCode.set(consent.code, consent)
  }

  return {
    /** Counts a request of the operation, and says whether its second has had too many. */
    throttled: (operation: string, now: number): boolean => {
      const second = Math.floor(now / 1000)
      const window = windows.get(operation)
      if (window === undefined || window.second !== second) {
        windows.set(operation, { second, count: 1 })
        return false
      }
      window.count++
      return window.count > options.requestsPerSecond
    },

    registration: (clientId: string, now: number): Registration | undefined => {
      const registration = registrations.get(clientId)
      return registration !== undefined && now < registration.expiresAt ? registration : undefined
    },
    /** Keeps it, unless every other one is part of a login that is under way. */
    addRegistration: (registration: Registration, now: number): boolean => {
      purge(now)
      if (!registrations.makeRoom(registration.clientId, registration, now)) return false
      registrations.set(registration.clientId, registration)
      return true
    },

    deviceCode: (deviceCode: string): DeviceCode | undefined => byDeviceCode.get(deviceCode),
    userCode: (userCode: string): DeviceCode | undefined => deviceCodes.get(userCode),
    /** Makes a code and keeps it, unless every other one is under way. */
    addCode: (
      code: Pick<DeviceCode, "client" | "from" | "startUrl" | "issuedAt" | "expiresAt" | "interval">
    ): DeviceCode | undefined => {
      purge(code.issuedAt)
      let userCode = Random.userCode()
      while (deviceCodes.has(userCode)) userCode = Random.userCode()
      const made: DeviceCode = {
        ...code,
        _tag: "DeviceCode",
        deviceCode: Random.deviceCode(),
        userCode,
        polledAt: undefined,
        decision: undefined,
        used: false
      }
      if (!deviceCodes.makeRoom(userCode, made, code.issuedAt)) return undefined
      keepDeviceCode(made)
      registrations.touch(code.client.clientId)
      return made
    },
    useCode: (code: DeviceCode): void => {
      code.used = true
      byDeviceCode.delete(code.deviceCode)
    },

    consent: (id: string): Consent | undefined => consents.get(id),
    authorizationCode: (code: string): Consent | undefined => byCode.get(code),
    /** Makes a consent that waits for a decision, unless every other one is under way. */
    addConsent: (
      consent: Omit<Consent, "_tag" | "id" | "code" | "decision" | "used">
    ): Consent | undefined => {
      purge(consent.issuedAt)
      const made: Consent = {
        ...consent,
        _tag: "Consent",
        id: Random.id(),
        code: Random.authorizationCode(),
        decision: undefined,
        used: false
      }
      if (!consents.makeRoom(made.id, made, consent.issuedAt)) return undefined
      keepConsent(made)
      registrations.touch(consent.client.clientId)
      return made
    },

    /** A person or a poller was busy with it just now: it and its client stay, whatever else is written. */
    attend: (item: DeviceCode | Consent, now: number): void => {
      const millis = item._tag === "DeviceCode" ? Math.max(attention, 2 * item.interval * 1000) : attention
      if (item._tag === "DeviceCode") deviceCodes.attend(item.userCode, now, millis)
      else consents.attend(item.id, now, millis)
      registrations.attend(item.client.clientId, now, millis)
    },

    /** What was decided, by a person or by the time that `autoApprove` gives. */
    decision: (item: Decidable, now: number): Decidable["decision"] =>
      item.decision ?? (options.autoApprove !== undefined && now >= item.issuedAt + options.autoApprove * 1000
        ? "approved"
        : undefined),

    session: (refreshToken: string, now: number): Session | undefined => {
      const session = sessions.get(refreshToken)
      return session !== undefined && now < session.endsAt ? session : undefined
    },
    /** Puts a session under a new refresh token. Where there is no room, the one that was unused the longest ends. */
    addSession: (session: Session, now: number): string => {
      purge(now)
      const refreshToken = Random.token("aor")
      sessions.makeRoom(refreshToken, session, now)
      sessions.set(refreshToken, session)
      registrations.touch(session.clientId)
      return refreshToken
    },
    endSession: (refreshToken: string): void => sessions.drop(refreshToken),
    endSessionsOf: (consent: Consent): void => {
      for (const token of sessions.ownedBy(consent.client.clientId)) {
        if (sessions.get(token)?.consent === consent.id) sessions.drop(token)
      }
    },

    /** All that can still matter at this time: to be looked at, and to be put back. */
    everything: (now: number) => {
      const clients = values(registrations).filter(({ expiresAt }) => now < expiresAt)
      // without its client nothing can come of it any more, nor could it be put back
      const ids = new Set(clients.map(({ clientId }) => clientId))
      const known = (item: Decidable): boolean => ids.has(item.client.clientId)
      return {
        registrations: clients,
        deviceCodes: values(deviceCodes).filter(known),
        consents: values(consents).filter(known),
        sessions: sessions.list().filter(([, { clientId, endsAt }]) => now < endsAt && ids.has(clientId))
      }
    },
    /** Whether there is room for all of it. What has a key that is there already takes its place. */
    hasRoomFor: (given: Given, now: number): boolean => {
      purge(now)
      return registrations.hasRoomFor(given.registrations.map((item) => [item.clientId, item])) &&
        deviceCodes.hasRoomFor(given.deviceCodes.map((item) => [item.userCode, item])) &&
        consents.hasRoomFor(given.consents.map((item) => [item.id, item])) &&
        sessions.hasRoomFor(given.sessions)
    },
    /** Puts back what another state gave, in place of what has the same key. */
    restore: (given: Given): void => {
      for (const registration of given.registrations) {
        const { clientId } = registration
        registrations.set(clientId, registration)
        // what is there of the client goes on with this one: the one before would be kept and not measured
        for (const key of deviceCodes.ownedBy(clientId)) reassign(deviceCodes.get(key), registration)
        for (const key of consents.ownedBy(clientId)) reassign(consents.get(key), registration)
      }
      for (const code of given.deviceCodes) {
        deviceCodes.drop(code.userCode)
        keepDeviceCode(code)
      }
      for (const consent of given.consents) {
        consents.drop(consent.id)
        keepConsent(consent)
      }
      for (const [token, session] of given.sessions) sessions.set(token, session)
    },
    clear: (): void => {
      for (const map of [registrations, deviceCodes, byDeviceCode, consents, byCode, sessions, windows]) map.clear()
      purgedAt = -Infinity
    },

    /** How much is remembered, dropped or not. */
    size: () => ({
      registrations: registrations.count(),
      codes: deviceCodes.count(),
      consents: consents.count(),
      sessions: sessions.count()
    }),
    /** The same in bytes. */
    bytes: () => ({
      registrations: registrations.bytes(),
      codes: deviceCodes.bytes(),
      consents: consents.bytes(),
      sessions: sessions.bytes()
    })
  }
}

export type State = ReturnType<typeof make>
