/**
 * The start of the command: `status` in its one file, beside the smallest program on `effect/cli`.
 */
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { make } from "../startup/programs.ts"
import { inTurn, type Measurement, ratioAtMost } from "./bench.ts"
import * as Child from "./child.ts"

export const measurement: Measurement = {
  title: "Start of the command",
  measure: async ({ work }) => {
    const home = join(work, "command")
    mkdirSync(home)
    const { one, status } = await make(home)
    // no token is stored, and `status` says so with its exit code
    const cpu = ([file = "", ...args]: ReadonlyArray<string>, code: number) => async () =>
      (await Child.run(file, { work: home, args, code })).cpu
    const [ours, peer] = await inTurn(10, [
      { of: "sso-oidc status", run: cpu(status, 1) },
      { of: "the smallest program on effect/cli", run: cpu(one, 0) }
    ])
    if (ours === undefined || peer === undefined) throw new Error("a program was not measured")
    return {
      rows: [{ measure: "processor time of the whole process", unit: "ms", ours, peer, goal: ratioAtMost(2.5) }],
      plots: []
    }
  }
}
