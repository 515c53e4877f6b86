/**
 * `pnpm budgets`: writes down the size of each entry point, which a test of `packages/e2e` then holds.
 */
import * as Packed from "@sso-oidc/test-kit/packed"
import * as Sizes from "@sso-oidc/test-kit/sizes"
import * as Effect from "effect/Effect"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

const folder = mkdtempSync(join(tmpdir(), "sso-oidc-budgets-"))
process.on("exit", () => rmSync(folder, { recursive: true, force: true }))

await Effect.runPromise(Packed.install(folder))
const sizes = await Sizes.measure(folder)
const path = join(Packed.root, "packages/e2e/test/support/size-budgets.json")
writeFileSync(path, `${JSON.stringify(sizes, null, 2)}\n`)
console.log(`Wrote the sizes of ${Object.keys(sizes.entries).length} entry points.`)
