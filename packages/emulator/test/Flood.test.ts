import { assert, describe, it } from "@effect/vitest"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import * as EmulatorTransport from "@sso-oidc/emulator/EmulatorTransport"
import * as Snapshot from "@sso-oidc/emulator/Snapshot"
import { Effect, Redacted, Schema } from "effect"
import { HttpClient, HttpClientRequest } from "effect/http"
import { TestClock } from "effect/testing"
import * as Operations from "../src/internal/service/operations.ts"
import * as Settings from "../src/internal/service/options.ts"
import * as Size from "../src/internal/service/size.ts"
import * as State from "../src/internal/service/state.ts"
import { codeMetadata, grantType, redirectUri, registration, startUrl } from "./support.ts"

// the least that an emulator takes, so that few requests fill it
const capacityBytes = 128 * 1024

const provide = (options: Emulator.Options = {}) =>
  Effect.provide(EmulatorTransport.layer({ capacityBytes, requestsPerSecond: 1_000_000, ...options }))

const call = Effect.fnUntraced(function*(path: string, body?: object) {
  const client = yield* HttpClient.HttpClient
  const url = `https://oidc.example${path}`
  const response = yield* client.execute(
    body === undefined
      ? HttpClientRequest.get(url)
      : HttpClientRequest.bodyText(HttpClientRequest.post(url), JSON.stringify(body))
  )
  const text = yield* response.text
  const json: Record<string, string> = text.startsWith("{") ? JSON.parse(text) : {}
  return { status: response.status, text, json }
})

/** A registration of nearly the largest size. */
const large = (n: number): object => ({
  ...codeMetadata,
  clientName: `中${n}`.padEnd(8000, "x"),
  scopes: Array.from({ length: 90 }, (_, m) => `scope:${m}`.padEnd(80, "y")),
  redirectUris: [redirectUri, ...Array.from({ length: 90 }, (_, m) => `http://127.0.0.1/${m}`.padEnd(80, "z"))]
})

const authorize = (clientId: string, more: Record<string, string> = {}) =>
  call(`/authorize?${new URLSearchParams({
    client_id: clientId,
    redirect_uri: redirectUri,
    response_type: "code",
    code_challenge: "x".repeat(43),
    code_challenge_method: "S256",
    ...more
  })}`)

/** Checks that each kind in a snapshot is within its bounds. */
const bounded = Effect.gen(function*() {
  const { capacityBytes, state } = yield* Emulator.Emulator
  const snapshot = yield* state.snapshot
  const shown = yield* Schema.encodeEffect(Snapshot.Snapshot)(snapshot)
  for (const [kind, items] of Object.entries(shown)) {
    assert.isAtMost(items.length, 10_000, kind)
    assert.isAtMost(Size.of(items), capacityBytes, kind)
  }
  return snapshot
})

