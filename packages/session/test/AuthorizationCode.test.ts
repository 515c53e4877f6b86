import { assert, describe, it } from "@effect/vitest"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as AuthorizationCode from "@sso-oidc/session/AuthorizationCode"
import * as Callback from "@sso-oidc/session/Callback"
import * as LoginBrowser from "@sso-oidc/session/LoginBrowser"
import { search, textsOf } from "@sso-oidc/test-kit/leaks"
import * as Recorder from "@sso-oidc/test-kit/recorder"
import * as Wire from "@sso-oidc/test-kit/wire"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/testing/TestClock"

const redirectUri = "http://127.0.0.1:8400/oauth/callback"

const options = { clientName: "my-tool", startUrl: "https://corp.awsapps.com/start", redirectUri }

const client = {
  clientId: "client-1",
  clientSecret: "client-secret-value",
  clientIdIssuedAt: 0,
  clientSecretExpiresAt: 7_776_000
}

const token = {
  accessToken: "access-token-value",
  refreshToken: "refresh-token-value",
  tokenType: "Bearer",
  expiresIn: 3600
}

const service = (more: Partial<Parameters<typeof Wire.client>[1]> = {}) =>
  Effect.gen(function*() {
    const wire = Wire.responding(({ url }) => Wire.json(url.endsWith("/token") ? token : client))
    return { wire, oidc: yield* Wire.client(wire, more) }
  })

const callbackOf = (
  { state }: AuthorizationCode.PendingCode,
  more: Readonly<Record<string, string>> = { code: "code-value-1" }
) => Redacted.make(`${redirectUri}?${new URLSearchParams({ state: Redacted.value(state), ...more })}`)

