/**
 * Compares the endpoint that the official client calls with the endpoint that ours calls, or their reasons to call none.
 */
import { assert, vi } from "@effect/vitest"
import type * as Endpoint from "@sso-oidc/core/aws/Endpoint"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"

/** FIPS and dual-stack, each off and on. */
export const flags = [false, true].flatMap((useFipsEndpoint) =>
  [false, true].map((useDualstackEndpoint) => ({ useFipsEndpoint, useDualstackEndpoint }))
)

/** The official client's errors in the words of ours. */
const problems: ReadonlyArray<readonly [RegExp, string]> = [
  [/^Region not accepted: .* is not a valid hostname component\.$/s, "region"],
  [/^Region is missing$/, "region"],
  [/^Invalid Configuration: FIPS and custom endpoint are not supported$/, "fipsWithEndpoint"],
  [/^Invalid Configuration: Dualstack and custom endpoint are not supported$/, "dualstackWithEndpoint"],
  [/^Invalid URL$/, "endpoint"]
]

const problemOf = (error: unknown): string => {
  if (Predicate.isTagged(error, "EndpointError") && Predicate.hasProperty(error, "problem")) {
    return String(error.problem)
  }
  const message = Predicate.isError(error) ? error.message : String(error)
  return problems.find(([pattern]) => pattern.test(message))?.[1] ?? message
}

const shown = (called: unknown): string => typeof called === "string" ? called : problemOf(called)

/**
 * Both clients call the same URL, or call none for the same reason. `call` gives the URL that each client called, or its error. The result is that
 * URL or reason.
 */
export const endpointsOf =
  (call: (options: Endpoint.Options) => Effect.Effect<{ readonly official: unknown; readonly ours: unknown }>) =>
  (options: Endpoint.Options): Effect.Effect<string> =>
    Effect.map(call(options), ({ official, ours }) => {
      assert.strictEqual(shown(ours), shown(official), JSON.stringify(options))
      return shown(ours)
    })

/** Sets a variable of the process for one test, without any profile. */
export const variable = (name: string, value: string) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      vi.stubEnv("AWS_CONFIG_FILE", "/dev/null")
      vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
      vi.stubEnv(name, value)
    }),
    () => Effect.sync(() => vi.unstubAllEnvs())
  )
