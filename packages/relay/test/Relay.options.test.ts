import { assert, describe, it } from "@effect/vitest"
import * as Relay from "@sso-oidc/relay/Relay"
import { options } from "@sso-oidc/test-kit/relay"
import * as Wire from "@sso-oidc/test-kit/wire"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"

const made = (more: Partial<Relay.Options>) =>
  Relay.make({ ...options, ...more }).pipe(
    Effect.provideService(HttpClient.HttpClient, Wire.silent().client),
    Effect.exit
  )

describe("Relay: options", () => {
  it.effect.each<[name: string, Partial<Relay.Options>]>([
    ["origins", { origins: [] }],
    ["origins", { origins: ["*"] }],
    ["origins", { origins: ["null"] }],
    ["origins", { origins: ["app.example"] }],
    ["origins", { origins: ["https://app.example/"] }],
    ["origins", { origins: ["https://*.app.example"] }],
    ["origins", { origins: ["HTTPS://app.example"] }],
    ["origins", { origins: ["https://app.example:443"] }],
    ["origins", { origins: ["http://app.example"] }],
    ["origins", { origins: ["https://app.example", ""] }],
    ["regions", { regions: [] }],
    ["startUrls", { startUrls: [] }],
    ["startUrls", { startUrls: ["http://d-1.awsapps.com/start"] }],
    ["startUrls", { startUrls: ["d-1.awsapps.com/start"] }],
    ["base", { base: "sso-oidc" }],
    ["base", { base: "/sso-oidc/" }],
    ["base", { base: "//evil.example" }],
    ["base", { base: "/a/../b" }],
    ["base", { base: "/a b" }],
    ["base", { base: "/a?b" }],
    ["base", { base: "/a#b" }],
    ["base", { base: "@evil.example/a" }],
    ["maxRequestBytes", { maxRequestBytes: 0 }],
    ["maxResponseBytes", { maxResponseBytes: Number.NaN }],
    ["requestTimeout", { requestTimeout: 0 }],
    ["requestTimeout", { requestTimeout: Infinity }],
    ["requestTimeout", { requestTimeout: Number.NaN }],
    ["rateLimit.limit", { rateLimit: { limit: 0 } }],
    ["rateLimit.limit", { rateLimit: { limit: 1.5 } }],
    ["rateLimit.limit", { rateLimit: { limit: Number.NaN } }],
    ["rateLimit.window", { rateLimit: { window: 0 } }],
    ["rateLimit.window", { rateLimit: { window: Infinity } }]
  ])(
    "throws a RangeError that names the option: %s %j",
    ([name, more]) =>
      Effect.map(made(more), (exit) => {
        const error = exit._tag === "Failure" ? exit.cause.reasons.map((reason) => Object(reason).defect) : []
        assert.instanceOf(error[0], RangeError)
        assert.include(String(error[0]), `Relay: ${name} must`)
      })
  )

  it.effect.each<[problem: string, Partial<Relay.Options>]>([
    ["region", { regions: ["eu-west-1", "eu-west-1.evil.example/"] }],
    ["region", { regions: [""] }],
    ["endpoint", { endpoint: "http://evil.example" }],
    ["fipsWithEndpoint", { endpoint: "https://x.example", useFipsEndpoint: true }]
  ])(
    "fails with an EndpointError for an endpoint or region that cannot be used (%s) (C3)",
    ([problem, more]) =>
      Effect.map(made(more), (exit) => {
        const errors = exit._tag === "Failure" ? exit.cause.reasons.map((reason) => Object(reason).error) : []
        assert.deepInclude(errors[0], { _tag: "EndpointError", problem })
      })
  )

  it.effect("accepts every valid option", () =>
    Effect.gen(function*() {
      for (
        const more of [
          {
            origins: [
              "https://app.example",
              "http://localhost:5173",
              "http://127.0.0.1:1",
              "http://[::1]",
              "same-origin"
            ]
          },
          { base: "/" },
          { base: "" },
          { base: "/a/%20b" },
          { rateLimit: { limit: Infinity } },
          { startUrls: () => true },
          { requestTimeout: "1 milli" as const }
        ]
      ) {
        assert.strictEqual((yield* made(more))._tag, "Success", JSON.stringify(more))
      }
    }))
})
