import { assert, describe, it } from "@effect/vitest"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import type { EmulatorError } from "@sso-oidc/emulator/EmulatorError"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import * as EmulatorTransport from "@sso-oidc/emulator/EmulatorTransport"
import * as Snapshot from "@sso-oidc/emulator/Snapshot"
import { Effect, Layer, Redacted, Schema } from "effect"
import { FetchHttpClient } from "effect/http"
import { TestClock } from "effect/testing"
import { createHash } from "node:crypto"
import { codeClient, grantType, issued, redirectUri, registration, secret, startUrl, tagOf } from "./support.ts"

const provide = (options?: Emulator.Options) => Effect.provide(Emulator.layer(options))
const lenient = provide({ rotation: "lenient" })
const scopes = ["sso:account:access"]

const json = Schema.fromJsonString(Snapshot.Snapshot)

/** A client with this many refresh tokens of one session, the oldest first. */
const chain = Effect.fnUntraced(function*(length: number) {
  const client = yield* issued(scopes)
  const tokens = [secret(client.token)]
  while (tokens.length < length) {
    tokens.push(secret(yield* client.refresh(tokens.at(-1) ?? assert.fail("there is a token"))))
  }
  return { ...client, tokens }
})

const first = <A>(items: ReadonlyArray<A>): A => items[0] ?? assert.fail("it is not empty")

/** The token of each name is random, so a test compares what happened to each of them. */
const outcomes = <A, E extends { readonly _tag: string }, R>(effects: ReadonlyArray<Effect.Effect<A, E, R>>) =>
  Effect.forEach(
    effects,
    (effect) => Effect.match(effect, { onSuccess: () => "taken", onFailure: ({ _tag }) => _tag })
  )

describe("lenient rotation", () => {
  it.effect("takes a used refresh token of the session, and gives two new tokens that work (E3)", () =>
    Effect.gen(function*() {
      const { refresh, token, tokens } = yield* chain(3)
      const seen = new Set([Redacted.value(token.accessToken)])
      for (const used of tokens) {
        const next = yield* refresh(used)
        assert.notInclude(tokens.map(Redacted.value), Redacted.value(secret(next)))
        assert.strictEqual(next.expiresIn, 3600)
        seen.add(Redacted.value(next.accessToken))
        yield* refresh(secret(next))
      }
      assert.strictEqual(seen.size, 4)
    }).pipe(lenient))

  it.effect("gives each of 32 simultaneous refreshes its own tokens, with which each of them continues (E3)", () =>
    Effect.gen(function*() {
      const { refresh, token } = yield* issued(scopes)
      let tokens = Array.from({ length: 32 }, () => secret(token))
      for (let round = 0; round < 10; round++) {
        const next = yield* Effect.forEach(tokens, (each) => refresh(each), { concurrency: "unbounded" })
        tokens = next.map(secret)
        assert.strictEqual(new Set(tokens.map(Redacted.value)).size, 32)
      }
    }).pipe(lenient))

  it.effect("refuses an unknown token, a token of another client, and a changed token (E3)", () =>
    Effect.gen(function*() {
      const { refresh, tokens } = yield* chain(2)
      const other = yield* issued(scopes)
      assert.deepStrictEqual(
        yield* outcomes([
          refresh(Redacted.make("aorunknown")),
          refresh(Redacted.make("")),
          ...tokens.flatMap((each) => [
            refresh(Redacted.make(`${Redacted.value(each)}x`)),
            refresh(Redacted.make(Redacted.value(each).slice(0, -1))),
            other.refresh(each)
          ]),
          refresh(secret(other.token))
        ]),
        Array.from({ length: 9 }, () => "InvalidGrantException")
      )
      // None of these attempts has used a token up, or ended a session
      assert.deepStrictEqual(
        yield* outcomes([...tokens.map(refresh), other.refresh(secret(other.token))]),
        ["taken", "taken", "taken"]
      )
    }).pipe(lenient))

  it.effect("refuses every token of a session that has ended, and none of another session (E3)", () =>
    Effect.gen(function*() {
      const mine = yield* chain(3)
      yield* TestClock.adjust("1 hour")
      const other = yield* issued(scopes)
      yield* TestClock.adjust("7 hours")
      const error = yield* Effect.flip(mine.refresh(first(mine.tokens)))
      assert.deepInclude(error, { _tag: "InvalidGrantException", errorDescription: "Invalid refresh token provided" })
      assert.deepStrictEqual(
        yield* outcomes([...mine.tokens.map(mine.refresh), other.refresh(secret(other.token))]),
        ["InvalidGrantException", "InvalidGrantException", "InvalidGrantException", "taken"]
      )
    }).pipe(lenient))

  it.effect("ends with the second use of the authorization code, for used tokens too (E3)", () =>
    Effect.gen(function*() {
      const emulator = yield* Emulator.Emulator
      const client = yield* codeClient()
      const verifier = "v".repeat(43)
      const codeChallenge = createHash("sha256").update(verifier).digest("base64url")
      const { id } = yield* emulator.authorize({
        clientId: client.clientId,
        redirectUri,
        responseType: "code",
        codeChallenge,
        codeChallengeMethod: "S256"
      })
      yield* emulator.authorizations.approve(id)
      const { codeAuthorizations: [{ code } = assert.fail("there is a code")] } = yield* emulator.state.snapshot
      const redeem = emulator.createToken({
        ...client,
        grantType: "authorization_code",
        code,
        redirectUri,
        codeVerifier: Redacted.make(verifier)
      })
      const refresh = (refreshToken: Redacted.Redacted) =>
        emulator.createToken({ ...client, grantType: "refresh_token", refreshToken })
      const one = secret(yield* redeem)
      const two = secret(yield* refresh(one))
      yield* refresh(one)
      assert.strictEqual(yield* tagOf(redeem), "InvalidGrantException")
      assert.deepStrictEqual(
        yield* outcomes([refresh(one), refresh(two)]),
        ["InvalidGrantException", "InvalidGrantException"]
      )
    }).pipe(lenient))

  it.effect("keeps 64 used tokens of a session, and forgets the others (E3, E6)", () =>
    Effect.gen(function*() {
      const { emulator, refresh, tokens } = yield* chain(67)
      // 66 tokens are used, and the 67th is the latest
      assert.deepStrictEqual(
        yield* outcomes(tokens.slice(0, 2).map(refresh)),
        ["InvalidGrantException", "InvalidGrantException"]
      )
      const { sessions } = yield* emulator.state.snapshot
      assert.deepStrictEqual(
        first(sessions).usedRefreshTokens?.map(Redacted.value),
        tokens.slice(2, 66).map(Redacted.value)
      )
      yield* refresh(tokens[2] ?? assert.fail("there is a third token"))
    }).pipe(lenient))

  it.effect("never forgets a token that a client sends again and again (E3, E6)", () =>
    Effect.gen(function*() {
      const { emulator, refresh, token } = yield* issued(scopes)
      for (let n = 0; n < 200; n++) yield* refresh(secret(token))
      assert.lengthOf(first((yield* emulator.state.snapshot).sessions).usedRefreshTokens ?? [], 64)
    }).pipe(lenient))
})

