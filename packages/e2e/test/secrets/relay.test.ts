import { assert, describe, it } from "@effect/vitest"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as Relay from "@sso-oidc/relay/Relay"
import * as FetchTransport from "@sso-oidc/transport-browser/FetchTransport"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Layer from "effect/Layer"
import * as Planted from "../support/leaksPlanted.ts"
import { httpOf, leakOf, watch } from "../support/leaksWatch.ts"

const runs = { arbitrary: { runs: 3, seed: 20261124 } }
const origin = "https://app.example"
const relayUrl = "https://relay.example/sso-oidc"

const options: Relay.Options = {
  origins: [origin],
  regions: ["eu-west-1"],
  startUrls: [`https://${Planted.host}/start`]
}

type Respond = () => Response | { readonly cause: unknown }

/** The service behind the relay. */
const service = (respond: Respond, secrets: ReadonlyArray<string>) =>
  Layer.succeed(
    HttpClient.HttpClient,
    HttpClient.make((request) =>
      Effect.suspend(() => {
        const response = respond()
        return response instanceof Response
          ? Effect.succeed(HttpClientResponse.fromWeb(request, response))
          : Effect.fail(
            new HttpClientError.HttpClientError({
              reason: new HttpClientError.TransportError({ request, ...response, description: secrets.join(" ") })
            })
          )
      })
    )
  )

/** A page's client and its relay in one program, so that one watch sees the outputs of both. */
const through = <A, E>(
  respond: Respond,
  secrets: ReadonlyArray<string>,
  run: (oidc: SsoOidc.Service) => Effect.Effect<A, E>
) =>
  Effect.gen(function*() {
    const context = yield* Effect.context<HttpClient.HttpClient>()
    const relay = yield* Relay.make(options)
    const fetch: typeof globalThis.fetch = (input, init) => {
      const request = new Request(input, init)
      request.headers.set("origin", origin)
      return Effect.runPromiseWith(context)(relay(request))
    }
    return yield* SsoOidc.SsoOidc.use(run).pipe(
      Effect.provide(
        SsoOidc.layer({ region: "eu-west-1" }).pipe(
          Layer.provide(FetchTransport.layerRelay({ url: relayUrl })),
          Layer.provide(Layer.succeed(FetchHttpClient.Fetch, fetch))
        )
      )
    )
  }).pipe(Effect.provide(service(respond, secrets)))

const check = Effect.fnUntraced(function*(call: Planted.Call, respond: Respond, secrets: ReadonlyArray<string>) {
  const watched = yield* watch(through(respond, secrets, call.run))
  const leak = leakOf(watched, secrets)
  assert.isUndefined(leak, `${call.name}: ${JSON.stringify(leak)}`)
  assert.deepStrictEqual(httpOf(watched), [])
  const relayed = watched.spans.filter(({ kind, name }) => kind === "server" && name.startsWith("SSO OIDC relay."))
  assert.strictEqual(relayed.length, 1)
  return watched.exit
})

const plain = [Planted.userCode, Planted.host]

describe("planted secrets: a page and its relay (C6)", () => {
  it.effect.prop(
    "no secret shows in the spans, logs or output of a success (C6)",
    [Planted.Secrets],
    ([s]) =>
      Effect.gen(function*() {
        for (const call of Planted.callsOf(s)) {
          const exit = yield* check(call, () => Planted.json(call.response), Object.values(s))
          assert.isTrue(Exit.isSuccess(exit), call.name)
        }
      }),
    runs
  )

  it.effect.prop(
    "no secret of the request shows if an exception repeats it (C6)",
    [Planted.Secrets],
    ([s]) =>
      Effect.gen(function*() {
        for (const call of Planted.callsOf(s)) {
          for (const response of Planted.echoing(call.exception, call.asked)) {
            const exit = yield* check(call, () => response, [...Object.values(s), ...plain])
            assert.include(String(exit), call.exception)
          }
        }
      }),
    runs
  )

  it.effect.prop(
    "no secret of a response outside the model shows (C6)",
    [Planted.Secrets],
    ([s]) =>
      Effect.gen(function*() {
        for (const call of Planted.callsOf(s)) {
          for (const response of Planted.foreign(call)) {
            const exit = yield* check(call, () => response, [...Object.values(s), ...plain])
            assert.isTrue(Exit.isFailure(exit), call.name)
          }
        }
      }),
    runs
  )

  it.effect.prop("no secret shows if the relay's transport fails with an error that holds them all (C6)", [
    Planted.Secrets
  ], ([s]) =>
    Effect.gen(function*() {
      for (const call of Planted.callsOf(s)) {
        for (const cause of Planted.causes(call, s)) {
          const exit = yield* check(call, () => ({ cause }), Object.values(s))
          assert.include(String(exit), "TransportError")
        }
      }
    }), runs)

  it.effect.prop("no secret shows if the relay's transport, or a function of the operator, has a defect (C6)", [
    Planted.Secrets
  ], ([s]) =>
    Effect.gen(function*() {
      for (const call of Planted.callsOf(s)) {
        const respond = () => {
          throw new Error(Object.values(s).join(" "))
        }
        assert.include(String(yield* check(call, respond, Object.values(s))), "RELAY_DEFECT")
      }
    }), runs)

  it.effect.prop(
    "neither the page nor a log gets what the relay refused (C6)",
    [Planted.Secrets],
    ([s]) =>
      Effect.gen(function*() {
        const texts = [
          JSON.stringify(s),
          JSON.stringify({
            ...s,
            clientId: s.code,
            grantType: s.code,
            startUrl: s.code,
            issuerUrl: s.code,
            scope: s.code
          }),
          JSON.stringify({
            clientId: "x",
            clientSecret: s.clientSecret,
            startUrl: `https://${s.code.length}.example/`
          }),
          Object.values(s).join("&"),
          `{"${s.code}`
        ]
        for (const path of ["client/register", "device_authorization", "token", encodeURIComponent(s.code)]) {
          for (const body of texts) {
            const asked = Effect.gen(function*() {
              const relay = yield* Relay.make(options)
              const response = yield* relay(
                new Request(`${relayUrl}/eu-west-1/${path}`, {
                  method: "POST",
                  headers: { origin, "content-type": "application/json", "x-secret": encodeURIComponent(s.code) },
                  body
                })
              )
              const text = yield* Effect.promise(() => response.text())
              return yield* Effect.fail([response.status, text, ...response.headers])
            }).pipe(Effect.provide(service(() => Planted.json({}), [])))
            const watched = yield* watch(asked)
            assert.match(String(watched.exit), /InvalidRequestException/)
            const leak = leakOf(watched, Object.values(s))
            assert.isUndefined(leak, JSON.stringify(leak))
          }
        }
      }),
    runs
  )
})
