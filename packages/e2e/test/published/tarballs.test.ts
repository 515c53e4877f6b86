import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core"
import { problemKindInfo } from "@arethetypeswrong/core/problems"
import { assert, beforeAll, describe, it } from "@effect/vitest"
import * as Child from "@sso-oidc/test-kit/child"
import { command, manifestOf, packOnce, published, root } from "@sso-oidc/test-kit/packed"
import * as QuickFolder from "@sso-oidc/test-kit/quickFolder"
import * as Tarballs from "@sso-oidc/test-kit/tarballs"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { basename, join } from "node:path"
import { publint } from "publint"
import { formatMessage } from "publint/utils"
import { documents, isForElsewhere, linesOf } from "../support/commands.ts"
import * as Registry from "../support/registry.ts"
import * as Shell from "../support/shell.ts"

const names = published.map((folder) => manifestOf(folder).name)

const bytesOf = (tarball: string): Uint8Array<ArrayBuffer> => Uint8Array.from(readFileSync(tarball))

// Both run in this process, because each of their programs takes longer to start than to check a tarball.

/** What `publint --strict` says about a tarball. */
const publintSays = (tarball: string) =>
  Effect.promise(async () => {
    const { messages, pkg } = await publint({ pack: { tarball: bytesOf(tarball).buffer }, strict: true })
    return messages.map((message) => formatMessage(message, { ...pkg }, { color: false }))
  })

/** The manifest of a tarball, and its other files by path. */
const contentOf = (tarball: string) => {
  const unpacked = createPackageFromTarballData(bytesOf(tarball))
  const manifest = `/node_modules/${unpacked.packageName}/package.json`
  const others = unpacked.listFiles().filter((path) => path !== manifest).sort()
  const files = new Map(others.map((path) => [path, unpacked.readFile(path)]))
  return { manifest: unpacked.readFile(manifest), files }
}

// the profile esm-only of its program
const ignored: ReadonlyArray<string> = ["node10", "node16-cjs"]

/** What `attw` says about a tarball with the profile esm-only. */
const attwSays = (tarball: string) =>
  Effect.promise(async () => {
    const analysis = await checkPackage(createPackageFromTarballData(bytesOf(tarball)))
    if (analysis.types === false) return ["No types"]
    return analysis.problems
      .filter((problem) => !("resolutionKind" in problem && ignored.includes(problem.resolutionKind)))
      .map((problem) => `${problemKindInfo[problem.kind].title}: ${JSON.stringify(problem)}`)
  })

