import { assert, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import * as Version from "../../src/internal/version.ts"

it("the version in the user agent is that of package.json", () => {
  const manifest: unknown = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"))
  assert.propertyVal(manifest, "version", Version.version)
})
