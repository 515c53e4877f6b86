import { assert, describe, it } from "@effect/vitest"
import * as State from "../../../src/internal/service/state.ts"

const hour = 3_600_000

const registration = (clientId: string, expiresAt: number): State.Registration => ({
  clientId,
  clientSecret: "secret",
  clientName: "a tool",
  scopes: [],
  grantTypes: [],
  redirectUris: [],
  issuerUrl: undefined,
  expiresAt
})

const limits = (capacity: number) => ({
  capacity,
  capacityBytes: 1_000_000,
  autoApprove: undefined,
  portalRequestsPerSecond: 19,
  requestsPerSecond: 500
})

describe("internal/service/state", () => {
  it("drops expired entries when a new entry is written (E3)", () => {
    const state = State.make(limits(10))
    state.addRegistration(registration("a", 1000), 0)
    const client = registration("b", 9 * hour)
    state.addRegistration(client, 0)
    const code = state.addDeviceAuthorization({
      client,
      requester: undefined,
      startUrl: "https://x.test",
      issuedAt: 0,
      expiresAt: 1000,
      interval: 1
    })
    const token = state.addSession({
      id: "an id",
      clientId: "b",
      endsAt: 1000,
      codeAuthorizationId: undefined,
      usedTokens: []
    }, 0)
    const accessToken = state.addAccessToken({ clientId: "b", sessionId: "an id", scopes: [], expiresAt: 1000 }, 0)
    assert.deepStrictEqual(state.size(), {
      registrations: 2,
      deviceAuthorizations: 1,
      codeAuthorizations: 0,
      sessions: 1,
      accessTokens: 1
    })

    // The code is not usable any more, but the emulator still knows it as expired
    assert.isUndefined(state.registration("a", 1000))
    assert.isUndefined(state.session(token, 1000))
    assert.isDefined(state.accessToken(accessToken, 999))
    assert.isUndefined(state.accessToken(accessToken, 1000))
    state.addRegistration(registration("c", 9 * hour), 1000)
    assert.deepStrictEqual(state.size(), {
      registrations: 2,
      deviceAuthorizations: 1,
      codeAuthorizations: 0,
      sessions: 0,
      accessTokens: 0
    })
    assert.strictEqual(state.byDeviceCode(code?.deviceCode ?? ""), code)

    state.addRegistration(registration("d", 9 * hour), hour + 1000)
    assert.deepStrictEqual(state.size(), {
      registrations: 3,
      deviceAuthorizations: 0,
      codeAuthorizations: 0,
      sessions: 0,
      accessTokens: 0
    })
    assert.isUndefined(state.byUserCode(code?.userCode ?? ""))
    assert.isUndefined(state.byDeviceCode(code?.deviceCode ?? ""))
  })

  it("makes room with used and expired codes, then with the least recently used code (E6)", () => {
    const state = State.make(limits(3))
    const client = registration("a", 9 * hour)
    state.addRegistration(client, 0)
    const add = (now: number) =>
      state.addDeviceAuthorization({
        client,
        requester: undefined,
        startUrl: "https://x.test",
        issuedAt: now,
        expiresAt: now + 1000,
        interval: 1
      }) ?? assert.fail("there is room")
    const [first, second, third] = [add(0), add(0), add(500)]
    state.useDeviceCode(third)
    assert.isUndefined(state.byDeviceCode(third.deviceCode))
    // The page knows it until its room is needed
    assert.strictEqual(state.byUserCode(third.userCode), third)
    const fourth = add(500)
    assert.isUndefined(state.byUserCode(third.userCode))
    state.attend(first, 500)
    const fifth = add(999)
    assert.isUndefined(state.byDeviceCode(second.deviceCode))
    for (const code of [first, fourth, fifth]) assert.strictEqual(state.byDeviceCode(code.deviceCode), code)
    // It has expired, even if a poller used it a moment ago
    add(1000)
    assert.isUndefined(state.byUserCode(first.userCode))
  })

  it("ends the sessions of a code authorization, also if a snapshot gave them other ids (E3, E7)", () => {
    const state = State.make(limits(3))
    const client = registration("a", 9 * hour)
    state.addRegistration(client, 0)
    const authorization = state.addCodeAuthorization({
      client,
      requester: undefined,
      issuedAt: 0,
      expiresAt: hour,
      redirectUri: "https://x.test",
      state: undefined,
      codeChallenge: "",
      scopes: []
    }) ?? assert.fail("there is room")
    const session = (id: string, codeAuthorizationId: string | undefined) => {
      const made = { id, clientId: "a", endsAt: hour, codeAuthorizationId, usedTokens: [] }
      const accessToken = state.addAccessToken({ clientId: "a", sessionId: id, scopes: [], expiresAt: hour }, 0)
      return { accessToken, refreshToken: state.addSession(made, 0) }
    }
    const all = [session(authorization.id, authorization.id), session("x", authorization.id), session("y", undefined)]
    state.endSessionsOf(authorization)
    assert.deepStrictEqual(
      all.map(({ accessToken, refreshToken }) => [
        state.accessToken(accessToken, 1) !== undefined,
        state.session(refreshToken, 1) !== undefined
      ]),
      [[false, false], [false, false], [true, true]]
    )
  })

  it("keeps a slow poller's code and its client for two of its intervals (E6)", () => {
    const state = State.make(limits(1))
    const client = registration("a", 9 * hour)
    state.addRegistration(client, 0)
    const add = (now: number) =>
      state.addDeviceAuthorization({
        client,
        requester: undefined,
        startUrl: "https://x.test",
        issuedAt: now,
        expiresAt: now + hour,
        interval: 600
      })
    const code = add(0) ?? assert.fail("there is room")
    state.attend(code, 0)
    assert.isUndefined(add(1_199_999))
    assert.isFalse(state.addRegistration(registration("b", 9 * hour), 1_199_999))
    assert.isTrue(state.addRegistration(registration("b", 9 * hour), 1_200_000))
    assert.deepStrictEqual(state.size(), {
      registrations: 1,
      deviceAuthorizations: 0,
      codeAuthorizations: 0,
      sessions: 0,
      accessTokens: 0
    })
  })
})
