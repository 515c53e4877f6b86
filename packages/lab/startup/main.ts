/**
 * Shows how long the command takes to start: `status` in its one file takes at most 2.5 times the processor time of the smallest program on
 * `effect/cli`, and at most 300 milliseconds in all.
 *
 *     pnpm startup [--runs N]
 *
 * It runs both in turn, N times each (20 by default), without a cache of compiled code. It ends with 1 if one of the two limits is passed. The
 * fastest run counts for the time in all: other work on the machine only adds to it, and is why this is no test. The median stands beside it.
 * The processor time comes from `/proc`, so that it needs Linux.
 */
import { spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { make } from "./programs.ts"

const { values } = parseArgs({ options: { runs: { type: "string", default: "20" } } })
const runs = Number(values.runs)
if (!Number.isInteger(runs) || runs < 1) throw new RangeError("--runs takes a whole number above 0")

const most = { ratio: 2.5, wall: 300 }

/** The processor time of all children that have ended, in milliseconds. */
const ofChildren = (): number => {
  // the name of the program stands in brackets, and may have blanks in it
  const fields = readFileSync("/proc/self/stat", "utf8").replace(/^.*\) /s, "").split(" ")
  // a tick of the kernel is 10 milliseconds
  return (Number(fields[13]) + Number(fields[14])) * 10
}

const median = (times: ReadonlyArray<number>): number => times.toSorted((a, b) => a - b)[times.length >> 1] ?? 0

const work = mkdtempSync(join(tmpdir(), "sso-oidc-startup-"))
process.on("exit", () => rmSync(work, { recursive: true, force: true }))

const run = (args: ReadonlyArray<string>) => {
  const [cpu, begun] = [ofChildren(), performance.now()]
  const { stderr, stdout } = spawnSync(process.execPath, args, {
    env: { HOME: work, PATH: process.env["PATH"] },
    encoding: "utf8"
  })
  const wall = performance.now() - begun
  if (stderr !== "" || stdout === "") throw new Error(`${args.join(" ")} did not run: ${stderr}`)
  return { cpu: ofChildren() - cpu, wall }
}

const made = await make(work)
const programs = { "one line": made.one, "status": made.status }
const times = { "one line": [run(programs["one line"])], "status": [run(programs.status)] }
for (let at = 0; at < runs; at++) {
  for (const name of ["one line", "status"] as const) times[name].push(run(programs[name]))
}

const [one, status] = (["one line", "status"] as const).map((name) => {
  // the first run reads the files from the disk
  const rest = times[name].slice(1)
  const cpu = rest.reduce((sum, each) => sum + each.cpu, 0) / rest.length
  const walls = rest.map((each) => each.wall)
  const wall = Math.min(...walls)
  console.log(
    `${name.padEnd(10)}${cpu.toFixed(0).padStart(6)} ms of the processor${
      wall.toFixed(0).padStart(6)
    } ms in all (median ${median(walls).toFixed(0)})`
  )
  return { cpu, wall }
})

const ratio = (status?.cpu ?? Infinity) / (one?.cpu ?? 1)
const wall = status?.wall ?? Infinity
console.log(
  `status takes ${ratio.toFixed(2)} times the processor time (at most ${most.ratio}), and ${
    wall.toFixed(0)
  } ms (at most ${most.wall}).`
)
process.exitCode = ratio <= most.ratio && wall <= most.wall ? 0 : 1
