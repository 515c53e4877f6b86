import { assert, describe, it } from "@effect/vitest"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as EmulatorTransport from "@sso-oidc/emulator/EmulatorTransport"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import type * as LogLevel from "effect/LogLevel"
import * as Redacted from "effect/Redacted"
import * as References from "effect/References"
import * as Tracer from "effect/Tracer"

/** The log lines of the emulator at this level and above, and the events of its spans. */
const logged = <A, E>(
  level: LogLevel.LogLevel,
  effect: Effect.Effect<A, E, SsoOidc.SsoOidc | HttpClient.HttpClient>
) =>
  Effect.gen(function*() {
    const lines: Array<readonly [level: string, text: string]> = []
    const events: Array<string> = []
    const logger = Logger.make(({ logLevel, message }) =>
      void lines.push([logLevel, String(Array.isArray(message) ? message.join(" ") : message)])
    )
    const tracer = Tracer.make({
      span: (options) => {
        const span = new Tracer.NativeSpan(options)
        span.event = (name) => void events.push(name)
        return span
      }
    })
    const live = SsoOidc.layer({ region: "us-east-1" }).pipe(Layer.provideMerge(EmulatorTransport.layer()))
    const exit = yield* effect.pipe(
      Effect.provide(live),
      Effect.provideService(Tracer.Tracer, tracer),
      Effect.provide(
        Layer.merge(Logger.layer([logger, Logger.tracerLogger]), Layer.succeed(References.MinimumLogLevel, level))
      ),
      Effect.exit
    )
    // The client in this process logs too
    const own = lines.filter(([, text]) => !/^(RegisterClient|StartDeviceAuthorization|CreateToken) /.test(text))
    return { exit, events, lines: own }
  })

const start = Effect.gen(function*() {
  const oidc = yield* SsoOidc.SsoOidc
  const { clientId, clientSecret } = yield* oidc.registerClient({ clientName: "test", clientType: "public" })
  const code = yield* oidc.startDeviceAuthorization({
    clientId,
    clientSecret,
    startUrl: "https://my.awsapps.com/start"
  })
  return { ...code, clientId, clientSecret }
})

describe("EmulatorHttp: logs", () => {
  it.effect("logs each new pending login with its URL at Info (E4)", () =>
    Effect.gen(function*() {
      const { exit, lines } = yield* logged("Info", Effect.all([start, start]))
      if (Exit.isFailure(exit)) return assert.fail(String(exit.cause))
      assert.deepStrictEqual(
        lines,
        exit.value.map(({ verificationUriComplete }) =>
          ["Info", `A login waits for a person: open ${verificationUriComplete}`] as const
        )
      )
    }))

  it.effect("logs each request at Debug, without its query, codes and secrets (E4, C6)", () =>
    Effect.gen(function*() {
      const { exit, lines } = yield* logged(
        "Debug",
        Effect.gen(function*() {
          const pending = yield* start
          const client = yield* HttpClient.HttpClient
          yield* client.get(`http://localhost/device?user_code=${pending.userCode}`)
          yield* Effect.flip(
            Effect.flatMap(SsoOidc.SsoOidc, (oidc) =>
              oidc.createToken({
                grantType: "refresh_token",
                clientId: pending.clientId,
                clientSecret: pending.clientSecret,
                refreshToken: Redacted.make("a-refresh-token")
              }))
          )
          const token = { "x-amz-sso_bearer_token": "an-access-token" }
          yield* client.get("http://localhost/federation/credentials?role_name=secret", { headers: token })
          yield* client.post("http://localhost/logout", { headers: token })
          yield* client.get("http://localhost/accounts?page=2")
          return pending
        })
      )
      if (Exit.isFailure(exit)) return assert.fail(String(exit.cause))
      const requests = lines.filter(([level]) => level === "Debug").map(([, text]) => text)
      assert.deepStrictEqual(requests, [
        "POST /client/register got HTTP 200",
        "POST /device_authorization got HTTP 200",
        "GET /device got HTTP 200",
        "POST /token got HTTP 400 InvalidGrantException",
        "GET /federation/credentials got HTTP 401 UnauthorizedException",
        "POST /logout got HTTP 401 UnauthorizedException",
        "GET /accounts got HTTP 200"
      ])
    }))

  it.effect("puts the URL of a login into no span (C6)", () =>
    Effect.gen(function*() {
      const { events, lines } = yield* logged("Debug", start)
      assert.isTrue(lines.some(([, text]) => text.includes("user_code=")))
      for (const event of events) assert.notInclude(event, "user_code=")
    }))

  it.effect("logs nothing about requests at Info, not even about refused requests (E4)", () =>
    Effect.gen(function*() {
      const { lines } = yield* logged(
        "Info",
        Effect.flatMap(HttpClient.HttpClient, (client) =>
          Effect.all([client.get("http://localhost/"), client.get("http://localhost/nowhere")]))
      )
      assert.deepStrictEqual(lines, [])
    }))
})
