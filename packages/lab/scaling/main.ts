/**
 * Shows that `AwsConfig.parse` takes linear time: four times the text takes less than eight times as long.
 *
 *     pnpm scaling [--lines N]
 *
 * It times texts of several shapes, with N and with 4 N lines or blocks (20,000 by default), five times each in turn, and compares the
 * medians. It ends with 1 if a shape takes longer. It is no test, because other work on the machine changes times.
 */
import * as AwsConfig from "@sso-oidc/session/AwsConfig"
import { parseArgs } from "node:util"

const { values } = parseArgs({ options: { lines: { type: "string", default: "20000" } } })
const lines = Number(values.lines)
if (!Number.isInteger(lines) || lines < 1) throw new RangeError("--lines takes a whole number above 0")

const many = (n: number, line: (at: number) => string): string =>
  Array.from({ length: n }, (_, at) => line(at)).join("\n")

/** Texts that grow with n. Each is the worst for one part of the grammar. */
const shapes: Readonly<Record<string, (n: number) => string>> = {
  "many sections": (n) => many(n, (at) => `[profile p${at}]\nregion = eu-west-1`),
  "one section, many times": (n) => many(n, () => "[profile a]\nregion = eu-west-1"),
  "many settings": (n) => `[profile a]\n${many(n, (at) => `k${at} = v`)}`,
  "one setting, many times": (n) => `[profile a]\n${many(n, () => "k = v")}`,
  "many problems": (n) => `[profile a]\n${many(n, () => "no equals")}`,
  "many names that cannot be read": (n) => many(n, (at) => `[profile my work ${at}]\nk = v`),
  "one long continuation": (n) => `[profile a]\nk = v\n${many(n, () => "  and on")}`,
  "many nested settings": (n) => `[services a]\nsso =\n${many(n, (at) => `  k${at} = v`)}`,
  "many blocks of nested settings": (n) => `[services a]\n${many(n, (at) => `k${at} =\n  a = 1`)}`,
  "many comments": (n) => `[profile a]\n${many(n, () => "k = v # x\n# y")}`,
  "a long line": (n) => `[profile a]\nk = ${"v ".repeat(n * 10)}`,
  "a long line of blanks": (n) => `[profile a]\nk = v${" ".repeat(n * 10)}w`,
  "a long name": (n) => `[profile a]\n${"k".repeat(n * 10)} = v`,
  "a long name of a section": (n) => `[profile ${"a".repeat(n * 10)}]\nk = v`,
  "a long name of a section, of blanks": (n) => `[profile a${" ".repeat(n * 10)}b]\nk = v`,
  "a long name of a section, without its end": (n) => `[profile ${"\"a' ".repeat(n * 3)}\nk = v`,
  "many empty lines": (n) => `[profile a]\n${"\r\n".repeat(n * 5)}k = v`
}

/** The time of the processor, so that other work on the machine counts less. */
const timeOf = (text: string, repeats: number): number => {
  const begun = process.cpuUsage()
  for (let at = 0; at < repeats; at++) AwsConfig.parse(text)
  const { system, user } = process.cpuUsage(begun)
  return (system + user) / 1000 / repeats
}

const median = (times: ReadonlyArray<number>): number => times.toSorted((a, b) => a - b)[times.length >> 1] ?? 0

// below that many milliseconds a garbage collection more or less decides
const least = 40

let failed = 0
console.log("shape                                              n       4 n   ratio")
for (const [name, make] of Object.entries(shapes)) {
  const [small, large] = [make(lines), make(4 * lines)]
  // the compiler of the engine has its time first, and so has the heap to grow
  timeOf(small, 20)
  timeOf(large, 5)
  const repeats = Math.ceil(least / Math.max(timeOf(small, 5), 0.1))
  const times = Array.from({ length: 5 }, () => [timeOf(small, repeats), timeOf(large, repeats)] as const)
  const [one, four] = [median(times.map(([small]) => small)), median(times.map(([, large]) => large))]
  const ratio = four / one
  if (ratio >= 8) failed++
  const columns = [`${one.toFixed(1)} ms`, `${four.toFixed(1)} ms`, ratio.toFixed(1)]
  console.log(`${name.padEnd(42)} ${columns.map((text) => text.padStart(9)).join(" ")}${ratio < 8 ? "" : "  TOO LONG"}`)
}
if (failed > 0) {
  console.error(`${failed} of the shapes take 8 times as long or longer.`)
  process.exitCode = 1
}
