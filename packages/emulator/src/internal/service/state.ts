/**
 * What the emulator remembers, and for how long.
 *
 * Every function here is synchronous, so that of two requests at once one is first and the other sees what it did.
 * Nothing runs by itself: what is past its time is dropped when something new is written. Each kind has a store of its own,
 * with its own bounds, so that none can push another out. A registration that leaves takes its logins and sessions along.
 */
import * as Duration from "effect/Duration"
import type { Requester } from "../../Authorization.ts"
import type { RequestContext } from "../../Emulator.ts"
import * as Random from "./random.ts"
import * as Size from "./size.ts"
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

/** What both authorizations have. */
interface Authorization {
  /** Another one where a registration was put in its place. */
  client: Registration
  readonly requester: Requester | undefined
  readonly issuedAt: number
  expiresAt: number
  decision: "approved" | "denied" | undefined
  used: boolean
}

export interface DeviceAuthorization extends Authorization {
  readonly _tag: "DeviceAuthorization"
  readonly deviceCode: string
  readonly userCode: string
  readonly startUrl: string
  /** Seconds: what was handed out, plus what `slow_down` added. */
  interval: number
  polledAt: number | undefined
}

/** A browser that came to `/authorize`, and the authorization code that it leaves with. */
export interface CodeAuthorization extends Authorization {
  readonly _tag: "CodeAuthorization"
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
  /** The code authorization that it came from. A second try of its code ends the session (RFC 6749 section 4.1.2). */
  readonly codeAuthorizationId: string | undefined
}

/** What another state gave. */
export interface Given {
  readonly registrations: ReadonlyArray<Registration>
  readonly deviceAuthorizations: ReadonlyArray<DeviceAuthorization>
  readonly codeAuthorizations: ReadonlyArray<CodeAuthorization>
  readonly sessions: ReadonlyArray<readonly [string, Session]>
}

/** How long an expired code is known as expired, rather than unknown. In milliseconds. */
const memory = 60 * 60 * 1000

/**
 * What is kept of a requester: 512 characters of each text, since a person reads no more, and no absent member. The one
 * place where that is decided.
 */
export const requester = (given: RequestContext["requester"]): Requester | undefined => {
  if (given === undefined) return undefined
  const { address, userAgent } = given
  const kept = (text: string): string => Size.copy(text.slice(0, 512))
  return {
    ...(address === undefined ? {} : { address: kept(address) }),
    ...(userAgent === undefined ? {} : { userAgent: kept(userAgent) })
  }
}

const values = <A>(store: Store.Store<A>): ReadonlyArray<A> => store.list().map(([, value]) => value)

const reassign = (item: Authorization | undefined, client: Registration): void => {
  if (item !== undefined) item.client = client
}

/**
 * How long a login counts as one that a person or a poller is busy with, after a poll, a look or a decision. In
 * milliseconds; twice the interval where that is more.
 */
const attention = 2 * 60 * 1000

