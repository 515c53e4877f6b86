import { join } from "node:path"
import { defineConfig } from "vitest/config"

const packages = join(import.meta.dirname, "../packages")

// the laws of the rooms whose sources are mutated: the whole suite would take a day
export default defineConfig({
  plugins: [{
    // The sandbox's `node_modules` lead back to the sources that are not mutated. The tests of core reach core through `test-kit`
    // too; the tests of the grant keep the core that is not mutated, since they would only cost time.
    name: "mutated",
    enforce: "pre",
    resolveId: (source, importer) => {
      const [, name, module] = /^@sso-oidc\/([a-z-]+)\/(.+)$/.exec(source) ?? []
      return name !== undefined && module !== undefined && /packages\/(core|test-kit|relay)\//.test(importer ?? "")
        ? join(packages, name, "src", `${module}.ts`)
        : undefined
    }
  }],
  test: { include: ["packages/{core,device-grant}/test/**/*.test.ts"], testTimeout: 20_000 }
})
