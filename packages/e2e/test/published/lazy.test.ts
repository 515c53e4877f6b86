import { assert, describe, it } from "@effect/vitest"
import { root } from "@sso-oidc/test-kit/packed"
import { build } from "esbuild"
import { join } from "node:path"

/** The modules that a program loads with these modules, and those that it loads later. */
const loads = async (...modules: ReadonlyArray<string>) => {
  const { metafile } = await build({
    stdin: {
      contents: modules.map((module) => `export * as ${/\w+$/.exec(module)?.[0]} from "${module}"`).join("\n"),
      resolveDir: import.meta.dirname
    },
    absWorkingDir: root,
    bundle: true,
    format: "esm",
    platform: "node",
    external: ["open"],
    write: false,
    metafile: true,
    outfile: join(root, "bundle.mjs"),
    logLevel: "error"
  })
  const imports = Object.values(metafile.inputs).flatMap((input) => input.imports)
  const pathsOf = (isLater: boolean) =>
    new Set(imports.filter(({ kind }) => (kind === "dynamic-import") === isLater).map(({ path }) => path))
  return { atOnce: pathsOf(false), later: pathsOf(true) }
}

describe("what a login needs is loaded by the first login", () => {
  it("the opener of browsers, and the server that listens", async () => {
    const { atOnce, later } = await loads(
      "@sso-oidc/session/node/LoopbackCallback",
      "@sso-oidc/session/node/SystemBrowser"
    )
    for (const one of ["open", "node:http"]) {
      assert.isTrue(later.has(one), one)
      assert.isFalse(atOnce.has(one), one)
    }
    // the check sees what is loaded at once
    assert.isTrue(atOnce.has("node:tty"))
  })
})
