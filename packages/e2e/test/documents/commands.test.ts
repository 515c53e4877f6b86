import { assert, describe, it } from "@effect/vitest"
import { root } from "@sso-oidc/test-kit/packed"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import {
  documents,
  isForElsewhere,
  linesOf,
  ofWorkspace,
  outsideBlocks,
  strangers,
  strangersIn,
  texts
} from "../support/commands.ts"

const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))

describe("the texts of this project", () => {
  it("do not lead a reader to a package of ours on a registry", () => {
    assert.isAbove(texts.length, 300)
    for (const path of ["README.md", "packages/emulator/src/bin.ts", "packages/demo/src/main.ts"]) {
      assert.include(texts, path)
    }
    assert.deepStrictEqual(strangersIn(texts), [])
  })

  it.each([
    "npx @sso-oidc/emulator     # in this repository: pnpm emulator",
    "npx --yes @sso-oidc/emulator@latest --port 8484",
    "npx sso-oidc-emulator",
    "npx -p @sso-oidc/emulator sso-oidc-emulator",
    "npx --package=@sso-oidc/emulator -- sso-oidc-emulator",
    "npx sso-oidc",
    "npx --yes pnpm@12.21.0 add @sso-oidc/core",
    "npx --yes pnpm@12.21.0 dlx @sso-oidc/emulator",
    "npm i @sso-oidc/core",
    "npm install effect@~4.1.0 \\\n  '@sso-oidc/core@^0.1.0'",
    "npm install \\\n *   @sso-oidc/core",
    "npm exec @sso-oidc/emulator",
    "npm i core@npm:@sso-oidc/core",
    "npm create @sso-oidc/app",
    "npm create sso-oidc",
    "npm init @sso-oidc",
    "npm i create-sso-oidc",
    "pnpm add -D @sso-oidc/testing",
    "pnpm create @sso-oidc",
    "yarn dlx @sso-oidc/emulator",
    "yarn add @sso-oidc/core",
    "bun add @sso-oidc/core",
    "bunx @sso-oidc/emulator",
    "bun x sso-oidc-emulator",
    "deno add npm:@sso-oidc/core",
    "deno run -A npm:@sso-oidc/emulator",
    "deno add jsr:@sso-oidc/core",
    "Run `npx @sso-oidc/emulator` first, then `pnpm test`.",
    "Run \"npm i sso-oidc\" and try again.",
    "import { login } from \"npm:@sso-oidc/device-grant\"",
    "import { login } from \"https://esm.sh/@sso-oidc/device-grant@0.1.0\"",
    "<script src=\"https://cdn.jsdelivr.net/npm/@sso-oidc/core\"></script>",
    "\"dependencies\": { \"@sso-oidc/core\": \"^0.1.0\" }",
    "\"dependencies\": { \"sso-oidc\": \"latest\" }"
  ])("would fail this check with: %s", (text) => {
    assert.notDeepEqual(strangers(text), [])
  })

  it.each([
    "pnpm emulator --port 0",
    "npx --yes pnpm@12.21.0 demo",
    "npm install effect@~4.1.0 ../sso-oidc/tarballs/sso-oidc-core-0.1.0.tgz",
    "npm install file:../sso-oidc/tarballs/sso-oidc-core-0.1.0.tgz",
    "node_modules/.bin/sso-oidc-emulator",
    "npx --yes pnpm@12.21.0 --filter @sso-oidc/core pack",
    "`pnpm test:runtimes` holds every transport to the contract of `@sso-oidc/testing`",
    "\"dependencies\": { \"@sso-oidc/core\": \"workspace:^\" }",
    "import { login } from \"@sso-oidc/device-grant\""
  ])("may say: %s", (text) => {
    assert.deepStrictEqual(strangers(text), [])
  })
})

describe("the commands of the documents", () => {
  const lines = documents.flatMap((path) => linesOf(path).map((line) => [path, line] as const))
  const ours = lines.flatMap(([path, line]) => {
    const words = ofWorkspace(line)
    return words === undefined ? [] : [[`${path}: ${line}`, words] as const]
  })

  it.each(ours)("%s is a script of the workspace, or runs a program that it has", (_, [first = "", second = ""]) => {
    if (first === "install") assert.strictEqual(second, "")
    else if (first === "exec") assert.isTrue(existsSync(join(root, "node_modules/.bin", second)), second)
    else assert.property(scripts, first)
  })

  it("are in shell blocks if they are for another project, where a test runs them", () => {
    assert.isAbove(ours.length, 8)
    assert.isAbove(lines.filter(([, line]) => isForElsewhere(line)).length, 3)
    assert.deepStrictEqual(documents.flatMap((path) => outsideBlocks(path)), [])
  })
})
