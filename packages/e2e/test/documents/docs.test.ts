import { assert, describe, it } from "@effect/vitest"
import * as ClientError from "@sso-oidc/core/aws/ClientError"
import * as SsoOidcError from "@sso-oidc/core/SsoOidcError"
import * as DeviceGrantError from "@sso-oidc/device-grant/DeviceGrantError"
import { spawnSync } from "node:child_process"
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"

const root = join(import.meta.dirname, "../../../..")
const read = (path: string) => readFileSync(join(root, path), "utf8")

const blocks = (text: string): ReadonlyArray<string> =>
  [...text.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, code]) => code ?? "")

/** The examples in a module's comments. */
const examples = (source: string): ReadonlyArray<string> =>
  blocks(
    [...source.matchAll(/^ *\/\*\*[\s\S]*?\*\//gm)].map(([comment]) => comment.replace(/^ *\* ?/gm, "")).join("\n")
  )

describe("docs", () => {
  it("README has the example packages, word for word", () => {
    const code = [
      "example-login/src/main.ts",
      "example-service/src/Session.ts",
      "example-swapped-transport/test/login.test.ts",
      "example-serverless/src/handler.ts"
    ].map((path) => read(`packages/${path}`))
    assert.deepStrictEqual(blocks(read("README.md")), code)
  })

  it("every example in the docs, the READMEs and the comments compiles", { timeout: 60_000 }, () => {
    const folder = join(import.meta.dirname, "../../.snippets")
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder)
    const sources = globSync(["docs/*.md", "README.md", "packages/*/README.md", "packages/*/src/**/*.ts"], {
      cwd: root
    })
    let count = 0
    for (const path of sources.sort()) {
      const found = path.endsWith(".md") ? blocks(read(path)) : examples(read(path))
      found.forEach((code, at) => {
        count++
        writeFileSync(join(folder, `${path.replaceAll(/[/.]/g, "_")}_${at}.ts`), code)
      })
    }
    assert.isAbove(count, 20)
    writeFileSync(
      join(folder, "tsconfig.json"),
      JSON.stringify({
        extends: "../../../tsconfig.base.json",
        compilerOptions: {
          composite: false,
          incremental: false,
          noEmit: true,
          noUnusedLocals: false,
          noUnusedParameters: false,
          allowImportingTsExtensions: true,
          types: ["node"]
        },
        include: ["*.ts"]
      })
    )
    const { status, stdout } = spawnSync(join(root, "node_modules/.bin/tsc"), ["-p", folder], { encoding: "utf8" })
    assert.strictEqual(status, 0, stdout)
    rmSync(folder, { recursive: true })
  })

  // a tool that adds an import may place it inside an example, where it still compiles
  it("every line of a comment begins with its star", () => {
    for (const path of globSync("packages/*/src/**/*.ts", { cwd: root })) {
      for (const [comment] of read(path).matchAll(/^ *\/\*\*[\s\S]*?\*\//gm)) {
        for (const line of comment.split("\n").slice(1)) assert.match(line, /^ *\*/, path)
      }
    }
  })

  it("docs/errors.md lists every error class", () => {
    const docs = read("docs/errors.md")
    for (const name of [...Object.keys(SsoOidcError), ...Object.keys(ClientError), ...Object.keys(DeviceGrantError)]) {
      if (name !== "Problem") assert.include(docs, `\`${name}\``)
    }
    for (const problem of ClientError.Problem.literals) assert.include(docs, `\`${problem}\``)
  })

  it("links between the documents lead somewhere", () => {
    for (const path of globSync(["README.md", "docs/*.md", "packages/*/README.md"], { cwd: root })) {
      for (const [, target = ""] of read(path).matchAll(/\]\((?!https?:)([^)#]*)(?:#[^)]*)?\)/g)) {
        if (target === "") continue
        const there = new URL(target, `file:///${path}`).pathname.slice(1)
        assert.doesNotThrow(() => read(there), `${path} → ${target}`)
      }
    }
  })
})