export const make = (
  options: Store.Limits & { readonly autoApprove: Duration.Duration | undefined; readonly requestsPerSecond: number }
) => {
  const { capacity, capacityBytes } = options
  const limits = { capacity, capacityBytes }
  const autoApprove = options.autoApprove === undefined ? Infinity : Duration.toMillis(options.autoApprove)
  const isOver = (item: Authorization, now: number): boolean => item.used || item.expiresAt <= now
  const owner = (item: Authorization): string => item.client.clientId
  // the client is measured as a registration
  const content = (item: Authorization): unknown => ({ ...item, client: undefined })

  const byDeviceCode = new Map<string, DeviceAuthorization>()
  const deviceAuthorizations = Store.make<DeviceAuthorization>({
    ...limits,
    content,
    isOver,
    owner,
    onDrop: ({ deviceCode }) => byDeviceCode.delete(deviceCode)
  })
  const byAuthorizationCode = new Map<string, CodeAuthorization>()
  const codeAuthorizations = Store.make<CodeAuthorization>({
    ...limits,
    content,
    isOver,
    owner,
    onDrop: ({ code }) => byAuthorizationCode.delete(code)
  })
  // by the refresh token that is good at present
  const sessions = Store.make<Session>({
    ...limits,
    content: (session) => session,
    isOver: ({ endsAt }, now) => endsAt <= now,
    owner: ({ clientId }) => clientId
  })
  const ofClients = [deviceAuthorizations, codeAuthorizations, sessions]
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
    deviceAuthorizations.dropWhere(({ expiresAt }) => expiresAt <= now - memory)
    codeAuthorizations.dropWhere(({ expiresAt }) => expiresAt <= now - memory)
    sessions.dropWhere(({ endsAt }) => endsAt <= now)
  }

  const keepDeviceAuthorization = (code: DeviceAuthorization): void => {
    deviceAuthorizations.set(code.userCode, code)
    // a used one is as unknown to the device as one that never was
    if (!code.used) byDeviceCode.set(code.deviceCode, code)
  }

  const keepCodeAuthorization = (authorization: CodeAuthorization): void => {
    codeAuthorizations.set(authorization.id, authorization)
    byAuthorizationCode.set(authorization.code, authorization)
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

    byDeviceCode: (deviceCode: string): DeviceAuthorization | undefined => byDeviceCode.get(deviceCode),
    byUserCode: (userCode: string): DeviceAuthorization | undefined => deviceAuthorizations.get(userCode),
    /** Makes a code and keeps it, unless every other one is under way. */
    addDeviceAuthorization: (
      code: Pick<DeviceAuthorization, "client" | "requester" | "startUrl" | "issuedAt" | "expiresAt" | "interval">
    ): DeviceAuthorization | undefined => {
      purge(code.issuedAt)
      let userCode = Random.userCode()
      while (deviceAuthorizations.has(userCode)) userCode = Random.userCode()
      const made: DeviceAuthorization = {
        ...code,
        _tag: "DeviceAuthorization",
        deviceCode: Random.deviceCode(),
        userCode,
        polledAt: undefined,
        decision: undefined,
        used: false
      }
      if (!deviceAuthorizations.makeRoom(userCode, made, code.issuedAt)) return undefined
      keepDeviceAuthorization(made)
      registrations.touch(code.client.clientId)
      return made
    },
    useDeviceCode: (code: DeviceAuthorization): void => {
      code.used = true
      byDeviceCode.delete(code.deviceCode)
    },

    byId: (id: string): CodeAuthorization | undefined => codeAuthorizations.get(id),
    byAuthorizationCode: (code: string): CodeAuthorization | undefined => byAuthorizationCode.get(code),
    /** Makes one that waits for a decision, unless every other one is under way. */
    addCodeAuthorization: (
      authorization: Omit<CodeAuthorization, "_tag" | "id" | "code" | "decision" | "used">
    ): CodeAuthorization | undefined => {
      purge(authorization.issuedAt)
      const made: CodeAuthorization = {
        ...authorization,
        _tag: "CodeAuthorization",
        id: Random.id(),
        code: Random.authorizationCode(),
        decision: undefined,
        used: false
      }
      if (!codeAuthorizations.makeRoom(made.id, made, authorization.issuedAt)) return undefined
      keepCodeAuthorization(made)
      registrations.touch(authorization.client.clientId)
      return made
    },

    /** A person or a poller was busy with it just now: it and its client stay, whatever else is written. */
    attend: (item: DeviceAuthorization | CodeAuthorization, now: number): void => {
      const millis = item._tag === "DeviceAuthorization" ? Math.max(attention, 2 * item.interval * 1000) : attention
      if (item._tag === "DeviceAuthorization") deviceAuthorizations.attend(item.userCode, now, millis)
      else codeAuthorizations.attend(item.id, now, millis)
      registrations.attend(item.client.clientId, now, millis)
    },

    /** What was decided, by a person or by the time that `autoApprove` gives. */
    decision: (item: Authorization, now: number): Authorization["decision"] =>
      item.decision ?? (now >= item.issuedAt + autoApprove ? "approved" : undefined),

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
    endSessionsOf: (authorization: CodeAuthorization): void => {
      for (const token of sessions.ownedBy(authorization.client.clientId)) {
        if (sessions.get(token)?.codeAuthorizationId === authorization.id) sessions.drop(token)
      }
    },

    /** All that can still matter at this time: to be looked at, and to be put back. */
    everything: (now: number) => {
      const clients = values(registrations).filter(({ expiresAt }) => now < expiresAt)
      // without its client nothing can come of it any more, nor could it be put back
      const ids = new Set(clients.map(({ clientId }) => clientId))
      const known = (item: Authorization): boolean => ids.has(item.client.clientId)
      return {
        registrations: clients,
        deviceAuthorizations: values(deviceAuthorizations).filter(known),
        codeAuthorizations: values(codeAuthorizations).filter(known),
        sessions: sessions.list().filter(([, { clientId, endsAt }]) => now < endsAt && ids.has(clientId))
      }
    },
    /** Whether there is room for all of it. What has a key that is there already takes its place. */
    hasRoomFor: (given: Given, now: number): boolean => {
      purge(now)
      return registrations.hasRoomFor(given.registrations.map((item) => [item.clientId, item])) &&
        deviceAuthorizations.hasRoomFor(given.deviceAuthorizations.map((item) => [item.userCode, item])) &&
        codeAuthorizations.hasRoomFor(given.codeAuthorizations.map((item) => [item.id, item])) &&
        sessions.hasRoomFor(given.sessions)
    },
    /** Puts back what another state gave, in place of what has the same key. */
    restore: (given: Given): void => {
      for (const registration of given.registrations) {
        const { clientId } = registration
        registrations.set(clientId, registration)
        // what is there of the client goes on with this one: the one before would be kept and not measured
        for (const key of deviceAuthorizations.ownedBy(clientId)) reassign(deviceAuthorizations.get(key), registration)
        for (const key of codeAuthorizations.ownedBy(clientId)) reassign(codeAuthorizations.get(key), registration)
      }
      for (const code of given.deviceAuthorizations) {
        deviceAuthorizations.drop(code.userCode)
        keepDeviceAuthorization(code)
      }
      for (const authorization of given.codeAuthorizations) {
        codeAuthorizations.drop(authorization.id)
        keepCodeAuthorization(authorization)
      }
      for (const [token, session] of given.sessions) sessions.set(token, session)
    },
    clear: (): void => {
      for (
        const map of [
          registrations,
          deviceAuthorizations,
          byDeviceCode,
          codeAuthorizations,
          byAuthorizationCode,
          sessions,
          windows
        ]
      ) map.clear()
      purgedAt = -Infinity
    },

    /** How much is remembered, dropped or not. */
    size: () => ({
      registrations: registrations.count(),
      deviceAuthorizations: deviceAuthorizations.count(),
      codeAuthorizations: codeAuthorizations.count(),
      sessions: sessions.count()
    }),
    /** The same in bytes. */
    bytes: () => ({
      registrations: registrations.bytes(),
      deviceAuthorizations: deviceAuthorizations.bytes(),
      codeAuthorizations: codeAuthorizations.bytes(),
      sessions: sessions.bytes()
    })
  }
}

export type State = ReturnType<typeof make>
