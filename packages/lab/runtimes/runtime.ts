/**
 * Starts each runtime, and reads its results.
 */
import { launch } from "@sso-oidc/test-kit/browser"
import * as Child from "@sso-oidc/test-kit/child"
import type { Command } from "@sso-oidc/test-kit/sessions/workers"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { execFileSync } from "node:child_process"
import { globSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { RuntimeName } from "./columns.ts"
import type { Task, Told } from "./program/run.ts"
import * as Web from "./program/web.ts"

/** A runtime that can be started. */
export interface Runtime {
  readonly version: string
  /** Runs the task in a separate process, which ends with the scope. It gives the text that should be JSON. */
  readonly run: (task: Task, page: string) => Effect.Effect<string, Error, Scope.Scope>
  /** How a program that uses files is started. Absent for a runtime without files. */
  readonly command?: (program: string) => Command
}

export interface Folders {
  readonly tools: string
  readonly program: string
}

const failed = (error: unknown) => new Error(error instanceof Error ? error.message : String(error))

/** The program itself. A wrapper script of a package would leave it running when the wrapper is killed. */
const binary = (folders: Folders, pattern: string): string => {
  for (const path of globSync(join(folders.tools, pattern))) {
    try {
      execFileSync(path, ["--version"], { stdio: "ignore", timeout: 10_000 })
      return path
    } catch {
      // for another platform, such as one with another libc
    }
  }
  throw new Error(`no package of the registry gave a program at ${pattern}`)
}

const versionOf = (path: string): string =>
  /\d+\.\d+\.\d+/.exec(execFileSync(path, ["--version"], { encoding: "utf8", timeout: 10_000 }))?.[0] ?? "unknown"

// The fetch transports must run without Node's modules: only the other transports run in the program that has them.
const shell = (
  path: string,
  args: ReadonlyArray<string>,
  cwd: string,
  argsForFiles: ReadonlyArray<string> = []
): Runtime => {
  const env = { DENO_DIR: join(cwd, ".deno"), DENO_NO_UPDATE_CHECK: "1" }
  return {
    version: versionOf(path),
    run: (task) =>
      Effect.gen(function*() {
        const program = join(cwd, task.transport in Web.transports ? "web-shell.js" : "node.js")
        const child = yield* Child.run(path, { args: [...args, program, JSON.stringify(task)], cwd, env, input: "" })
        const { code, stderr, stdout } = yield* child.ended
        return code === 0 ? stdout : yield* Effect.fail(new Error(`exit code ${code}: ${stdout}${stderr}`))
      }),
    command: (program) => ({ file: path, args: [...args, ...argsForFiles, join(cwd, program)], cwd, env })
  }
}

const node = (path: string, { program }: Folders) => shell(path, [], program)

const workerd = (folders: Folders): Runtime => {
  const path = binary(folders, "workerd/node_modules/@cloudflare/workerd-*/bin/workerd")
  const config = join(folders.program, "workerd.capnp")
  writeFileSync(
    config,
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "internet", network = (allow = ["local", "private", "public"], tlsOptions = (trustBrowserCas = true)))
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")]
);
const main :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed "worker.js")],
  compatibilityDate = "2026-11-01"
);
`
  )
  return {
    version: String(JSON.parse(readFileSync(join(path, "../../package.json"), "utf8")).version),
    run: (task) =>
      Effect.gen(function*() {
        const child = yield* Child.run(path, { args: ["serve", config, "--control-fd=1"], cwd: folders.program })
        const port = yield* child.printed(/"port":\s*(\d+)/)
        const url = `http://127.0.0.1:${port}/?${new URLSearchParams({ task: JSON.stringify(task) })}`
        return yield* Effect.tryPromise({
          try: async (signal) => {
            const response = await fetch(url, { signal })
            const text = await response.text()
            if (!response.ok) throw new Error(`status ${response.status}: ${text}`)
            return text
          },
          catch: failed
        })
      })
  }
}

const chromium = Effect.fnUntraced(function*(folders: Folders) {
  const browser = yield* Effect.acquireRelease(
    Effect.tryPromise({ try: launch, catch: failed }),
    (browser) => Effect.promise(() => browser.close())
  )
  const script = readFileSync(join(folders.program, "page.js"), "utf8")
  const runtime: Runtime = {
    version: browser.version(),
    run: (task, page) =>
      Effect.gen(function*() {
        const context = yield* Effect.acquireRelease(
          Effect.promise(() => browser.newContext()),
          (context) => Effect.promise(() => context.close())
        )
        return yield* Effect.tryPromise({
          try: async () => {
            const tab = await context.newPage()
            await tab.goto(page)
            await tab.addScriptTag({ content: script })
            return JSON.stringify(await tab.evaluate(`runContract(${JSON.stringify(task)})`))
          },
          catch: failed
        })
      })
  }
  return runtime
})

const attempt = (make: () => Runtime) => Effect.try({ try: make, catch: failed })

/** Starts what a runtime needs, or says why it cannot. */
export const start = (name: RuntimeName, folders: Folders): Effect.Effect<Runtime, Error, Scope.Scope> => {
  switch (name) {
    case "Node 22":
      return attempt(() => node(binary(folders, "node22/node_modules/node22/bin/node"), folders))
    case "Node 24":
      return attempt(() => {
        if (!process.version.startsWith("v24.")) throw new Error(`this workspace has Node ${process.version}`)
        return node(process.execPath, folders)
      })
    case "Node 26":
      return attempt(() => node(binary(folders, "node26/node_modules/node26/bin/node"), folders))
    case "Bun":
      return attempt(() => shell(binary(folders, "bun/node_modules/@oven/bun-*/bin/bun"), ["run"], folders.program))
    case "Deno":
      return attempt(() =>
        shell(
          binary(folders, "deno/node_modules/@deno/*/deno"),
          [
            "run",
            "--quiet",
            "--allow-net",
            "--allow-env",
            "--allow-read",
            "--allow-sys",
            "--no-remote",
            "--no-lock",
            "--node-modules-dir=manual"
          ],
          folders.program,
          ["--allow-write"]
        )
      )
    case "workerd":
      return attempt(() => workerd(folders))
    case "Chromium":
      return chromium(folders)
  }
}

/** The result of a program. */
export const parse = (text: string): Effect.Effect<Told, Error> =>
  Effect.try({
    try: (): Told => {
      const told: Told = JSON.parse(text)
      if (!Array.isArray(told.outcomes) || typeof told.login !== "string") throw new Error("it is not a result")
      return told
    },
    catch: (error) => new Error(`${failed(error).message}: ${text.slice(0, 500)}`)
  })
