import { assert, describe, it } from "@effect/vitest"
import * as TransportGuarantee from "@sso-oidc/testing/contract/TransportGuarantee"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { type Column, columns, transports } from "../runtimes/columns.ts"
import * as Herd from "../runtimes/herd.ts"
import type { Told } from "../runtimes/program/run.ts"
import * as Socket from "../runtimes/program/socket.ts"
import * as Web from "../runtimes/program/web.ts"
import * as Table from "../runtimes/table.ts"

const document = readFileSync(join(import.meta.dirname, "../../../docs/transports.md"), "utf8")

const cellsOf = (line: string): ReadonlyArray<string> => line.split(/(?<!\\)\|/).slice(1, -1).map((text) => text.trim())

/** The cells of every table in a text, without the line below the heading. */
const tablesOf = (text: string): ReadonlyArray<ReadonlyArray<ReadonlyArray<string>>> =>
  [...text.matchAll(/(?:^\|.*\n?)+/gm)].map(([table]) =>
    table.trim().split("\n").map(cellsOf).filter((_, line) => line !== 1)
  )

const node: Column = { runtime: "Node 24", transport: "transport-node" }
const plain: Column = { runtime: "Bun", transport: "fetch" }

const told = (change: Partial<Told> = {}): Told => ({
  outcomes: TransportGuarantee.names.map((guarantee) => ({ guarantee, verdict: "kept", why: "" })),
  login: "",
  ...change
})

const having = (verdict: "broken" | "held" | "missed"): Told =>
  told({
    outcomes: told().outcomes.map((outcome) =>
      outcome.guarantee === "connectionReuse" ? { ...outcome, verdict, why: "a\nreason" } : outcome
    )
  })

const rendered = (...all: ReadonlyArray<Table.Found>) => Table.render(all, new Map([["Node 24", "24.1.0"]]))

const rowOf = (text: string, row: string) => tablesOf(text).flat().find(([name]) => name === row)

describe("docs/transports.md", () => {
  it("has every guarantee in words, in order", () => {
    const table = tablesOf(document).find(([heading]) => heading?.[0] === "guarantee") ?? assert.fail("no table")
    const guarantees = Object.entries(TransportGuarantee.sentences).map(([name, words]) => [`\`${name}\``, words])
    assert.deepStrictEqual(table.slice(1).map((cells) => [...cells]), guarantees)
  })

  it("has the runs of this list of columns, and a row for every guarantee", () => {
    const tables = tablesOf(Table.blockOf(document))
    assert.deepStrictEqual(tables.flatMap(([heading = []]) => heading.slice(1)), Table.headings(columns))
    for (const table of tables) assert.deepStrictEqual(table.slice(1).map(([name]) => name), [...Table.rows])
  })

  it("shows no broken guarantee of our transports", () => {
    const [ours = []] = tablesOf(Table.blockOf(document))
    for (const cells of ours.slice(1)) assert.notInclude(cells, "✗")
  })

  it("gives a reason for each cell that is broken or skipped", () => {
    const block = Table.blockOf(document)
    const [ours = [], theirs = []] = tablesOf(block)
    const cells = [...ours, ...theirs].flatMap((row) => row.slice(1))
    assert.strictEqual(
      cells.filter((cell) => cell === "✗").length,
      [...block.matchAll(/^- .* breaks /gm)].length
    )
  })
})

