/**
 * No secret is in the file, wherever the service or a proxy put it.
 */
import { assert, describe, it } from "@effect/vitest"
import * as CreateToken from "@sso-oidc/core/CreateToken"
import * as RegisterClient from "@sso-oidc/core/RegisterClient"
import * as StartDeviceAuthorization from "@sso-oidc/core/StartDeviceAuthorization"
import { formsOf, search } from "@sso-oidc/test-kit/leaks"
import * as Recorded from "@sso-oidc/testing/RecordedTransport"
import * as Scripted from "@sso-oidc/testing/ScriptedTransport"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Ask from "./support/requests.ts"

const letters = "Zq8vK2n+Wp4=Xr7~Jd%Lm/\\\"ö\u{1f511} Bs0_-.Hy6"

/** Secrets of 16 to 40 characters. JSON, URLs and base64 write some of them differently. */
const Secret = Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: [...letters].length - 1 }))).check(
  Schema.isMinLength(16),
  Schema.isMaxLength(40)
)
const secretOf = (numbers: ReadonlyArray<number>, salt: string): string =>
  salt + numbers.map((n) => [...letters][n]).join("")

/** Records these exchanges, however they end, and gives the file. */
const recorded = (
  steps: ReadonlyArray<Scripted.Step>,
  calls: ReadonlyArray<(oidc: typeof Ask.oidc.Service) => Effect.Effect<unknown, unknown>>
) =>
  Effect.gen(function*() {
    const store = Recorded.makeMemoryStore()
    yield* Effect.gen(function*() {
      const oidc = yield* Ask.oidc
      for (const call of calls) yield* Effect.ignore(call(oidc))
    }).pipe(Effect.provide(Ask.over(Layer.provide(Recorded.layerRecordStore(store), Scripted.layer(steps)))))
    return yield* store.read
  })

