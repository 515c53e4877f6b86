import { join } from "node:path"
import { defineConfig } from "vitest/config"

// the ten slowest files, at the end of each run
const slowest = join(import.meta.dirname, ".ci/slowest.mjs")

export default defineConfig({
  test: {
    reporters: process.env["CI"] === undefined
      ? ["default", slowest]
      : ["default", slowest, ["json", { outputFile: "node_modules/.cache/test-report.json" }]],
    projects: [
      {
        test: {
          name: "laws",
          include: ["packages/*/test/**/*.test.ts"],
          testTimeout: 20_000,
          hookTimeout: 20_000
        }
      },
      {
        test: {
          name: "types",
          include: [],
          typecheck: {
            enabled: true,
            only: true,
            checker: "tsc",
            tsconfig: "packages/tsconfig.types.json",
            include: ["packages/*/test/**/*.test-d.ts"]
          }
        }
      }
    ]
  }
})
