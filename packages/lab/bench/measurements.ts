/**
 * All measurements, in the order of docs/benchmarks.md.
 */
import type { Measurement } from "./bench.ts"
import * as Calls from "./calls.ts"
import * as Sizes from "./sizes.ts"

export const measurements: ReadonlyArray<Measurement> = [Sizes.measurement, Calls.measurement]
