import { assert, describe, it } from "@effect/vitest"
import * as Endpoint from "@sso-oidc/core/aws/Endpoint"
import * as Environment from "@sso-oidc/core/aws/Environment"
import * as AwsWire from "@sso-oidc/core/aws/Wire"
import * as PortalService from "@sso-oidc/portal/PortalService"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { at, partitions, published } from "./support/endpoints.ts"

/** The URL of the endpoint, or the reason why there is none. */
const outcome = (options: Partial<Endpoint.Options>): string => {
  // one published case has no region
  const resolved = Endpoint.resolve(PortalService.service, { region: "", ...options })
  return Result.isSuccess(resolved) ? resolved.success : resolved.failure.problem
}

describe("PortalService: endpoints", () => {
  it.each(published.map((one) => ({ ...one, title: JSON.stringify(one.options) })))(
    "the published case $title gives $expected (P9)",
    ({ expected, options }) => {
      assert.strictEqual(outcome(options), expected)
    }
  )

  it("there are 40 published cases, and one of them differs on purpose: ours needs a region (P9)", () => {
    assert.strictEqual(published.length, 40)
    assert.strictEqual(new Set(published.map(({ options }) => JSON.stringify(options))).size, 40)
    const differs = published.filter(({ theirs }) => theirs !== undefined)
    assert.deepStrictEqual(differs.map(({ expected, options, theirs }) => ({ expected, options, theirs })), [
      { options: { endpoint: "https://example.com" }, expected: "region", theirs: "https://example.com" }
    ])
  })

  it.each(partitions)(
    "every partition has its four endpoints: $partition (P9)",
    ({ dual, partition, regions, suffix }) => {
      const fips = partition === "aws-us-gov" ? "portal.sso" : "portal.sso-fips"
      for (const region of [...regions, `${partition}-global`]) {
        assert.strictEqual(outcome(at(region)), `https://portal.sso.${region}.${suffix}`)
        assert.strictEqual(outcome(at(region, true, false)), `https://${fips}.${region}.${suffix}`)
        assert.strictEqual(outcome(at(region, false, true)), `https://portal.sso.${region}.${dual}`)
        assert.strictEqual(outcome(at(region, true, true)), `https://portal.sso-fips.${region}.${dual}`)
      }
    }
  )
})

describe("PortalService: errors", () => {
  it("errorType adds the namespace of the portal, and errorTypeIn reads it back (P1)", () => {
    assert.strictEqual(
      PortalService.errorType("UnauthorizedException"),
      "com.amazonaws.switchboard.portal#UnauthorizedException"
    )
    assert.strictEqual(AwsWire.errorTypeIn(PortalService.errorType("UnauthorizedException")), "UnauthorizedException")
  })

  it("detail reads message alone, and leaves out what is absent (P1)", () => {
    const exception = { type: "UnauthorizedException", status: 401 }
    const read = (body: Readonly<Record<string, string>>) =>
      PortalService.service.detail({ common: { status: 401 }, text: (member) => body[member] }, exception)
    assert.deepStrictEqual(read({ message: "no", error: "x", error_description: "y" }), {
      errorDescription: "no",
      status: 401
    })
    assert.deepStrictEqual(read({}), { status: 401 })
  })

  it.effect("the environment's variable of the portal is AWS_ENDPOINT_URL_SSO (P9)", () =>
    Effect.gen(function*() {
      const env = ConfigProvider.fromEnvRecord({
        AWS_ENDPOINT_URL_SSO: "https://portal.example",
        AWS_ENDPOINT_URL_SSO_OIDC: "https://oidc.example"
      })
      assert.deepInclude(yield* Environment.config(PortalService.service).parse(env), {
        endpoint: "https://portal.example",
        endpointSource: "AWS_ENDPOINT_URL_SSO"
      })
    }))

  it("has the names of the model (P1)", () => {
    const { endpointPrefix, name, signingName } = PortalService.service
    assert.deepStrictEqual({ endpointPrefix, name, signingName }, {
      endpointPrefix: "portal.sso",
      name: "SSO",
      signingName: "awsssoportal"
    })
  })
})
