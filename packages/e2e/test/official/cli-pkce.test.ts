import {
  CreateTokenCommand,
  InvalidGrantException,
  RegisterClientCommand,
  SSOOIDCClient
} from "@aws-sdk/client-sso-oidc"
import { assert, describe, it } from "@effect/vitest"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import * as Effect from "effect/Effect"
import * as AwsCli from "../support/aws-cli-pkce.ts"

const startUrl = "https://emulator.awsapps.com/start"

/** A browser that follows the service's redirect at once, after the person's decision. */
const comesBack = (query: (state: string) => Readonly<Record<string, string>>) => async (url: string) => {
  const { searchParams } = new URL(url)
  const callback = new URL(searchParams.get("redirect_uri") ?? "")
  // a browser also requests an icon, which tells the listener nothing
  assert.strictEqual((await fetch(new URL("/favicon.ico", callback))).status, 200)
  callback.search = new URLSearchParams(query(searchParams.get("state") ?? "")).toString()
  assert.strictEqual((await fetch(callback)).status, 200)
}

const login = (open: AwsCli.Options["open"]) =>
  Effect.flatMap(EmulatorServer.EmulatorServer, ({ url }) => AwsCli.login({ endpoint: url, startUrl, open }))

describe("a replay of the AWS CLI's authorization code login (E1)", () => {
  it("sends an authorize URL with the CLI's parameters, order and escapes (E1)", () => {
    assert.strictEqual(
      AwsCli.authorizeUrl({
        endpoint: "https://oidc.eu-west-1.amazonaws.com",
        clientId: "abc_-1",
        redirectUri: "http://127.0.0.1:50123/oauth/callback",
        state: "0b7a5a5e-6f0e-4c4e-9f0c-0d4e5c2b1a39",
        scopes: ["sso:account:access", "codewhisperer:completions"],
        codeChallenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
      }),
      "https://oidc.eu-west-1.amazonaws.com/authorize?response_type=code&client_id=abc_-1" +
        "&redirect_uri=http%3A%2F%2F127.0.0.1%3A50123%2Foauth%2Fcallback" +
        "&state=0b7a5a5e-6f0e-4c4e-9f0c-0d4e5c2b1a39&code_challenge_method=S256" +
        "&scopes=sso%3Aaccount%3Aaccess%20codewhisperer%3Acompletions" +
        "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    )
  })

  it("uses the verifier and challenge of RFC 7636 (E1)", () => {
    assert.match(AwsCli.codeVerifier(), /^[A-Za-z0-9._~-]{64}$/)
    assert.notStrictEqual(AwsCli.codeVerifier(), AwsCli.codeVerifier())
    // appendix B
    assert.strictEqual(
      AwsCli.codeChallenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
      "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    )
  })

  it.effect("registers, names its registration in the URL, and gets an exception for an invented code (E1, E3)", () =>
    Effect.gen(function*() {
      const { url } = yield* EmulatorServer.EmulatorServer
      const opened: Array<string> = []
      const back = comesBack((state) => ({ code: "invented", state }))
      const refused = yield* Effect.flip(login((url) => {
        opened.push(url)
        return back(url)
      }))
      assert.deepInclude(refused, { operation: "CreateToken", error: "invalid_grant" })
      assert.strictEqual(opened.length, 1)
      const [authorize = ""] = opened
      assert.isTrue(authorize.startsWith(`${url}/authorize?response_type=code&client_id=`), authorize)
      const { client_id, redirect_uri, state, ...rest } = Object.fromEntries(new URL(authorize).searchParams)
      assert.match(client_id ?? "", /^[\w-]{20,}$/)
      assert.match(redirect_uri ?? "", /^http:\/\/127\.0\.0\.1:\d+\/oauth\/callback$/)
      assert.match(state ?? "", /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
      const { code_challenge, ...constant } = rest
      assert.match(code_challenge ?? "", /^[\w-]{43}$/)
      assert.deepStrictEqual(constant, {
        response_type: "code",
        code_challenge_method: "S256",
        scopes: "sso:account:access"
      })
    }).pipe(Effect.provide(EmulatorServer.layer())))

  it.effect("gets no token if the redirect has an error or another state (E1)", () =>
    Effect.gen(function*() {
      const denied = yield* Effect.flip(login(comesBack((state) => ({ error: "access_denied", state }))))
      assert.deepInclude(denied, { operation: "Authorize", error: "access_denied" })
      const foreign = yield* Effect.flip(login(comesBack(() => ({ code: "any", state: "another" }))))
      assert.deepInclude(foreign, { operation: "Authorize", error: "another state came back" })
    }).pipe(Effect.provide(EmulatorServer.layer())))

  it.effect("gets a code by the redirect, and a token of one hour for it (E1)", () =>
    Effect.gen(function*() {
      const { authorizeUrl, token } = yield* login((url) => fetch(url).then(() => undefined))
      assert.deepInclude(token, { expiresIn: 3600, tokenType: "Bearer" })
      assert.match(String(token["refreshToken"]), /^aor/)
      assert.include(authorizeUrl, "code_challenge_method=S256")
    }).pipe(Effect.provide(EmulatorServer.layer({ autoApprove: 0 }))))

  it.effect("receives the person's decision on the page (E1, E4)", () =>
    Effect.gen(function*() {
      const press = (action: string) => async (url: string) => {
        const page = await (await fetch(url)).text()
        const id = /name="id" value="([^"]+)"/.exec(page)?.[1] ?? ""
        await fetch(new URL("/authorize", url), { method: "POST", body: new URLSearchParams({ id, action }) })
      }
      assert.isString((yield* login(press("allow"))).token["accessToken"])
      const denied = yield* Effect.flip(login(press("deny")))
      assert.deepInclude(denied, { operation: "Authorize", error: "access_denied" })
    }).pipe(Effect.provide(EmulatorServer.layer())))

  it.effect("exchanges the code with the official JavaScript client, once, with its proof key (E1)", () =>
    Effect.gen(function*() {
      const { url } = yield* EmulatorServer.EmulatorServer
      const client = yield* Effect.acquireRelease(
        Effect.sync(() => new SSOOIDCClient({ region: "us-east-1", endpoint: url, maxAttempts: 1 })),
        (client) => Effect.sync(() => client.destroy())
      )
      const { clientId = "", clientSecret } = yield* Effect.promise(() =>
        client.send(
          new RegisterClientCommand({
            clientName: "official",
            clientType: "public",
            grantTypes: ["authorization_code", "refresh_token"],
            redirectUris: ["http://127.0.0.1/oauth/callback"],
            scopes: ["sso:account:access"],
            issuerUrl: startUrl
          })
        )
      )
      const redirectUri = "http://127.0.0.1:50123/oauth/callback"
      const codeVerifier = AwsCli.codeVerifier()
      const page = AwsCli.authorizeUrl({
        endpoint: url,
        clientId,
        redirectUri,
        state: "s",
        scopes: ["sso:account:access"],
        codeChallenge: AwsCli.codeChallenge(codeVerifier)
      })
      const led = yield* Effect.promise(() => fetch(page, { redirect: "manual" }))
      const code = new URL(led.headers.get("location") ?? "").searchParams.get("code") ?? ""
      const trade = (verifier: string) =>
        Effect.result(Effect.tryPromise({
          try: () =>
            client.send(
              new CreateTokenCommand({
                clientId,
                clientSecret,
                grantType: "authorization_code",
                code,
                redirectUri,
                codeVerifier: verifier
              })
            ),
          catch: (error) => error
        }))
      const wrong = yield* trade(AwsCli.codeVerifier())
      assert(wrong._tag === "Failure")
      assert.instanceOf(wrong.failure, InvalidGrantException)
      const right = yield* trade(codeVerifier)
      assert(right._tag === "Success")
      assert.strictEqual(right.success.expiresIn, 3600)
      const again = yield* trade(codeVerifier)
      assert(again._tag === "Failure")
      assert.instanceOf(again.failure, InvalidGrantException)
    }).pipe(Effect.scoped, Effect.provide(EmulatorServer.layer({ autoApprove: 0 }))))
})
