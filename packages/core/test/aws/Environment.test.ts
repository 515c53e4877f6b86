import { assert, describe, it } from "@effect/vitest"
import * as Environment from "@sso-oidc/core/aws/Environment"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as Wire from "@sso-oidc/test-kit/wire"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import type * as Client from "../../src/aws/Client.ts"
import * as SsoOidcService from "../../src/SsoOidcService.ts"
import * as Portal from "../support/portal.ts"

const withEnv = (env: Record<string, string>) => Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnvRecord(env)))

const read = (env: Record<string, string>) =>
  Effect.gen(function*() {
    return yield* Environment.config(SsoOidcService.service)
  }).pipe(withEnv(env))

const absent = { endpoint: undefined, useFipsEndpoint: undefined, useDualstackEndpoint: undefined }

describe("Environment", () => {
  it.effect("gives no options for an empty environment (C7)", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* read({}), absent)
    }))

  it.effect("prefers the service's endpoint to the general one (C7)", () =>
    Effect.gen(function*() {
      const specific = { AWS_ENDPOINT_URL_SSO_OIDC: "https://oidc.example" }
      const general = { AWS_ENDPOINT_URL: "https://aws.example" }
      assert.strictEqual((yield* read({ ...specific, ...general })).endpoint, "https://oidc.example")
      assert.strictEqual((yield* read(specific)).endpoint, "https://oidc.example")
      assert.strictEqual((yield* read(general)).endpoint, "https://aws.example")
    }))

  it.effect("reads the variable of the service that it is asked for, and no other's (C7)", () =>
    Effect.gen(function*() {
      const env = { AWS_ENDPOINT_URL_SSO: "https://portal.example", AWS_ENDPOINT_URL_SSO_OIDC: "https://oidc.example" }
      const portal = (env: Record<string, string>) => Environment.config(Portal.service).pipe(withEnv(env))
      assert.deepInclude(yield* portal(env), {
        endpoint: "https://portal.example",
        endpointSource: "AWS_ENDPOINT_URL_SSO"
      })
      assert.deepInclude(yield* read(env), {
        endpoint: "https://oidc.example",
        endpointSource: "AWS_ENDPOINT_URL_SSO_OIDC"
      })
      const { AWS_ENDPOINT_URL_SSO: _, ...oidc } = env
      assert.deepStrictEqual(yield* portal(oidc), absent)
      const general = { ...oidc, AWS_ENDPOINT_URL: "https://aws.example" }
      assert.deepInclude(yield* portal(general), {
        endpoint: "https://aws.example",
        endpointSource: "AWS_ENDPOINT_URL"
      })
      const ignored = { ...env, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: "true" }
      assert.deepStrictEqual(yield* portal(ignored), absent)
    }))

  it.effect("names the variable of an endpoint that cannot be used (C7)", () =>
    Effect.gen(function*() {
      for (const name of ["AWS_ENDPOINT_URL_SSO_OIDC", "AWS_ENDPOINT_URL"]) {
        const layer = SsoOidc.layerConfig(Environment.options(SsoOidcService.service, { region: "eu-west-1" })).pipe(
          Layer.provide(Layer.succeed(HttpClient.HttpClient, Wire.silent().client))
        )
        const error = yield* Effect.flip(Layer.build(layer)).pipe(withEnv({ [name]: "http://aws.example" }))
        assert.include(error.message, `${name} is plain http to another machine. Use https`)
      }
      const given = SsoOidc.layerConfig(
        Environment.options(SsoOidcService.service, { region: "eu-west-1", endpoint: "http://a.example" })
      )
        .pipe(
          Layer.provide(Layer.succeed(HttpClient.HttpClient, Wire.silent().client))
        )
      const error = yield* Effect.flip(Layer.build(given)).pipe(withEnv({ AWS_ENDPOINT_URL: "https://aws.example" }))
      assert.include(error.message, "`endpoint` is plain http")
    }))

  it.effect("ignores only the two endpoints under AWS_IGNORE_CONFIGURED_ENDPOINT_URLS (C7)", () =>
    Effect.gen(function*() {
      const env = {
        AWS_ENDPOINT_URL_SSO_OIDC: "https://oidc.example",
        AWS_ENDPOINT_URL: "https://aws.example",
        AWS_USE_FIPS_ENDPOINT: "true"
      }
      assert.deepStrictEqual(yield* read({ ...env, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: "true" }), {
        ...absent,
        useFipsEndpoint: true
      })
      for (const no of ["false", ""]) {
        const { endpoint } = yield* read({ ...env, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: no })
        assert.strictEqual(endpoint, "https://oidc.example")
      }
    }))

  it.effect("reads an empty variable as absent (C7)", () =>
    Effect.gen(function*() {
      const empty = {
        AWS_ENDPOINT_URL_SSO_OIDC: "",
        AWS_ENDPOINT_URL: "",
        AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: "",
        AWS_USE_FIPS_ENDPOINT: "",
        AWS_USE_DUALSTACK_ENDPOINT: ""
      }
      assert.deepStrictEqual(yield* read(empty), absent)
      assert.strictEqual(
        (yield* read({ ...empty, AWS_ENDPOINT_URL: "https://aws.example" })).endpoint,
        "https://aws.example"
      )
    }))

  it.effect("reads the flags true and false, in any case (C7)", () =>
    Effect.gen(function*() {
      for (
        const [text, value] of [["true", true], ["TRUE", true], ["True", true], ["false", false], [
          "FALSE",
          false
        ]] as const
      ) {
        const env = { AWS_USE_FIPS_ENDPOINT: text, AWS_USE_DUALSTACK_ENDPOINT: text }
        assert.deepInclude(yield* read(env), { useFipsEndpoint: value, useDualstackEndpoint: value })
      }
    }))

  for (
    const name of [
      "AWS_USE_FIPS_ENDPOINT",
      "AWS_USE_DUALSTACK_ENDPOINT",
      "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"
    ]
  ) {
    it.effect.each(["yes", "1", "0", "on", " true", "truefalse", "true\nfalse"])(
      `refuses ${name}=%j with a ConfigError that names it (C7)`,
      (value) =>
        Effect.gen(function*() {
          const error = yield* Effect.flip(read({ [name]: value }))
          assert.strictEqual(error._tag, "ConfigError")
          assert.include(error.message, `${name} must be true or false. Correct the variable, or unset it.`)
        })
    )
  }

  it.effect("never reads the region (C7)", () =>
    Effect.gen(function*() {
      assert.notProperty(yield* read({ AWS_REGION: "us-east-1", AWS_DEFAULT_REGION: "us-east-1" }), "region")
    }))

  it.effect("takes only options that are not given from the environment (C7)", () =>
    Effect.gen(function*() {
      const env = {
        AWS_ENDPOINT_URL: "https://aws.example",
        AWS_USE_FIPS_ENDPOINT: "true",
        AWS_USE_DUALSTACK_ENDPOINT: "true"
      }
      const options = (given: Client.Options) =>
        Effect.gen(function*() {
          const read = yield* Environment.options(SsoOidcService.service, given)
          return Object.fromEntries(Object.entries(read).filter(([, value]) => value !== undefined))
        }).pipe(withEnv(env))
      assert.deepStrictEqual(yield* options({ region: "eu-west-1", maxResponseBytes: 7, userAgent: "u" }), {
        region: "eu-west-1",
        maxResponseBytes: 7,
        userAgent: "u",
        endpoint: "https://aws.example",
        endpointSource: "AWS_ENDPOINT_URL",
        useFipsEndpoint: true,
        useDualstackEndpoint: true
      })
      assert.deepStrictEqual(
        yield* options({
          region: "eu-west-1",
          endpoint: "https://given.example",
          useFipsEndpoint: false,
          useDualstackEndpoint: false
        }),
        {
          region: "eu-west-1",
          endpoint: "https://given.example",
          useFipsEndpoint: false,
          useDualstackEndpoint: false
        }
      )
    }))
})

