import { assert, describe, it } from "@effect/vitest"
import { build } from "esbuild"

/** What Node loads when a program with this line starts, and what waits for an `import()`. */
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
  const chunks = new Set<string>()
  const builtins = new Set<string>()
  const visit = (path: string): void => {
    if (chunks.has(path)) return
    chunks.add(path)
    for (const { external, kind, path: next } of metafile.outputs[path]?.imports ?? []) {
      if (kind !== "import-statement") continue
      if (external === true) builtins.add(next)
      else visit(next)
    }
  }
  visit(start)
  const inputsOf = (path: string) => Object.keys(metafile.outputs[path]?.inputs ?? {})
  return {
    atOnce: [...chunks].flatMap(inputsOf),
    builtins: [...builtins],
    later: Object.keys(metafile.outputs).filter((path) => !chunks.has(path)).flatMap(inputsOf)
  }
}

const isOpener = (path: string): boolean => /node_modules\/open\//.test(path)

describe("a program with a session", () => {
  it.each([
    `import * as Node from "sso-oidc/node"; console.log(Node)`,
    `import * as NodeSession from "@sso-oidc/session/node/NodeSession"; console.log(NodeSession)`
  ])("loads what opens a browser, and an HTTP server, only when a login needs them: %s", async (line) => {
    const { atOnce, builtins, later } = await loading(line)
    assert.isTrue(atOnce.some((path) => path.endsWith("NodeSession.ts")))
    assert.deepStrictEqual(atOnce.filter(isOpener), [])
    assert.isTrue(later.some(isOpener))
    assert.include(builtins, "node:fs")
    assert.deepStrictEqual(
      builtins.filter((name) => /^(?:node:)?(?:https?2?|net|tls|child_process|readline)$/.test(name)),
      []
    )
  })

  it("loads none of Effect's services that read standard input", async () => {
    const { atOnce } = await loading(`import * as Node from "sso-oidc/node"; console.log(Node)`)
    assert.isTrue(atOnce.some((path) => path.includes("NodeFileSystem")))
    assert.deepStrictEqual(atOnce.filter((path) => /NodeTerminal|NodeStdio|NodeServices/.test(path)), [])
  })
})
