import { assert, describe, it } from "@effect/vitest"
import * as Account from "@sso-oidc/emulator/Account"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import * as Snapshot from "@sso-oidc/emulator/Snapshot"
import { Effect, Redacted, Schema } from "effect"
import { TestClock } from "effect/testing"
import { codeClient, grantType, redirectUri, registration, started, startUrl, tagOf } from "./support.ts"

const provide = Effect.provide(Emulator.layer())
/** The state of a new emulator. */
const untouched: Snapshot.Snapshot = { ...Snapshot.empty, accounts: Account.defaults }

const json = Schema.fromJsonString(Snapshot.Snapshot)

/** An entry of each kind: a device code, a waiting browser, a session. */
const busy = Effect.fnUntraced(function*() {
  const device = yield* started()
  yield* tagOf(device.poll)
  const other = yield* started()
  yield* other.emulator.authorizations.approve(other.code.userCode)
  const { refreshToken } = yield* other.poll
  const { clientId } = yield* codeClient()
  const browser = yield* device.emulator.authorize({
    clientId,
    redirectUri,
    responseType: "code",
    state: "s",
    codeChallenge: "x".repeat(43),
    codeChallengeMethod: "S256"
  }, { requester: { userAgent: "a browser" } })
  return { browser, device, other, refreshToken }
})

