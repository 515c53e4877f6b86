import { defineConfig } from "vitest/config"

// the laws of the rooms whose sources are mutated: the whole suite would take a day
export default defineConfig({
  test: { include: ["packages/{core,device-grant}/test/**/*.test.ts"], testTimeout: 20_000 }
})
