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
  readonly expiresAt: number
}

export interface DeviceCode {
  readonly deviceCode: string
  readonly userCode: string
  readonly client: Registration
  readonly startUrl: string
  readonly issuedAt: number
  readonly expiresAt: number
  /** Seconds: what was handed out, plus what `slow_down` added. */
  interval: number
  polledAt: number | undefined
  decision: "approved" | "denied" | undefined
  used: boolean
}

export interface Session {
  readonly clientId: string
  readonly endsAt: number
}

/** How long an expired device code is known as expired, rather than unknown. In milliseconds. */
const memory = 60 * 60 * 1000

/** How many requests of one operation a second may see before it throttles. */
export const requestsPerSecond = 500

export const make = (options: { readonly capacity: number; readonly autoApprove: number | undefined }) => {
  const registrations = new Map<string, Registration>()
  const byDeviceCode = new Map<string, DeviceCode>()
  const byUserCode = new Map<string, DeviceCode>()
  // by the refresh token that is good at present
  const sessions = new Map<string, Session>()
  const windows = new Map<string, { second: number; count: number }>()

  const dropCodes = (before: number): void => {
    for (const code of byDeviceCode.values()) {
      if (code.expiresAt <= before) {
        byDeviceCode.delete(code.deviceCode)
        byUserCode.delete(code.userCode)
      }
    }
  }

  const purge = (now: number): void => {
    for (const registration of registrations.values()) {
      if (registration.expiresAt <= now) registrations.delete(registration.clientId)
    }
    dropCodes(now - memory)
    if (byDeviceCode.size >= options.capacity) dropCodes(now)
    for (const [token, session] of sessions) {
      if (session.endsAt <= now) sessions.delete(token)
    }
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
      return window.count > requestsPerSecond
    },

    registration: (clientId: string, now: number): Registration | undefined => {
      const registration = registrations.get(clientId)
      return registration !== undefined && now < registration.expiresAt ? registration : undefined
    },
    /** Keeps it, unless there is no room. */
    addRegistration: (registration: Registration, now: number): boolean => {
      purge(now)
      if (registrations.size >= options.capacity) return false
      registrations.set(registration.clientId, registration)
      return true
    },

    deviceCode: (deviceCode: string): DeviceCode | undefined => byDeviceCode.get(deviceCode),
    userCode: (userCode: string): DeviceCode | undefined => byUserCode.get(userCode),
    /** Makes a code and keeps it, unless there is no room. */
    addCode: (
      code: Omit<DeviceCode, "deviceCode" | "userCode" | "polledAt" | "decision" | "used">
    ): DeviceCode | undefined => {
      purge(code.issuedAt)
      if (byDeviceCode.size >= options.capacity) return undefined
      let userCode = Random.userCode()
      while (byUserCode.has(userCode)) userCode = Random.userCode()
      const made: DeviceCode = {
        ...code,
        deviceCode: Random.deviceCode(),
        userCode,
        polledAt: undefined,
        decision: undefined,
        used: false
      }
      byDeviceCode.set(made.deviceCode, made)
      byUserCode.set(made.userCode, made)
      return made
    },
    /** What was decided on the code, by a person or by the time that `autoApprove` gives. */
    decision: (code: DeviceCode, now: number): DeviceCode["decision"] =>
      code.decision ?? (options.autoApprove !== undefined && now >= code.issuedAt + options.autoApprove * 1000
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

    /** How much is remembered, dropped or not. */
    size: () => ({ registrations: registrations.size, codes: byDeviceCode.size, sessions: sessions.size })
  }
}

export type State = ReturnType<typeof make>
