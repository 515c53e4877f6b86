import { assert, describe, it } from "@effect/vitest"
import * as ClientError from "@sso-oidc/core/aws/ClientError"
import * as Environment from "@sso-oidc/core/aws/Environment"
import * as Retry from "@sso-oidc/core/aws/Retry"
import * as PortalClient from "@sso-oidc/portal/PortalClient"
import * as PortalError from "@sso-oidc/portal/PortalError"
import * as PortalService from "@sso-oidc/portal/PortalService"
import { leakIn, textsOf } from "@sso-oidc/test-kit/leaks"
import * as Recorder from "@sso-oidc/test-kit/recorder"
import * as Wire from "@sso-oidc/test-kit/wire"
import * as Cause from "effect/Cause"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/testing/TestClock"
import { answered, type Call, calls, clientOf, exception, secret } from "./support/calls.ts"

const endpoint = "https://portal.sso.eu-west-1.amazonaws.com"
const header = "x-amz-sso_bearer_token"

const each = calls.map((call) => ({ call, name: call.operation.name }))

describe("PortalClient: operations", () => {
  it("are four, each with a method of the client (P1)", () => {
    assert.deepStrictEqual(PortalClient.operations.map(({ method, name, path }) => `${name} ${method} ${path}`), [
      "GetRoleCredentials GET /federation/credentials",
      "ListAccounts GET /assignment/accounts",
      "ListAccountRoles GET /assignment/roles",
      "Logout POST /logout"
    ])
    assert.deepStrictEqual([...PortalClient.operations], calls.map(({ operation }) => operation))
  })

  it.effect.each(each)(
    "$name sends one request without a body, with the token in its header alone (P1)",
    ({ call }) =>
      Effect.gen(function*() {
        const wire = Wire.responding(() => Wire.json(call.response))
        yield* Effect.flatMap(clientOf(wire), call.run)
        assert.strictEqual(wire.sent.length, 1)
        const { body, headers, method, url } = wire.sent[0] ?? assert.fail("nothing was sent")
        assert.strictEqual(method, call.operation.method)
        assert.strictEqual(url, `${endpoint}${call.url}`)
        assert.strictEqual(body, "")
        assert.deepStrictEqual(Object.keys(headers).sort(), ["user-agent", header])
        assert.strictEqual(headers[header], secret.accessToken)
        assert.isUndefined(leakIn(url, secret.accessToken))
      })
  )

  it.effect.each(each)(
    "$name may be sent again at any time, and Retry does so after a 429 and a 503 (P1)",
    ({ call }) =>
      Effect.gen(function*() {
        const wire = Wire.responding(() =>
          wire.sent.length === 1
            ? exception("TooManyRequestsException", 429, "HTTP 429 Unknown Code")
            : wire.sent.length === 2
            ? new Response("<html>", { status: 503 })
            : Wire.json(call.response)
        )
        const client = Retry.make(yield* clientOf(wire))
        const fiber = yield* Effect.forkChild(call.run(client))
        yield* TestClock.adjust("1 minute")
        yield* Fiber.join(fiber)
        assert.strictEqual(wire.sent.length, 3)
      })
  )

  it.effect.each(each)(
    "$name is sent once without Retry, whatever the status is (P1)",
    ({ call }) =>
      Effect.gen(function*() {
        for (const status of [401, 403, 429, 500, 503]) {
          const wire = Wire.responding(() => new Response("", { status }))
          const error = yield* Effect.flip(Effect.flatMap(clientOf(wire), call.run))
          assert.deepInclude(error, { _tag: "UnexpectedResponse", problem: "status", status })
          assert.strictEqual(wire.sent.length, 1)
        }
      })
  )
})