describe("the packed packages", () => {
  let work = ""
  let released: ReadonlyMap<string, string> = new Map()
  let byFile: ReadonlyMap<string, string> = new Map()

  beforeAll(async () => {
    const scope = await Effect.runPromise(Scope.make())
    work = await Effect.runPromise(Scope.provide(QuickFolder.folder, scope))
    released = await Effect.runPromise(packOnce(join(work, "released")))
    byFile = await Effect.runPromise(Tarballs.nameByFile(released, join(work, "sso-oidc/tarballs")))
    return () => Effect.runPromise(Scope.close(scope, Exit.void))
  }, 240_000)

  const tarballOf = (name: string, all = released): string => all.get(name) ?? ""

  /** A package that is changed after it was packed. */
  const spoiled = (name: string, spoil: (folder: string) => void) =>
    Effect.gen(function*() {
      const folder = yield* Child.folder
      yield* command("tar", ["-xzf", tarballOf(name), "-C", folder], folder)
      spoil(join(folder, "package"))
      yield* command("tar", ["-czf", "spoiled.tgz", "package"], folder)
      return join(folder, "spoiled.tgz")
    })

  // ---------------------------------------------------------------------------
  // publint and attw
  // ---------------------------------------------------------------------------

  it.live.each(names)(
    "%s passes publint --strict",
    (name) => Effect.map(publintSays(tarballOf(name)), (said) => assert.deepStrictEqual(said, []))
  )

  it.live.each(names)(
    "%s passes attw with the profile esm-only",
    (name) => Effect.map(attwSays(tarballOf(name)), (said) => assert.deepStrictEqual(said, []))
  )

  it.live("fail both checks if a module and its types are missing", () =>
    Effect.gen(function*() {
      const tarball = yield* spoiled("@sso-oidc/transport-node", (folder) => {
        rmSync(join(folder, "dist/NodeTransport.js"))
        rmSync(join(folder, "dist/NodeTransport.d.ts"))
      })
      assert.include((yield* publintSays(tarball)).join("\n"), "./dist/NodeTransport.js but the file does not exist")
      assert.include((yield* attwSays(tarball)).join("\n"), "Resolution failed")
    }).pipe(Effect.scoped), 60_000)

  // ---------------------------------------------------------------------------
  // in another project
  // ---------------------------------------------------------------------------

  it("name each other by file in the tarballs for another project, and are the same otherwise", () => {
    assert.deepStrictEqual([...byFile.keys()].sort(), [...names].sort())
    for (const name of names) {
      const [before, after] = [released, byFile].map((all) => contentOf(tarballOf(name, all)))
      const { dependencies, ...manifest }: Readonly<Record<string, object>> = JSON.parse(before?.manifest ?? "")
      const ranges = Object.entries({ ...dependencies }).map((
        [of, range]
      ) => [of, names.includes(of) ? `file:${basename(tarballOf(of))}` : range])
      const expected = { ...manifest, ...(ranges.length > 0 ? { dependencies: Object.fromEntries(ranges) } : {}) }
      assert.deepStrictEqual(JSON.parse(after?.manifest ?? ""), expected)
      assert.isAbove(before?.files.size ?? 0, 1)
      assert.deepStrictEqual(after?.files, before?.files)
    }
  })

  const withCommands = documents.map((path) => [path, linesOf(path).filter(isForElsewhere)] as const)
    .filter(([, lines]) => lines.length > 0)

  it("are installed by README and by docs/emulator.md", () => {
    assert.deepStrictEqual(withCommands.map(([path]) => path), ["README.md", "docs/emulator.md"])
  })

  it.live.each(withCommands)(
    "are the only packages of ours that %s installs, by commands that run in an empty folder",
    ([path, lines]) =>
      Effect.gen(function*() {
        const registry = yield* Registry.serve
        const home = yield* QuickFolder.folder
        const inShell = Shell.make(registry.url, home)
        const project = join(work, `project of ${path.replaceAll("/", "_")}`)
        mkdirSync(project)
        for (const line of lines) {
          if (line.startsWith("npx vitest")) {
            const test = "packages/example-swapped-transport/test/login.test.ts"
            cpSync(join(root, test), join(project, "test/login.test.ts"))
          }
          const isServer = line.startsWith("node_modules/.bin/sso-oidc-emulator")
          // the port of the document may be in use here
          const running = yield* inShell(isServer ? `${line} --port 0` : line, project)
          if (isServer) {
            yield* running.printed(/^SSO OIDC emulator: http:\/\/127\.0\.0\.1:\d+$/m)
            continue
          }
          const { code, stderr, stdout } = yield* running.ended
          assert.strictEqual(code, 0, `${line}\n${stdout}${stderr}`)
          if (line.startsWith("npx vitest")) assert.match(stdout, /Tests\D+1 passed/)
        }
        const asked = [...registry.asked]
        assert.include(asked, "effect")
        assert.deepStrictEqual(asked.filter((name) => name.includes("sso-oidc")), [], "the registry was asked for")
        // one copy of each, and all of them from the tarballs
        const locked: Readonly<Record<string, { readonly resolved?: string }>> =
          JSON.parse(readFileSync(join(project, "package-lock.json"), "utf8")).packages
        const ours = Object.entries(locked).filter(([at]) => /\/(?:@sso-oidc\/|sso-oidc$)/.test(at))
        assert.isAbove(ours.length, 1)
        for (const [at, { resolved }] of ours) {
          assert.match(at, /^node_modules\/(?:@sso-oidc\/[\w-]+|sso-oidc)$/)
          assert.match(resolved ?? "", /^file:\.\.\/sso-oidc\/tarballs\/sso-oidc(?:-[\w-]+)?-\d+\.\d+\.\d+\.tgz$/)
        }
      }).pipe(Effect.scoped),
    180_000
  )

  it.live("are not found by name: the same shell fails with a line that names a package", () =>
    Effect.gen(function*() {
      const registry = yield* Registry.serve
      const inShell = Shell.make(registry.url, yield* Child.folder)
      const project = yield* Child.folder
      writeFileSync(join(project, "package.json"), "{}")
      for (const line of ["npm install @sso-oidc/core", "npx --yes @sso-oidc/emulator"]) {
        const { code } = yield* (yield* inShell(line, project)).ended
        assert.notStrictEqual(code, 0, line)
      }
      assert.deepStrictEqual([...registry.asked], ["@sso-oidc/core", "@sso-oidc/emulator"])
    }).pipe(Effect.scoped), 60_000)
})
