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

/** Runs a fixture with vitest, as a user's tests run. */
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

describe("ScriptedTransport: in a test runner", () => {
  it("fails the test that made an unexpected call or left a response unused", { timeout: 60_000 }, () => {
    const { status, tests, text } = run("scripted.fixture")
    assert.strictEqual(status, 1, text)
    assert.strictEqual(tests.length, 5)
    for (const { failureMessages, status, title } of tests) {
      assert.strictEqual(status, title.startsWith("passes") ? "passed" : "failed", title)
      if (status === "failed") assert.include(failureMessages.join(), "ScriptError", title)
    }
  })

  it("fails the suite if tests share a layer and leave a response unused", { timeout: 60_000 }, () => {
    const { status, tests, text } = run("unused.fixture")
    assert.strictEqual(status, 1, text)
    assert.deepStrictEqual(tests.map((test) => test.status), ["passed"])
    assert.include(text, "Failed Suites 1")
    assert.include(
      text,
      "ScriptError: The test ended before it used every step of the script. No call came for\n    1. CreateToken succeeds (unused)"
    )
  })
})