describe("the state", () => {
  it.effect("continues in another emulator from a snapshot, through JSON too (E3)", () =>
    Effect.gen(function*() {
      const { browser, device, other, refreshToken } = yield* busy()
      const text = yield* Schema.encodeEffect(json)(yield* device.emulator.state.snapshot)
      const fresh = yield* Emulator.make()
      yield* fresh.state.seed(yield* Schema.decodeEffect(json)(text))
      assert.deepStrictEqual(yield* fresh.authorizations.list, yield* device.emulator.authorizations.list)
      assert.strictEqual(yield* Schema.encodeEffect(json)(yield* fresh.state.snapshot), text)

      const client = { clientId: device.clientId, clientSecret: device.clientSecret }
      const poll = fresh.createToken({
        ...client,
        grantType: "urn:ietf:params:oauth:grant-type:device_code",
        deviceCode: device.code.deviceCode
      })
      // The interval and the last poll are in the snapshot too
      assert.strictEqual(yield* tagOf(poll), "SlowDownException")
      yield* TestClock.adjust("6 seconds")
      yield* fresh.authorizations.approve(device.code.userCode)
      assert.isDefined((yield* poll).accessToken)
      assert.strictEqual((yield* fresh.authorizations.approve(browser.id)).status, "approved")
      assert(refreshToken !== undefined)
      const { clientId, clientSecret } = other
      assert.isDefined(
        (yield* fresh.createToken({ clientId, clientSecret, grantType: "refresh_token", refreshToken })).refreshToken
      )
    }).pipe(provide))

  it.effect("is empty after reset: no logins, no faults, and the true time (E3)", () =>
    Effect.gen(function*() {
      const { device } = yield* busy()
      const { emulator } = device
      yield* emulator.clock.advance("1 hour")
      yield* emulator.faults.arm({ _tag: "Delay", duration: "1 second" })
      yield* emulator.state.reset
      assert.deepStrictEqual(yield* emulator.state.snapshot, untouched)
      assert.deepStrictEqual(yield* emulator.authorizations.list, [])
      assert.deepStrictEqual(yield* emulator.faults.list, [])
      assert.strictEqual(yield* emulator.clock.now, 0)
      assert.strictEqual(yield* tagOf(device.poll), "InvalidClientException")
    }).pipe(provide))

  it.effect("accepts a client by itself, with a secret that the test knows (E3)", () =>
    Effect.gen(function*() {
      const emulator = yield* Emulator.Emulator
      const client = { clientId: "known", clientSecret: Redacted.make("secret") }
      const registration = {
        ...client,
        clientName: "a tool",
        scopes: [],
        grantTypes: ["urn:ietf:params:oauth:grant-type:device_code"],
        redirectUris: [],
        expiresAt: 1000
      }
      yield* emulator.state.seed({ ...Snapshot.empty, registrations: [registration] })
      const start = emulator.startDeviceAuthorization({ ...client, startUrl: "https://x.test" })
      assert.isDefined((yield* start).userCode)
      yield* TestClock.adjust(1000)
      assert.strictEqual(yield* tagOf(start), "InvalidClientException")
    }).pipe(provide))

  it.effect("refuses an impossible snapshot with a sentence, and puts in nothing of it (E3)", () =>
    Effect.gen(function*() {
      const { device } = yield* busy()
      const whole = yield* device.emulator.state.snapshot
      const { registrations } = whole
      const broken: ReadonlyArray<[string, Snapshot.Snapshot]> = [
        ["is neither in the snapshot nor in the emulator", { ...whole, registrations: [] }],
        ["is neither in the snapshot nor in the emulator", { ...Snapshot.empty, sessions: whole.sessions }],
        ["not a grant type", {
          ...whole,
          registrations: registrations.map((given) => ({ ...given, grantTypes: ["x"] }))
        }],
        ["redirect URI", {
          ...whole,
          registrations: registrations.map((given) => ({ ...given, redirectUris: ["x"] }))
        }],
        ["redirect URI", {
          ...whole,
          codeAuthorizations: whole.codeAuthorizations.map((given) => ({ ...given, redirectUri: "x" }))
        }],
        ["startUrl", {
          ...whole,
          deviceAuthorizations: whole.deviceAuthorizations.map((given) => ({ ...given, startUrl: "x" }))
        }]
      ]
      const fresh = yield* Emulator.make()
      for (const [words, snapshot] of broken) {
        const error = yield* Effect.flip(fresh.state.seed(snapshot))
        assert.strictEqual(error.problem, "seed")
        assert.include(error.message, words)
        assert.deepStrictEqual(yield* fresh.state.snapshot, untouched)
      }
      const small = yield* Emulator.make({ capacity: 1 })
      const one = { ...Snapshot.empty, registrations: registrations.slice(0, 1) }
      const { clientId } = registrations[0] ?? assert.fail("there is a client")
      const two = <A extends object>(items: ReadonlyArray<A>): ReadonlyArray<A> =>
        items.slice(0, 1).flatMap((item) => [{ ...item, clientId }, { ...item, clientId }])
      yield* small.state.seed(one)
      for (
        const more of [
          { registrations: registrations.slice(1, 2) },
          { deviceAuthorizations: two(whole.deviceAuthorizations) },
          { codeAuthorizations: two(whole.codeAuthorizations) },
          { sessions: two(whole.sessions) }
        ]
      ) {
        const given = { ...Snapshot.empty, ...more }
        assert.include((yield* Effect.flip(small.state.seed(given))).message, "at most 1", Object.keys(more)[0])
      }
    }).pipe(provide))

  it.effect("has its own clock, which moves both ways, and codes expire by it (E3)", () =>
    Effect.gen(function*() {
      const { code, emulator, poll } = yield* started()
      assert.strictEqual(yield* emulator.clock.advance("10 minutes"), 600_000)
      assert.strictEqual(yield* tagOf(poll), "ExpiredTokenException")
      assert.strictEqual(yield* emulator.clock.advance("-1 seconds"), 599_000)
      assert.strictEqual(yield* tagOf(poll), "AuthorizationPendingException")
      assert.strictEqual((yield* emulator.authorizations.lookup(code.userCode)).status, "pending")
      for (const far of ["100000 weeks", "-100000 weeks", Infinity] as const) {
        assert.strictEqual((yield* Effect.flip(emulator.clock.advance(far))).problem, "clock")
      }
      assert.strictEqual(yield* emulator.clock.now, 599_000)
    }).pipe(provide))

  it.effect("lets a login expire early, decided or not, but not after its use (E3)", () =>
    Effect.gen(function*() {
      const { code, emulator, poll } = yield* started()
      assert.strictEqual((yield* emulator.authorizations.expire(code.userCode)).status, "expired")
      assert.strictEqual((yield* emulator.authorizations.expire(code.userCode)).status, "expired")
      assert.strictEqual(yield* tagOf(poll), "ExpiredTokenException")
      const decided = yield* started()
      yield* emulator.authorizations.approve(decided.code.userCode)
      assert.strictEqual((yield* emulator.authorizations.expire(decided.code.userCode)).status, "expired")
      assert.strictEqual(yield* tagOf(decided.poll), "ExpiredTokenException")
      const other = yield* started()
      yield* emulator.authorizations.approve(other.code.userCode)
      yield* other.poll
      assert.strictEqual((yield* Effect.flip(emulator.authorizations.expire(other.code.userCode))).problem, "used")
    }).pipe(provide))

  it.effect("leaves expired registrations and sessions out of a snapshot (E3)", () =>
    Effect.gen(function*() {
      const { emulator } = yield* started()
      const { device } = yield* busy()
      assert.lengthOf((yield* emulator.state.snapshot).sessions, 1)
      yield* TestClock.adjust("8 hours")
      assert.lengthOf((yield* emulator.state.snapshot).sessions, 0)
      assert.lengthOf((yield* emulator.state.snapshot).registrations, 4)
      yield* TestClock.adjust("90 days")
      assert.lengthOf((yield* emulator.state.snapshot).registrations, 0)
      assert.strictEqual(yield* tagOf(device.poll), "InvalidClientException")
    }).pipe(provide))

  it.effect("leaves entries without a client out of a snapshot, so that another emulator accepts it (E3)", () =>
    Effect.gen(function*() {
      const emulator = yield* Emulator.Emulator
      const { clientId, clientSecret } = yield* emulator.registerClient(registration)
      yield* TestClock.adjust("2159 hours")
      const code = yield* emulator.startDeviceAuthorization({ clientId, clientSecret, startUrl })
      yield* emulator.authorizations.approve(code.userCode)
      yield* emulator.createToken({ clientId, clientSecret, grantType, deviceCode: code.deviceCode })
      assert.lengthOf((yield* emulator.state.snapshot).sessions, 1)
      // The registration expired after its 90 days, but the session did not yet end
      yield* TestClock.adjust("1 hour")
      const snapshot = yield* emulator.state.snapshot
      yield* (yield* Emulator.make()).state.seed(snapshot)
      assert.deepStrictEqual(snapshot, {
        registrations: [],
        deviceAuthorizations: [],
        codeAuthorizations: [],
        sessions: [],
        accessTokens: [],
        accounts: Account.defaults
      })
    }).pipe(provide))

  it.effect("takes no more room when a snapshot is put back where it was taken (E3)", () =>
    Effect.gen(function*() {
      const { device } = yield* busy()
      const before = yield* device.emulator.state.snapshot
      yield* device.emulator.state.seed(before)
      assert.deepStrictEqual(yield* device.emulator.state.snapshot, before)
    }).pipe(Effect.provide(Emulator.layer({ capacity: 3 }))))

  it.effect("knows a used code as used after a snapshot was put back (E3)", () =>
    Effect.gen(function*() {
      const { code, emulator, poll } = yield* started()
      yield* emulator.authorizations.approve(code.userCode)
      yield* poll
      const snapshot = yield* emulator.state.snapshot
      yield* emulator.state.reset
      yield* emulator.state.seed(snapshot)
      assert.strictEqual((yield* emulator.authorizations.lookup(code.userCode)).status, "used")
      assert.strictEqual(yield* tagOf(poll), "InvalidGrantException")
    }).pipe(provide))

  it.effect("lists every login of both grants, the oldest first (E4)", () =>
    Effect.gen(function*() {
      const { browser, device } = yield* busy()
      yield* TestClock.adjust(1)
      const { code, emulator } = yield* started()
      const list = yield* emulator.authorizations.list
      assert.lengthOf(list, 4)
      assert.deepInclude(list[0], { userCode: device.code.userCode, status: "pending" })
      assert.deepInclude(list[2], { id: browser.id, requester: { userAgent: "a browser" } })
      assert.deepInclude(list[3], { userCode: code.userCode, status: "pending" })
    }).pipe(provide))
})
