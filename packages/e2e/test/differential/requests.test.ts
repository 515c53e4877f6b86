import { CreateTokenCommand, RegisterClientCommand } from "@aws-sdk/client-sso-oidc"
import { assert, describe, it } from "@effect/vitest"
import * as CreateToken from "@sso-oidc/core/CreateToken"
import type * as RegisterClient from "@sso-oidc/core/RegisterClient"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { failed, official, ours, request } from "../support/differential-clients.ts"
import { requests as differences } from "../support/differential-differences.ts"
import { callOf, code, odd, refresh, register, type Request, requests, secret } from "../support/differential-model.ts"

/** Sends a request with both clients, and compares the two with each other and with the expected request. */
const same = (one: Request, path: string) =>
  Effect.gen(function*() {
    const theirs = yield* official(one.official)
    const [a, b] = [request(theirs), request(yield* ours(one.ours))]
    assert.strictEqual(b.method, a.method)
    assert.strictEqual(b.url, a.url)
    assert.strictEqual(b.url, `https://oidc.eu-west-1.amazonaws.com${path}`)
    assert.deepStrictEqual(b.query, a.query)
    assert.deepStrictEqual(b.body, a.body)
    assert.deepStrictEqual(b.body, one.plain)
    assert.strictEqual(b.headers["content-type"], a.headers["content-type"])
    for (const sent of [a, b]) {
      for (const name of Object.keys(sent.headers)) assert.notMatch(name, /^(authorization|x-amz-(date|security.*))$/)
    }
    assert.strictEqual(theirs.credentialsAsked, 0)
  })

describe("requests: the same for both clients", () => {
  for (const { arbitrary, name, path } of requests) {
    it.effect.prop(
      `${name}: both send the same request, without authorization (C1, C5)`,
      [arbitrary],
      ([one]) => same(one, path),
      { arbitrary: { runs: 40 } }
    )
  }

  it.effect.each([...odd])("%j arrives alike in every member and every list (C1)", (text) =>
    Effect.gen(function*() {
      const all = { scopes: [text, text], redirectUris: [text], grantTypes: [], issuerUrl: text }
      yield* same(
        register({ ...all, clientName: text, clientType: text, entitledApplicationArn: text }),
        "/client/register"
      )
      const hidden = `s${text}`
      yield* same(
        code({
          clientId: text,
          clientSecret: hidden,
          grantType: "authorization_code",
          code: hidden,
          redirectUri: text,
          codeVerifier: hidden,
          scope: []
        }),
        "/token"
      )
    }))
})

/** Requests that a caller in JavaScript may pass. */
const wrong = <A>(request: object): A => request as A

describe("requests: differences on purpose", () => {
  it.effect(differences.resend.test, () =>
    Effect.gen(function*() {
      const request = refresh({
        clientId: "id",
        clientSecret: secret.clientSecret,
        grantType: "refresh_token",
        refreshToken: "a-refresh-token"
      })
      const response = {
        status: 500,
        headers: { "x-amzn-errortype": "InternalServerException" },
        body: { error: "server_error" }
      }
      const region = "eu-west-1"
      // its default retry mode, given as an option so that it reads no variable and no profile
      const theirs = yield* official(request.official, { region, maxAttempts: 3 }, response)
      assert.deepStrictEqual(theirs.sent.map(({ body }) => body), [request.plain, request.plain, request.plain])
      assert.strictEqual((yield* ours(request.ours, { region }, response)).sent.length, 1)
    }))

  it.effect(differences.emptySecret.test, () =>
    Effect.gen(function*() {
      const plain = { ...secret, clientId: "id", grantType: CreateToken.deviceCodeGrantType, clientSecret: "" } as const
      const theirs = yield* official((client) => client.send(new CreateTokenCommand(plain)))
      assert.deepStrictEqual(request(theirs).body, plain)
      const mine = yield* ours((oidc) =>
        oidc.createToken({
          ...plain,
          clientSecret: Redacted.make(""),
          deviceCode: Redacted.make(plain.deviceCode)
        })
      )
      assert.strictEqual(failed(mine)._tag, "RequestInvalid")
      assert.strictEqual(mine.sent.length, 0)
    }))

  it.effect(differences.missing.test, () =>
    Effect.gen(function*() {
      const plain = { clientType: "public" }
      const theirs = yield* official((client) => client.send(new RegisterClientCommand(wrong(plain))))
      assert.deepStrictEqual(request(theirs).body, plain)
      const mine = yield* ours((oidc) => oidc.registerClient(wrong<RegisterClient.Request>(plain)))
      assert.strictEqual(failed(mine)._tag, "RequestInvalid")
      assert.include(failed(mine).message, "clientName")
      assert.strictEqual(mine.sent.length, 0)
    }))

  it.effect("both leave out an optional member that is undefined (C2)", () =>
    Effect.gen(function*() {
      const plain = { clientName: "a-tool", clientType: "public" }
      const given = { ...plain, scopes: undefined }
      const theirs = yield* official((client) => client.send(new RegisterClientCommand(given)))
      assert.deepStrictEqual(request(theirs).body, plain)
      const mine = yield* ours((oidc) => oidc.registerClient(given))
      assert.deepStrictEqual(request(mine).body, plain)
    }))

  it.effect(differences.otherGrant.test, () =>
    Effect.gen(function*() {
      const plain = {
        ...secret,
        clientId: "id",
        grantType: CreateToken.deviceCodeGrantType,
        refreshToken: "a-refresh-token"
      } as const
      const theirs = yield* official((client) => client.send(new CreateTokenCommand(plain)))
      assert.deepStrictEqual(request(theirs).body, plain)
      const mixed = {
        ...plain,
        clientSecret: Redacted.make(plain.clientSecret),
        deviceCode: Redacted.make(plain.deviceCode),
        refreshToken: Redacted.make(plain.refreshToken)
      }
      const { refreshToken, ...own } = plain
      const mine = yield* ours((oidc) => oidc.createToken(mixed))
      assert.deepStrictEqual(request(mine).body, own)
    }))

  it.effect(differences.headers.test, () =>
    Effect.gen(function*() {
      const { official: theirs, ours: mine } = callOf("RegisterClient").request
      const a = request(yield* official(theirs)).headers
      assert.includeMembers(Object.keys(a), ["x-amz-user-agent", "amz-sdk-invocation-id", "amz-sdk-request"])
      assert.match(a["user-agent"] ?? "", /^aws-sdk-js\/.*md\/nodejs#/)
      const { "content-length": length, "content-type": type, ...rest } = request(yield* ours(mine)).headers
      assert.deepStrictEqual(Object.keys(rest), ["user-agent"])
      assert.match(rest["user-agent"] ?? "", /^sso-oidc-effect\/[\d.]+$/)
    }))
})
