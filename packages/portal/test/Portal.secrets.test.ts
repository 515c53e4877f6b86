import { assert, describe, it } from "@effect/vitest"
import * as AwsSdk from "@sso-oidc/portal/AwsSdk"
import type * as Portal from "@sso-oidc/portal/Portal"
import { search, textsOf, walk } from "@sso-oidc/test-kit/leaks"
import * as Recorder from "@sso-oidc/test-kit/recorder"
import * as Wire from "@sso-oidc/test-kit/wire"
import * as Cause from "effect/Cause"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import * as Played from "./support/portal.ts"

const secret = {
  accessToken: "aoaAAAAAGZkQ2x1V7pLw9",
  next: "aoaAAAAAKcR4d9Yt6Bf2h",
  secretAccessKey: "wJ7Kd/Qz5+Xn3Lm8Tv",
  sessionToken: "IQoJb3Mz9Hq2Wp6Rk4Ns"
}

const leak = search(Object.values(secret))

const role = { accountId: Played.number(0), roleName: "Admin" }

const credentials = { ...secret, accessKeyId: "ASIA1" }

/** What the portal responds, with the access token in it. */
const outcomes: ReadonlyArray<readonly [string, (token: string) => Response, string]> = [
  ["a success", () => Wire.json({ roleCredentials: { ...credentials, expiration: 3_600_000 } }), "success"],
  ["credentials without a part", () => Wire.json({ roleCredentials: credentials }), "UnexpectedResponse"],
  [
    "credentials that have expired",
    () => Wire.json({ roleCredentials: { ...credentials, expiration: -1 } }),
    "UnexpectedResponse"
  ],
  ["403", (token) => Played.exception("ForbiddenException", 403, `it is ${token}`), "ForbiddenException"],
  ["401", (token) => Played.exception("UnauthorizedException", 401, `it is ${token}`), "UnauthorizedException"],
  ["429", (token) => Played.exception("TooManyRequestsException", 429, `it is ${token}`), "TooManyRequestsException"],
  [
    "a page of HTML",
    (token) => new Response(`<html>${token}${Object.values(secret).join(" ")}`, { status: 500 }),
    "UnexpectedResponse"
  ]
]

const session = () => ({
  get: Effect.succeed({ accessToken: Redacted.make(secret.accessToken), expiresAt: DateTime.makeUnsafe(9e12) }),
  refreshed: () => Effect.succeed({ accessToken: Redacted.make(secret.next), expiresAt: DateTime.makeUnsafe(9e12) })
})

const ending = <A, E>(effect: Effect.Effect<A, E>, recorder: Recorder.Recorder) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(
      effect.pipe(
        Effect.tap((value) => Effect.logInfo("done", value)),
        Effect.tapError((error) => Effect.logError("failed", error)),
        Effect.withSpan("the program"),
        Effect.exit,
        recorder.record
      )
    )
    while (fiber.pollUnsafe() === undefined) yield* TestClock.adjust("1 second")
    return yield* Fiber.join(fiber)
  })

const examine = (exit: Exit.Exit<unknown, unknown>, recorder: Recorder.Recorder, ...more: ReadonlyArray<unknown>) => {
  const errors = Exit.isFailure(exit)
    ? exit.cause.reasons.map((reason) => Cause.isFailReason(reason) ? reason.error : reason)
    : []
  const seen = [...errors, exit, ...recorder.spans, ...more]
  for (const text of new Set([...seen.flatMap(textsOf), ...recorder.lines])) {
    assert.isUndefined(leak(text), text.slice(0, 300))
  }
  for (const one of seen) assert.deepStrictEqual(walk(one).http, [])
}

const calls: ReadonlyArray<
  readonly [string, (portal: Portal.Service) => Effect.Effect<unknown, Portal.CredentialsError>]
> = [
  ["credentials", (portal) => portal.credentials(role)],
  ["accounts", (portal) => Stream.runCollect(portal.accounts)],
  ["all roles", (portal) => Stream.runCollect(portal.allRoles)]
]

describe("Portal: secrets", () => {
  for (const [outcome, response, tag] of outcomes) {
    it.effect(`${outcome}: no secret is in a value, an error, a span or a log (C6)`, () =>
      Effect.gen(function*() {
        for (const [name, call] of calls) {
          const recorder = Recorder.make()
          const played = yield* Played.make({ respond: (_, token) => Effect.sync(() => response(token)), session })
          const exit = yield* ending(call(played.portal), recorder)
          if (name === "credentials") {
            const found = Exit.isSuccess(exit) ? "success" : (yield* Effect.flip(exit))._tag
            assert.strictEqual(found, tag)
            assert.include(recorder.spans.map((span) => span.name), "SSO.GetRoleCredentials")
          }
          examine(exit, recorder, played.portal, played.cache, played.session)
        }
      }))
  }

  it("for the AWS SDK are in clear text, because it signs with them (P7)", () => {
    const identity = AwsSdk.identity({
      ...role,
      accessKeyId: "ASIA1",
      secretAccessKey: Redacted.make(secret.secretAccessKey),
      sessionToken: Redacted.make(secret.sessionToken),
      expiration: DateTime.makeUnsafe(0)
    })
    assert.isDefined(leak(JSON.stringify(identity)))
  })
})
