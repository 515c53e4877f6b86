import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { root } from "@sso-oidc/test-kit/packed"
import * as Effect from "effect/Effect"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { differences } from "../support/configDifferences.ts"
import { rows as cacheFiles } from "../support/sessionBadCacheFiles.ts"
import { rows as configs } from "../support/sessionBadConfigs.ts"
import { rows as tokens } from "../support/sessionBadTokens.ts"

const rows = [...configs, ...cacheFiles]

const docs = readFileSync(join(root, "docs/session.md"), "utf8")

/** The rows of the table below a heading. */
const rowsBelow = (heading: string): ReadonlyArray<string> => {
  const [, below = ""] = docs.split(`# ${heading}\n`)
  return (below.split("\n#")[0] ?? "").split("\n").filter((line) => line.startsWith("|")).slice(2)
}

describe("docs/session.md: what each bad input gives", () => {
  it("has the rows that the code is tested by, to the letter (S1, S2, S6)", () => {
    assert.deepStrictEqual(
      rowsBelow("What each bad input gives"),
      rows.map(({ gives, input }) => `| ${input} | ${gives} |`)
    )
  })

  it.live.each(rows)(
    "$input: $gives (S1, S2, S4, S6)",
    ({ check }) => check.pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )
})

describe("docs/session.md: what a session gives for a bad token file", () => {
  it("has the rows that `Session.token` is tested by, to the letter (S6, S10, S11)", () => {
    assert.deepStrictEqual(
      rowsBelow("What a session gives for a bad token file"),
      tokens.map(({ gives, input }) => `| ${input} | ${gives} |`)
    )
  })

  it.live.each(tokens)(
    "$input: $gives (S6, S8, S10, S11, S12)",
    ({ check }) => check.pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )
})

describe("docs/session.md: what other tools read differently", () => {
  it("has the differences that the readers are tested by, to the letter (S1)", () => {
    assert.deepStrictEqual(
      rowsBelow("What other tools read differently"),
      differences.map(({ awsCli = "", ini = "", input, jsSdk = "", ours }) =>
        `| ${input} | ${ours} | ${awsCli} | ${jsSdk} | ${ini} |`.replaceAll(/ {2,}(?=\|)/g, " ")
      )
    )
  })
})
