/**
 * README's programs with another transport or store: the line that names it, and its imports.
 */
import { tsc } from "@sso-oidc/test-kit/tsc"
import * as Effect from "effect/Effect"
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"

/** A layer as a reader of a README would write it. */
export interface Swapped {
  readonly name: string
  readonly imports: string
  /** The text in the parentheses of `Layer.provide(…)`. */
  readonly layer: string
}

/** A layer that a program names in one line. */
export interface Named {
  /** Where the program is, for an error. */
  readonly path: string
  /** The line that imports its module. It stays if another line needs it. */
  readonly imported: string
  readonly isImportKept: boolean
  /** What is before and after the layer in its line. */
  readonly before: string
  readonly layer: string
  readonly after: string
}

const root = join(import.meta.dirname, "../../../..")
const example = "packages/example-service/src/Session.ts"

const exampleTransport: Named = {
  path: example,
  imported: `import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"\n`,
  isImportKept: false,
  before: "  Layer.provide(",
  layer: "NodeTransport.layer()",
  after: ")\n"
}

/** The program with another layer. It fails if the program names its layer in more than one line. */
export const swap = (source: string, named: Named, swapped: Pick<Swapped, "imports" | "layer">): string => {
  const { after, before, imported, isImportKept, layer, path } = named
  const line = `${before}${layer}${after}`
  const parts = source.split(layer).length === 2 ? source.replace(imported, "\0").replace(line, "\0").split("\0") : []
  const [start, between, end, ...more] = parts
  if (start === undefined || between === undefined || end === undefined || more.length > 0) {
    throw new Error(`${path} does not name its layer ${layer} in one line`)
  }
  const imports = `${isImportKept ? imported : ""}${swapped.imports}\n`
  return `${start}${imports}${between}${before}${swapped.layer}${after}${end}`
}

/** The example with another transport. */
export const withTransport = (transport: Swapped): string =>
  swap(readFileSync(join(root, example), "utf8"), exampleTransport, transport)

/** Writes each program into its own file, compiles the files, and gives them with what `tsc` says. */
export const write = Effect.fnUntraced(function*(programs: ReadonlyArray<string>) {
  const parent = join(root, "packages/e2e/.swapped")
  mkdirSync(parent, { recursive: true })
  const folder = mkdtempSync(join(parent, "run-"))
  const files = programs.map((program, at) => {
    const file = join(folder, `Session${at}.ts`)
    writeFileSync(file, program)
    return file
  })
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({
      extends: "../../../../tsconfig.base.json",
      compilerOptions: {
        composite: false,
        incremental: false,
        noEmit: true,
        allowImportingTsExtensions: true,
        types: ["node"]
      },
      include: ["*.ts"]
    })
  )
  const { stdout } = yield* tsc(folder)
  return { folder, files, said: stdout }
})
