/**
 * All measurements, in the order of docs/benchmarks.md.
 */
import type { Measurement } from "./bench.ts"
import * as Grants from "./grants.ts"
import * as Sizes from "./sizes.ts"

export const measurements: ReadonlyArray<Measurement> = [Sizes.measurement, Grants.measurement]
