/**
 * What the emulator remembers, and for how long.
 *
 * Every function here is synchronous, so that of two requests at once one is first and the other sees what it did.
 * Nothing runs by itself: what is past its time is dropped when something new is written.
 */
import * as Random from "./random.ts"

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
  readonly client: Registration
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

export const make = (options: {
  readonly capacity: number
  readonly autoApprove: number | undefined
  readonly requestsPerSecond: number
}) => {
  const registrations = new Map<string, Registration>()
  const deviceCodes = new Map<string, DeviceCode>()
  const byDeviceCode = new Map<string, DeviceCode>()
  const consents = new Map<string, Consent>()
  const byCode = new Map<string, Consent>()
  // by the refresh token that is good at present
  const sessions = new Map<string, Session>()
  const windows = new Map<string, { second: number; count: number }>()
  let purgedAt = -Infinity

  const dropDeviceCode = (code: DeviceCode): void => {
    deviceCodes.delete(code.userCode)
    byDeviceCode.delete(code.deviceCode)
  }

  const dropConsent = (consent: Consent): void => {
    consents.delete(consent.id)
    byCode.delete(consent.code)
  }

  // Looks at everything, so not more often than once in a second of the clock, wherever that was set
  const purge = (now: number): void => {
    if (now >= purgedAt && now - purgedAt < 1000) return
    purgedAt = now
    for (const registration of registrations.values()) {
      if (registration.expiresAt <= now) registrations.delete(registration.clientId)
    }
    for (const code of deviceCodes.values()) if (code.expiresAt <= now - memory) dropDeviceCode(code)
    for (const consent of consents.values()) if (consent.expiresAt <= now - memory) dropConsent(consent)
    for (const [token, session] of sessions) if (session.endsAt <= now) sessions.delete(token)
  }

  const isOver = (item: Decidable, now: number): boolean => item.used || item.expiresAt <= now

  const hasRoom = <A extends Decidable>(
    all: ReadonlyMap<string, A>,
    drop: (item: A) => void,
    now: number
  ): boolean => {
    purge(now)
    if (all.size >= options.capacity) { for (const item of all.values()) if (isOver(item, now)) drop(item) }
    return all.size < options.capacity
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
    /** Keeps it, unless there is no room. */
    addRegistration: (registration: Registration, now: number): boolean => {
      purge(now)
      if (registrations.size >= options.capacity && !registrations.has(registration.clientId)) return false
      registrations.set(registration.clientId, registration)
      return true
    },

    deviceCode: (deviceCode: string): DeviceCode | undefined => byDeviceCode.get(deviceCode),
    userCode: (userCode: string): DeviceCode | undefined => deviceCodes.get(userCode),
    /** Makes a code and keeps it, unless there is no room. */
    addCode: (
      code: Pick<DeviceCode, "client" | "from" | "startUrl" | "issuedAt" | "expiresAt" | "interval">
    ): DeviceCode | undefined => {
      if (!hasRoom(deviceCodes, dropDeviceCode, code.issuedAt)) return undefined
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
      keepDeviceCode(made)
      return made
    },
    useCode: (code: DeviceCode): void => {
      code.used = true
      byDeviceCode.delete(code.deviceCode)
    },

    consent: (id: string): Consent | undefined => consents.get(id),
    authorizationCode: (code: string): Consent | undefined => byCode.get(code),
    /** Makes a consent that waits for a decision, unless there is no room. */
    addConsent: (
      consent: Omit<Consent, "_tag" | "id" | "code" | "decision" | "used">
    ): Consent | undefined => {
      if (!hasRoom(consents, dropConsent, consent.issuedAt)) return undefined
      const made: Consent = {
        ...consent,
        _tag: "Consent",
        id: Random.id(),
        code: Random.authorizationCode(),
        decision: undefined,
        used: false
      }
      keepConsent(made)
      return made
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
    /** Puts a session under a new refresh token. Where there is no room, the oldest session ends. */
    addSession: (session: Session, now: number): string => {
      purge(now)
      if (sessions.size >= options.capacity) {
        for (const oldest of sessions.keys()) {
          sessions.delete(oldest)
          break
        }
      }
      const refreshToken = Random.token("aor")
      sessions.set(refreshToken, session)
      return refreshToken
    },
    endSession: (refreshToken: string): void => {
      sessions.delete(refreshToken)
    },
    endSessionsOf: (consent: string): void => {
      for (const [token, session] of sessions) if (session.consent === consent) sessions.delete(token)
    },

    /** All that can still matter at this time: to be looked at, and to be put back. */
    everything: (now: number) => {
      const clients = [...registrations.values()].filter(({ expiresAt }) => now < expiresAt)
      // without its client nothing can come of it any more, nor could it be put back
      const ids = new Set(clients.map(({ clientId }) => clientId))
      const known = (item: Decidable): boolean => ids.has(item.client.clientId)
      return {
        registrations: clients,
        deviceCodes: [...deviceCodes.values()].filter(known),
        consents: [...consents.values()].filter(known),
        sessions: [...sessions].filter(([, { clientId, endsAt }]) => now < endsAt && ids.has(clientId))
      }
    },
    /** Whether there is room for all of it. What has a key that is there already takes no more. */
    hasRoomFor: (given: Given): boolean => {
      const fits = <A>(map: ReadonlyMap<string, unknown>, items: ReadonlyArray<A>, key: (item: A) => string): boolean =>
        map.size + items.filter((item) => !map.has(key(item))).length <= options.capacity
      return fits(registrations, given.registrations, ({ clientId }) => clientId) &&
        fits(deviceCodes, given.deviceCodes, ({ userCode }) => userCode) &&
        fits(consents, given.consents, ({ id }) => id) &&
        fits(sessions, given.sessions, ([token]) => token)
    },
    /** Puts back what another state gave, in place of what has the same key. */
    restore: (given: Given): void => {
      for (const registration of given.registrations) registrations.set(registration.clientId, registration)
      for (const code of given.deviceCodes) {
        const before = deviceCodes.get(code.userCode)
        if (before !== undefined) dropDeviceCode(before)
        keepDeviceCode(code)
      }
      for (const consent of given.consents) {
        const before = consents.get(consent.id)
        if (before !== undefined) dropConsent(before)
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
      registrations: registrations.size,
      codes: deviceCodes.size,
      consents: consents.size,
      sessions: sessions.size
    })
  }
}

export type State = ReturnType<typeof make>