describe("strict rotation", () => {
  it.effect("is the default, and keeps no used token (E3, E6)", () =>
    Effect.gen(function*() {
      const { emulator, refresh, tokens } = yield* chain(4)
      assert.deepStrictEqual(yield* outcomes(tokens.map(refresh)), [
        "InvalidGrantException",
        "InvalidGrantException",
        "InvalidGrantException",
        "taken"
      ])
      assert.notProperty(first((yield* emulator.state.snapshot).sessions), "usedRefreshTokens")
    }).pipe(provide()))
})

describe("any sequence of refreshes", () => {
  // Which of the two sessions, and which of its tokens so far. A run of the newest token comes before each
  const steps = Schema.Array(Schema.Struct({
    mine: Schema.Boolean,
    run: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 40 })),
    at: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1000 }))
  }))

  /** A session as a list of all its tokens, each with the time of its last use. */
  interface Model {
    readonly tokens: Array<{ readonly token: Redacted.Redacted; used: number | undefined }>
    readonly refresh: (token: Redacted.Redacted) => ReturnType<Emulator.Service["createToken"]>
  }

  const modelled = Effect.map(issued(scopes), ({ refresh, token }): Model => ({
    refresh,
    tokens: [{ token: secret(token), used: undefined }]
  }))

  const property = (rotation: "strict" | "lenient") => ([given]: readonly [typeof steps.Type]) =>
    Effect.gen(function*() {
      const sessions = [yield* modelled, yield* modelled] as const
      let time = 0
      const send = Effect.fnUntraced(function*({ refresh, tokens }: Model, at: number) {
        const sent = tokens[at] ?? assert.fail("there is a token")
        const latest = tokens.at(-1) ?? assert.fail("there is a token")
        const newer = tokens.filter(({ used = -1 }) => used > (sent.used ?? Infinity))
        const expected = sent === latest || (rotation === "lenient" && newer.length < 64)
        const result = yield* Effect.result(refresh(sent.token))
        assert.strictEqual(result._tag === "Success", expected, `${at} of ${tokens.length}`)
        if (result._tag === "Failure") return assert.strictEqual(result.failure._tag, "InvalidGrantException")
        latest.used = time++
        sent.used = time++
        tokens.push({ token: secret(result.success), used: undefined })
      })
      for (const { at, mine, run } of given) {
        const session = sessions[mine ? 0 : 1]
        for (let n = 0; n < run; n++) yield* send(session, session.tokens.length - 1)
        yield* send(session, at % session.tokens.length)
      }
      // No token of one session is lost through the other one
      for (const session of sessions) yield* send(session, session.tokens.length - 1)
    }).pipe(provide({ rotation }))

  it.effect.prop("takes exactly the latest token if rotation is strict (E3)", [steps], property("strict"))

  it.effect.prop(
    "takes exactly the tokens of the session, the latest and the 64 used last, if rotation is lenient (E3, E6)",
    [steps],
    property("lenient")
  )
})