describe("a flood", () => {
  it.effect("of large registrations stays within its bytes, and every client can register (E6)", () =>
    Effect.gen(function*() {
      for (let n = 0; n < 150; n++) {
        const { json, status } = yield* call("/client/register", large(n))
        assert.strictEqual(status, 200, json["error_description"])
        if (n % 25 === 0) assert.isBelow((yield* bounded).registrations.length, 10)
      }
      const { clientId, clientSecret } = (yield* call("/client/register", registration)).json
      assert.strictEqual((yield* call("/device_authorization", { clientId, clientSecret, startUrl })).status, 200)
    }).pipe(provide()))

  it.effect("of authorizations with long texts stays within its bytes, and every login can start (E6)", () =>
    Effect.gen(function*() {
      const { clientId, clientSecret } = (yield* call("/client/register", registration)).json
      const browser = (yield* call("/client/register", codeMetadata)).json
      for (let n = 0; n < 150; n++) {
        const long = `${startUrl}?${"中".repeat(1 + n % 2)}`.padEnd(8000, "x")
        const code = yield* call("/device_authorization", { clientId, clientSecret, startUrl: long })
        assert.strictEqual(code.status, 200)
        const page = yield* authorize(browser["clientId"] ?? "", { state: "s".repeat(8000) })
        assert.strictEqual(page.status, 200)
        if (n % 25 === 0) yield* bounded
      }
      const { codeAuthorizations, deviceAuthorizations } = yield* bounded
      assert.isBelow(deviceAuthorizations.length, 20)
      assert.isBelow(codeAuthorizations.length, 20)
    }).pipe(provide()))

  it.effect("does not end a login that a poller uses, nor a login that a person has decided (E6)", () =>
    Effect.gen(function*() {
      const emulator = yield* Emulator.Emulator
      const honest = (yield* call("/client/register", registration)).json
      const client = { clientId: honest["clientId"], clientSecret: honest["clientSecret"] }
      const start = Effect.map(call("/device_authorization", { ...client, startUrl }), ({ json }) => json)
      const poll = (code: Record<string, string>) =>
        Effect.map(call("/token", { ...client, grantType, deviceCode: code["deviceCode"] }), ({ json }) => json)
      const [polled, looked, decided] = [yield* start, yield* start, yield* start]
      const browser = (yield* call("/client/register", codeMetadata)).json["clientId"] ?? ""
      const page = yield* authorize(browser)
      const id = /name="id" value="([^"]+)"/.exec(page.text)?.[1] ?? ""
      yield* emulator.authorizations.approve(id)
      yield* emulator.authorizations.approve(decided["userCode"] ?? "")
      // For ten minutes, while many other logins come and go
      for (let minute = 0; minute < 9; minute++) {
        assert.strictEqual((yield* poll(polled))["error"], "authorization_pending")
        yield* call(`/device?user_code=${looked["userCode"]}`)
        const other = (yield* call("/client/register", large(minute))).json
        for (let n = 0; n < 20; n++) {
          yield* call("/client/register", large(n))
          const { clientId, clientSecret } = (yield* call("/client/register", registration)).json
          for (let m = 0; m < 10; m++) yield* call("/device_authorization", { clientId, clientSecret, startUrl })
          yield* authorize(other["clientId"] ?? "")
        }
        if (minute === 0) {
          assert.isDefined((yield* poll(decided))["accessToken"])
          assert.strictEqual((yield* emulator.authorizations.lookup(id)).status, "approved")
        }
        yield* TestClock.adjust("60 seconds")
      }
      yield* bounded
      yield* emulator.authorizations.approve(looked["userCode"] ?? "")
      yield* emulator.authorizations.approve(polled["userCode"] ?? "")
      assert.isDefined((yield* poll(looked))["accessToken"])
      assert.isDefined((yield* poll(polled))["accessToken"])
    }).pipe(provide()))

  it.effect("of sessions stays within its bytes, and the least recently used session ends (E6)", () =>
    Effect.gen(function*() {
      const emulator = yield* Emulator.Emulator
      const honest = (yield* call("/client/register", registration)).json
      const client = { clientId: honest["clientId"], clientSecret: honest["clientSecret"] }
      const login = Effect.gen(function*() {
        const code = (yield* call("/device_authorization", { ...client, startUrl })).json
        yield* emulator.authorizations.approve(code["userCode"] ?? "")
        return (yield* call("/token", { ...client, grantType, deviceCode: code["deviceCode"] })).json["refreshToken"]
      })
      const refresh = (refreshToken: string | undefined) =>
        Effect.map(call("/token", { ...client, grantType: "refresh_token", refreshToken }), ({ json }) => json)
      let mine = yield* login
      const idle = yield* login
      for (let n = 0; n < 300; n++) {
        yield* login
        if (n % 50 === 0) mine = (yield* refresh(mine))["refreshToken"]
      }
      assert.isBelow((yield* bounded).sessions.length, 300)
      assert.isDefined((yield* refresh(mine))["refreshToken"])
      assert.strictEqual((yield* refresh(idle))["error"], "invalid_grant")
    }).pipe(provide()))

  it.effect("of faults, or a too large snapshot, is refused with a sentence, and nothing of it is kept (E6)", () =>
    Effect.gen(function*() {
      const emulator = yield* Emulator.Emulator
      const fault = { _tag: "RawResponse", status: 502, body: "x".repeat(100_000) } as const
      yield* emulator.faults.arm(fault)
      yield* emulator.faults.arm(fault)
      const error = yield* Effect.flip(emulator.faults.arm(fault))
      assert.strictEqual(
        error.message,
        "The fault cannot be armed: the armed faults would take more than 262144 bytes."
      )
      assert.lengthOf(yield* emulator.faults.list, 2)
      const { json } = yield* call("/client/register", registration).pipe(
        Effect.andThen(call("/client/register", registration)),
        Effect.andThen(call("/client/register", registration))
      )
      const { registrations: [one] } = yield* emulator.state.snapshot
      assert.strictEqual(one?.clientId, json["clientId"])
      const many = Array.from({ length: 30 }, (_, n) => ({
        ...one ?? assert.fail("it is registered"),
        clientId: `client-${n}`,
        clientName: "x".repeat(9000)
      }))
      const refused = yield* Effect.flip(emulator.state.seed({ ...Snapshot.empty, registrations: many }))
      assert.include(refused.message, "at most 10000 of each kind, in 262144 bytes")
      assert.lengthOf((yield* emulator.state.snapshot).registrations, 1)
      // The second seed replaces the entries of the first, so it needs no more room
      yield* emulator.state.seed({ ...Snapshot.empty, registrations: many.slice(0, 20) })
      yield* emulator.state.seed({ ...Snapshot.empty, registrations: many.slice(0, 20) })
      assert.lengthOf((yield* bounded).registrations, 21)
    }).pipe(provide({ capacityBytes: 256 * 1024 })))
})

