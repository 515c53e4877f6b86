import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { delimiter, join } from "node:path"
import { folder, run } from "../src/child.ts"
import { root } from "../src/packed.ts"
import * as Tools from "../src/tools.ts"

describe("a program that a machine may lack", () => {
  it.effect("is the first that works, not the first file of its name", () =>
    Effect.gen(function*() {
      const at = yield* folder
      const before = process.env["PATH"]
      const program = (name: string, text: string, mode: number) => {
        mkdirSync(join(at, name))
        writeFileSync(join(at, name, "a-tool"), `#!/bin/sh\n${text}\n`)
        chmodSync(join(at, name, "a-tool"), mode)
        return join(at, name)
      }
      yield* Effect.addFinalizer(() => Effect.sync(() => process.env["PATH"] = before))
      process.env["PATH"] = [
        program("shim", "echo 'not installed' >&2; exit 127", 0o755),
        program("file", "echo a-tool 1.0.0", 0o644),
        join(at, "nowhere"),
        program("works", "echo a-tool 2.0.0", 0o755),
        program("late", "echo a-tool 3.0.0", 0o755)
      ].join(delimiter)
      assert.deepStrictEqual(Tools.find("a-tool", [], /^a-tool (\S+)/), {
        path: join(at, "works/a-tool"),
        version: "2.0.0"
      })
      assert.isUndefined(Tools.find("a-tool", [], /^another (\S+)/))
      // Debian's folder is looked through without the PATH
      process.env["PATH"] = ""
      assert.strictEqual(Tools.find("env", ["--version"], /^(env)/)?.path, "/usr/bin/env")
    }))

  it.live.each([
    { how: "is skipped and named", required: "", failed: 0 },
    { how: "fails with what to install, if the variable is set,", required: "1", failed: 1 }
  ])("with a test that $how while other tests run", ({ failed, required }) =>
    Effect.gen(function*() {
      const at = yield* folder
      const config = join(at, "vitest.config.mjs")
      const report = join(at, "report.json")
      const test = { include: ["test/support/needing.ts"], reporters: [["json", { outputFile: report }]] }
      writeFileSync(config, `export default ${JSON.stringify({ test })}`)
      const vitest = yield* run(process.execPath, {
        args: [
          join(root, "node_modules/vitest/vitest.mjs"),
          "run",
          "--root",
          join(root, "packages/test-kit"),
          "--config",
          config
        ],
        env: { [Tools.variable]: required },
        input: ""
      })
      const { code, stderr } = yield* vitest.ended
      assert.strictEqual(code, failed, stderr)
      const text = readFileSync(report, "utf8")
      const { numFailedTests, numPassedTests, numPendingTests, testResults } = JSON.parse(text)
      assert.deepStrictEqual([numPassedTests, numPendingTests, numFailedTests], [1, 1, failed])
      const results: ReadonlyArray<{ readonly fullName: string; readonly status: string }> =
        testResults[0].assertionResults
      assert.include(
        results.map(({ fullName, status }) => `${fullName}: ${status}`),
        "a tool (missing) needs it: skipped"
      )
      if (failed > 0) assert.include(text, "This machine lacks a tool. Install the package a-tool.")
    }))
})