describe("the runs", () => {
  it("include each column's transport in the program of its runtime", () => {
    for (const { runtime, transport } of columns) {
      const shell = /^Node |^Bun$|^Deno$/.test(runtime)
      const known = shell ? { ...Web.transports, ...Socket.transports } : Web.transports
      assert.property(known, transport, runtime)
    }
    assert.deepStrictEqual(
      Object.keys(transports).filter((name) => !columns.some(({ transport }) => transport === name)),
      []
    )
  })

  it("fail for no guarantee that is kept, held without being given, or missed without being given", () => {
    for (const [verdict, mark] of [["held", "(✓)"], ["missed", "–"]] as const) {
      const found: Table.Found = { _tag: "Told", column: node, told: having(verdict) }
      assert.isFalse(Table.isBroken(found))
      const text = rendered(found)
      assert.deepStrictEqual(rowOf(text, "connectionReuse"), ["connectionReuse", mark])
      assert.deepStrictEqual(rowOf(text, "bytes"), ["bytes", "✓"])
      assert.notInclude(text, "reason")
    }
  })

  it("fail for a broken guarantee of ours, with a reason in one line, and not for another transport's", () => {
    const text = rendered(
      { _tag: "Told", column: node, told: having("broken") },
      { _tag: "Told", column: plain, told: having("broken") }
    )
    assert.isTrue(Table.isBroken({ _tag: "Told", column: node, told: having("broken") }))
    for (const column of [plain, { ...node, away: true } as const]) {
      assert.isFalse(Table.isBroken({ _tag: "Told", column, told: having("broken") }))
    }
    assert.include(text, "- Node 24 `NodeTransport.layer()` breaks connectionReuse: a reason\n")
    assert.include(text, "- Bun `FetchHttpClient.layer` breaks connectionReuse: a reason")
  })

  it("count a failed login, a crashed program and a guarantee without a case as broken", () => {
    const failed: ReadonlyArray<Table.Found> = [
      { _tag: "Told", column: node, told: told({ login: "no response" }) },
      { _tag: "Failed", column: node, why: "exit code 1" },
      { _tag: "Told", column: node, told: told({ outcomes: told().outcomes.slice(1) }) }
    ]
    for (const found of failed) assert.isTrue(Table.isBroken(found), rendered(found))
    const [login, program, caseless] = failed.map((found) => rendered(found))
    assert.include(login, "breaks device login: no response")
    assert.include(program, "it broke down: exit code 1")
    assert.include(caseless, "breaks bytes: no case ran")
  })

  it("skip a missing runtime with its reason, and do not fail", () => {
    const found: Table.Found = { _tag: "Skipped", column: node, why: "no such package" }
    assert.isFalse(Table.isBroken(found))
    const text = rendered(found)
    for (const row of Table.rows) assert.deepStrictEqual(rowOf(text, row), [row, "skipped"])
    assert.include(text, "- Node 24 `NodeTransport.layer()`: skipped: no such package")
  })

  it("show that the herd shared one request, and fail if it did not (S8)", () => {
    const shared: Table.Herd = { runtimes: Herd.runtimes, skipped: [], requests: 1, tokens: 1, why: "" }
    const shown = (herd: Table.Herd) => Table.render([], new Map(), herd)
    assert.isFalse(Table.isHerdBroken(shared))
    assert.include(shown(shared), "✓ They sent 1 request in all")
    assert.notInclude(rendered(), "They sent")
    for (const change of [{ requests: 2 }, { requests: 0 }, { tokens: 2 }, { why: "a\nreason" }]) {
      const broken = { ...shared, ...change }
      assert.isTrue(Table.isHerdBroken(broken), JSON.stringify(change))
      assert.include(
        shown(broken),
        `✗ They sent ${broken.requests} requests, and got ${broken.tokens} different tokens.`
      )
    }
    assert.include(shown({ ...shared, why: "a\nreason" }), "different tokens. a reason")
    const without = shown({ ...shared, runtimes: ["Node 24", "Bun"], skipped: ["Deno"] })
    assert.include(without, "Four processes each of Node 24 and Bun had")
    assert.include(without, "- skipped: Deno")
    assert.include(Table.blockOf(document), Table.render([], new Map(), shared).split("\n\n").slice(-2).join("\n\n"))
  })

  it("replace only the text between the markers", () => {
    const before = "a\n\n<!-- runtimes -->\nold\n<!-- /runtimes -->\n\nb\n"
    const after = Table.replace(before, "new")
    assert.strictEqual(after, "a\n\n<!-- runtimes -->\n\nnew\n\n<!-- /runtimes -->\n\nb\n")
    assert.strictEqual(Table.replace(after, "new"), after)
    assert.throws(() => Table.replace("no marker", "new"), "<!-- runtimes -->")
  })
})
