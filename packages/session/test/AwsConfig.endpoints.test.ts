import { assert, describe, it } from "@effect/vitest"
import * as AwsConfig from "@sso-oidc/session/AwsConfig"
import * as Effect from "effect/Effect"
import { inConfig } from "./support/home.ts"

const services = "[services svc]\nsso_oidc =\n  endpoint_url = https://services.example/oidc\n" +
  "sso =\n  endpoint_url = https://services.example/portal\n"

const config = (settings: string) =>
  `[profile dev]\nsso_session = corp\n${settings}\n` +
  "[sso-session corp]\nsso_start_url = https://corp.awsapps.com/start\nsso_region = eu-west-1\n" + services

const all = "services = svc\nendpoint_url = https://profile.example"

const environment = {
  AWS_ENDPOINT_URL_SSO_OIDC: "https://environment.example/oidc",
  AWS_ENDPOINT_URL_SSO: "https://environment.example/portal",
  AWS_ENDPOINT_URL: "https://environment.example"
}

interface Found {
  readonly oidc: readonly [endpoint: string | undefined, source: string | undefined]
  readonly portal: readonly [endpoint: string | undefined, source: string | undefined]
}

const resolved = Effect.map(
  AwsConfig.resolve({ profile: "dev" }),
  ({ endpoint, endpointSource, portalEndpoint, portalEndpointSource }): Found => ({
    oidc: [endpoint, endpointSource],
    portal: [portalEndpoint, portalEndpointSource]
  })
)

const failed = Effect.flip(AwsConfig.resolve({ profile: "dev" }))