describe("a snapshot", () => {
  const clientOf = (
    { clientId, clientSecret }: { readonly clientId: string; readonly clientSecret: Redacted.Redacted },
    emulator: Emulator.Service
  ) =>
  (refreshToken: Redacted.Redacted) =>
    emulator.createToken({ clientId, clientSecret, grantType: "refresh_token", refreshToken })

  it.effect("keeps the used tokens for lenient rotation, through JSON too (E3)", () =>
    Effect.gen(function*() {
      const client = yield* chain(3)
      const text = yield* Schema.encodeEffect(json)(yield* client.emulator.state.snapshot)
      const fresh = yield* Emulator.make({ rotation: "lenient" })
      yield* fresh.state.seed(yield* Schema.decodeEffect(json)(text))
      assert.strictEqual(yield* Schema.encodeEffect(json)(yield* fresh.state.snapshot), text)
      const refresh = clientOf(client, fresh)
      assert.deepStrictEqual(yield* outcomes(client.tokens.map(refresh)), ["taken", "taken", "taken"])
      // In a strict emulator only the latest token works
      const strict = yield* Emulator.make()
      yield* strict.state.seed(yield* Schema.decodeEffect(json)(text))
      assert.deepStrictEqual(yield* outcomes(client.tokens.map(clientOf(client, strict))), [
        "InvalidGrantException",
        "InvalidGrantException",
        "taken"
      ])
    }).pipe(lenient))

  it.effect("of an older emulator, without used tokens, continues with either rotation (E3)", () =>
    Effect.gen(function*() {
      const client = yield* chain(2)
      const text = yield* Schema.encodeEffect(json)(yield* client.emulator.state.snapshot)
      assert.notInclude(text, "used" + "RefreshTokens")
      for (const rotation of ["strict", "lenient"] as const) {
        const fresh = yield* Emulator.make({ rotation })
        yield* fresh.state.seed(yield* Schema.decodeEffect(json)(text))
        assert.deepStrictEqual(
          yield* outcomes(client.tokens.map(clientOf(client, fresh))),
          ["InvalidGrantException", "taken"]
        )
      }
    }).pipe(provide()))

  it.effect("that is older than the state sets a session back, and the session stays one (E3)", () =>
    Effect.gen(function*() {
      const client = yield* chain(2)
      const { emulator, refresh, tokens } = client
      const before = yield* emulator.state.snapshot
      const later = secret(yield* refresh(tokens[1] ?? assert.fail("there are two")))
      yield* emulator.state.seed(before)
      assert.deepStrictEqual(yield* emulator.state.snapshot, before)
      assert.deepStrictEqual(yield* outcomes([later, ...tokens].map(refresh)), [
        "InvalidGrantException",
        "taken",
        "taken"
      ])
    }).pipe(lenient))

  it.effect("with more than 64 used tokens keeps the last 64 of them (E6)", () =>
    Effect.gen(function*() {
      const client = yield* chain(1)
      const { emulator, refresh } = client
      const whole = yield* emulator.state.snapshot
      const many = Array.from({ length: 65 }, (_, n) => Redacted.make(`used-${n}`))
      yield* emulator.state.seed({
        ...whole,
        sessions: whole.sessions.map((given) => ({ ...given, usedRefreshTokens: many }))
      })
      assert.deepStrictEqual(yield* outcomes([...many.slice(0, 2), ...client.tokens].map(refresh)), [
        "InvalidGrantException",
        "taken",
        "taken"
      ])
    }).pipe(lenient))

  it.effect("with more used tokens than there is room for is refused with a sentence (E6)", () =>
    Effect.gen(function*() {
      const { emulator } = yield* chain(1)
      const whole = yield* emulator.state.snapshot
      const large = Array.from({ length: 64 }, (_, n) => Redacted.make(`${n}`.padEnd(2500, "x")))
      const error = yield* Effect.flip(emulator.state.seed({
        ...whole,
        sessions: whole.sessions.map((given) => ({ ...given, usedRefreshTokens: large }))
      }))
      assert.strictEqual(error.problem, "seed")
      assert.include(error.message, "raise capacity or capacityBytes")
      assert.deepStrictEqual(yield* emulator.state.snapshot, whole)
    }).pipe(provide({ rotation: "lenient", capacityBytes: 131_072 })))

  it("shows no used token (E3)", () => {
    const session: typeof Snapshot.Session.Type = {
      refreshToken: Redacted.make("latest-one"),
      clientId: "a",
      endsAt: 1,
      usedRefreshTokens: [Redacted.make("used-one")]
    }
    assert.notMatch(`${JSON.stringify(session)} ${String(session.usedRefreshTokens)}`, /-one/)
  })
})

