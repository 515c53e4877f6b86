import { assert, describe, it } from "@effect/vitest"
import * as Registration from "@sso-oidc/core/Registration"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as Token from "@sso-oidc/core/Token"
import * as DeviceGrant from "@sso-oidc/device-grant/DeviceGrant"
import * as DeviceGrantEvent from "@sso-oidc/device-grant/DeviceGrantEvent"
import * as PendingAuthorization from "@sso-oidc/device-grant/PendingAuthorization"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/testing/TestClock"
import * as Planted from "../support/leaksPlanted.ts"
import { httpOf, leakOf, watch } from "../support/leaksWatch.ts"

const runs = { arbitrary: { runs: 2, seed: 20261124 } }
const startUrl = `https://${Planted.host}/start`

type Poll = (s: Planted.Secrets) => Response | { readonly cause: unknown }

const exception = (type: string, body: object = {}): Response => Planted.json(body, 400, { "x-amzn-errortype": type })

/** The device code comes back in a poll's response. */
const echo = (s: Planted.Secrets) => ({
  error: s.newDeviceCode,
  error_description: `bad ${s.newDeviceCode} of ${encodeURIComponent(s.newClientSecret)}`,
  reason: Buffer.from(s.newDeviceCode).toString("base64")
})

const poll = (s: Planted.Secrets): Planted.Call => ({
  name: "a poll",
  run: () => Effect.void,
  asked: [s.newClientSecret, s.newDeviceCode],
  response: Planted.token(s),
  exception: "InvalidGrantException"
})

/** How a login may continue after its code, and how it ends. */
const ends: ReadonlyArray<readonly [name: string, tag: string, polls: ReadonlyArray<Poll>]> = [
  ["approved", "Success", [
    (s) => exception("AuthorizationPendingException", echo(s)),
    (s) => exception("SlowDownException", echo(s)),
    (s) => Planted.json(Planted.token(s))
  ]],
  ["denied", "AccessDeniedException", [(s) => exception("AccessDeniedException", echo(s))]],
  ["expired at the service", "DeviceCodeExpired", [(s) => exception("ExpiredTokenException", echo(s))]],
  ["unreachable until it expired", "DeviceCodeExpired", [
    (s) => Planted.json(echo(s), 503, { "x-amzn-requestid": encodeURIComponent(s.newDeviceCode) }),
    (s) => ({ cause: Planted.causes(poll(s), s)[1] }),
    (s) => ({ cause: Planted.causes(poll(s), s)[3] })
  ]],
  ["a token that cannot be used", "TokenPossiblyLost", [
    (s) => Planted.json({ ...Planted.token(s), tokenType: "\u0000" })
  ]],
  ["a token that was lost in its response", "TokenPossiblyLost", [
    (s) => ({ cause: Planted.causes(poll(s), s)[0] }),
    (s) => exception("InvalidGrantException", echo(s))
  ]],
  ["a response outside the model", "UnexpectedResponse", [
    (s) => exception(encodeURIComponent(s.newDeviceCode), echo(s))
  ]]
]

/** The service: a registration, a code, and the polls in order. The last poll repeats. */
const serviceOf = (s: Planted.Secrets, polls: ReadonlyArray<Poll>) => {
  let polled = 0
  return SsoOidc.layer({ region: "eu-west-1" }).pipe(
    Layer.provide(Layer.succeed(
      HttpClient.HttpClient,
      HttpClient.make((request, url) =>
        Effect.suspend(() => {
          const response = url.pathname === "/client/register"
            ? Planted.json(Planted.registered(s))
            : url.pathname === "/device_authorization"
            ? Planted.json(Planted.started(s))
            : polls[Math.min(polled++, polls.length - 1)]?.(s) ?? Response.error()
          return response instanceof Response
            ? Effect.succeed(HttpClientResponse.fromWeb(request, response))
            : Effect.fail(
              new HttpClientError.HttpClientError({
                reason: new HttpClientError.TransportError({ request, ...response })
              })
            )
        })
      )
    )),
    Layer.orDie
  )
}

