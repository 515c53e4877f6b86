import { assert, beforeAll, describe, it } from "@effect/vitest"
import * as Child from "@sso-oidc/test-kit/child"
import { commands, readManifest, root } from "@sso-oidc/test-kit/packed"
import * as Effect from "effect/Effect"
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { publint } from "publint"
import { bundle, librariesOf } from "../build/bundle.ts"

const folder = join(root, "packages/cli")

describe("the command as one file", () => {
  let made: Awaited<ReturnType<typeof bundle>>
  let work = ""

  beforeAll(async () => {
    made = await bundle()
    work = mkdtempSync(join(tmpdir(), "sso-oidc-command-"))
    mkdirSync(join(work, "dist"))
    writeFileSync(join(work, "dist/sso-oidc.mjs"), made.code, { mode: 0o755 })
    writeFileSync(join(work, "dist/LICENSES.txt"), made.licences)
    return () => rmSync(work, { recursive: true, force: true })
  })

  /** Runs the one file with a home of its own, and lists what ran in it. */
  const covered = (...args: ReadonlyArray<string>) =>
    Effect.gen(function*() {
      const home = yield* Child.folder
      const coverage = join(home, "coverage")
      mkdirSync(join(home, ".aws"))
      writeFileSync(
        join(home, ".aws/config"),
        "[sso-session corp]\nsso_start_url = https://corp.awsapps.com/start\nsso_region = eu-west-1\n"
      )
      const { ended } = yield* Child.run(process.execPath, {
        args: [join(work, "dist/sso-oidc.mjs"), ...args],
        env: { HOME: home, NODE_V8_COVERAGE: coverage, NODE_COMPILE_CACHE: "" },
        input: ""
      })
      const { code } = yield* ended
      const [file = ""] = readdirSync(coverage)
      const { result }: {
        readonly result: ReadonlyArray<{
          readonly url: string
          readonly functions: ReadonlyArray<{
            readonly ranges: ReadonlyArray<{
              readonly startOffset: number
              readonly endOffset: number
              readonly count: number
            }>
          }>
        }>
      } = JSON.parse(readFileSync(join(coverage, file), "utf8"))
      const functions = result.find(({ url }) => url.endsWith("/sso-oidc.mjs"))?.functions ?? []
      /** Whether the innermost function around a text has run. */
      const hasRun = (text: string): boolean => {
        const at = made.code.indexOf(text)
        assert.isAbove(at, 0, text)
        assert.strictEqual(made.code.indexOf(text, at + 1), -1, text)
        const around = functions.flatMap(({ ranges }) => ranges)
          .filter(({ endOffset, startOffset }) => startOffset <= at && at < endOffset)
          .toSorted((one, other) => (one.endOffset - one.startOffset) - (other.endOffset - other.startOffset))
        return (around[0]?.count ?? 0) > 0
      }
      return { code, hasRun }
    })

  it("is the only package without modules, and needs no other package", () => {
    assert.deepStrictEqual(commands, ["cli"])
    const { bin, dependencies, files, publishConfig, version } = readManifest(folder)
    assert.deepStrictEqual(bin, { "sso-oidc": "./src/bin.ts" })
    assert.deepStrictEqual(publishConfig.bin, { "sso-oidc": "./dist/sso-oidc.mjs" })
    assert.deepStrictEqual(files, ["dist/sso-oidc.mjs", "dist/LICENSES.txt"])
    assert.isUndefined(dependencies)
    assert.include(readFileSync(join(folder, "src/Version.ts"), "utf8"), `"${version}"`)
    const [output] = Object.values(made.metafile.outputs)
    assert.deepStrictEqual(output?.imports, [])
    assert.match(made.code, /^#!\/usr\/bin\/env node\n/)
  })

  it.live("passes publint --strict", () =>
    Effect.promise(async () => {
      cpSync(join(folder, "package.json"), join(work, "package.json"))
      const { messages } = await publint({ pkgDir: work, strict: true, pack: false })
      assert.deepStrictEqual(messages, [])
    }))

  it("has the licence of each library in it, and each of them allows that", () => {
    const libraries = librariesOf(made.metafile)
    assert.includeMembers(libraries.map(({ name }) => name), ["effect", "open", "uqr", "@noble/hashes"])
    for (const { licence, name, text, version } of libraries) {
      assert.match(licence, /^(?:MIT|ISC|BSD-[23]-Clause|Apache-2\.0)$/, name)
      assert.match(text, /Permission|Redistribution|Licensed/, `${name} has no text of its licence`)
      assert.include(made.licences, `${name} ${version} (${licence})`)
      assert.include(made.licences, text.replace(/\r\n/g, "\n").trim())
    }
    assert.include(made.licences, readFileSync(join(root, "LICENSE"), "utf8").trim())
    assert.notInclude(made.code + made.licences, root)
  })

  // the other commands load what credentials loads, and status loads less
  it.live.each([
    "status",
    "credentials --account 111122223333 --role ReadOnly"
  ])("loads neither the browser opener nor the listener in `%s` (K8)", (line) =>
    Effect.gen(function*() {
      const { code, hasRun } = yield* covered("--sso-session", "corp", ...line.split(" "))
      assert.strictEqual(code, 1)
      // texts that no other module has
      assert.isFalse(hasRun("the program that opens URLs is not there"))
      assert.isFalse(hasRun("this machine has no address 127.0.0.1"))
      assert.isTrue(hasRun("Log in to AWS with IAM Identity Center, and give"))
    }).pipe(Effect.scoped))
})
