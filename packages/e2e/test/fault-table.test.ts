/**
 * Every fault, every operation, and what the user gets. `UPDATE=1` writes the table into the document.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Faulty from "@sso-oidc/testing/FaultyTransport"
import * as Effect from "effect/Effect"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { calls, faults, login, nameOf, plain, retried, table } from "./support/faultTable.ts"

const rows = Effect.forEach(
  faults.flatMap((fault) => calls.map((call) => ({ fault, call }))),
  (row) =>
    Effect.gen(function*() {
      return { ...row, plain: yield* plain(row.fault, row.call), retried: yield* retried(row.fault, row.call) }
    })
)

const logins = Effect.forEach(faults, (fault) =>
  Effect.gen(function*() {
    return { fault, pending: yield* login(fault, false), approved: yield* login(fault, true) }
  }))

const document = join(import.meta.dirname, "../../../docs/transports.md")
const section = /<!-- faults -->\n\n([\s\S]*?)\n\n<!-- \/faults -->/

describe("every fault, for every operation", () => {
  it("the table has a fault of every kind", () => {
    assert.sameMembers(
      [...new Set(faults.map(({ _tag }) => _tag))],
      Faulty.Fault.members.map((member) => member.fields._tag.schema.literal)
    )
  })

  it.effect("without a fault, every call gets its response with one request", () =>
    Effect.gen(function*() {
      for (const call of calls) {
        for (const run of [plain, retried]) {
          assert.deepStrictEqual(yield* run(Faulty.delay(0), call), { gets: "its response", arrived: 1 }, call.name)
        }
      }
    }))

  it.effect("a secret that works only once is sent again only if it did not arrive (C8)", () =>
    Effect.gen(function*() {
      for (const row of yield* rows) {
        const label = `${nameOf(row.fault)}, ${row.call.name}`
        if (row.call.once) assert.isAtMost(row.retried.arrived, Math.max(1, row.plain.arrived), label)
        if (row.plain.arrived > 0 && row.call.once) assert.deepStrictEqual(row.retried, row.plain, label)
      }
    }))

  it.effect("docs/transports.md has this table", () =>
    Effect.gen(function*() {
      const made = table(yield* rows, yield* logins)
      const docs = readFileSync(document, "utf8")
      if (process.env["UPDATE"] !== undefined) {
        writeFileSync(document, docs.replace(section, () => `<!-- faults -->\n\n${made}\n\n<!-- /faults -->`))
      }
      assert.strictEqual(section.exec(readFileSync(document, "utf8"))?.[1], made)
    }))
})
