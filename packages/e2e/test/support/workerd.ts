/**
 * Runs a Worker with its Durable Objects under workerd, the runtime of Cloudflare Workers.
 */
import * as Child from "@sso-oidc/test-kit/child"
import * as Tools from "@sso-oidc/test-kit/tools"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { build } from "esbuild"
import { execFileSync } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { join } from "node:path"

const isWindows = process.platform === "win32"

/** The program, from the package for this platform. */
const find = (): Tools.Found | undefined => {
  const arch = process.arch === "x64" || isWindows ? "64" : process.arch
  const name = `@cloudflare/workerd-${isWindows ? "windows" : process.platform}-${arch}`
  try {
    const from = createRequire(createRequire(import.meta.url).resolve("workerd/package.json"))
    const path = from.resolve(`${name}/bin/workerd${isWindows ? ".exe" : ""}`)
    // it does not start where the libc is another one
    execFileSync(path, ["--version"], { stdio: "ignore", timeout: 30_000 })
    const { version } = from(`${name}/package.json`)
    return { path, version: String(version) }
  } catch {
    return undefined
  }
}

export const tool: Tools.Tool = Tools.tool({
  name: "workerd",
  install: "Its package has it for Linux with glibc, macOS and Windows.",
  find
})

// Each object syncs a file of its own at each write, and tests do not lose power
const parent = existsSync("/dev/shm") ? "/dev/shm" : tmpdir()

/** A folder for a Worker and the storage of its objects, which is removed at the end of the test. */
export const folder: Effect.Effect<string, never, Scope.Scope> = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(parent, "sso-oidc-workerd-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

export interface Options {
  /** The program, as a text. Its default export has `fetch`. */
  readonly program: string
  /** The class of its Durable Objects, which the program exports. It is bound under its own name. */
  readonly objects: string
  /** The variables of the Worker. */
  readonly variables?: Readonly<Record<string, string>>
  /** A folder that outlives the process. The objects keep their storage there. */
  readonly folder: string
}

export interface Worker {
  readonly url: string
  /** Ends the process at once. */
  readonly kill: Effect.Effect<void>
}

/** A text of Cap'n Proto. */
const quoted = (text: string): string => JSON.stringify(text)

const configOf = ({ folder, objects, variables = {} }: Options): string => {
  const texts = Object.entries(variables).map(([name, text]) => `(name = ${quoted(name)}, text = ${quoted(text)})`)
  const bindings = [`(name = ${quoted(objects)}, durableObjectNamespace = ${quoted(objects)})`, ...texts]
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "internet", network = (allow = ["local", "private", "public"])),
    (name = "disk", disk = (path = ${quoted(join(folder, "objects"))}, writable = true))
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")]
);
const main :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed "worker.js")],
  compatibilityDate = "2026-11-01",
  bindings = [${bindings.join(", ")}],
  durableObjectNamespaces = [(className = ${quoted(objects)}, uniqueKey = ${quoted(objects)}, enableSql = true)],
  durableObjectStorage = (localDisk = "disk")
);
`
}

/** Bundles a program and starts it on loopback. */
export const serve = (options: Options): Effect.Effect<Worker, never, Scope.Scope> =>
  Effect.gen(function*() {
    const { folder, program } = options
    yield* Effect.promise(() =>
      build({
        stdin: { contents: program, resolveDir: import.meta.dirname, loader: "ts" },
        outfile: join(folder, "worker.js"),
        bundle: true,
        minify: true,
        format: "esm",
        target: "es2022",
        platform: "browser",
        external: ["cloudflare:workers"],
        logLevel: "error"
      })
    )
    if (!existsSync(join(folder, "objects"))) mkdirSync(join(folder, "objects"))
    const config = join(folder, "workerd.capnp")
    writeFileSync(config, configOf(options))
    const child = yield* Child.run(Tools.found(tool).path, { args: ["serve", config, "--control-fd=1"], cwd: folder })
    const port = yield* child.printed(/"port":\s*(\d+)/)
    return {
      url: `http://127.0.0.1:${port}`,
      kill: Effect.andThen(child.signal("SIGKILL"), Effect.asVoid(child.ended))
    }
  })