describe("one request", () => {
  it.effect("is refused by the name of a member that is too large (E6)", () =>
    Effect.gen(function*() {
      const { clientId, clientSecret } = (yield* call("/client/register", registration)).json
      const browser = (yield* call("/client/register", codeMetadata)).json["clientId"] ?? ""
      const long = "x".repeat(8193)
      const refused: ReadonlyArray<readonly [name: string, path: string, body?: object]> = [
        ["clientName", "/client/register", { ...registration, clientName: long }],
        ["scopes", "/client/register", { ...registration, scopes: [long] }],
        ["scopes", "/client/register", { ...registration, scopes: Array.from({ length: 101 }, () => "a") }],
        ["scopes", "/client/register", { ...registration, scopes: [long.slice(1), "a"] }],
        ["grantTypes", "/client/register", {
          ...registration,
          grantTypes: Array.from({ length: 101 }, () => "refresh_token")
        }],
        ["redirectUris", "/client/register", { ...registration, redirectUris: [`https://x.test/${long}`] }],
        ["issuerUrl", "/client/register", { ...registration, issuerUrl: `https://x.test/${long}` }],
        ["startUrl", "/device_authorization", { clientId, clientSecret, startUrl: `https://x.test/${long}` }],
        ["state", `/authorize?client_id=${browser}&redirect_uri=${redirectUri}&state=${long}`],
        // Any number of zeros before a port gives the same port
        [
          "redirect_uri",
          `/authorize?client_id=${browser}&redirect_uri=http://127.0.0.1:${"0".repeat(8193)}80/oauth/callback`
        ],
        ["scopes", `/authorize?client_id=${browser}&redirect_uri=${redirectUri}&scopes=${"a,".repeat(101)}`]
      ]
      const before = yield* Emulator.Emulator.use(({ state }) => state.snapshot)
      for (const [name, path, body] of refused) {
        const { json, status } = yield* call(path, body)
        assert.deepStrictEqual([status, json["error"]], [400, "invalid_request"], path.slice(0, 200))
        assert.match(json["error_description"] ?? "", new RegExp(`^${name} has more than \\d+ (characters|members)`))
      }
      assert.deepStrictEqual(yield* Emulator.Emulator.use(({ state }) => state.snapshot), before)
    }).pipe(provide()))

  it.effect("is served with the longest allowed texts (E6)", () =>
    Effect.gen(function*() {
      const { json, status } = yield* call("/client/register", {
        ...codeMetadata,
        clientName: "x".repeat(8192),
        issuerUrl: "https://x.test/".padEnd(8192, "x"),
        scopes: Array.from({ length: 100 }, () => "a".repeat(81))
      })
      assert.strictEqual(status, 200)
      assert.strictEqual((yield* authorize(json["clientId"] ?? "", { state: "s".repeat(8192) })).status, 200)
    }).pipe(provide({ capacityBytes: 131_072 })))
})