describe("PortalClient: make", () => {
  it.effect("calls what execute is, also through withExecute (P1)", () =>
    Effect.gen(function*() {
      const client = yield* clientOf(Wire.silent())
      const names: Array<string> = []
      const wrapped = client.withExecute((operation, request) => {
        names.push(operation.name)
        assert.isTrue(request instanceof Object)
        return Effect.interrupt
      })
      assert.deepInclude(wrapped, { region: "eu-west-1", endpoint })
      for (const call of calls) assert.isTrue(Exit.isFailure(yield* Effect.exit(call.run(wrapped))))
      assert.deepStrictEqual(names, PortalClient.operations.map(({ name }) => name))
    }))

  const endpointOf = (layer: Layer.Layer<PortalClient.PortalClient, unknown, HttpClient.HttpClient>) =>
    PortalClient.PortalClient.useSync(({ endpoint }) => endpoint).pipe(
      Effect.provide(layer.pipe(Layer.provide(Layer.succeed(HttpClient.HttpClient, Wire.silent().client))))
    )

  const withEnv = (env: Record<string, string>) =>
    Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnvRecord(env)))

  it.effect("layer and layerConfig give a client of the endpoint, or EndpointError (P9)", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* endpointOf(PortalClient.layer({ region: "eu-west-1" })), endpoint)
      const error = yield* Effect.flip(endpointOf(PortalClient.layer({ region: "a.b" })))
      assert.deepInclude(error, { _tag: "EndpointError", problem: "region" })
      const configured = PortalClient.layerConfig({ region: Config.String("SSO_REGION") })
      assert.strictEqual(
        yield* endpointOf(configured).pipe(withEnv({ SSO_REGION: "cn-north-1" })),
        "https://portal.sso.cn-north-1.amazonaws.com.cn"
      )
      assert.deepInclude(yield* Effect.flip(endpointOf(configured).pipe(withEnv({}))), { _tag: "ConfigError" })
    }))

  it.effect("layerConfig takes the environment's endpoint of the portal, and not that of OIDC (P9)", () =>
    Effect.gen(function*() {
      const layer = PortalClient.layerConfig(Environment.options(PortalService.service, { region: "eu-west-1" }))
      const env = { AWS_ENDPOINT_URL_SSO_OIDC: "https://oidc.example", AWS_ENDPOINT_URL_SSO: "https://portal.example/" }
      assert.strictEqual(yield* endpointOf(layer).pipe(withEnv(env)), "https://portal.example")
      const { AWS_ENDPOINT_URL_SSO: _, ...oidc } = env
      assert.strictEqual(yield* endpointOf(layer).pipe(withEnv(oidc)), endpoint)
    }))
})

describe("PortalClient: secrets", () => {
  const shown = (call: Call, response: () => Response) =>
    Effect.gen(function*() {
      const recorder = Recorder.make()
      const exit = yield* answered(call.run, response).pipe(
        Effect.tapCause((cause) => Effect.logError("failed", cause)),
        Effect.tapError((error) => Effect.logError(error.message, error)),
        Effect.exit,
        recorder.record
      )
      const [span] = recorder.spans.filter(({ name }) => name === `SSO.${call.operation.name}`)
      assert.isDefined(span)
      const errors = Exit.isFailure(exit)
        ? exit.cause.reasons.map((one) => Cause.isFailReason(one) ? one.error : one)
        : []
      const encoded = errors.flatMap((error) =>
        error instanceof ClientError.UnexpectedResponse
          ? [JSON.stringify(Schema.encodeSync(ClientError.UnexpectedResponse)(error))]
          : error instanceof PortalError.UnauthorizedException
          ? [JSON.stringify(Schema.encodeSync(PortalError.UnauthorizedException)(error))]
          : []
      )
      const values = [span, ...errors, ...(Exit.isFailure(exit) ? [exit.cause] : [exit.value])]
      return { exit, texts: [...recorder.lines, ...encoded, ...values.flatMap(textsOf)] }
    })

  const leaks = (texts: ReadonlyArray<string>) =>
    texts.filter((text) => Object.values(secret).some((one) => leakIn(text, one) !== undefined))

  it.effect.each(each)(
    "$name: a success shows no secret in a log, a span, or its own text (P1)",
    ({ call }) =>
      Effect.gen(function*() {
        const { exit, texts } = yield* shown(call, () => Wire.json(call.response))
        assert.isTrue(Exit.isSuccess(exit))
        assert.deepStrictEqual(leaks(texts), [])
      })
  )

  it.effect.each(each)(
    "$name: no error shows a secret that the response repeats (P1)",
    ({ call }) =>
      Effect.gen(function*() {
        const all = { ...secret, roleCredentials: { ...secret, accessKeyId: "A\u0000", expiration: 1 } }
        const said = `no session for ${secret.accessToken}, ${encodeURIComponent(secret.accessToken)}`
        for (
          const response of [
            () => exception("UnauthorizedException", 401, said),
            () =>
              exception("InvalidRequestException", 400, said, { requestid: encodeURIComponent(secret.accessToken) }),
            () => exception(encodeURIComponent(secret.accessToken), 400),
            () => new Response(JSON.stringify(all), { status: 502, headers: { "content-type": "text/html" } }),
            () => new Response(JSON.stringify(all), { status: 307, headers: { location: "https://evil.example/" } }),
            () => new Response(JSON.stringify(all).slice(0, -1)),
            () => Wire.json([all]),
            () => Wire.json({ ...all, nextToken: 7, accountList: [all], roleList: [all] }, { status: 201 })
          ]
        ) {
          const { exit, texts } = yield* shown(call, response)
          assert.isTrue(Exit.isFailure(exit))
          assert.deepStrictEqual(leaks(texts), [])
        }
      })
  )
})
