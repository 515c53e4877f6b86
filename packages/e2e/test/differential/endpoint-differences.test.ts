import { SSOOIDCClient } from "@aws-sdk/client-sso-oidc"
import { assert, describe, it, vi } from "@effect/vitest"
import * as Endpoint from "@sso-oidc/core/aws/Endpoint"
import * as Environment from "@sso-oidc/core/aws/Environment"
import * as SsoOidcService from "@sso-oidc/core/SsoOidcService"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { failed, official, ours, request } from "../support/differential-clients.ts"
import { endpoints as differences } from "../support/differential-differences.ts"
import { variable } from "../support/differential-endpoints.ts"
import { callOf } from "../support/differential-model.ts"

const call = callOf("RegisterClient").request
const region = "eu-west-1"
const path = "/client/register"

/** The URL that the official client calls. */
const theirs = (options: Parameters<typeof official>[1]) =>
  Effect.map(official(call.official, options), (outcome) => request(outcome).url)

/** The URL that ours calls. */
const mine = (options: Endpoint.Options) => Effect.map(ours(call.ours, options), (outcome) => request(outcome).url)

/** The reason why ours sends nothing. */
const problemOf = (options: Endpoint.Options) =>
  Effect.map(ours(call.ours, options), (outcome) => {
    assert.strictEqual(outcome.sent.length, 0)
    const error = failed(outcome)
    return error._tag === "EndpointError" ? error.problem : assert.fail(error._tag)
  })

