import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"

const Report = Schema.fromJsonString(Schema.Struct({
  testResults: Schema.Array(Schema.Struct({
    assertionResults: Schema.Array(Schema.Struct({
      title: Schema.String,
      status: Schema.String,
      failureMessages: Schema.Array(Schema.String)
    }))
  }))
}))

const vitest = join(dirname(createRequire(import.meta.url).resolve("vitest/package.json")), "vitest.mjs")

/** Runs one fixture as a runner runs a test of a user's. */
const run = (fixture: string) => {
  const folder = mkdtempSync(join(tmpdir(), "scripted-"))
  const report = join(folder, "report.json")
  const { status, stderr, stdout } = spawnSync(
    process.execPath,
    [vitest, "run", "--config", join(import.meta.dirname, "fixtures/vitest.config.ts"), fixture],
    {
      encoding: "utf8",
      cwd: join(import.meta.dirname, "../../.."),
      env: { ...process.env, REPORT: report, NO_COLOR: "1" }
    }
  )
  const { testResults } = Schema.decodeSync(Report)(readFileSync(report, "utf8"))
  rmSync(folder, { recursive: true })
  return { status, text: stdout + stderr, tests: testResults.flatMap((file) => file.assertionResults) }
}

describe("scripted: in a test runner", () => {
  it("an unexpected call and an unused response fail the very test", { timeout: 60_000 }, () => {
    const { status, tests, text } = run("scripted.fixture")
    assert.strictEqual(status, 1, text)
    assert.strictEqual(tests.length, 5)
    for (const { failureMessages, status, title } of tests) {
      assert.strictEqual(status, title.startsWith("passes") ? "passed" : "failed", title)
      if (status === "failed") assert.include(failureMessages.join(), "ScriptError", title)
    }
  })

  it("an unused response of a layer that tests share fails their suite", { timeout: 60_000 }, () => {
    const { status, tests, text } = run("unused.fixture")
    assert.strictEqual(status, 1, text)
    assert.deepStrictEqual(tests.map((test) => test.status), ["passed"])
    assert.include(text, "Failed Suites 1")
    assert.include(
      text,
      "ScriptError: Not every step of the script was used. No call came for\n    1. CreateToken succeeds (unused)"
    )
  })
})
