import { assert, describe, it } from "@effect/vitest"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import * as Effect from "effect/Effect"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { armedOnly, clients, modelled, table, walk, ways } from "./support/portalExceptions.ts"

const key = ({ exception, operation }: { readonly exception: string; readonly operation: string }) =>
  `${operation} ${exception}`

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

describe.each(ways.map((way) => [`${way.operation}, ${way.exception}: ${way.words}`, way] as const))("%s", (_, way) => {
  it.effect("has its own name, status and text for every client (E1, E2, E7)", () =>
    Effect.gen(function*() {
      const status = modelled.find((one) => key(one) === key(way))?.status ?? assert.fail(`no ${key(way)}`)
      const texts = new Set<string>()
      for (const [client, make] of clients) {
        const { message, requestId, ...rest } = yield* walk(way, make)
        assert.deepStrictEqual(rest, { exception: way.exception, status }, client)
        if (requestId !== undefined) assert.match(requestId, uuid, client)
        texts.add(message)
      }
      assert.deepStrictEqual([...texts], [way.message ?? [...texts][0]])
      assert.isFalse(texts.has(""))
    }))
})

describe("the exceptions of the portal", () => {
  it("ordinary requests reach every exception, except those that only a fault gives (E7)", () => {
    assert.sameMembers([...new Set([...ways, ...armedOnly].map(key))], modelled.map(key))
    for (const one of armedOnly) assert.isFalse(ways.map(key).includes(key(one)), key(one))
  })

  it.effect.each(modelled)(
    "$operation gives $exception to every client if it is armed (E3, E7)",
    (one) =>
      Effect.gen(function*() {
        for (const [client, make] of clients) {
          const shown = yield* Effect.gen(function*() {
            const emulator = yield* Emulator.Emulator
            yield* emulator.faults.arm({ _tag: "Exception", ...one, errorDescription: "as armed" })
            return yield* (yield* make)(one.operation, {})
          }).pipe(Effect.scoped, Effect.provide(EmulatorServer.layer(), { local: true }))
          assert.deepInclude(
            shown,
            { exception: one.exception, status: one.status, message: "as armed" },
            client
          )
        }
      })
  )

  it("the table in docs/emulator.md is the catalogue's table (E7)", () => {
    const document = join(import.meta.dirname, "../../../docs/emulator.md")
    const section = /<!-- portal exceptions -->\n\n([\s\S]*?)\n\n<!-- \/portal exceptions -->/
    const docs = readFileSync(document, "utf8")
    if (process.env["UPDATE"] !== undefined) {
      writeFileSync(
        document,
        docs.replace(section, () => `<!-- portal exceptions -->\n\n${table}\n\n<!-- /portal exceptions -->`)
      )
    }
    assert.strictEqual(section.exec(readFileSync(document, "utf8"))?.[1], table)
  })
})
