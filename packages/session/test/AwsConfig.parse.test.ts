import { assert, describe, it } from "@effect/vitest"
import * as AwsConfig from "@sso-oidc/session/AwsConfig"
import { cases, shape } from "./support/vectors.ts"

/** `3: some words` as its number. */
const lineOf = (problem: string): number => Number(problem.slice(0, problem.indexOf(":")))

describe("AwsConfig.parse", () => {
  for (const { name, ours, text } of cases) {
    if (text === undefined || "error" in ours) continue
    it(`reads the case ${name} as the vectors say, with the lines of its problems (S1)`, () => {
      const parsed = AwsConfig.parse(text)
      assert.deepStrictEqual(shape(parsed), { sso_sessions: {}, services: {}, ...ours, problems: undefined })
      assert.deepStrictEqual(parsed.problems.map(({ line }) => line), (ours.problems ?? []).map(lineOf))
    })
  }
})
