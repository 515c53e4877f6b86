/**
 * The state of the emulator, and how long it keeps each entry.
 *
 * All functions are synchronous, so of two simultaneous requests the second sees the result of the first. There is no timer:
 * each write first drops expired entries. Each kind of entry has its own store and bounds, so one kind cannot take the room of
 * another. When a registration is dropped, its logins and sessions are dropped too.
 */
import * as Duration from "effect/Duration"
import type { Requester } from "../../Authorization.ts"
import type { RequestContext } from "../../Emulator.ts"
import * as AccessTokens from "./accessTokens.ts"
import * as Random from "./random.ts"
import * as Sessions from "./sessions.ts"
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

/** The members of both kinds of authorizations. */
interface Authorization {
  /** The client's registration. `restore` can replace it. */
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
  /** In seconds: the interval that was handed out, plus what `slow_down` added. */
  interval: number
  polledAt: number | undefined
}

/** A browser that came to `/authorize`, and its authorization code. */
export interface CodeAuthorization extends Authorization {
  readonly _tag: "CodeAuthorization"
  readonly id: string
  readonly code: string
  readonly redirectUri: string
  readonly state: string | undefined
  readonly codeChallenge: string
  readonly scopes: ReadonlyArray<string>
}

/** The entries of a snapshot. */
export interface Given {
  readonly registrations: ReadonlyArray<Registration>
  readonly deviceAuthorizations: ReadonlyArray<DeviceAuthorization>
  readonly codeAuthorizations: ReadonlyArray<CodeAuthorization>
  readonly sessions: ReadonlyArray<readonly [string, Sessions.Session]>
  readonly accessTokens: ReadonlyArray<readonly [string, AccessTokens.AccessToken]>
}

/** How long the emulator keeps an expired code, in milliseconds. After that, the code is unknown. */
const memory = 60 * 60 * 1000

/**
 * The part of a requester that the emulator keeps: 512 characters of each text, because a person reads no more. An absent
 * member stays absent.
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
 * How long a login counts as in use after a poll, a look or a decision, in milliseconds. It is twice the interval if that is
 * longer.
 */
const attention = 2 * 60 * 1000