describe("AuthorizationCode", () => {
  it.effect("a pending login can be stored, and ended by another process (S16)", () =>
    Effect.gen(function*() {
      const { oidc, wire } = yield* service()
      const stored = yield* Effect.flatMap(AuthorizationCode.start(options), AuthorizationCode.encode).pipe(
        Effect.provideService(SsoOidc.SsoOidc, oidc)
      )
      assert.strictEqual(String(stored), "<redacted:pendingCode>")
      const pending = yield* AuthorizationCode.decode(stored)
      const ended = yield* AuthorizationCode.finish(pending, callbackOf(pending)).pipe(
        Effect.provideService(SsoOidc.SsoOidc, oidc)
      )
      assert.strictEqual(Redacted.value(ended.accessToken), token.accessToken)
      assert.strictEqual(ended.registration.clientId, "client-1")
      assert.lengthOf(wire.sent, 2)
    }))

  it.effect("a stored text that is no pending login is refused, and is not repeated (S16, C6)", () =>
    Effect.gen(function*() {
      const { oidc } = yield* service()
      const pending = yield* Effect.provideService(AuthorizationCode.start(options), SsoOidc.SsoOidc, oidc)
      const text: Record<string, unknown> = JSON.parse(Redacted.value(yield* AuthorizationCode.encode(pending)))
      const secrets = search([Redacted.value(pending.codeVerifier), Redacted.value(pending.state)])
      const changes = [
        { version: 2 },
        { url: "http://evil.example/authorize" },
        { url: "javascript:alert(1)" },
        { redirectUri: "ftp://127.0.0.1/" },
        { state: "" },
        { codeVerifier: 7 },
        { expiresAt: "soon" }
      ]
      for (const change of changes) {
        const error = yield* Effect.flip(
          AuthorizationCode.decode(Redacted.make(JSON.stringify({ ...text, ...change })))
        )
        assert.strictEqual(error._tag, "SchemaError")
        for (const one of textsOf(error)) assert.isUndefined(secrets(one))
      }
      assert.strictEqual((yield* Effect.flip(AuthorizationCode.decode(Redacted.make("{"))))._tag, "SchemaError")
    }))

  it.effect("a registration is used again while it can be, and its redirect URI is registered without a port (S16, S17)", () =>
    Effect.gen(function*() {
      const { oidc, wire } = yield* service()
      const run = <A, E>(effect: Effect.Effect<A, E, SsoOidc.SsoOidc>) =>
        Effect.provideService(effect, SsoOidc.SsoOidc, oidc)
      const registrations: Array<string> = []
      const onRegistration = ({ clientId }: { readonly clientId: string }) =>
        Effect.sync(() => registrations.push(clientId))
      const { registration } = yield* run(AuthorizationCode.start({ ...options, onRegistration }))
      yield* run(AuthorizationCode.start({ ...options, registration, onRegistration }))
      assert.lengthOf(wire.sent, 1)
      yield* run(AuthorizationCode.start({ ...options, registration, scopes: ["a:b"], onRegistration }))
      yield* TestClock.adjust("90 days")
      yield* run(AuthorizationCode.start({ ...options, registration, onRegistration }))
      assert.lengthOf(wire.sent, 3)
      assert.lengthOf(registrations, 3)
      const uris = ["http://localhost:1234/x", "http://[::1]:9/", "https://tool.example:8443/back"]
      for (const redirectUri of uris) yield* run(AuthorizationCode.start({ ...options, redirectUri }))
      assert.deepStrictEqual(wire.sent.slice(3).map(({ body }) => JSON.parse(body).redirectUris), [
        ["http://localhost/x"],
        ["http://[::1]/"],
        ["https://tool.example:8443/back"]
      ])
    }))

  it.effect("a redirect URI or a scope that cannot be used is refused before anything is sent (S16)", () =>
    Effect.gen(function*() {
      const { oidc, wire } = yield* service()
      const bad = [
        { redirectUri: "http://tool.example/back" },
        { redirectUri: "tool:back" },
        { redirectUri: "" },
        { scopes: ["a\u0007b"] }
      ]
      for (const change of bad) {
        const error = yield* Effect.flip(
          Effect.provideService(AuthorizationCode.start({ ...options, ...change }), SsoOidc.SsoOidc, oidc)
        )
        assert.strictEqual(error._tag, "RequestInvalid")
      }
      assert.lengthOf(wire.sent, 0)
    }))

  it.effect("the code is sent only in time, and only to the service that the login began at (S16)", () =>
    Effect.gen(function*() {
      const { oidc, wire } = yield* service()
      const other = yield* service({ region: "us-east-1" })
      const pending = yield* Effect.provideService(AuthorizationCode.start(options), SsoOidc.SsoOidc, oidc)
      const finish = (oidc: SsoOidc.Service) =>
        Effect.flip(Effect.provideService(
          AuthorizationCode.finish(pending, callbackOf(pending)),
          SsoOidc.SsoOidc,
          oidc
        ))
      assert.strictEqual((yield* finish(other.oidc))._tag, "RequestInvalid")
      assert.lengthOf(other.wire.sent, 0)
      yield* TestClock.adjust("10 minutes")
      assert.strictEqual((yield* finish(oidc))._tag, "AuthorizationExpired")
      assert.lengthOf(wire.sent, 1)
    }))

  it.effect.prop(
    "a text without the state of the login sends nothing (S16)",
    [Schema.String, Schema.String],
    ([text, more]) =>
      Effect.gen(function*() {
        const { oidc, wire } = yield* service()
        const pending = yield* Effect.provideService(AuthorizationCode.start(options), SsoOidc.SsoOidc, oidc)
        for (const one of [text, `https://a.example/${more}?code=1&state=${text}`, `?state=&code=${text}`]) {
          const error = yield* Effect.flip(
            Effect.provideService(AuthorizationCode.finish(pending, Redacted.make(one)), SsoOidc.SsoOidc, oidc)
          )
          assert.strictEqual(error._tag, "CallbackInvalid")
        }
        assert.lengthOf(wire.sent, 1)
      })
  )

  it.effect("a callback that is cut, doubled or too long is no callback (S16)", () =>
    Effect.gen(function*() {
      const { oidc, wire } = yield* service()
      const pending = yield* Effect.provideService(AuthorizationCode.start(options), SsoOidc.SsoOidc, oidc)
      const state = Redacted.value(pending.state)
      const texts: ReadonlyArray<readonly [string, "unreadable" | "state"]> = [
        [`${redirectUri}?code=1`, "unreadable"],
        [`${redirectUri}?state=${state}`, "unreadable"],
        [`${redirectUri}?code=&state=${state}`, "unreadable"],
        [`${redirectUri}?code=1&code=2&state=${state}`, "unreadable"],
        [`${redirectUri}?code=1&state=${state}&state=${state}`, "unreadable"],
        [`${redirectUri}?code=1&state=${state.slice(0, -1)}`, "state"],
        [`${redirectUri}?code=1&state=${state}x`, "state"],
        [`${redirectUri}?error=access_denied&state=other`, "state"],
        [`${redirectUri}?code=${"x".repeat(20_000)}&state=${state}`, "unreadable"],
        [`${redirectUri}#code=1&state=${state}`, "unreadable"]
      ]
      for (const [text, problem] of texts) {
        const error = yield* Effect.flip(
          Effect.provideService(AuthorizationCode.finish(pending, Redacted.make(text)), SsoOidc.SsoOidc, oidc)
        )
        assert.deepInclude(error, { _tag: "CallbackInvalid", problem }, text.slice(0, 80))
      }
      assert.lengthOf(wire.sent, 1)
    }))

  it.effect("no secret of a login is in a span, a log or an error (S21, C6)", () =>
    Effect.gen(function*() {
      const recorder = Recorder.make()
      const { oidc, wire } = yield* service()
      const states: Array<string> = []
      const callback = Callback.Callback.of({
        listen: () =>
          Effect.succeed({
            redirectUri,
            received: (state) => {
              states.push(Redacted.value(state))
              return Effect.succeed(
                Redacted.make(`${redirectUri}?code=code-value-1&state=${Redacted.value(state)}`)
              )
            }
          })
      })
      const browser = LoginBrowser.LoginBrowser.of({ open: () => Effect.void, elsewhere: Effect.succeed(undefined) })
      const events: Array<unknown> = []
      const exit = yield* AuthorizationCode.login({
        ...options,
        onEvent: (event) => Effect.sync(() => event._tag === "UrlReady" || events.push(event))
      }).pipe(
        Effect.provideService(SsoOidc.SsoOidc, oidc),
        Effect.provideService(Callback.Callback, callback),
        Effect.provideService(LoginBrowser.LoginBrowser, browser),
        Effect.tap((token) => Effect.logInfo("done", token)),
        Effect.exit,
        recorder.record
      )
      assert.strictEqual(exit._tag, "Success")
      const verifier = JSON.parse(wire.sent.at(-1)?.body ?? "{}").codeVerifier
      const leak = search([
        ...states,
        verifier,
        "code-value-1",
        client.clientSecret,
        token.accessToken,
        token.refreshToken
      ])
      for (const one of [exit, ...events, ...recorder.spans].flatMap(textsOf)) assert.isUndefined(leak(one))
      for (const one of recorder.lines) assert.isUndefined(leak(one))
      assert.include(recorder.spans.map(({ name }) => name), "AuthorizationCode.login")
    }))
})
