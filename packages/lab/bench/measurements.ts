/**
 * All measurements, in the order of docs/benchmarks.md.
 */
import type { Measurement } from "./bench.ts"
import * as Command from "./command.ts"
import * as Emulator from "./emulator.ts"
import * as Session from "./session.ts"
import * as Sizes from "./sizes.ts"

export const measurements: ReadonlyArray<Measurement> = [
  Sizes.measurement,
  Emulator.measurement,
  Session.measurement,
  Command.measurement
]