describe("a day", () => {
  // Each step is one job of a CI. It calls the operations directly, because a day has many jobs
  it("of a CI's traffic leaves the memory as it was after the first hours (E6)", () => {
    const settings = Settings.check({ capacity: 500, capacityBytes: 2 ** 21 })
    assert(settings._tag === "Success")
    const state = State.make(settings.success)
    const operations = Operations.make(settings.success, state)
    const get = <A, E>(
      result: { readonly _tag: "Success"; readonly success: A } | { readonly _tag: "Failure"; readonly failure: E }
    ): A => result._tag === "Success" ? result.success : assert.fail(JSON.stringify(result.failure))
    const second = 1000
    const hour = 3600 * second
    const bytes: Array<number> = []
    for (let now = 0; now < 24 * hour; now += 20 * second) {
      const { clientId, clientSecret } = get(
        operations.register({ clientName: "ci", clientType: "public", scopes: ["a"] }, now)
      )
      const client = { clientId, clientSecret }
      // Every tenth job ends before its login does
      const start = operations.start({ ...client, startUrl }, "http://localhost", undefined, now)
      const { deviceCode, userCode } = get(start)
      if (now % (200 * second) !== 0) {
        const code = state.byUserCode(userCode)
        const poll = (at: number) => operations.exchange({ ...client, grantType, deviceCode }, undefined, at)
        assert.strictEqual(poll(now + second)._tag, "Failure")
        if (code !== undefined) code.decision = "approved"
        const { refreshToken } = get(poll(now + 2 * second))
        get(operations.exchange(
          {
            ...client,
            grantType: "refresh_token",
            refreshToken: refreshToken ?? Redacted.make("")
          },
          undefined,
          now + 3 * second
        ))
      }
      for (const [kind, count] of Object.entries(state.size())) assert.isAtMost(count, 500, kind)
      if ((now + 20 * second) % hour === 0) {
        bytes.push(Object.values(state.bytes()).reduce((sum, size) => sum + size, 0))
      }
    }
    assert.lengthOf(bytes, 24)
    // From the tenth hour on, the first sessions have ended
    const settled = bytes.slice(10)
    assert.isBelow(Math.max(...settled) - Math.min(...settled), 0.02 * Math.max(...settled))
    // Long after the traffic has stopped, the first request drops all expired entries
    const late = 24 * hour + 90 * 24 * hour
    get(operations.register({ clientName: "ci", clientType: "public" }, late))
    assert.deepStrictEqual(state.size(), {
      registrations: 1,
      deviceAuthorizations: 0,
      codeAuthorizations: 0,
      sessions: 0,
      accessTokens: 0
    })
    assert.isBelow(Object.values(state.bytes()).reduce((sum, size) => sum + size, 0), 4096)
  })

  it.effect("without room for every registration refuses no job, by the test's clock (E6)", () =>
    Effect.gen(function*() {
      const emulator = yield* Emulator.Emulator
      for (let job = 0; job < 24 * 12; job++) {
        const { clientId, clientSecret } = (yield* call("/client/register", registration)).json
        const code = (yield* call("/device_authorization", { clientId, clientSecret, startUrl })).json
        yield* emulator.authorizations.approve(code["userCode"] ?? "")
        const token = yield* call("/token", { clientId, clientSecret, grantType, deviceCode: code["deviceCode"] })
        assert.strictEqual(token.status, 200)
        yield* TestClock.adjust("5 minutes")
      }
      const { deviceAuthorizations, registrations, sessions } = yield* bounded
      assert.isBelow(registrations.length, 24 * 12)
      assert.isAtMost(deviceAuthorizations.length, 16)
      assert.isAtMost(sessions.length, 8 * 12)
    }).pipe(provide()))
})
