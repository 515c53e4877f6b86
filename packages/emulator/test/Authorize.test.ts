import { assert, describe, it } from "@effect/vitest"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import { Effect, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { createHash } from "node:crypto"
import { codeClient, issuerUrl, redirectUri, tagOf } from "./support.ts"

const provide = (options?: Emulator.Options) => Effect.provide(Emulator.layer(options))

const verifier = "a-verifier-of-43-characters-or-more-0123456789"
const challenge = createHash("sha256").update(verifier).digest("base64url")
const port = "http://127.0.0.1:49152/oauth/callback"

/** A browser at `/authorize`, as the AWS CLI sends it there. */
const sent = (
  client: { readonly clientId: string },
  more: Emulator.AuthorizeRequest = {}
): Emulator.AuthorizeRequest => ({
  clientId: client.clientId,
  redirectUri: port,
  responseType: "code",
  state: "a state",
  scopes: ["sso:account:access"],
  codeChallenge: challenge,
  codeChallengeMethod: "S256",
  ...more
})

const parameters = (location: Redacted.Redacted | undefined): Record<string, string> => {
  const url = new URL(location === undefined ? "about:blank" : Redacted.value(location))
  return { to: `${url.origin}${url.pathname}`, ...Object.fromEntries(url.searchParams) }
}

/** A sign-in that was allowed, and its code traded. */
const signedIn = Effect.fnUntraced(function*() {
  const emulator = yield* Emulator.Emulator
  const client = yield* codeClient()
  const begun = yield* emulator.authorize(sent(client))
  const approved = yield* emulator.authorizations.approve(begun.id)
  assert(approved._tag === "CodeAuthorization")
  const code = Redacted.make(parameters(approved.location)["code"] ?? "")
  const redeem = (more: { redirectUri?: string; codeVerifier?: string; code?: Redacted.Redacted } = {}, by = client) =>
    emulator.createToken({
      ...by,
      grantType: "authorization_code",
      code: more.code ?? code,
      redirectUri: more.redirectUri ?? port,
      codeVerifier: Redacted.make(more.codeVerifier ?? verifier)
    })
  return { begun, client, emulator, redeem }
})

describe("the authorization code grant", () => {
  it.effect("E3: allowed, the browser goes back with a code and the state, and the code brings a token", () =>
    Effect.gen(function*() {
      const emulator = yield* Emulator.Emulator
      const client = yield* codeClient()
      const begun = yield* emulator.authorize(sent(client), { requester: { address: "127.0.0.1" } })
      assert.deepInclude(begun, {
        status: "pending",
        clientName: "a tool",
        redirectUri: port,
        issuerUrl,
        scopes: ["sso:account:access"],
        requester: { address: "127.0.0.1" },
        expiresAt: 600_000
      })
      assert.isUndefined(begun.location)
      const approved = yield* emulator.authorizations.approve(begun.id)
      assert(approved._tag === "CodeAuthorization")
      const { code = "", ...others } = parameters(approved.location)
      assert.deepStrictEqual(others, { to: port, state: "a state" })
      assert.match(code, /^[\w-]{43}$/)
      const token = yield* emulator.createToken({
        ...client,
        grantType: "authorization_code",
        code: Redacted.make(code),
        redirectUri: port,
        codeVerifier: Redacted.make(verifier)
      })
      assert.strictEqual(token.expiresIn, 3600)
      assert.isDefined(token.refreshToken)
      assert.strictEqual((yield* emulator.authorizations.lookup(begun.id)).status, "used")
    }).pipe(provide()))

  it.effect("E3: denied, the browser goes back with access_denied and the state", () =>
    Effect.gen(function*() {
      const emulator = yield* Emulator.Emulator
      const begun = yield* emulator.authorize(sent(yield* codeClient()))
      const denied = yield* emulator.authorizations.deny(begun.id)
      assert(denied._tag === "CodeAuthorization")
      assert.deepStrictEqual(parameters(denied.location), { to: port, error: "access_denied", state: "a state" })
      assert.strictEqual((yield* Effect.flip(emulator.authorizations.approve(begun.id))).problem, "denied")
    }).pipe(provide()))

  it.effect.each<[string, Emulator.AuthorizeRequest, string]>([
    ["no client", { clientId: undefined }, "InvalidRequestException"],
    ["no redirect URI", { redirectUri: undefined }, "InvalidRequestException"],
    ["an unknown client", { clientId: "stranger" }, "InvalidClientException"],
    ["a redirect URI of another path", { redirectUri: "http://127.0.0.1:1/other" }, "InvalidRedirectUriException"],
    [
      "a redirect URI of another host",
      { redirectUri: "https://evil.example/oauth/callback" },
      "InvalidRedirectUriException"
    ],
    ["a redirect URI with a query more", { redirectUri: `${port}?a=b` }, "InvalidRedirectUriException"],
    ["a redirect URI with a fragment", { redirectUri: `${port}#a` }, "InvalidRedirectUriException"],
    ["https to loopback", { redirectUri: "https://127.0.0.1/oauth/callback" }, "InvalidRedirectUriException"],
    ["another name of loopback", { redirectUri: "http://localhost/oauth/callback" }, "InvalidRedirectUriException"]
  ])("E3: %s is told where the browser is, and nobody is redirected", ([, more, tag]) =>
    Effect.gen(function*() {
      const emulator = yield* Emulator.Emulator
      assert.strictEqual(yield* tagOf(emulator.authorize(sent(yield* codeClient(), more))), tag)
    }).pipe(provide()))

  it.effect("E3: a client of another grant is told so", () =>
    Effect.gen(function*() {
      const emulator = yield* Emulator.Emulator
      const { clientId } = yield* emulator.registerClient({ clientName: "a tool", clientType: "public" })
      assert.strictEqual(yield* tagOf(emulator.authorize(sent({ clientId }))), "UnauthorizedClientException")
    }).pipe(provide()))

  it.effect.each<[string, Emulator.AuthorizeRequest, string]>([
    ["another response type", { responseType: "token" }, "unsupported_response_type"],
    ["no response type", { responseType: undefined }, "unsupported_response_type"],
    ["no proof key", { codeChallenge: undefined }, "invalid_request"],
    [
      "a proof key in the clear",
      { codeChallenge: verifier.slice(0, 43), codeChallengeMethod: "plain" },
      "invalid_request"
    ],
    ["a proof key without its method", { codeChallengeMethod: undefined }, "invalid_request"],
    ["a proof key that is none", { codeChallenge: "short" }, "invalid_request"],
    ["a scope that was not registered", { scopes: ["sso:account:access", "more"] }, "invalid_scope"]
  ])("E3: %s goes back to the client, with the state", ([, more, error]) =>
    Effect.gen(function*() {
      const emulator = yield* Emulator.Emulator
      const refused = yield* Effect.flip(emulator.authorize(sent(yield* codeClient(), more)))
      assert(refused._tag === "AuthorizeErrorRedirect")
      const { error_description, ...others } = parameters(refused.location)
      assert.deepStrictEqual(others, { to: port, error, state: "a state" })
      assert.isNotEmpty(error_description)
    }).pipe(provide()))

  it.effect("E3: a loopback redirect may have any port or none (RFC 8252), and is held to it at the token", () =>
    Effect.gen(function*() {
      const emulator = yield* Emulator.Emulator
      const client = yield* codeClient()
      for (
        const uri of [redirectUri, port, "http://127.0.0.1:80/oauth/callback", "http://127.0.0.1:1/oauth/callback"]
      ) {
        assert.strictEqual((yield* emulator.authorize(sent(client, { redirectUri: uri }))).redirectUri, uri)
      }
      const { redeem } = yield* signedIn()
      assert.strictEqual(yield* tagOf(redeem({ redirectUri })), "InvalidGrantException")
      assert.isDefined((yield* redeem()).refreshToken)
    }).pipe(provide()))

  it.effect("E3: a code without its verifier, with another, or before the person allowed it, brings nothing", () =>
    Effect.gen(function*() {
      const { client, emulator, redeem } = yield* signedIn()
      assert.strictEqual(yield* tagOf(redeem({ codeVerifier: `${verifier}x` })), "InvalidGrantException")
      assert.strictEqual(yield* tagOf(redeem({ codeVerifier: challenge })), "InvalidGrantException")
      assert.strictEqual(yield* tagOf(redeem({ code: Redacted.make("another") })), "InvalidGrantException")
      const pending = yield* emulator.authorize(sent(client))
      const { codeAuthorizations } = yield* emulator.state.snapshot
      const code = codeAuthorizations.find(({ id }) => id === pending.id)?.code
      assert.isDefined(code)
      assert.strictEqual(yield* tagOf(redeem({ code })), "InvalidGrantException")
      yield* emulator.authorizations.approve(pending.id)
      assert.isDefined((yield* redeem({ code })).accessToken)
      // and none of the wrong tries used the right code up
      assert.isDefined((yield* redeem()).accessToken)
    }).pipe(provide()))

  it.effect("E3: a code is its own client's, and another client's try does not use it up", () =>
    Effect.gen(function*() {
      const { redeem } = yield* signedIn()
      assert.strictEqual(yield* tagOf(redeem({}, yield* codeClient())), "InvalidGrantException")
      assert.isDefined((yield* redeem()).accessToken)
    }).pipe(provide()))

  it.effect("E3: a code is good once, and to try it again ends the session that came of it, rotated or not", () =>
    Effect.gen(function*() {
      const { client, emulator, redeem } = yield* signedIn()
      const first = yield* redeem()
      assert(first.refreshToken !== undefined)
      const second = yield* emulator.createToken({
        ...client,
        grantType: "refresh_token",
        refreshToken: first.refreshToken
      })
      assert(second.refreshToken !== undefined)
      assert.strictEqual(yield* tagOf(redeem()), "InvalidGrantException")
      assert.strictEqual(
        yield* tagOf(
          emulator.createToken({ ...client, grantType: "refresh_token", refreshToken: second.refreshToken })
        ),
        "InvalidGrantException"
      )
    }).pipe(provide()))

  it.effect("E3: a used code stays used where it is put back, and to try it again ends its session there too", () =>
    Effect.gen(function*() {
      const { begun, client, emulator, redeem } = yield* signedIn()
      const { refreshToken } = yield* redeem()
      assert(refreshToken !== undefined)
      const snapshot = yield* emulator.state.snapshot
      yield* emulator.state.reset
      yield* emulator.state.seed(snapshot)
      assert.strictEqual((yield* emulator.authorizations.lookup(begun.id)).status, "used")
      assert.strictEqual(yield* tagOf(redeem()), "InvalidGrantException")
      const refresh = emulator.createToken({ ...client, grantType: "refresh_token", refreshToken })
      assert.strictEqual(yield* tagOf(refresh), "InvalidGrantException")
    }).pipe(provide()))

  it.effect("E3: page and code expire together, to the millisecond", () =>
    Effect.gen(function*() {
      const { begun, emulator, redeem } = yield* signedIn()
      yield* TestClock.adjust(59_999)
      assert.strictEqual((yield* emulator.authorizations.lookup(begun.id)).status, "approved")
      yield* TestClock.adjust(1)
      assert.strictEqual((yield* emulator.authorizations.lookup(begun.id)).status, "expired")
      assert.strictEqual(yield* tagOf(redeem()), "InvalidGrantException")
    }).pipe(provide({ expiresIn: "60 seconds" })))

  it.effect("E3: autoApprove allows it by the clock", () =>
    Effect.gen(function*() {
      const emulator = yield* Emulator.Emulator
      const begun = yield* emulator.authorize(sent(yield* codeClient()))
      yield* TestClock.adjust(2999)
      assert.strictEqual((yield* emulator.authorizations.lookup(begun.id)).status, "pending")
      yield* TestClock.adjust(1)
      const approved = yield* emulator.authorizations.lookup(begun.id)
      assert(approved._tag === "CodeAuthorization")
      assert.isDefined(approved.location)
    }).pipe(provide({ autoApprove: "3 seconds" })))

  it.effect("C6: neither code nor state shows in what is printed of a sign-in or a refusal", () =>
    Effect.gen(function*() {
      const emulator = yield* Emulator.Emulator
      const client = yield* codeClient()
      const state = "THE-CLIENTS-OWN-SECRET"
      const begun = yield* emulator.authorize(sent(client, { state }))
      const refused = yield* Effect.flip(emulator.authorize(sent(client, { state, scopes: ["more"] })))
      const text = JSON.stringify([
        yield* emulator.authorizations.approve(begun.id),
        refused,
        String(refused),
        yield* emulator.state.snapshot
      ])
      const [authorization] = (yield* emulator.state.snapshot).codeAuthorizations
      assert.isDefined(authorization)
      assert.notInclude(text, Redacted.value(authorization?.code ?? Redacted.make("")))
      assert.notInclude(text, state)
    }).pipe(provide()))
})