describe("endpoints: differences on purpose", () => {
  it.effect(differences.environmentRegion.test, () =>
    Effect.gen(function*() {
      yield* variable("AWS_REGION", "eu-west-2")
      assert.strictEqual(yield* theirs({}), `https://oidc.eu-west-2.amazonaws.com${path}`)
      assert.strictEqual(yield* problemOf({ region: "" }), "region")
    }))

  it.effect(differences.environmentEndpoint.test, () =>
    Effect.gen(function*() {
      yield* variable("AWS_ENDPOINT_URL_SSO_OIDC", "https://oidc.example/base")
      const here = `https://oidc.${region}.amazonaws.com${path}`
      const there = `https://oidc.example/base${path}`
      assert.strictEqual(yield* theirs({ region, ignoreConfiguredEndpointUrls: false }), there)
      assert.strictEqual(yield* mine({ region }), here)
      const env = ConfigProvider.fromEnvRecord({ AWS_ENDPOINT_URL_SSO_OIDC: "https://oidc.example/base" })
      assert.strictEqual(yield* mine(yield* Environment.options(SsoOidcService.service, { region }).parse(env)), there)
    }))

  it.effect(differences.star.test, () =>
    Effect.gen(function*() {
      const warn = vi.spyOn(console, "warn").mockImplementation(() => {})
      assert.strictEqual(yield* theirs({ region: "*" }), `https://oidc.*.amazonaws.com${path}`)
      assert.strictEqual(warn.mock.calls.length > 0, true)
      warn.mockRestore()
      assert.strictEqual(yield* problemOf({ region: "*" }), "region")
    }))

  it.effect(differences.fipsRegion.test, () =>
    Effect.gen(function*() {
      for (const pseudo of ["fips-us-east-1", "us-east-1-fips"]) {
        assert.strictEqual(yield* theirs({ region: pseudo }), `https://oidc-fips.us-east-1.amazonaws.com${path}`)
        assert.strictEqual(yield* problemOf({ region: pseudo }), "region")
      }
    }))

  it.effect(differences.euscGlobal.test, () =>
    Effect.gen(function*() {
      const global = { region: "aws-eusc-global" }
      assert.strictEqual(yield* theirs(global), `https://oidc.aws-eusc-global.amazonaws.com${path}`)
      assert.strictEqual(yield* mine(global), `https://oidc.aws-eusc-global.amazonaws.eu${path}`)
    }))

  it.effect(differences.capitals.test, () =>
    Effect.gen(function*() {
      const small = [
        ["CN-NORTH-1", "oidc.cn-north-1.amazonaws.com.cn"],
        ["EUSC-DE-EAST-1", "oidc.eusc-de-east-1.amazonaws.eu"]
      ] as const
      for (const [region, host] of small) {
        assert.strictEqual(yield* theirs({ region }), `https://oidc.${region}.amazonaws.com${path}`.toLowerCase())
        assert.strictEqual(yield* mine({ region }), `https://${host}${path}`)
      }
    }))

  it.effect(differences.plainHttp.test, () =>
    Effect.gen(function*() {
      for (
        const endpoint of [
          "http://oidc.example",
          "http://10.0.0.1:8080",
          "http://localhost.",
          "http://127.0.0.1.nip.io",
          "http://oidc.eu-west-1.amazonaws.com"
        ]
      ) {
        assert.strictEqual(yield* theirs({ region, endpoint }), `${endpoint}${path}`)
        assert.strictEqual(yield* problemOf({ region, endpoint }), "endpoint")
      }
    }))

  it.effect(differences.userInfo.test, () =>
    Effect.gen(function*() {
      for (const endpoint of ["https://user@oidc.example", "https://user:word@oidc.example"]) {
        assert.strictEqual(yield* theirs({ region, endpoint }), `https://oidc.example${path}`)
        assert.strictEqual(yield* problemOf({ region, endpoint }), "endpoint")
      }
    }))

  it.effect(differences.query.test, () =>
    Effect.gen(function*() {
      for (const end of ["?x=1", "/?", "#x", "/#", "/?x=1#x"]) {
        const endpoint = `https://oidc.example${end}`
        const sent = request(yield* official(call.official, { region, endpoint }))
        assert.strictEqual(sent.url, `https://oidc.example${path}`)
        assert.deepStrictEqual(sent.query, {})
        assert.strictEqual(yield* problemOf({ region, endpoint }), "endpoint")
      }
    }))

  it.effect(differences.scheme.test, () =>
    Effect.gen(function*() {
      for (const endpoint of ["ftp://oidc.example", "ws://oidc.example"]) {
        assert.strictEqual(yield* theirs({ region, endpoint }), `${endpoint}${path}`)
        assert.strictEqual(yield* problemOf({ region, endpoint }), "endpoint")
      }
    }))

  it.effect(differences.control.test, () =>
    Effect.gen(function*() {
      for (
        const endpoint of ["https://oidc.example/a\tb", "https://oidc.exam\nple/ab", " https://oidc.example/ab\u0000"]
      ) {
        assert.strictEqual(yield* theirs({ region, endpoint }), `https://oidc.example/ab${path}`)
        assert.strictEqual(yield* problemOf({ region, endpoint }), "endpoint")
      }
    }))

  it.effect(differences.emptyEndpoint.test, () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* theirs({ region, endpoint: "" }), `https://oidc.${region}.amazonaws.com${path}`)
      assert.strictEqual(yield* problemOf({ region, endpoint: "" }), "endpoint")
      const env = ConfigProvider.fromEnvRecord({ AWS_ENDPOINT_URL_SSO_OIDC: "" })
      const read = yield* Environment.options(SsoOidcService.service, { region }).parse(env)
      assert.strictEqual(yield* mine(read), `https://oidc.${region}.amazonaws.com${path}`)
    }))

  it.effect(differences.slash.test, () =>
    Effect.gen(function*() {
      for (const end of ["/", "//"]) {
        const endpoint = `https://oidc.example/base${end}`
        assert.strictEqual(yield* theirs({ region, endpoint }), `https://oidc.example/base${end}${path}`)
        assert.strictEqual(yield* mine({ region, endpoint }), `https://oidc.example/base${path}`)
      }
    }))

  it.effect(differences.early.test, () =>
    Effect.gen(function*() {
      const options = { region, endpoint: "https://oidc.example", useFipsEndpoint: true }
      assert.doesNotThrow(() => new SSOOIDCClient(options).destroy())
      assert.isTrue(Result.isFailure((yield* official(call.official, options)).result))
      assert.isTrue(Result.isFailure(Endpoint.resolve(SsoOidcService.service, options)))
      assert.strictEqual(yield* problemOf(options), "fipsWithEndpoint")
    }))
})
