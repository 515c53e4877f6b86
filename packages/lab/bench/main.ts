/**
 * Measures everything that docs/benchmarks.md tells: sizes, cold start, processor time by call, throughput, memory and lateness.
 *
 *     pnpm bench [--only TEXT] [--source] [--dry]
 *
 * Each figure is compared with a peer that ran in turn with it. The programs are bundled from the packed packages, as a user's are.
 * `--only` runs the measurements whose title contains the text. `--source` bundles from the sources, which starts sooner. Only a
 * whole run without these options writes docs/benchmarks.md and its plots; `--dry` keeps that run from writing too.
 */
import * as Packed from "@sso-oidc/test-kit/packed"
import * as Effect from "effect/Effect"
import { mkdirSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import type { Context, Measurement, Section } from "./bench.ts"
import { bundler } from "./bundle.ts"
import { measurements } from "./measurements.ts"
import * as Report from "./report.ts"

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    source: { type: "boolean", default: false },
    dry: { type: "boolean", default: false }
  }
})

const work = mkdtempSync(join(tmpdir(), "sso-oidc-bench-"))
process.on("exit", () => rmSync(work, { recursive: true, force: true }))

const chosen = measurements.filter(({ title }) => title.toLowerCase().includes((values.only ?? "").toLowerCase()))
if (chosen.length === 0) {
  throw new RangeError(`no measurement has that in its title: ${measurements.map(({ title }) => title).join(", ")}`)
}

const writes = chosen.length === measurements.length && !values.source && !values.dry
if (writes) Report.check(chosen)

const installed = values.source ? undefined : join(work, "installed")
if (installed !== undefined) {
  console.log("Packing the packages and installing them in an empty folder …")
  mkdirSync(installed)
  await Effect.runPromise(Packed.install(installed))
}
const context: Context = { work, bundle: bundler(work, installed) }

const sections: Array<readonly [Measurement, Section]> = []
for (const measurement of chosen) {
  const begun = performance.now()
  const section = await measurement.measure(context)
  sections.push([measurement, section])
  console.log(`\n${measurement.title} (${((performance.now() - begun) / 1000).toFixed(0)} s)\n${Report.text(section)}`)
}

if (writes) Report.write(sections)