describe("a transport", () => {
  const inProcess = (options: Emulator.Options) =>
    SsoOidc.layer({ region: "eu-west-1" }).pipe(Layer.provideMerge(EmulatorTransport.layer(options)))

  const overHttp = (options: Emulator.Options) =>
    Layer.unwrap(Effect.map(
      EmulatorServer.EmulatorServer,
      ({ url }) => SsoOidc.layer({ region: "eu-west-1", endpoint: url })
    )).pipe(Layer.provide(FetchHttpClient.layer), Layer.provideMerge(EmulatorServer.layer(options)))

  type Provided = Layer.Layer<
    SsoOidc.SsoOidc | Emulator.Emulator,
    EmulatorError | Layer.Error<ReturnType<typeof overHttp>>
  >

  it.effect.each<readonly [name: string, layer: (options: Emulator.Options) => Provided]>([
    ["in process", inProcess],
    ["over HTTP", overHttp]
  ])("%s has the options of rotation, sessions and access tokens (E3, E5)", ([, layer]) =>
    Effect.gen(function*() {
      for (const rotation of ["strict", "lenient"] as const) {
        yield* Effect.gen(function*() {
          const emulator = yield* Emulator.Emulator
          const oidc = yield* SsoOidc.SsoOidc
          const client = yield* oidc.registerClient(registration)
          const code = yield* oidc.startDeviceAuthorization({ ...client, startUrl })
          yield* emulator.authorizations.approve(code.userCode)
          const token = yield* oidc.createToken({ ...client, grantType, deviceCode: code.deviceCode })
          const refresh = (refreshToken: Redacted.Redacted) =>
            oidc.createToken({ ...client, grantType: "refresh_token", refreshToken })
          assert.strictEqual(token.expiresIn, 300)
          yield* TestClock.adjust("5 minutes")
          const next = yield* refresh(secret(token))
          yield* TestClock.adjust("4 minutes")
          assert.deepStrictEqual(
            yield* outcomes([refresh(secret(token)), refresh(secret(next))]),
            [rotation === "lenient" ? "taken" : "InvalidGrantException", "taken"]
          )
          yield* TestClock.adjust("1 minute")
          assert.strictEqual(yield* tagOf(refresh(secret(next))), "InvalidGrantException")
        }).pipe(
          Effect.provide(layer({ rotation, sessionDuration: "10 minutes", accessTokenLifetime: "5 minutes" }))
        )
      }
    }))
})

describe("many sessions", () => {
  it.effect("with used tokens stay within their bytes, and the least recently used session ends (E6)", () =>
    Effect.gen(function*() {
      const mine = yield* chain(2)
      const idle = yield* issued(scopes)
      for (let n = 0; n < 60; n++) {
        yield* chain(66)
        if (n % 5 === 0) mine.tokens.push(secret(yield* mine.refresh(first(mine.tokens))))
      }
      const { sessions } = yield* mine.emulator.state.snapshot
      assert.isBelow(sessions.length, 20)
      const size = sessions.reduce((sum, { usedRefreshTokens = [] }) => sum + usedRefreshTokens.length * 260, 0)
      assert.isBelow(size, 256 * 1024)
      assert.deepStrictEqual(yield* outcomes(mine.tokens.map(mine.refresh)), mine.tokens.map(() => "taken"))
      assert.strictEqual(yield* tagOf(idle.refresh(secret(idle.token))), "InvalidGrantException")
    }).pipe(provide({ rotation: "lenient", capacityBytes: 256 * 1024 })))
})
