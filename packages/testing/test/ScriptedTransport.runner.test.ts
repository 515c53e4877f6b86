import { assert, beforeAll, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { basename, dirname, join } from "node:path"

const Report = Schema.fromJsonString(Schema.Struct({
  testResults: Schema.Array(Schema.Struct({
    name: Schema.String,
    status: Schema.String,
    assertionResults: Schema.Array(Schema.Struct({
      title: Schema.String,
      status: Schema.String,
      failureMessages: Schema.Array(Schema.String)
    }))
  }))
}))

const vitest = join(dirname(createRequire(import.meta.url).resolve("vitest/package.json")), "vitest.mjs")

/** Runs the fixtures with vitest, as a user's tests run. */
const run = () => {
  const folder = mkdtempSync(join(tmpdir(), "scripted-"))
  const report = join(folder, "report.json")
  const { status, stderr, stdout } = spawnSync(
    process.execPath,
    [vitest, "run", "--config", join(import.meta.dirname, "fixtures/vitest.config.ts")],
    {
      encoding: "utf8",
      cwd: join(import.meta.dirname, "../../.."),
      env: { ...process.env, REPORT: report, NO_COLOR: "1" }
    }
  )
  const { testResults } = Schema.decodeSync(Report)(readFileSync(report, "utf8"))
  rmSync(folder, { recursive: true })
  return { status, text: stdout + stderr, files: testResults }
}

describe("ScriptedTransport: in a test runner", () => {
  let ended: ReturnType<typeof run>
  beforeAll(() => {
    ended = run()
  })

  /** A file fails if a test or a suite of it fails. */
  const failed = (fixture: string) => {
    const { files, status, text } = ended
    assert.strictEqual(status, 1, text)
    const file = files.find(({ name }) => basename(name) === fixture)
    assert.strictEqual(file?.status, "failed", text)
    return file?.assertionResults ?? []
  }

  it("fails the test that made an unexpected call or left a response unused", () => {
    const tests = failed("scripted.fixture.ts")
    assert.strictEqual(tests.length, 5)
    for (const { failureMessages, status, title } of tests) {
      assert.strictEqual(status, title.startsWith("passes") ? "passed" : "failed", title)
      if (status === "failed") assert.include(failureMessages.join(), "ScriptError", title)
    }
  })

  it("fails the suite if tests share a layer and leave a response unused", () => {
    const tests = failed("unused.fixture.ts")
    assert.deepStrictEqual(tests.map((test) => test.status), ["passed"])
    // and the suite of the other fixture
    assert.include(ended.text, "Failed Suites 2")
    assert.include(
      ended.text,
      "unused.fixture.ts > a layer that tests share, with an unused response\n" +
        "ScriptError: The test ended before it used every step of the script. No call came for\n    1. CreateToken succeeds (unused)"
    )
  })
})
