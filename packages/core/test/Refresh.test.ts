import { assert, describe, it } from "@effect/vitest"
import type * as ClientError from "@sso-oidc/core/aws/ClientError"
import * as Retry from "@sso-oidc/core/aws/Retry"
import { TransportCause } from "@sso-oidc/core/aws/TransportCause"
import type * as CreateToken from "@sso-oidc/core/CreateToken"
import * as Refresh from "@sso-oidc/core/Refresh"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import type * as SsoOidcError from "@sso-oidc/core/SsoOidcError"
import { refreshRequest, secret, tokenResponse } from "@sso-oidc/test-kit/fixtures"
import { search, textsOf } from "@sso-oidc/test-kit/leaks"
import * as Recorder from "@sso-oidc/test-kit/recorder"
import * as Wire from "@sso-oidc/test-kit/wire"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/testing/TestClock"
import { expectTypeOf } from "vitest"

const { grantType: _grantType, scope, ...request } = refreshRequest

const refresh = (wire: Wire.Wire, asked: Refresh.Request = request) =>
  Effect.flatMap(
    Wire.client(wire),
    (oidc) => Effect.provideService(Refresh.refresh(asked), SsoOidc.SsoOidc, oidc)
  )

const { refreshToken: _refreshToken, ...withoutOne } = tokenResponse

