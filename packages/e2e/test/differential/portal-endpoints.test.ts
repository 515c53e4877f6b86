import { assert, describe, it } from "@effect/vitest"
import type * as Endpoint from "@sso-oidc/core/aws/Endpoint"
import * as Environment from "@sso-oidc/core/aws/Environment"
import * as PortalService from "@sso-oidc/portal/PortalService"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { request } from "../support/differential-clients.ts"
import { endpointsOf, flags, variable } from "../support/differential-endpoints.ts"
import { oneOf } from "../support/differential-model.ts"
import { partitions, regions } from "../support/differential-partitions.ts"
import { portalEndpoints as differences } from "../support/differential-portal-differences.ts"
import { callOf, official, ours } from "../support/differential-portal.ts"

const call = callOf("Logout").request
const path = "/logout"
const region = "eu-west-1"

const same = endpointsOf((options) =>
  Effect.gen(function*() {
    const theirs = yield* official(call.official, options)
    const mine = yield* ours(call.ours, options)
    return {
      official: theirs.sent[0]?.url ?? Result.getOrThrow(Result.flip(theirs.result)),
      ours: mine.sent[0]?.url ?? Result.getOrThrow(Result.flip(mine.result))
    }
  })
)

describe("endpoints of the portal: the same for both clients", () => {
  for (const { id } of partitions) {
    it.effect(`every region of ${id} has the same endpoint, with FIPS and dual-stack on and off (P9)`, () =>
      Effect.gen(function*() {
        for (const { region } of regions.filter(({ partition }) => partition === id)) {
          for (const each of flags) {
            assert.match(
              yield* same({ region, ...each }),
              new RegExp(`^https://portal\\.sso(-fips)?\\.${region}\\..*${path}$`)
            )
          }
        }
      }))
  }

  it.effect.prop(
    "for any region, both clients call the same host or neither calls one (P9)",
    [
      Schema.Union([
        Schema.String,
        Schema.Literals(["xx-nowhere-1", "cn-newcity-9", "eusc-fr-west-1", "us-isob-x-10", "a.b", "a/b", "", "é"])
      ]),
      oneOf(flags)
    ],
    ([region, flags]) => region === "*" ? Effect.void : same({ region, ...flags }),
    { arbitrary: { runs: 100 } }
  )

  it.effect.each([
    "https://portal.example",
    "https://portal.example:8443/base/path",
    "http://localhost:8484",
    "http://127.0.0.1:8484/",
    "http://[::1]:1"
  ])(
    "%s is the same endpoint for both, and refused alike with FIPS or dual-stack (P9)",
    (endpoint) =>
      Effect.gen(function*() {
        assert.match(yield* same({ region, endpoint }), /\/logout$/)
        for (const each of flags.slice(1)) {
          assert.strictEqual(
            yield* same({ region, endpoint, ...each }),
            each.useFipsEndpoint ? "fipsWithEndpoint" : "dualstackWithEndpoint"
          )
        }
      })
  )
})

describe("endpoints of the portal: differences on purpose", () => {
  it.effect(differences.variable.test, () =>
    Effect.gen(function*() {
      const there = "https://portal.example/base"
      yield* variable("AWS_ENDPOINT_URL_SSO", there)
      const theirs = yield* official(call.official, { region, ignoreConfiguredEndpointUrls: false })
      assert.strictEqual(request(theirs).url, `${there}${path}`)
      const url = (options: Endpoint.Options) => Effect.map(ours(call.ours, options), (outcome) => request(outcome).url)
      assert.strictEqual(yield* url({ region }), `https://portal.sso.${region}.amazonaws.com${path}`)
      const env = ConfigProvider.fromEnvRecord({ AWS_ENDPOINT_URL_SSO: there })
      const options = yield* Environment.options(PortalService.service, { region }).parse(env)
      assert.strictEqual(yield* url(options), `${there}${path}`)
    }))
})
