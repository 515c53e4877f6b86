import { assert, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { Version } from "../support/internal.ts"

it("the version in the user agent is package.json's", () => {
  const manifest: unknown = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"))
  assert.propertyVal(manifest, "version", Version.version)
})