describe("AwsConfig.resolve: endpoints", () => {
  it.effect.each(
    [
      ["the variable of the service", all, environment, {
        oidc: ["https://environment.example/oidc", "AWS_ENDPOINT_URL_SSO_OIDC"],
        portal: ["https://environment.example/portal", "AWS_ENDPOINT_URL_SSO"]
      }],
      ["AWS_ENDPOINT_URL", all, { AWS_ENDPOINT_URL: environment.AWS_ENDPOINT_URL }, {
        oidc: ["https://environment.example", "AWS_ENDPOINT_URL"],
        portal: ["https://environment.example", "AWS_ENDPOINT_URL"]
      }],
      ["the services section", all, {}, {
        oidc: ["https://services.example/oidc", "endpoint_url below sso_oidc"],
        portal: ["https://services.example/portal", "endpoint_url below sso"]
      }],
      ["endpoint_url of the profile", "endpoint_url = https://profile.example", {}, {
        oidc: ["https://profile.example", "endpoint_url"],
        portal: ["https://profile.example", "endpoint_url"]
      }],
      ["nothing", "", {}, { oidc: [undefined, undefined], portal: [undefined, undefined] }]
    ] as const
  )("takes the first that is there: %s (S2)", ([, settings, env, expected]) =>
    Effect.gen(function*() {
      assert.deepStrictEqual<Found>(yield* resolved, expected)
    }).pipe(inConfig(config(settings), env)))

  it.effect.each(
    [
      ["the variable", all, { ...environment, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: "true" }],
      ["the setting", `${all}\nignore_configured_endpoint_urls = true`, environment]
    ] as const
  )("takes none if %s says to ignore them (S2)", ([, settings, env]) =>
    Effect.gen(function*() {
      const { oidc, portal } = yield* resolved
      assert.deepStrictEqual([...oidc, ...portal], [undefined, undefined, undefined, undefined])
    }).pipe(inConfig(config(settings), env)))

  it.effect("lets the variable outrank the setting that says to ignore them (S2)", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* resolved).oidc[0], "https://services.example/oidc")
    }).pipe(
      inConfig(config(`${all}\nignore_configured_endpoint_urls = true`), {
        AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: "false"
      })
    ))

  it.effect("does not look at an endpoint that another one outranks (S2)", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* resolved).oidc[0], "https://services.example/oidc")
    }).pipe(inConfig(config("services = svc\nendpoint_url = http://planted\n  planted"))))

  it.effect("refuses a services section that is absent, with the line that names it (S2)", () =>
    Effect.gen(function*() {
      const error = yield* failed
      assert.deepInclude(error, { source: "config", section: "profile dev", setting: "services", line: 3 })
      assert.include(error.message, "services names [services gone], which is absent. Add that section")
    }).pipe(inConfig(config("services = gone"))))

  it.effect.each(
    [
      ["AWS_ENDPOINT_URL_SSO_OIDC", "", { source: "environment", setting: "AWS_ENDPOINT_URL_SSO_OIDC" }],
      ["AWS_ENDPOINT_URL_SSO", "", { source: "environment", setting: "AWS_ENDPOINT_URL_SSO" }],
      ["AWS_ENDPOINT_URL", "", { source: "environment", setting: "AWS_ENDPOINT_URL" }],
      ["", "endpoint_url = http://planted.example", {
        source: "config",
        section: "profile dev",
        setting: "endpoint_url",
        line: 3
      }]
    ] as const
  )(
    "refuses plain http off loopback in %s%s, and names its place (S2)",
    ([variable, settings, place]) =>
      Effect.gen(function*() {
        const error = yield* failed
        assert.deepInclude(error, place)
        assert.include(error.message, "is plain http to another machine. Use https")
        assert.notInclude(error.message, "planted")
      }).pipe(inConfig(config(settings), variable === "" ? {} : { [variable]: "http://planted.example" }))
  )

  it.effect("names the place of a bad endpoint in a services section (S2)", () =>
    Effect.gen(function*() {
      const error = yield* failed
      assert.deepInclude(error, { source: "config", section: "services bad", setting: "endpoint_url", line: 9 })
      assert.include(error.message, "endpoint_url below sso is not an absolute URL.")
    }).pipe(
      inConfig(`${config("services = bad").replace(services, "")}[services bad]\n\nsso =\n  endpoint_url = planted\n`)
    ))

  it.effect.each(
    [
      ["AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint"],
      ["AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint"]
    ] as const
  )(
    "refuses a custom endpoint together with %s or %s, and names both (S2)",
    ([variable, setting]) =>
      Effect.gen(function*() {
        const ofEnvironment = yield* inConfig(config("endpoint_url = https://x.example"), { [variable]: "true" })(
          failed
        )
        assert.deepInclude(ofEnvironment, { source: "environment", setting: variable })
        assert.include(
          ofEnvironment.message,
          `${variable} cannot be used together with endpoint_url. Unset one of the two.`
        )
        const ofFile = yield* inConfig(config(`${setting} = true`), { AWS_ENDPOINT_URL_SSO: "https://x.example" })(
          failed
        )
        assert.deepInclude(ofFile, { source: "config", section: "profile dev", setting, line: 3 })
        assert.include(
          ofFile.message,
          `${setting} cannot be used together with AWS_ENDPOINT_URL_SSO. Unset one of the two.`
        )
      })
  )

  it.effect.each(
    [
      ["AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint", "useFipsEndpoint"],
      ["AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint", "useDualstackEndpoint"]
    ] as const
  )("lets %s outrank %s (S2)", ([variable, setting, member]) =>
    Effect.gen(function*() {
      const resolve = AwsConfig.resolve({ profile: "dev" })
      const text = config(`${setting} = true`)
      assert.isTrue((yield* inConfig(text)(resolve))[member])
      assert.isFalse((yield* inConfig(text, { [variable]: "false" })(resolve))[member])
      const error = yield* inConfig(config(`${setting} = yes`))(failed)
      assert.deepInclude(error, { section: "profile dev", setting, line: 3 })
      assert.isTrue((yield* inConfig(config(`${setting} = yes`), { [variable]: "true" })(resolve))[member])
    }))

  it.effect("lets AWS_CA_BUNDLE outrank ca_bundle (S2)", () =>
    Effect.gen(function*() {
      const resolve = AwsConfig.resolve({ profile: "dev" })
      assert.strictEqual((yield* inConfig(config("ca_bundle = /own.pem"))(resolve)).caBundle, "/own.pem")
      const env = { AWS_CA_BUNDLE: "/env.pem" }
      assert.strictEqual((yield* inConfig(config("ca_bundle = /own.pem"), env)(resolve)).caBundle, "/env.pem")
    }))
})
