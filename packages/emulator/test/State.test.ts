import { assert, describe, it } from "@effect/vitest"
import * as State from "../src/internal/state.ts"

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

describe("State", () => {
  it("E3: what is past its time is dropped when something is written", () => {
    const state = State.make({ capacity: 10, capacityBytes: 1_000_000, autoApprove: undefined, requestsPerSecond: 500 })
    state.addRegistration(registration("a", 1000), 0)
    const client = registration("b", 9 * hour)
    state.addRegistration(client, 0)
    const code = state.addCode({
      client,
      from: undefined,
      startUrl: "https://x.test",
      issuedAt: 0,
      expiresAt: 1000,
      interval: 1
    })
    const token = state.addSession({ clientId: "b", endsAt: 1000, consent: undefined }, 0)
    assert.deepStrictEqual(state.size(), { registrations: 2, codes: 1, consents: 0, sessions: 1 })

    // unusable at once, but an expired code is still known as one
    assert.isUndefined(state.registration("a", 1000))
    assert.isUndefined(state.session(token, 1000))
    state.addRegistration(registration("c", 9 * hour), 1000)
    assert.deepStrictEqual(state.size(), { registrations: 2, codes: 1, consents: 0, sessions: 0 })
    assert.strictEqual(state.deviceCode(code?.deviceCode ?? ""), code)

    state.addRegistration(registration("d", 9 * hour), hour + 1000)
    assert.deepStrictEqual(state.size(), { registrations: 3, codes: 0, consents: 0, sessions: 0 })
    assert.isUndefined(state.userCode(code?.userCode ?? ""))
    assert.isUndefined(state.deviceCode(code?.deviceCode ?? ""))
  })

  it("makes room with the codes that are over, then with the one that was unused for the longest time (E6)", () => {
    const state = State.make({ capacity: 3, capacityBytes: 1_000_000, autoApprove: undefined, requestsPerSecond: 500 })
    const client = registration("a", 9 * hour)
    state.addRegistration(client, 0)
    const add = (now: number) =>
      state.addCode({
        client,
        from: undefined,
        startUrl: "https://x.test",
        issuedAt: now,
        expiresAt: now + 1000,
        interval: 1
      }) ?? assert.fail("there is room")
    const [first, second, third] = [add(0), add(0), add(500)]
    state.useCode(third)
    assert.isUndefined(state.deviceCode(third.deviceCode))
    // known to the person until its room is needed
    assert.strictEqual(state.userCode(third.userCode), third)
    const fourth = add(500)
    assert.isUndefined(state.userCode(third.userCode))
    state.attend(first, 500)
    const fifth = add(999)
    assert.isUndefined(state.deviceCode(second.deviceCode))
    for (const code of [first, fourth, fifth]) assert.strictEqual(state.deviceCode(code.deviceCode), code)
    // its time is over, however busy a poller was
    add(1000)
    assert.isUndefined(state.userCode(first.userCode))
  })

  it("keeps a slow poller's code and its client for two of its intervals (E6)", () => {
    const state = State.make({ capacity: 1, capacityBytes: 1_000_000, autoApprove: undefined, requestsPerSecond: 500 })
    const client = registration("a", 9 * hour)
    state.addRegistration(client, 0)
    const add = (now: number) =>
      state.addCode({
        client,
        from: undefined,
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
    assert.deepStrictEqual(state.size(), { registrations: 1, codes: 0, consents: 0, sessions: 0 })
  })
})