describe("Environment: options from configuration", () => {
  it.effect("joins the caller's own variables with AWS's variables (C7)", () =>
    Effect.gen(function*() {
      const options = Environment.options(SsoOidcService.service, { region: Config.String("SSO_REGION") })
      const read = (env: Record<string, string>) =>
        Effect.gen(function*() {
          return yield* options
        }).pipe(withEnv(env))
      assert.deepInclude(yield* read({ SSO_REGION: "eu-west-1", AWS_ENDPOINT_URL: "https://aws.example" }), {
        region: "eu-west-1",
        endpoint: "https://aws.example"
      })
      assert.strictEqual((yield* Effect.flip(read({ AWS_REGION: "us-east-1" })))._tag, "ConfigError")
    }))
})

describe("Environment: with SsoOidc.layerConfig", () => {
  const endpointOf = (env: Record<string, string>, region = "eu-west-1") =>
    Effect.gen(function*() {
      return (yield* SsoOidc.SsoOidc).endpoint
    }).pipe(
      Effect.provide(
        SsoOidc.layerConfig(Environment.options(SsoOidcService.service, { region })).pipe(
          Layer.provide(Layer.succeed(HttpClient.HttpClient, Wire.silent().client))
        )
      ),
      withEnv(env)
    )

  it.effect("calls the endpoint of the environment (C7)", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* endpointOf({}), "https://oidc.eu-west-1.amazonaws.com")
      assert.strictEqual(
        yield* endpointOf({ AWS_ENDPOINT_URL_SSO_OIDC: "http://127.0.0.1:4566/" }),
        "http://127.0.0.1:4566"
      )
      assert.strictEqual(
        yield* endpointOf({ AWS_USE_DUALSTACK_ENDPOINT: "true" }),
        "https://oidc.eu-west-1.api.aws"
      )
    }))

  it.effect("fails in the layer with EndpointError or ConfigError for invalid options (C3, C7)", () =>
    Effect.gen(function*() {
      const plainHttp = yield* Effect.flip(endpointOf({ AWS_ENDPOINT_URL: "http://oidc.example" }))
      assert.deepInclude(plainHttp, { _tag: "EndpointError", problem: "endpoint" })
      const both = yield* Effect.flip(
        endpointOf({ AWS_ENDPOINT_URL: "https://oidc.example", AWS_USE_FIPS_ENDPOINT: "true" })
      )
      assert.deepInclude(both, { _tag: "EndpointError", problem: "fipsWithEndpoint" })
      const region = yield* Effect.flip(endpointOf({}, "eu-west-1.evil.example/"))
      assert.deepInclude(region, { _tag: "EndpointError", problem: "region" })
      assert.strictEqual((yield* Effect.flip(endpointOf({ AWS_USE_FIPS_ENDPOINT: "yes" })))._tag, "ConfigError")
    }))
})
