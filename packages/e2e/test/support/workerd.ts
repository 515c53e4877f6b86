/**
 * Runs a Worker with its Durable Objects under workerd, the runtime of Cloudflare Workers.
 */
import * as Child from "@sso-oidc/test-kit/child"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { build } from "esbuild"
import { mkdirSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { join } from "node:path"

/** The program itself, from the package for this platform. `undefined` if there is none. */
const binary = (): string | undefined => {
  const system = process.platform === "win32" ? "windows" : process.platform
  const platform = `@cloudflare/workerd-${system}-${process.arch === "x64" ? "64" : process.arch}`
  try {
    const from = createRequire(createRequire(import.meta.url).resolve("workerd/package.json"))
    return from.resolve(`${platform}/bin/workerd${process.platform === "win32" ? ".exe" : ""}`)
  } catch {
    return undefined
  }
}

export interface Options {
  /** The program, as a text. Its default export has `fetch`. */
  readonly program: string
  /** The class of its Durable Objects, which the program exports. It is bound under the same name. */
  readonly objects: string
  /** The variables of the Worker. */
  readonly variables: Readonly<Record<string, string>>
}

/** A text of Cap'n Proto. */
const quoted = (text: string): string => JSON.stringify(text)

/** Bundles a program and starts it. It gives its address on loopback. */
export const serve = ({ objects, program, variables }: Options): Effect.Effect<string, never, Scope.Scope> =>
  Effect.gen(function*() {
    const folder = yield* Child.folder
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
    const bindings = Object.entries(variables).map(([name, text]) => `(name = ${quoted(name)}, text = ${quoted(text)})`)
    const disk = join(folder, "objects")
    mkdirSync(disk)
    const config = join(folder, "workerd.capnp")
    writeFileSync(
      config,
      `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "internet", network = (allow = ["local", "private", "public"])),
    (name = "disk", disk = (path = ${quoted(disk)}, writable = true))
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")]
);
const main :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed "worker.js")],
  compatibilityDate = "2026-11-01",
  bindings = [${[`(name = ${quoted(objects)}, durableObjectNamespace = ${quoted(objects)})`, ...bindings].join(", ")}],
  durableObjectNamespaces = [(className = ${quoted(objects)}, uniqueKey = ${quoted(objects)}, enableSql = true)],
  durableObjectStorage = (localDisk = "disk")
);
`
    )
    const path = binary()
    if (path === undefined) return yield* Effect.die(new Error("The package workerd has no program for this platform."))
    const child = yield* Child.run(path, { args: ["serve", config, "--control-fd=1"], cwd: folder })
    return `http://127.0.0.1:${yield* child.printed(/"port":\s*(\d+)/)}`
  })
