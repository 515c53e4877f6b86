import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { globSync } from "node:fs"
import { join } from "node:path"
import { pathToFileURL } from "node:url"

const packages = join(import.meta.dirname, "../../..")

// every module of every package that users have, except programs, which run when they are imported
const modules = globSync("*/src/**/*.ts", { cwd: packages }).filter((path) =>
  !/(bin|main|index)\.ts$|^(demo|example|test-kit)|\/internal\//.test(path)
)

type ErrorSchema = Schema.Codec<Error, unknown>

const isErrorSchema = (u: unknown): u is ErrorSchema =>
  Schema.isSchema(u) && typeof u === "function" && u.prototype instanceof Error

const loaded = await Promise.all(
  modules.sort().map(async (path): Promise<ReadonlyArray<readonly [string, ErrorSchema]>> => {
    const module: object = await import(pathToFileURL(join(packages, path)).href)
    return Object.entries(module).flatMap(([name, value]) => isErrorSchema(value) ? [[name, value] as const] : [])
  })
)

const errors = loaded.flat()

/** The secrets that a value holds, at any depth. */
const secretsIn = (value: unknown, seen = new Set<unknown>()): ReadonlyArray<string> => {
  if (!Predicate.isObject(value) || seen.has(value)) return []
  seen.add(value)
  if (Redacted.isRedacted(value)) return [String(Redacted.value(value))]
  return Object.values(value).flatMap((member) => secretsIn(member, seen))
}

// too long to stand in a marker or a name by chance
const planted = "planted-secret-0123456789"

/** The error with a secret in place of each `Redacted` that it holds. */
const plant = (error: Error): Error => {
  const put = (value: unknown): unknown =>
    Redacted.isRedacted(value)
      ? Redacted.make(planted, { label: value.label })
      : value instanceof Error
      ? plant(value)
      : value
  // `message` and `cause` are members of an error that are not enumerable
  const names = Object.getOwnPropertyNames(error).filter((name) => name !== "stack")
  const members = Object.fromEntries(names.map((name) => [name, put(Reflect.get(error, name))]))
  return Reflect.construct(error.constructor, [members])
}

describe("the encoded form of every error (C6)", () => {
  it("includes the errors of core and of the device grant", () => {
    const names = errors.map(([name]) => name)
    for (const name of ["UnexpectedResponse", "TransportError", "InvalidGrantException", "TokenPossiblyLost"]) {
      assert.include(names, name)
    }
    assert.isAtLeast(new Set(errors.map(([, schema]) => schema)).size, 20)
  })

  for (const [name, schema] of errors) {
    // made once for all runs, because to make them takes longer than to encode
    const encode = Schema.encodeEffect(schema)
    const encodeJson = Schema.encodeEffect(Schema.toCodecJson(schema))
    const encodeExit = Schema.encodeEffect(Schema.toCodecJson(Schema.Exit(Schema.Void, schema, Schema.Defect())))
    it.effect.prop(
      `${name} holds no secret of the error, by itself or in an Exit (C6)`,
      [schema],
      ([made]) =>
        Effect.gen(function*() {
          const error = plant(made)
          for (const secret of secretsIn(error)) assert.strictEqual(secret, planted)
          const texts = [
            JSON.stringify(yield* encode(error)),
            JSON.stringify(yield* encodeJson(error)),
            JSON.stringify(yield* encodeExit(Exit.fail(error)))
          ]
          for (const text of texts) assert.notInclude(text, planted)
        })
    )
  }
})
