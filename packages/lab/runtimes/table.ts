/**
 * The results of the runs as the tables of docs/transports.md. They have no times and no ports, so only a changed result
 * changes them.
 */
import type { Outcome } from "@sso-oidc/testing/contract/TransportContract"
import * as TransportGuarantee from "@sso-oidc/testing/contract/TransportGuarantee"
import { type Column, isOurs, type RuntimeName, runtimes, transports } from "./columns.ts"
import type { Told } from "./program/run.ts"

/** The result of a column: what its program found, or why it did not run. */
export type Found =
  & { readonly column: Column }
  & (
    | { readonly _tag: "Told"; readonly told: Told }
    | { readonly _tag: "Failed"; readonly why: string }
    | { readonly _tag: "Skipped"; readonly why: string }
  )

/** The result of the herd: some processes of each runtime, with one expired token. */
export interface Herd {
  readonly runtimes: ReadonlyArray<RuntimeName>
  /** The runtimes that could not be started. */
  readonly skipped: ReadonlyArray<RuntimeName>
  /** How many requests the service got. */
  readonly requests: number
  /** How many different tokens the processes got. */
  readonly tokens: number
  /** The reason why a process got no token, or an empty text. */
  readonly why: string
}

type Verdict = Outcome["verdict"] | "skipped" | "unasked"

interface Cell {
  readonly verdict: Verdict
  readonly why: string
}

export const login = "device login"

export const rows: ReadonlyArray<string> = [...TransportGuarantee.names, login]

const marks: Readonly<Record<Verdict, string>> = {
  kept: "✓",
  broken: "✗",
  held: "(✓)",
  missed: "–",
  skipped: "skipped",
  unasked: "·"
}

const oneLine = (text: string): string => text.replace(/\s+/g, " ").trim().slice(0, 300)

const cell = (found: Found, row: string): Cell => {
  if (found._tag === "Skipped") return { verdict: "skipped", why: found.why }
  if (found._tag === "Failed") return { verdict: "broken", why: found.why }
  if (row === login) return { verdict: found.told.login === "" ? "kept" : "broken", why: found.told.login }
  if (transports[found.column.transport].profile === "none") return { verdict: "unasked", why: "" }
  const outcomes = found.told.outcomes.filter(({ guarantee }) => guarantee === row)
  const bad = outcomes.filter(({ verdict }) => verdict === "broken" || verdict === "missed")
  const [first = outcomes[0]] = bad
  if (first === undefined) return { verdict: "broken", why: "no case ran" }
  const more = bad.length > 1 ? ` (and ${bad.length - 1} more)` : ""
  return { verdict: first.verdict, why: `${first.why}${more}` }
}

/** Whether one of our transports broke a guarantee that it gives. */
export const isBroken = (found: Found): boolean =>
  isOurs(found.column) && rows.some((row) => cell(found, row).verdict === "broken")

/** Whether the herd did not share one request. */
export const isHerdBroken = ({ requests, tokens, why }: Herd): boolean => requests !== 1 || tokens !== 1 || why !== ""

const titleOf = ({ runtime, transport }: Column): string => `${runtime} ${transports[transport].title}`

const reasons = (found: Found): ReadonlyArray<string> => {
  if (found._tag !== "Told") {
    const what = found._tag === "Skipped" ? "skipped" : "it broke down"
    return [`- ${titleOf(found.column)}: ${what}: ${oneLine(found.why)}`]
  }
  const broken = rows.map((row) => ({ row, ...cell(found, row) })).filter(({ verdict }) => verdict === "broken")
  return broken.map(({ row, why }) => `- ${titleOf(found.column)} breaks ${row}: ${oneLine(why)}`)
}

const table = (title: string, all: ReadonlyArray<Found>): ReadonlyArray<string> => {
  const line = (cells: ReadonlyArray<string>) => `| ${cells.join(" | ")} |`
  const why = all.flatMap(reasons)
  return [
    `### ${title}`,
    "",
    line(["", ...all.map(({ column }) => `${column.runtime}<br>${transports[column.transport].title}`)]),
    line(["---", ...all.map(() => ":---:")]),
    ...rows.map((row) => line([row, ...all.map((found) => marks[cell(found, row).verdict])])),
    "",
    ...(why.length > 0 ? [...why, ""] : [])
  ]
}

const ours = "Ours"
const theirs = "Effect's own, and ours out of place"

/** The headings of the columns, as the document has them. */
export const headings = (columns: ReadonlyArray<Column>): ReadonlyArray<string> =>
  [true, false].flatMap((own) =>
    columns.filter((column) => isOurs(column) === own)
      .map(({ runtime, transport }) => `${runtime}<br>${transports[transport].title}`)
  )

const list = (names: ReadonlyArray<string>): string => names.join(", ").replace(/, ([^,]+)$/, " and $1")

const herdLines = (herd: Herd): ReadonlyArray<string> => {
  const { requests, runtimes, skipped, tokens, why } = herd
  const result = isHerdBroken(herd)
    ? `✗ They sent ${requests} requests, and got ${tokens} different tokens. ${oneLine(why)}`.trim()
    : "✓ They sent 1 request in all, and all got its token."
  return [
    "### Many processes, one refresh",
    "",
    `Four processes each of ${list(runtimes)} had one expired token in the cache of the AWS CLI. ${result}`,
    ...(skipped.length === 0 ? [] : ["", `- skipped: ${list(skipped)}`])
  ]
}

/** The block of the document. Without a herd, it has only the tables. */
export const render = (all: ReadonlyArray<Found>, versions: ReadonlyMap<string, string>, herd?: Herd): string => {
  const own = (is: boolean) => all.filter(({ column }) => isOurs(column) === is)
  const told = runtimes.flatMap((runtime) => {
    const version = versions.get(runtime)
    return version === undefined ? [] : [`${runtime.replace(/ \d+$/, "")} ${version}`]
  })
  return [
    `Run with ${told.join(", ")}.`,
    "",
    ...(own(true).length === 0 ? [] : table(ours, own(true))),
    ...(own(false).length === 0 ? [] : table(theirs, own(false))),
    ...(herd === undefined ? [] : herdLines(herd))
  ].join("\n").trimEnd()
}

const start = "<!-- runtimes -->"
const end = "<!-- /runtimes -->"

/** The text between the markers of the document. */
export const blockOf = (document: string): string => {
  const from = document.indexOf(start)
  const to = document.indexOf(end)
  if (from === -1 || to < from) throw new Error(`the document has no ${start} … ${end}`)
  return document.slice(from + start.length, to).trim()
}

export const replace = (document: string, block: string): string => {
  blockOf(document)
  const from = document.indexOf(start) + start.length
  return `${document.slice(0, from)}\n\n${block}\n\n${document.slice(document.indexOf(end))}`
}
