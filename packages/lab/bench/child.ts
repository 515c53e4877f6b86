/**
 * Runs a bundled program in a process of its own, and tells what it took.
 */
import { spawn } from "node:child_process"
import { writeFileSync } from "node:fs"
import { join } from "node:path"

export interface Ran {
  /** What it printed. */
  readonly stdout: string
  /** The processor time of the whole process up to its end, in milliseconds. */
  readonly cpu: number
  /** From its start to its end, in milliseconds. */
  readonly wall: number
}

// The process tells its processor time itself: the kernel's count for children has steps of 10 milliseconds.
const preload = `
const { writeSync } = require("node:fs")
process.on("exit", () => { const { system, user } = process.cpuUsage(); writeSync(3, String((system + user) / 1000)) })
`

export interface Options {
  /** A folder for the small file that reports the processor time. */
  readonly work: string
  readonly args?: ReadonlyArray<string>
  /** Flags of Node, such as `--expose-gc`. */
  readonly flags?: ReadonlyArray<string>
  readonly env?: Readonly<Record<string, string>>
  /** The exit code that it should end with. 0 by default. */
  readonly code?: number
}

/** Runs a program to its end. It throws if the program fails. */
export const run = async (file: string, options: Options): Promise<Ran> => {
  const first = join(options.work, "cpu.cjs")
  writeFileSync(first, preload)
  const begun = performance.now()
  const child = spawn(process.execPath, ["-r", first, ...options.flags ?? [], file, ...options.args ?? []], {
    stdio: ["ignore", "pipe", "pipe", "pipe"],
    env: { PATH: process.env["PATH"], HOME: options.work, ...options.env }
  })
  const [, out, err, cpu] = child.stdio
  const texts = ["", "", ""]
  for (const [at, stream] of [out, err, cpu].entries()) {
    if (stream !== null && stream !== undefined && "setEncoding" in stream) {
      stream.setEncoding("utf8").on("data", (text: string) => texts[at] += text)
    }
  }
  const code = await new Promise<number | null>((resolve, reject) => child.on("close", resolve).on("error", reject))
  const [stdout = "", stderr = "", time = ""] = texts
  if (code !== (options.code ?? 0) || time === "") throw new Error(`${file} ended with ${code}: ${stderr || stdout}`)
  return { stdout, cpu: Number(time), wall: performance.now() - begun }
}