/** Watches the effect while the clock moves, and checks that it finds no secret. */
const clean = <A, E>(
  s: Planted.Secrets,
  polls: ReadonlyArray<Poll>,
  effect: Effect.Effect<A, E, SsoOidc.SsoOidc>,
  more: ReadonlyArray<string>
) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(watch(effect.pipe(Effect.provide(serviceOf(s, polls)))))
    for (let second = 0; second < 620 && fiber.pollUnsafe() === undefined; second++) yield* TestClock.adjust("1 second")
    const watched = yield* Fiber.join(fiber)
    assert.isUndefined(leakOf(watched, [...Object.values(s), ...more]))
    assert.deepStrictEqual(httpOf(watched), [])
    return watched.exit
  })

const plain = [Planted.userCode, Planted.host]

const encodeEvent = (event: DeviceGrantEvent.DeviceGrantEvent) =>
  Effect.orDie(Schema.encodeEffect(DeviceGrantEvent.DeviceGrantEvent)(event))

describe("planted secrets: the device grant (C6)", () => {
  for (const [name, tag, polls] of ends) {
    it.effect.prop(
      `a login, ${name}: no secret, user code or URL shows (C6)`,
      [Planted.Secrets],
      ([s]) =>
        Effect.gen(function*() {
          const login = DeviceGrant.login({
            clientName: "a-tool",
            startUrl,
            onRegistration: (registration) => Effect.logTrace(registration),
            // a careless watcher logs each event, except what a person must see
            onEvent: (event) =>
              event._tag === "CodeReady" ? Effect.void : Effect.andThen(
                Effect.logTrace(event._tag === "Waiting" ? { ...event, pending: undefined } : event),
                // the pending authorization is one secret text there
                Effect.flatMap(encodeEvent(event), (encoded) => Effect.logTrace(encoded))
              )
          })
          const exit = yield* clean(s, polls, login, plain)
          assert.include(String(exit), tag)
        }),
      runs
    )

    it.effect.prop(
      `a login, ${name}: its events show no secret, and can be decoded from their encoding (C6, D7)`,
      [
        Planted.Secrets
      ],
      ([s]) =>
        Effect.gen(function*() {
          const login = DeviceGrant.login({
            clientName: "a-tool",
            startUrl,
            onEvent: Effect.fnUntraced(function*(event) {
              const encoded = yield* encodeEvent(event)
              yield* Effect.logTrace(event, encoded, JSON.stringify(encoded))
              const back = yield* Effect.orDie(Schema.decodeEffect(DeviceGrantEvent.DeviceGrantEvent)(encoded))
              assert.deepStrictEqual(back, event)
            })
          })
          assert.include(String(yield* clean(s, polls, login, [])), tag)
        }),
      runs
    )

    it.effect.prop(
      `the steps of a login, ${name}: no secret shows (C6)`,
      [Planted.Secrets],
      ([s]) =>
        Effect.gen(function*() {
          const steps = Effect.gen(function*() {
            let pending = yield* DeviceGrant.start({ clientName: "a-tool", startUrl })
            while (true) {
              yield* Effect.logTrace(yield* DeviceGrant.markInFlight(pending))
              const stored = yield* PendingAuthorization.encode(pending)
              yield* Effect.logTrace("stored", stored)
              const step = yield* DeviceGrant.step(yield* Effect.orDie(PendingAuthorization.decode(stored)))
              yield* Effect.logTrace(step)
              if (step._tag === "Approved") return step.token
              pending = step.pending
              if (step._tag === "NotDue") yield* Effect.sleep(step.left)
            }
          })
          assert.include(String(yield* clean(s, polls, steps, [])), tag)
        }),
      runs
    )
  }

  it.effect.prop(
    "no error repeats a text that is not a registration, token or pending authorization (C6)",
    [Planted.Secrets],
    ([s]) =>
      Effect.gen(function*() {
        const all = Object.values(s)
        for (
          const text of [...all, JSON.stringify(s), JSON.stringify({ registration: s, deviceCode: s }), `{"${s.code}`]
        ) {
          for (const decode of [PendingAuthorization.decode, Registration.decode, Token.decode]) {
            const watched = yield* watch(Effect.asVoid<unknown, unknown, never>(decode(Redacted.make(text))))
            assert.isTrue(Exit.isFailure(watched.exit))
            assert.isUndefined(leakOf(watched, all))
          }
        }
      }),
    runs
  )
})
