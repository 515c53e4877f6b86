import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    reporters: process.env["CI"] === undefined
      ? ["default"]
      : ["default", ["json", { outputFile: "node_modules/.cache/test-report.json" }]],
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
