import { assert, describe, it } from "@effect/vitest"
import { build } from "esbuild"

/** The modules that Node loads when a program with this line starts, and those that wait for an `import()`. */
const loading = async (line: string) => {
  const { metafile } = await build({
    stdin: { contents: line, resolveDir: import.meta.dirname, loader: "ts" },
    bundle: true,
    splitting: true,
    treeShaking: false,
    format: "esm",
    platform: "node",
    outdir: "chunks",
    write: false,
    metafile: true,
    logLevel: "error"
  })
  const start = Object.entries(metafile.outputs).find(([, { entryPoint }]) => entryPoint === "<stdin>")?.[0] ?? ""
  const atOnce = new Set<string>()
  const visit = (path: string): void => {
    if (atOnce.has(path)) return
    atOnce.add(path)
    for (const { kind, path: next } of metafile.outputs[path]?.imports ?? []) {
      if (kind === "import-statement") visit(next)
    }
  }
  visit(start)
  const inputsOf = (path: string) => Object.keys(metafile.outputs[path]?.inputs ?? {})
  return {
    atOnce: [...atOnce].flatMap(inputsOf),
    later: Object.keys(metafile.outputs).filter((path) => !atOnce.has(path)).flatMap(inputsOf)
  }
}

const isOfLogin = (path: string): boolean => /\/open\/|LoopbackCallback|callbackPage|callbackRequest/.test(path)

describe("a program with a session", () => {
  it.each([
    `import * as Node from "sso-oidc/node"; console.log(Node)`,
    `import * as NodeSession from "@sso-oidc/session/node/NodeSession"; console.log(NodeSession)`
  ])("loads what opens a browser and what listens for it only when a login needs them: %s (K8)", async (line) => {
    const { atOnce, later } = await loading(line)
    assert.isTrue(atOnce.some((path) => path.endsWith("NodeSession.ts")))
    assert.deepStrictEqual(atOnce.filter(isOfLogin), [])
    assert.isTrue(later.some((path) => path.endsWith("LoopbackCallback.ts")))
    assert.isTrue(later.some((path) => /node_modules\/open\//.test(path)))
  })

  it("loads none of Effect's services that read standard input", async () => {
    const { atOnce } = await loading(`import * as Node from "sso-oidc/node"; console.log(Node)`)
    assert.isTrue(atOnce.some((path) => path.includes("NodeFileSystem")))
    assert.deepStrictEqual(atOnce.filter((path) => /NodeTerminal|NodeStdio|NodeServices/.test(path)), [])
  })
})
