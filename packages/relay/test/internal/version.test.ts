import { assert, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import type * as VersionModule from "../../src/internal/version.ts"

it("the version in the relay's user agent is that of package.json", async () => {
  const manifest: unknown = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"))
  const module: unknown = await import(new URL("../../src/internal/version.ts", import.meta.url).href)
  // the module at that path has that type: TypeScript reads the same file
  const { version } = module as typeof VersionModule
  assert.propertyVal(manifest, "version", version)
})