describe("RecordedTransport: no secret is in the file (C6)", () => {
  it.effect.prop(
    "not as it is, not in part and not in another form, from any place of any response (C6)",
    {
      a: Secret,
      b: Secret,
      c: Secret,
      d: Secret,
      form: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 10 }))
    },
    ({ a, b, c, d, form }) =>
      Effect.gen(function*() {
        const clientSecret = secretOf(a, "k1")
        const deviceCode = secretOf(b, "k2")
        const accessToken = secretOf(c, "k3")
        const refreshToken = secretOf(d, "k4")
        const secrets = [clientSecret, deviceCode, accessToken, refreshToken]
        // what a careless service might repeat: a secret in one of its forms, or without its ends
        const spoken = secrets.map((secret) => formsOf(secret)[form] ?? secret)
        // each one in a text of its own, because a text is removed whole for any secret in it
        const told = spoken[0] ?? ""
        const others = spoken.slice(1)
        const cut = secrets.map((secret) => secret.slice(2, -2).toWellFormed())
        const headers = {
          "content-type": "application/json",
          "x-amzn-requestid": encodeURIComponent(accessToken),
          "x-unknown": encodeURIComponent(deviceCode)
        }
        const error = (status: number, body: object) => ({ status, headers, body: JSON.stringify(body) })
        const poll = { ...Ask.poll, clientSecret: Redacted.make(clientSecret), deviceCode: Redacted.make(deviceCode) }
        const text = yield* recorded([
          // in a text that comes before the secret itself
          Scripted.rawResponse(
            CreateToken.operation,
            error(400, { error: "invalid_grant", error_description: told, more: others })
          ),
          Scripted.rawResponse(
            CreateToken.operation,
            error(500, { __type: cut[0], reason: cut[1], code: others[0], error: { accessToken }, accessToken })
          ),
          Scripted.rawResponse(CreateToken.operation, { status: 502, headers, body: `<p>${told} ${cut.join()}` }),
          Scripted.rawResponse(
            CreateToken.operation,
            error(200, {
              accessToken,
              refreshToken,
              tokenType: others[1],
              other: told,
              idToken: { nested: accessToken }
            })
          ),
          Scripted.transportFailure(CreateToken.operation, {
            sent: "maybe",
            code: told,
            transient: true,
            syscall: cut[2]
          }),
          Scripted.rawResponse(
            RegisterClient.operation,
            error(200, { clientId: cut[3], clientSecret, clientSecretExpiresAt: 1 })
          ),
          Scripted.rawResponse(
            StartDeviceAuthorization.operation,
            error(200, {
              deviceCode,
              userCode: "BRCJ-PDVT",
              verificationUri: "https://x.test/brcj",
              verificationUriComplete: `https://x.test/?code=BRCJPDVT&t=${encodeURIComponent(told.toWellFormed())}`,
              interval: deviceCode
            })
          )
        ], [
          (oidc) => oidc.createToken(poll),
          (oidc) => oidc.createToken(poll),
          (oidc) => oidc.createToken(poll),
          (oidc) => oidc.createToken(poll),
          (oidc) =>
            oidc.createToken({
              ...Ask.refresh,
              clientId: told,
              scope: [told],
              refreshToken: Redacted.make(refreshToken)
            }),
          (oidc) => oidc.registerClient({ ...Ask.register, clientName: told, redirectUris: [...cut] }),
          (oidc) => oidc.startDeviceAuthorization({ ...Ask.start, startUrl: `https://${told}` })
        ])
        assert.isUndefined(search(secrets)(text), text)
        assert.notInclude(text, "BRCJ-PDVT")
        assert.notInclude(text, "BRCJPDVT")
        assert.include(text, "<accessToken 1>")
        assert.include(text, "<scrubbed>")
        assert.strictEqual(text.match(/"operation"/g)?.length, 7)
      })
  )

  it.effect("recognises each form alone, also if the other forms share no part with it (C6)", () =>
    Effect.gen(function*() {
      for (const secret of ["\"".repeat(12), "ÿ".repeat(12), "~?>".repeat(5), "%/%/%/%/%/%/"]) {
        const forms = formsOf(secret)
        const text = yield* recorded(
          forms.map((errorDescription) =>
            Scripted.exception(CreateToken.operation, "InvalidGrantException", { errorDescription })
          ),
          forms.map(() => (oidc) => oidc.createToken({ ...Ask.poll, deviceCode: Redacted.make(secret) }))
        )
        assert.strictEqual(text.match(/"error_description": "<scrubbed>"/g)?.length, forms.length, secret)
      }
    }))

  it.effect("takes the secret members from the schemas: the members that the law names, and no others (C6)", () =>
    Effect.gen(function*() {
      const all = (label: string) => Redacted.make(`a-long-secret-${label}`)
      const text = yield* recorded([
        Scripted.success(RegisterClient.operation, { ...Ask.registered, clientSecret: all("1") }),
        Scripted.success(StartDeviceAuthorization.operation, { ...Ask.started, deviceCode: all("2") }),
        Scripted.success(CreateToken.operation, {
          ...Ask.token,
          accessToken: all("3"),
          refreshToken: all("4"),
          idToken: all("5")
        }),
        Scripted.success(CreateToken.operation, Ask.token),
        Scripted.success(CreateToken.operation, Ask.token)
      ], [
        (oidc) => oidc.registerClient(Ask.register),
        (oidc) => oidc.startDeviceAuthorization(Ask.start),
        (oidc) => oidc.createToken(Ask.poll),
        (oidc) => oidc.createToken(Ask.refresh),
        (oidc) =>
          oidc.createToken({
            grantType: "authorization_code",
            clientId: "a client",
            clientSecret: all("1"),
            code: all("6"),
            codeVerifier: all("7"),
            redirectUri: "http://127.0.0.1/"
          })
      ])
      const placeholders = [...text.matchAll(/"(\w+)": "<(\w+) \d+>"/g)].map(([, member, label]) =>
        `${member} ${label}`
      )
      assert.deepStrictEqual([...new Set(placeholders)].sort(), [
        "accessToken accessToken",
        "clientSecret clientSecret",
        "code code",
        "codeVerifier codeVerifier",
        "deviceCode deviceCode",
        "idToken idToken",
        "refreshToken refreshToken"
      ])
      assert.notInclude(text, "a-long-secret")
      assert.notInclude(text, "<scrubbed>")
    }))

  it.effect("removes a description that repeats a short secret, but no value of an enumeration", () =>
    Effect.gen(function*() {
      const text = yield* recorded([
        Scripted.exception(CreateToken.operation, "ExpiredTokenException", { errorDescription: "your token is over" })
      ], [(oidc) => oidc.createToken({ ...Ask.poll, deviceCode: Redacted.make("token") })])
      assert.include(text, `"error": "expired_token",\n          "error_description": "<scrubbed>"`)
    }))

  it.effect("keeps the grant type readable if a secret is a word of the model", () =>
    Effect.gen(function*() {
      const text = yield* recorded([Scripted.success(CreateToken.operation, Ask.token)], [
        (oidc) => oidc.createToken({ ...Ask.poll, deviceCode: Redacted.make("device_code") })
      ])
      assert.include(text, `"grantType": "${CreateToken.deviceCodeGrantType}"`)
    }))
})