export const make = (
  options: Store.Limits & {
    readonly autoApprove: Duration.Duration | undefined
    readonly portalRequestsPerSecond: number
    readonly requestsPerSecond: number
  }
) => {
  const { capacity, capacityBytes, portalRequestsPerSecond } = options
  const limits = { capacity, capacityBytes }
  const autoApprove = options.autoApprove === undefined ? Infinity : Duration.toMillis(options.autoApprove)
  const isOver = (item: Authorization, now: number): boolean => item.used || item.expiresAt <= now
  const owner = (item: Authorization): string => item.client.clientId
  // The client is measured with the registrations
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
  const sessions = Sessions.make(limits)
  const accessTokens = AccessTokens.make({ ...limits, portalRequestsPerSecond })
  const ofClients = [deviceAuthorizations, codeAuthorizations, sessions, accessTokens]
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

  // It looks at every entry, so it runs at most once in a second of the clock. After the clock was set back it runs at once
  const purge = (now: number): void => {
    if (now >= purgedAt && now - purgedAt < 1000) return
    purgedAt = now
    registrations.dropWhere(({ expiresAt }) => expiresAt <= now)
    deviceAuthorizations.dropWhere(({ expiresAt }) => expiresAt <= now - memory)
    codeAuthorizations.dropWhere(({ expiresAt }) => expiresAt <= now - memory)
    sessions.dropWhere(({ endsAt }) => endsAt <= now)
    accessTokens.dropWhere(({ expiresAt }) => expiresAt <= now)
  }

  /** Ends a session: none of its tokens is valid any more. */
  const endSession = (clientId: string, id: string): void => {
    for (const token of sessions.ownedBy(clientId)) if (sessions.get(token)?.id === id) sessions.drop(token)
    accessTokens.endSession(clientId, id)
  }

  const keepDeviceAuthorization = (code: DeviceAuthorization): void => {
    deviceAuthorizations.set(code.userCode, code)
    // For the device, a used code is unknown
    if (!code.used) byDeviceCode.set(code.deviceCode, code)
  }

  const keepCodeAuthorization = (authorization: CodeAuthorization): void => {
    codeAuthorizations.set(authorization.id, authorization)
    byAuthorizationCode.set(authorization.code, authorization)
  }

  return {
    /** Counts a request of the operation, and says whether this second has had too many. */
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
    /** Keeps a registration, unless every other registration has a login in use. */
    addRegistration: (registration: Registration, now: number): boolean => {
      purge(now)
      if (!registrations.makeRoom(registration.clientId, registration, now)) return false
      registrations.set(registration.clientId, registration)
      return true
    },

    byDeviceCode: (deviceCode: string): DeviceAuthorization | undefined => byDeviceCode.get(deviceCode),
    byUserCode: (userCode: string): DeviceAuthorization | undefined => deviceAuthorizations.get(userCode),
    /** Makes a code and keeps it, unless every other code is in use. */
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
    /** Makes a pending authorization, unless every other authorization is in use. */
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

    /** A person or a poller used it just now. For a time, it and its client cannot be dropped to make room. */
    attend: (item: DeviceAuthorization | CodeAuthorization, now: number): void => {
      const millis = item._tag === "DeviceAuthorization" ? Math.max(attention, 2 * item.interval * 1000) : attention
      if (item._tag === "DeviceAuthorization") deviceAuthorizations.attend(item.userCode, now, millis)
      else codeAuthorizations.attend(item.id, now, millis)
      registrations.attend(item.client.clientId, now, millis)
    },

    /** The decision of a person or of `autoApprove`, if there is one. */
    decision: (item: Authorization, now: number): Authorization["decision"] =>
      item.decision ?? (now >= item.issuedAt + autoApprove ? "approved" : undefined),

    /** The session that a refresh token continues, and the latest refresh token of that session. */
    session: (
      refreshToken: string,
      now: number
    ): { readonly latest: string; readonly session: Sessions.Session } | undefined => {
      const latest = sessions.latest(refreshToken)
      if (latest === undefined) return undefined
      const session = sessions.get(latest)
      return session !== undefined && now < session.endsAt ? { latest, session } : undefined
    },
    /** Keeps a session under a new refresh token. If there is no room, the least recently used session ends. */
    addSession: (session: Sessions.Session, now: number): string => {
      purge(now)
      const refreshToken = Random.token("aor")
      sessions.makeRoom(refreshToken, session, now)
      sessions.set(refreshToken, session)
      registrations.touch(session.clientId)
      return refreshToken
    },
    /** Takes out the session with this latest refresh token. Its access tokens stay valid. */
    takeSession: (latest: string): void => sessions.drop(latest),
    endSessionsOf: (authorization: CodeAuthorization): void => {
      const { clientId } = authorization.client
      // It has the authorization's id, unless a snapshot gave it another
      const ids = sessions.ownedBy(clientId).flatMap((token) => {
        const session = sessions.get(token)
        return session?.codeAuthorizationId === authorization.id ? [session.id] : []
      })
      for (const id of [authorization.id, ...ids]) endSession(clientId, id)
    },

    /** The access token, while it is valid. */
    accessToken: (token: string, now: number): AccessTokens.AccessToken | undefined => accessTokens.get(token, now),
    /** Makes an access token and keeps it. If there is no room, the least recently used one is dropped. */
    addAccessToken: (given: AccessTokens.AccessToken, now: number): string => {
      purge(now)
      const token = Random.token("aoa")
      accessTokens.add(token, given, now)
      registrations.touch(given.clientId)
      return token
    },
    /** Counts a request with the access token, and says whether the second before it had too many. */
    portalThrottled: (token: string, now: number): boolean => {
      const found = accessTokens.get(token, now)
      if (found !== undefined) registrations.touch(found.clientId)
      return accessTokens.throttled(token, now)
    },
    /** Ends the session of an access token. */
    endSessionOf: (token: string, now: number): void => {
      const found = accessTokens.get(token, now)
      if (found !== undefined) endSession(found.clientId, found.sessionId)
    },

    /** All entries that are still of use at this time. */
    everything: (now: number) => {
      const clients = values(registrations).filter(({ expiresAt }) => now < expiresAt)
      // Without its client a login has no use, and a snapshot with it could not be put back
      const ids = new Set(clients.map(({ clientId }) => clientId))
      const known = (item: Authorization): boolean => ids.has(item.client.clientId)
      return {
        registrations: clients,
        deviceAuthorizations: values(deviceAuthorizations).filter(known),
        codeAuthorizations: values(codeAuthorizations).filter(known),
        sessions: sessions.list().filter(([, { clientId, endsAt }]) => now < endsAt && ids.has(clientId)),
        accessTokens: accessTokens.list().filter(([, { clientId, expiresAt }]) => now < expiresAt && ids.has(clientId))
      }
    },
    /** Whether there is room for all of it. An entry replaces the entry with the same key. */
    hasRoomFor: (given: Given, now: number): boolean => {
      purge(now)
      return registrations.hasRoomFor(given.registrations.map((item) => [item.clientId, item])) &&
        deviceAuthorizations.hasRoomFor(given.deviceAuthorizations.map((item) => [item.userCode, item])) &&
        codeAuthorizations.hasRoomFor(given.codeAuthorizations.map((item) => [item.id, item])) &&
        sessions.hasRoomFor(given.sessions) && accessTokens.hasRoomFor(given.accessTokens)
    },
    /** Puts in the entries of a snapshot. Each replaces the entry with the same key. */
    restore: (given: Given): void => {
      for (const registration of given.registrations) {
        const { clientId } = registration
        registrations.set(clientId, registration)
        // The client's entries must refer to the new registration. The old one would stay in memory and not be measured
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
      for (const [token, session] of given.sessions) {
        // The session that it replaces ends, with its access tokens
        for (const each of [token, ...session.usedTokens]) {
          const before = sessions.get(sessions.latest(each) ?? "")
          if (before !== undefined) accessTokens.endSession(before.clientId, before.id)
        }
        sessions.set(token, session)
      }
      for (const [token, accessToken] of given.accessTokens) accessTokens.restore(token, accessToken)
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
          accessTokens,
          windows
        ]
      ) map.clear()
      purgedAt = -Infinity
    },

    /** How many entries each store has, expired entries too. */
    size: () => ({
      registrations: registrations.count(),
      deviceAuthorizations: deviceAuthorizations.count(),
      codeAuthorizations: codeAuthorizations.count(),
      sessions: sessions.count(),
      accessTokens: accessTokens.count()
    }),
    /** The bytes of each store. */
    bytes: () => ({
      registrations: registrations.bytes(),
      deviceAuthorizations: deviceAuthorizations.bytes(),
      codeAuthorizations: codeAuthorizations.bytes(),
      sessions: sessions.bytes(),
      accessTokens: accessTokens.bytes()
    })
  }
}

export type State = ReturnType<typeof make>
