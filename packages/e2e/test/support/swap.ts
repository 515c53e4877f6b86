/**
 * README's example with another transport: the line that names the transport, and its imports.
 */
import { spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"

/** A transport as a reader of README would write it. */
export interface Transport {
  readonly name: string
  readonly imports: string
  /** The text in `Layer.provide(…)`. */
  readonly layer: string
}

const root = join(import.meta.dirname, "../../../..")
const example = "packages/example-service/src/Session.ts"
const imported = `import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"\n`
const line = "  Layer.provide(NodeTransport.layer())\n"

/** The example with another transport. It fails if the example names its transport in more than one line. */
export const swapped = (transport: Transport): string => {
  const source = readFileSync(join(root, example), "utf8")
  const [before, between, after, ...more] = source.split("NodeTransport.layer()").length === 2
    ? source.replace(imported, "\0").replace(line, "\0").split("\0")
    : []
  if (before === undefined || between === undefined || after === undefined || more.length > 0) {
    throw new Error(`${example} does not name its transport in one line`)
  }
  return `${before}${transport.imports}\n${between}  Layer.provide(${transport.layer})\n${after}`
}

/** Writes each example into its own file, compiles the files, and gives them with what `tsc` says. */
export const write = (transports: ReadonlyArray<Transport>) => {
  const parent = join(root, "packages/e2e/.swapped")
  mkdirSync(parent, { recursive: true })
  const folder = mkdtempSync(join(parent, "run-"))
  const files = transports.map((transport, at) => {
    const file = join(folder, `Session${at}.ts`)
    writeFileSync(file, swapped(transport))
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
  const { stdout } = spawnSync(join(root, "node_modules/.bin/tsc"), ["-p", folder], { encoding: "utf8" })
  return { folder, files, said: stdout }
}
