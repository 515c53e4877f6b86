/**
 * Measures everything that docs/benchmarks.md tells: sizes, cold start, processor time by call, throughput, memory and lateness.
 *
 *     pnpm bench [--only TEXT] [--source] [--write] [--dry]
 *
 * Each figure is compared with a peer that ran in turn with it. The programs are bundled from the packed packages, as a user's are.
 * `--only` runs the measurements whose title contains the text. `--source` bundles from the sources, which starts sooner.
 *
 * A whole run writes docs/benchmarks.md and its plots, unless it has `--dry`. With `--write`, a run with `--only` writes its own parts: the
 * figures of one part always come from one run. A run with `--source` writes nothing.
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
    write: { type: "boolean", default: false },
    dry: { type: "boolean", default: false }
  }
})

const work = mkdtempSync(join(tmpdir(), "sso-oidc-bench-"))
process.on("exit", () => rmSync(work, { recursive: true, force: true }))

const chosen = measurements.filter(({ title }) => title.toLowerCase().includes((values.only ?? "").toLowerCase()))
if (chosen.length === 0) {
  console.error(
    `No measurement has "${values.only}" in its title. The titles: ${
      measurements.map(({ title }) => title).join(", ")
    }.`
  )
  process.exit(1)
}

const writes = (values.write || chosen.length === measurements.length) && !values.source && !values.dry
if (writes) Report.check(chosen)

const installed = values.source ? undefined : join(work, "installed")
if (installed !== undefined) {
  console.log("Packing the packages and installing them in an empty folder …")
  mkdirSync(installed)
  await Effect.runPromise(Packed.install(installed))
}
if (values.source) {
  console.log("The sources make larger bundles than the packed packages: their sizes meet other goals.")
}
const context: Context = { work, bundle: bundler(work, installed) }

const sections: Array<readonly [Measurement, Section]> = []
for (const measurement of chosen) {
  console.log(`\n${measurement.title} …`)
  const begun = performance.now()
  const section = await measurement.measure(context)
  sections.push([measurement, section])
  console.log(`${Report.text(section)}\n  (${((performance.now() - begun) / 1000).toFixed(0)} s)`)
}

if (writes) Report.write(sections)
