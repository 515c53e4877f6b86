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

/** The request of a browser at `/authorize`, as the AWS CLI makes it. */
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

/** An approved login, and a function that exchanges its code. */
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
  it.effect("sends the browser back with a code and the state after Allow, and the code gives a token (E3)", () =>
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

  it.effect("sends the browser back with access_denied and the state after Deny (E3)", () =>
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
  ])("shows an exception in the browser, without a redirect: %s (E3)", ([, more, tag]) =>
    Effect.gen(function*() {
      const emulator = yield* Emulator.Emulator
      assert.strictEqual(yield* tagOf(emulator.authorize(sent(yield* codeClient(), more))), tag)
    }).pipe(provide()))

  it.effect("gives UnauthorizedClientException to a client that registered another grant (E3)", () =>
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
  ])("redirects to the client with an error and the state: %s (E3)", ([, more, error]) =>
    Effect.gen(function*() {
      const emulator = yield* Emulator.Emulator
      const refused = yield* Effect.flip(emulator.authorize(sent(yield* codeClient(), more)))
      assert(refused._tag === "AuthorizeErrorRedirect")
      const { error_description, ...others } = parameters(refused.location)
      assert.deepStrictEqual(others, { to: port, error, state: "a state" })
      assert.isNotEmpty(error_description)
    }).pipe(provide()))

  it.effect("accepts a loopback redirect URI with any port (RFC 8252), and CreateToken needs the same URI (E3)", () =>
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

  it.effect("gives no token for a code without its verifier, with a wrong verifier, or before the person allows it (E3)", () =>
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
      // None of the wrong attempts used up the right code
      assert.isDefined((yield* redeem()).accessToken)
    }).pipe(provide()))

  it.effect("accepts a code only from its own client, and the attempt of another client does not use it up (E3)", () =>
    Effect.gen(function*() {
      const { redeem } = yield* signedIn()
      assert.strictEqual(yield* tagOf(redeem({}, yield* codeClient())), "InvalidGrantException")
      assert.isDefined((yield* redeem()).accessToken)
    }).pipe(provide()))

  it.effect("accepts a code once, and a second use ends its session, even after a refresh (E3)", () =>
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

  it.effect("remembers a used code in a snapshot, and a second use ends its session there too (E3)", () =>
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

  it.effect("lets the page and the code expire at the same millisecond (E3)", () =>
    Effect.gen(function*() {
      const { begun, emulator, redeem } = yield* signedIn()
      yield* TestClock.adjust(59_999)
      assert.strictEqual((yield* emulator.authorizations.lookup(begun.id)).status, "approved")
      yield* TestClock.adjust(1)
      assert.strictEqual((yield* emulator.authorizations.lookup(begun.id)).status, "expired")
      assert.strictEqual(yield* tagOf(redeem()), "InvalidGrantException")
    }).pipe(provide({ expiresIn: "60 seconds" })))

  it.effect("approves by the clock with autoApprove (E3)", () =>
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

  it.effect("prints neither code nor state of a login or an error (C6)", () =>
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
