import { assert, beforeAll, describe, it } from "@effect/vitest"
import { command, install, manifestOf, published, root } from "@sso-oidc/test-kit/packed"
import { compile } from "@sso-oidc/test-kit/tsc"
import * as Effect from "effect/Effect"
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { membersIn } from "../support/members.ts"
import * as PublicSurface from "../support/publicSurface.ts"
import { esbuildLoads, nodeLoads, publicModulesOf, spellings } from "../support/spellings.ts"

const read = (file: string): string => readFileSync(file, "utf8")

/** The lines of some files that match a pattern. */
const linesWith = (pattern: RegExp, files: ReadonlyArray<string>): ReadonlyArray<string> =>
  files.flatMap((file) => read(file).split("\n").filter((line) => pattern.test(line)).map((line) => `${file}: ${line}`))

/** The modules that a package exports. The barrel's name is the empty text. The front door has none. */
const modulesOf = (of: string): ReadonlyArray<string> => [
  ...("." in manifestOf(of).exports ? [""] : []),
  ...publicModulesOf(of)
]

// a user's options, and not the workspace's: strict, and without a check of other libraries' declarations
const config = {
  compilerOptions: {
    target: "ES2022",
    lib: ["ES2022", "DOM", "DOM.Iterable", "ESNext.Disposable"],
    module: "NodeNext",
    strict: true,
    exactOptionalPropertyTypes: true,
    declaration: true,
    skipLibCheck: true,
    rootDir: ".",
    outDir: "declared",
    types: []
  },
  include: ["*.ts"]
}

/** The values that modules export, as a program sees them at run time. */
const exportsOf = (folder: string, specifiers: ReadonlyArray<string>) => {
  const program = `
    const found = {}
    for (const specifier of ${JSON.stringify(specifiers)}) found[specifier] = Object.keys(await import(specifier))
    console.log(JSON.stringify(found))
  `
  return Effect.map(
    command(process.execPath, ["--input-type=module", "-e", program], folder),
    (text): Readonly<Record<string, ReadonlyArray<string>>> => JSON.parse(text)
  )
}

describe("the packed packages, installed without a network", () => {
  let folder = ""
  let uses: ReadonlyMap<PublicSurface.Module, PublicSurface.Use> = new Map()
  const compiled = (project: string) => compile(join(folder, project))
  const installed = (name: string) => join(folder, "node_modules", name)

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "sso-oidc-packed-"))
    await Effect.runPromise(install(folder))
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config))
    uses = PublicSurface.write(folder)
    return () => rmSync(folder, { recursive: true, force: true })
  }, 240_000)

  it.live("are used completely by the program of these tests (C3)", () =>
    Effect.gen(function*() {
      const modules = published.flatMap((of) => modulesOf(of).map((module) => join(manifestOf(of).name, module)))
      assert.sameMembers([...uses.keys()].map(({ specifier }) => specifier), modules)
      const found = yield* exportsOf(folder, [...uses.keys()].map(({ specifier }) => specifier))
      for (const [{ specifier }, { names, program }] of uses) {
        assert.includeMembers([...names], [...found[specifier] ?? []], specifier)
        for (const name of found[specifier] ?? []) assert.match(program, new RegExp(`\\bM\\.${name}\\b`), specifier)
      }
    }), 120_000)

  it.live(
    "name only public modules, and no any, in the declarations of a program that uses all of them (C3)",
    () =>
      Effect.gen(function*() {
        for (const example of ["example-service/src/Session.ts", "example-serverless/src/Logins.ts"]) {
          cpSync(join(root, "packages", example), join(folder, example.replaceAll("/", "_")))
        }
        yield* compiled("tsconfig.json")
        const declared = globSync("declared/*.d.ts", { cwd: folder }).map((file) => join(folder, file))
        assert.strictEqual(declared.length, uses.size + 2)
        assert.deepStrictEqual(linesWith(/\/internal\//, declared), [])
        assert.deepStrictEqual(linesWith(/\bany\b/, declared), [])
        // a missing module is any for the users of the program, and an error only if libraries are checked. The libraries of
        // TypeScript itself need no check
        const checked = { skipLibCheck: false, skipDefaultLibCheck: true }
        const compilerOptions = { ...config.compilerOptions, ...checked, rootDir: undefined, noEmit: true }
        const again = { compilerOptions, include: ["declared/*.d.ts"], exclude: [] }
        writeFileSync(join(folder, "tsconfig.declared.json"), JSON.stringify(again))
        yield* compiled("tsconfig.declared.json")
      }),
    60_000
  )

  it("declare nothing in a public module by a type of an internal module (C3)", () => {
    const declarations = published.flatMap((of) =>
      modulesOf(of).map((module) => installed(`${manifestOf(of).name}/dist/${module || "index"}.d.ts`))
    )
    // a reference declares nothing: it makes the modules of the front door available
    const reference = /^\/\/\/ <reference path="(?:\.\.\/)?internal\/names\.d\.ts" preserve="true" \/>$/
    const found = linesWith(/^(?! *\*).*internal\//, declarations)
    assert.deepStrictEqual(found.filter((line) => !reference.test(line.slice(line.indexOf(": ") + 2))), [])
  })

  it("have a comment that an editor shows on hover, on each member of each exported type", () => {
    const all = [...uses]
    assert.isAbove(all.reduce((sum, [, { members }]) => sum + members, 0), 1000)
    assert.deepStrictEqual(
      all.flatMap(([{ specifier }, { undocumented }]) => undocumented.map((member) => `${specifier}: ${member}`)),
      []
    )
  })

  it("have a comment on each member that a file of declarations has", () => {
    const members = published.flatMap((of) =>
      modulesOf(of).flatMap((module) => {
        const file = `${manifestOf(of).name}/dist/${module || "index"}.d.ts`
        return membersIn(file, read(installed(file))).map((member) => ({ ...member, file }))
      })
    )
    assert.isAbove(members.length, 500)
    assert.deepStrictEqual(
      members.filter(({ isDocumented }) => !isDocumented).map(({ file, line, name }) => `${file}:${line} ${name}`),
      []
    )
  })

  it.live("let no spelling reach an internal module (C3)", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* nodeLoads(folder, spellings), [])
      assert.deepStrictEqual(yield* esbuildLoads(folder), [])
    }), 120_000)
})

describe("the members of a file of declarations", () => {
  it("are found in interfaces, type literals, classes and the arguments of types, each with or without its comment", () => {
    const source = `
      export interface A {
        /** The first. */
        readonly first: string
        second(): void
        /** @since 0.1.0 */
        readonly third: string
      }
      /** Not the comment of a member. */
      export type B = { readonly fourth: string }
      declare const C_base: Base<{
        /** The fifth. */
        readonly fifth: string
        readonly "sixth": string
      }>
      export declare class C extends C_base {
        constructor(options: { seventh: string })
        static readonly eighth: string
        /** The ninth. */
        ninth(): void
      }
    `
    const members = membersIn("a.d.ts", source)
    assert.deepStrictEqual(members.filter(({ isDocumented }) => isDocumented).map(({ name }) => name), [
      "first",
      "fifth",
      "ninth"
    ])
    assert.deepStrictEqual(
      members.filter(({ isDocumented }) => !isDocumented).map(({ line, name }) => `${line} ${name}`),
      ["5 second", "7 third", "10 fourth", "14 \"sixth\"", "17 seventh", "18 eighth"]
    )
  })
})
