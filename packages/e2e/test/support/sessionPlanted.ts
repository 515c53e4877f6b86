/**
 * A session whose every secret is planted, and a program that is careless with all that it gets.
 */
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as CachedToken from "@sso-oidc/session/CachedToken"
import * as Session from "@sso-oidc/session/Session"
import * as SessionSettings from "@sso-oidc/session/SessionSettings"
import type * as TokenStore from "@sso-oidc/session/TokenStore"
import * as Cause from "effect/Cause"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { inspect } from "node:util"
import * as Planted from "./leaksPlanted.ts"

export const settings: SessionSettings.SessionSettings = Result.getOrThrow(
  SessionSettings.make({ startUrl: `https://${Planted.host}/start`, region: "eu-west-1", name: "corp" })
)

/** A token of these secrets that has expired. A member of another tool is a secret too. */
export const stored = (s: Planted.Secrets): Effect.Effect<CachedToken.CachedToken> =>
  Effect.map(DateTime.now, (now) => ({
    accessToken: Redacted.make(s.code),
    expiresAt: DateTime.subtract(now, { seconds: 1 }),
    startUrl: settings.startUrl,
    region: settings.region,
    refreshToken: Redacted.make(s.refreshToken),
    clientId: "client-id",
    clientSecret: Redacted.make(s.clientSecret),
    registrationExpiresAt: DateTime.add(now, { days: 80 }),
    others: Redacted.make({ ofAnotherTool: { secret: s.deviceCode } })
  }))

/** The refresh as a call, with the secrets that the service can repeat. */
export const refresh = (s: Planted.Secrets): Planted.Call => ({
  name: "a refresh",
  run: () => Effect.void,
  asked: [s.clientSecret, s.refreshToken],
  response: Planted.token(s),
  exception: "InvalidGrantException"
})

/** What a request gets. */
export type Reply =
  | { readonly response: Response }
  | { readonly cause: unknown }

/** The service gives these in order. The last one repeats. */
export const service = (replies: ReadonlyArray<() => Reply>): Layer.Layer<SsoOidc.SsoOidc> => {
  let count = 0
  return SsoOidc.layer({ region: "eu-west-1" }).pipe(
    Layer.provide(Layer.succeed(
      HttpClient.HttpClient,
      HttpClient.make((request) =>
        Effect.suspend(() => {
          const reply = replies[Math.min(count++, replies.length - 1)]?.() ?? { response: Response.error() }
          if ("response" in reply) return Effect.succeed(HttpClientResponse.fromWeb(request, reply.response))
          return Effect.fail(
            new HttpClientError.HttpClientError({
              reason: new HttpClientError.TransportError({ request, cause: reply.cause })
            })
          )
        })
      )
    )),
    Layer.orDie
  )
}

/** The encoded form of an error, as a program stores it or sends it. */
const encoded = (error: unknown): Effect.Effect<unknown> => {
  const schema: unknown = typeof error === "object" && error !== null ? error.constructor : undefined
  return Schema.isSchema(schema)
    ? Schema.encodeUnknownEffect(Schema.toCodecJson(Schema.make<Schema.Codec<unknown>>(schema.ast)))(error).pipe(
      Effect.orElseSucceed(() => undefined)
    )
    : Effect.succeed(undefined)
}

/** Logs a result in all ways. */
export const careless = Effect.fnUntraced(function*<A, E>(effect: Effect.Effect<A, E>) {
  const exit = yield* Effect.exit(effect)
  yield* Effect.logTrace(
    exit,
    JSON.stringify(exit),
    inspect(exit, { depth: null, showHidden: true }),
    `${String(exit)}`
  )
  if (Exit.isFailure(exit)) {
    yield* Effect.logError(exit.cause, Cause.pretty(exit.cause))
    for (const reason of exit.cause.reasons) {
      if (!Cause.isFailReason(reason)) continue
      const text = yield* encoded(reason.error)
      yield* Effect.logError(reason.error, String(reason.error), text, JSON.stringify(text))
    }
  }
  return exit
})

/** All that a program asks of a session, over the store and the service. It gives what came of each question. */
export const program = (s: Planted.Secrets) =>
  Effect.gen(function*() {
    const made = yield* Session.make(settings, { loginCommand: "log in" })
    return [
      yield* careless(made.session.token()),
      yield* careless(made.session.token({ minLeft: "30 minutes" })),
      yield* careless(made.accessToken.refreshed(Redacted.make(s.accessToken))),
      yield* careless(made.session.token())
    ]
  }).pipe(Effect.scoped)

/** Stores the token of these secrets, as another program does. */
export const put = (store: TokenStore.Service, s: Planted.Secrets) =>
  Effect.flatMap(
    stored(s),
    (token) =>
      store.exclusively(settings.key, (hold) => hold.commit(CachedToken.encode(token)), { wait: Duration.seconds(5) })
  )
