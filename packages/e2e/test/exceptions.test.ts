import { assert, describe, it } from "@effect/vitest"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import * as Effect from "effect/Effect"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { official, ours, raw } from "./support/exceptionDrivers.ts"
import { type Armed, armed, modelled, runArmed, table, type Way, ways } from "./support/exceptions.ts"

const clients = [
  ["plain HTTP", raw],
  ["the official JavaScript client", official],
  ["our client", ours]
] as const

const key = ({ exception, operation }: { readonly exception: string; readonly operation: string }) =>
  `${operation} ${exception}`

/** The exception of the model that a way leads to. */
const modelOf = (way: Way | Armed) =>
  modelled.find((exception) => key(exception) === key(way)) ?? assert.fail(`the model has no ${key(way)}`)

describe.each(ways.map((way) => [`${way.operation}, ${way.exception}: ${way.words}`, way] as const))("%s", (_, way) => {
  it.effect("has its own name, code, status and text for every client (E1, E2, E3)", () =>
    Effect.gen(function*() {
      const { error, exception, status } = modelOf(way)
      const texts = new Set<string>()
      for (const [client, make] of clients) {
        const response = yield* Effect.flatMap(make, way.run).pipe(
          Effect.scoped,
          // a separate emulator for each client
          Effect.provide(EmulatorServer.layer(), { local: true })
        )
        if (response._tag === "Success") return assert.fail(`${client}: nothing failed`)
        const { errorDescription = "", requestId = "", ...rest } = response
        assert.deepStrictEqual(rest, { _tag: "Exception", exception, error, status, reason: undefined }, client)
        assert.match(requestId, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, client)
        assert.notStrictEqual(errorDescription, "", client)
        texts.add(errorDescription)
      }
      assert.strictEqual(texts.size, 1, [...texts].join(" / "))
      if (way.errorDescription !== undefined) assert.isTrue(texts.has(way.errorDescription), [...texts].join())
    }))
})

describe.each(armed.map((entry) => [`${entry.operation}, ${entry.exception} ${entry.reason ?? ""}`, entry] as const))(
  "%s, armed",
  (_, entry) => {
    it.effect("has its own name, code, status, text and reason for every client (E1, E2, E3)", () =>
      Effect.gen(function*() {
        const { error, exception, status } = modelOf(entry)
        const errorDescription = "as armed"
        for (const [client, make] of clients) {
          const response = yield* Effect.flatMap(make, (driver) => runArmed(driver, entry, errorDescription)).pipe(
            Effect.scoped,
            Effect.provide(EmulatorServer.layer(), { local: true })
          )
          if (response._tag === "Success") return assert.fail(`${client}: nothing failed`)
          const { requestId = "", ...rest } = response
          assert.deepStrictEqual(
            rest,
            { _tag: "Exception", exception, error, errorDescription, status, reason: entry.reason },
            client
          )
          assert.match(requestId, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, client)
        }
      }))
  }
)

describe("the catalogue of exceptions", () => {
  it("ordinary requests reach every exception of the model, except the service's own failure (E3)", () => {
    assert.deepStrictEqual(
      modelled.map(key).filter((exception) => !ways.map(key).includes(exception)),
      modelled.filter(({ exception }) => exception === "InternalServerException").map(key)
    )
  })

  it("every exception of the model is reached or armed, and no other (E3)", () => {
    assert.deepStrictEqual(
      [...new Set([...ways, ...armed].map(key))].sort(),
      modelled.map(key).sort()
    )
  })

  it("the table in docs/emulator.md is the catalogue's table (E3)", () => {
    const docs = readFileSync(join(import.meta.dirname, "../../../docs/emulator.md"), "utf8")
    const [, found] = /<!-- exceptions -->\n\n([\s\S]*?)\n\n<!-- \/exceptions -->/.exec(docs) ?? []
    assert.strictEqual(found, table)
  })
})
