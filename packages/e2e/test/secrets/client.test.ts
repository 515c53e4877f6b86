import { assert, describe, it } from "@effect/vitest"
import type * as Client from "@sso-oidc/core/aws/Client"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Redacted from "effect/Redacted"
import * as Planted from "../support/leaksPlanted.ts"
import { httpOf, leakOf, watch } from "../support/leaksWatch.ts"

type Respond = () => Response | { readonly cause: unknown }

const runs = { arbitrary: { runs: 4, seed: 20261124 } }

/** Runs the call over a transport that responds as told, and searches all outputs for the secrets. */
const check = (
  call: Pick<Planted.Call, "name" | "run">,
  respond: Respond,
  secrets: ReadonlyArray<string>,
  options?: Partial<Client.Options>
) =>
  Effect.gen(function*() {
    const client = HttpClient.make((request) =>
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
    const program = SsoOidc.make({ region: "eu-west-1", ...options }).pipe(
      Effect.flatMap(call.run),
      Effect.provideService(HttpClient.HttpClient, client)
    )
    const watched = yield* watch(program)
    const leak = leakOf(watched, secrets)
    assert.isUndefined(leak, `${call.name}: ${JSON.stringify(leak)}`)
    assert.deepStrictEqual(httpOf(watched), [])
    assert.strictEqual(watched.spans.filter(({ name }) => name.startsWith("SSO OIDC.")).length, 1)
    // the watch works: it sees the program's log, and the output of its process in a failure
    if (Exit.isFailure(watched.exit)) assert.isAbove(watched.lines.length, 8)
    return watched.exit
  })

const plain = [Planted.userCode, Planted.host]

describe("planted secrets: the operations (C6)", () => {
  it.effect.prop("no secret shows in the spans, logs or output of a success, nor if the response is printed (C6)", [
    Planted.Secrets
  ], ([s]) =>
    Effect.gen(function*() {
      for (const call of Planted.callsOf(s)) {
        const exit = yield* check(call, () => Planted.json(call.response), Object.values(s))
        assert.isTrue(Exit.isSuccess(exit), call.name)
      }
    }), runs)

  it.effect.prop("no secret of the request shows if an exception repeats it, in any form, text or header (C6)", [
    Planted.Secrets
  ], ([s]) =>
    Effect.gen(function*() {
      for (const call of Planted.callsOf(s)) {
        for (const response of Planted.echoing(call.exception, call.asked)) {
          const exit = yield* check(call, () => response, [...Object.values(s), ...plain])
          assert.include(String(exit), call.exception)
        }
      }
    }), { arbitrary: { ...runs.arbitrary, runs: 1 } })

  it.effect.prop("no secret of a response outside the model shows, and nothing that only the person may see (C6)", [
    Planted.Secrets
  ], ([s]) =>
    Effect.gen(function*() {
      for (const call of Planted.callsOf(s)) {
        for (const response of Planted.foreign(call)) {
          const exit = yield* check(call, () => response, [...Object.values(s), ...plain])
          assert.isTrue(Exit.isFailure(exit), call.name)
        }
      }
    }), runs)

  it.effect.prop("no secret shows if the transport fails with an error that holds them all (C6)", [
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

  it.effect.prop("no secret of an invalid request shows, wherever the caller put it by mistake (C6)", [
    Planted.Secrets
  ], ([s]) =>
    Effect.gen(function*() {
      const wrong: ReadonlyArray<object> = [
        { grantType: s.code, clientId: s.code, clientSecret: Redacted.make(s.clientSecret) },
        { grantType: "refresh_token", clientId: "x", clientSecret: s.clientSecret, refreshToken: s.refreshToken },
        { grantType: "refresh_token", clientId: 7, clientSecret: { [s.clientSecret]: s.clientSecret } },
        { [s.clientSecret]: s.clientSecret, clientSecret: Redacted.make({ value: s.clientSecret }) },
        {
          get clientSecret() {
            throw new Error(s.clientSecret)
          }
        }
      ]
      for (const request of wrong) {
        const run = (oidc: SsoOidc.Service) => oidc.createToken(request as never)
        const exit = yield* check({ name: "an invalid request", run }, () => Planted.json({}), Object.values(s))
        assert.include(String(exit), "RequestInvalid")
      }
      const [call] = Planted.callsOf(s)
      if (call === undefined) return
      const exit = yield* check(call, () => Planted.json({}), Object.values(s), { userAgent: `x\n${s.clientSecret}` })
      assert.include(String(exit), "RequestInvalid")
    }), runs)
})

describe("planted secrets: the watch", () => {
  const secret = "a\"secret/with+漢字"
  const finds = (effect: Effect.Effect<unknown, unknown>) =>
    Effect.map(watch(effect), (watched) => assert.isDefined(leakOf(watched, [secret])))

  it.effect("finds what a program shows", () =>
    Effect.gen(function*() {
      yield* finds(Effect.fail(new Error(secret)))
      yield* finds(Effect.die({
        deep: {
          get hidden() {
            return new Map([[Symbol(secret), 1]])
          }
        }
      }))
      yield* finds(Effect.logTrace(secret))
      yield* finds(Effect.logTrace({ a: [secret] }))
      yield* finds(Effect.log("x").pipe(Effect.annotateLogs("k", encodeURIComponent(secret))))
      yield* finds(Effect.void.pipe(Effect.withSpan(`x ${Buffer.from(secret).toString("base64url")}`)))
      yield* finds(Effect.annotateCurrentSpan("k", Buffer.from(`ab${secret}`).toString("base64")))
      yield* finds(Effect.succeed({ token: secret }))
      yield* finds(Effect.sync(() => process.stdout.write(`${JSON.stringify(secret)}\n`)))
      yield* finds(Effect.sync(() => globalThis.console.error({ a: { b: { c: { d: secret } } } })))
      yield* finds(Effect.sync(() => process.stderr.write(secret.slice(2, 11))))
    }))

  it.effect("finds nothing if there is nothing to find", () =>
    Effect.map(watch(Effect.log("a line")), (watched) => assert.isUndefined(leakOf(watched, [secret]))))
})