describe("Refresh", () => {
  it.effect.each(
    [
      ["is left out", {}],
      ["is null", { refreshToken: null }],
      ["is empty", { refreshToken: "" }]
    ] as const
  )(
    "keeps the old refresh token if that of the response %s (RFC 6749 section 6)",
    ([, more]) =>
      Effect.gen(function*() {
        const token = yield* refresh(Wire.responding(() => Wire.json({ ...withoutOne, ...more })))
        assert.strictEqual(Redacted.value(token.refreshToken), secret.refreshToken)
        assert.strictEqual(Redacted.value(token.accessToken), secret.accessToken)
      })
  )

  it.effect("replaces the refresh token by a new one", () =>
    Effect.gen(function*() {
      const token = yield* refresh(Wire.responding(() => Wire.json({ ...tokenResponse, refreshToken: "a-new-one" })))
      assert.strictEqual(Redacted.value(token.refreshToken), "a-new-one")
    }))

  it.effect("changes no other member of the response, and adds none", () =>
    Effect.gen(function*() {
      const { accessToken, idToken, refreshToken: _refreshToken, ...rest } = yield* refresh(
        Wire.responding(() => Wire.json(tokenResponse))
      )
      assert.deepStrictEqual(rest, { tokenType: "Bearer", expiresIn: 3600 })
      assert.strictEqual(Redacted.value(accessToken), secret.accessToken)
      assert.strictEqual(idToken && Redacted.value(idToken), secret.idToken)
      const bare = yield* refresh(Wire.responding(() => Wire.json({ accessToken: "a", tokenType: "Bearer" })))
      assert.deepStrictEqual(Object.keys(bare).sort(), ["accessToken", "refreshToken", "tokenType"])
    }))

  it.effect("sends one CreateToken request with the refresh token grant, in one span", () =>
    Effect.gen(function*() {
      const recorder = Recorder.make()
      const wire = Wire.responding(() => Wire.json(tokenResponse))
      yield* refresh(wire, { ...request, scope }).pipe(recorder.record)
      yield* refresh(wire)
      const wanted = {
        grantType: "refresh_token",
        clientId: "client-id",
        clientSecret: secret.clientSecret,
        refreshToken: secret.refreshToken
      }
      assert.deepStrictEqual(wire.sent.map(({ body }): unknown => JSON.parse(body)), [{ ...wanted, scope }, wanted])
      assert.deepStrictEqual(wire.sent.map(({ url }) => new URL(url).pathname), ["/token", "/token"])
      assert.deepStrictEqual(recorder.spans.map(({ name }) => name), ["SSO OIDC.CreateToken"])
    }))

  it.effect("sends no other members of a stored record", () =>
    Effect.gen(function*() {
      const wire = Wire.responding(() => Wire.json(tokenResponse))
      const stored = { ...request, accessToken: Redacted.make("an-old-access-token"), region: "eu-west-1" }
      yield* refresh(wire, stored)
      assert.notInclude(wire.sent[0]?.body, "an-old-access-token")
      assert.notInclude(wire.sent[0]?.body, "region")
    }))

  it.effect("passes errors on unchanged, after one request", () =>
    Effect.gen(function*() {
      for (
        const [wire, expected] of [
          [
            Wire.responding(() => Wire.exception("InvalidGrantException", { error_description: "over" })),
            { _tag: "InvalidGrantException", errorDescription: "over" }
          ],
          [Wire.responding(() => new Response("", { status: 503 })), { _tag: "UnexpectedResponse", status: 503 }],
          [Wire.broken(new TypeError("fetch failed")), { _tag: "TransportError", sent: "maybe" }]
        ] as const
      ) {
        const exit = yield* Effect.exit(refresh(wire))
        if (Exit.isSuccess(exit)) return assert.fail("succeeded")
        assert.deepInclude(Cause.squash(exit.cause), expected)
        assert.strictEqual(wire.sent.length, 1)
      }
    }))

  it.effect("is sent again by Retry only if it did not leave (C8)", () =>
    Effect.gen(function*() {
      for (
        const [wire, times] of [
          [Wire.broken(new TransportCause({ sent: "no", code: "ECONNREFUSED", transient: true })), 4],
          [Wire.broken(new TransportCause({ sent: "maybe", code: "ECONNRESET", transient: true })), 1],
          [Wire.responding(() => new Response("", { status: 503 })), 1]
        ] as const
      ) {
        const oidc = Retry.make(yield* Wire.client(wire))
        const fiber = yield* Effect.forkChild(
          Effect.flip(Effect.provideService(Refresh.refresh(request), SsoOidc.SsoOidc, oidc))
        )
        yield* TestClock.adjust("1 minute")
        yield* Fiber.join(fiber)
        assert.strictEqual(wire.sent.length, times)
      }
    }))

  it.effect("shows no secret in its result, its span, an error or a log (C6)", () =>
    Effect.gen(function*() {
      const leak = search(Object.values(secret))
      for (
        const wire of [
          Wire.responding(() => Wire.json(tokenResponse)),
          Wire.responding(() => Wire.json(withoutOne)),
          Wire.responding(() =>
            Wire.exception("InvalidGrantException", { error_description: `${secret.refreshToken} is unknown` })
          )
        ]
      ) {
        const recorder = Recorder.make()
        const exit = yield* refresh(wire).pipe(
          Effect.tap((token) => Effect.logTrace("token", token)),
          Effect.tapError((error) => Effect.logError(error.message, error)),
          Effect.withSpan("caller"),
          Effect.exit,
          recorder.record
        )
        for (const text of [...textsOf(exit), ...recorder.spans.flatMap(textsOf), ...recorder.lines]) {
          assert.isUndefined(leak(text), text.slice(0, 300))
        }
        assert.strictEqual(recorder.spans.length, 2)
      }
    }))

  it.effect("turns ExpiredTokenException into InvalidGrantException, with what the service wrote (C3)", () =>
    Effect.gen(function*() {
      const body = { error: "expired_token", error_description: "The token has expired" }
      const error = yield* Effect.flip(refresh(Wire.responding(() => Wire.exception("ExpiredTokenException", body))))
      assert.deepInclude(error, {
        _tag: "InvalidGrantException",
        error: "expired_token",
        errorDescription: "The token has expired",
        status: 400,
        requestId: "7b5ee6f0-0000-4000-8000-000000000001"
      })
    }))

  it.effect("turns AuthorizationPendingException into UnexpectedResponse with that code (C3)", () =>
    Effect.gen(function*() {
      const pending = Wire.responding(() =>
        Wire.exception("AuthorizationPendingException", { error: "authorization_pending" }, {
          headers: { "retry-after": "7" }
        })
      )
      assert.deepInclude(yield* Effect.flip(refresh(pending)), {
        _tag: "UnexpectedResponse",
        operation: "CreateToken",
        problem: "status",
        code: "AuthorizationPendingException",
        status: 400,
        retryAfter: 7
      })
    }))

  it("has a type with a refresh token always, and only the errors of a refresh (C3)", () => {
    expectTypeOf<Refresh.Error>().toEqualTypeOf<
      | SsoOidcError.AccessDeniedException
      | ClientError.ClientError
      | SsoOidcError.InternalServerException
      | SsoOidcError.InvalidClientException
      | SsoOidcError.InvalidGrantException
      | SsoOidcError.InvalidRequestException
      | SsoOidcError.InvalidScopeException
      | SsoOidcError.SlowDownException
      | SsoOidcError.UnauthorizedClientException
      | SsoOidcError.UnsupportedGrantTypeException
    >()
    expectTypeOf<Refresh.Response["refreshToken"]>().toEqualTypeOf<Redacted.Redacted>()
    expectTypeOf<Refresh.Response>().toExtend<CreateToken.Response>()
    expectTypeOf<keyof Refresh.Request>().toEqualTypeOf<"clientId" | "clientSecret" | "refreshToken" | "scope">()
    expectTypeOf(Refresh.refresh).toEqualTypeOf<
      (request: Refresh.Request) => Effect.Effect<Refresh.Response, Refresh.Error, SsoOidc.SsoOidc>
    >()
    // @ts-expect-error -- a plain string is not a secret
    void ((): Refresh.Request => ({ ...request, refreshToken: "plain" }))
  })
})
