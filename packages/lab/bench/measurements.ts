/**
 * All measurements, in the order of docs/benchmarks.md.
 */
import type { Measurement } from "./bench.ts"
import * as Calls from "./calls.ts"
import * as ColdStart from "./coldStart.ts"
import * as Command from "./command.ts"
import * as Emulator from "./emulator.ts"
import * as Functions from "./functions.ts"
import * as Grants from "./grants.ts"
import * as Session from "./session.ts"
import * as Sizes from "./sizes.ts"
import * as Throughput from "./throughput.ts"

export const measurements: ReadonlyArray<Measurement> = [
  Sizes.measurement,
  ColdStart.measurement,
  Functions.measurement,
  Calls.measurement,
  Throughput.measurement,
  Grants.measurement,
  Emulator.measurement,
  Session.measurement,
  Command.measurement
]
