import { assert, describe, it } from "@effect/vitest"
import type * as Client from "@sso-oidc/core/aws/Client"
import * as ClientError from "@sso-oidc/core/aws/ClientError"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as SsoOidcError from "@sso-oidc/core/SsoOidcError"
import { secret } from "@sso-oidc/test-kit/fixtures"
import * as Effect from "effect/Effect"
import * as Fuzz from "../fuzz/fuzz.ts"

/** The first violation among the cases, as `pnpm fuzz` would show it. */
const first = (seed: number, cases: number, operation?: string, wrap?: Fuzz.Wrap) =>
  Effect.gen(function*() {
    for (let index = 0; index < cases; index++) {
      const one = Fuzz.caseOf(seed, index, operation)
      const violation = yield* Fuzz.violationOf(one, wrap)
      if (violation !== undefined) return { one, violation }
    }
    return undefined
  })

/** A client with a bug. */
const planted = (execute: (oidc: SsoOidc.Service) => Client.Execute): Fuzz.Wrap => (oidc) =>
  SsoOidc.fromExecute({ region: oidc.region, endpoint: oidc.endpoint, execute: execute(oidc) })

describe("core against mutated responses (C3, C6)", () => {
  for (const operation of Fuzz.operations) {
    it.live(`${operation}: 700 responses cause no defect, no hang, no foreign error and show no secret (C3, C6)`, () =>
      Effect.gen(function*() {
        const found = yield* first(20261124, 700, operation)
        if (found === undefined) return
        const { index, seed } = found.one
        assert.fail(
          `pnpm fuzz --seed ${seed} --only ${index} --operation ${operation}: ${found.violation}\n${
            Fuzz.describeCase(yield* Fuzz.shrink(found.one))
          }`
        )
      }))
  }

  it("a case depends only on its seed and number", () => {
    for (let index = 0; index < 50; index++) {
      assert.strictEqual(Fuzz.describeCase(Fuzz.caseOf(7, index)), Fuzz.describeCase(Fuzz.caseOf(7, index)))
    }
    assert.notStrictEqual(Fuzz.describeCase(Fuzz.caseOf(7, 0)), Fuzz.describeCase(Fuzz.caseOf(8, 0)))
  })

  it.live.each(
    [
      [
        "a defect",
        planted((oidc) => (operation, request) =>
          Effect.catchTag(oidc.execute(operation, request), "UnexpectedResponse", Effect.die)
        ),
        /no typed failure/
      ],
      [
        "an exception of another operation",
        planted((oidc) => (operation, request) =>
          Effect.mapError(oidc.execute(operation, request), (error) =>
            error instanceof ClientError.TransportError
              ? new SsoOidcError.InvalidRequestRegionException({ error: "x", status: 400 }) as never
              : error)
        ),
        /outside the union/
      ],
      [
        "a secret in a message",
        planted((oidc) => (operation, request) =>
          Effect.mapError(oidc.execute(operation, request), (error) =>
            error instanceof ClientError.TransportError
              ? new ClientError.TransportError({ ...error, code: `at ${secret.clientSecret.slice(3, 12)}` })
              : error)
        ),
        /secret/
      ],
      [
        "a success without its members",
        planted((oidc) => (operation, request) =>
          Effect.catchTag(oidc.execute(operation, request), "UnexpectedResponse", () => Effect.succeed({} as never))
        ),
        /success/
      ]
    ] as const
  )("the fuzzer finds %s, and shows it with one step at most", ([, wrap, words]) =>
    Effect.gen(function*() {
      const found = yield* first(1, 300, "CreateToken", wrap)
      if (found === undefined) return assert.fail("nothing was found")
      assert.match(found.violation, words)
      assert.isAtMost((yield* Fuzz.shrink(found.one, wrap)).steps.length, 1)
    }))
})
