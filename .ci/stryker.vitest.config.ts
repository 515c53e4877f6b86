import { join } from "node:path"
import { defineConfig } from "vitest/config"

const packages = join(import.meta.dirname, "../packages")

// the laws of the rooms whose sources are mutated: the whole suite would take a day
export default defineConfig({
  // The sandbox's `node_modules` lead back to the sources that are not mutated, where `test-kit` would find them.
  resolve: { alias: [{ find: /^@sso-oidc\/([a-z-]+)\/(.+)$/, replacement: `${packages}/$1/src/$2.ts` }] },
  test: { include: ["packages/{core,device-grant}/test/**/*.test.ts"], testTimeout: 20_000 }
})
