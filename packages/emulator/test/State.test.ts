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
    const state = State.make({ capacity: 10, autoApprove: undefined, requestsPerSecond: 500 })
    state.addRegistration(registration("a", 1000), 0)
    const code = state.addCode({
      client: registration("a", 1000),
      from: undefined,
      startUrl: "https://x.test",
      issuedAt: 0,
      expiresAt: 1000,
      interval: 1
    })
    const token = state.addSession({ clientId: "a", endsAt: 1000, consent: undefined }, 0)
    assert.deepStrictEqual(state.size(), { registrations: 1, codes: 1, consents: 0, sessions: 1 })

    // unusable at once, but an expired code is still known as one
    assert.isUndefined(state.registration("a", 1000))
    assert.isUndefined(state.session(token, 1000))
    state.addRegistration(registration("b", 9 * hour), 1000)
    assert.deepStrictEqual(state.size(), { registrations: 1, codes: 1, consents: 0, sessions: 0 })
    assert.strictEqual(state.deviceCode(code?.deviceCode ?? ""), code)

    state.addRegistration(registration("c", 9 * hour), hour + 1000)
    assert.deepStrictEqual(state.size(), { registrations: 2, codes: 0, consents: 0, sessions: 0 })
    assert.isUndefined(state.userCode(code?.userCode ?? ""))
  })

  it("E3: where all room is taken, what is over makes room, and what is not stays", () => {
    const state = State.make({ capacity: 3, autoApprove: undefined, requestsPerSecond: 500 })
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
      })
    const [first, second, third] = [add(0), add(0), add(500)]
    assert.isUndefined(add(500))
    assert.isDefined(first)
    if (first !== undefined) state.useCode(first)
    assert.isUndefined(state.deviceCode(first?.deviceCode ?? ""))
    // known to the person until its room is needed
    assert.strictEqual(state.userCode(first?.userCode ?? ""), first)
    assert.isDefined(add(500))
    assert.isUndefined(state.userCode(first?.userCode ?? ""))
    assert.isUndefined(add(999))
    assert.isDefined(add(1000))
    assert.isUndefined(state.deviceCode(second?.deviceCode ?? ""))
    assert.strictEqual(state.deviceCode(third?.deviceCode ?? ""), third)
  })
})
