/**
 * Starts the processes of a herd.
 *
 * Each program is bundled into one file first. A process that loads Effect module by module takes a second to start.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { build } from "esbuild"
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process"
import { randomUUID } from "node:crypto"
import { once } from "node:events"
import { mkdirSync, renameSync } from "node:fs"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { root } from "../packed.ts"
import type { Task, Told } from "./member.ts"
import * as Protocol from "./worker.ts"

/** Node keeps compiled code there. */
const compiled = { NODE_COMPILE_CACHE: join(root, "node_modules/.cache/compiled") }

/** The programs, by the store that they share. */
export type Program = "files" | "redis"

const made = new Map<Program, Promise<string>>()

const make = async (program: Program): Promise<string> => {
  const folder = join(root, "node_modules/.cache/sessions")
  mkdirSync(folder, { recursive: true })
  const path = join(folder, `${program}.mjs`)
  // Another process of the tests may start this program right now.
  const written = join(folder, `${randomUUID()}.mjs`)
  await build({
    entryPoints: [join(import.meta.dirname, `worker-${program}.ts`)],
    outfile: written,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node22",
    logLevel: "error",
    minify: true,
    // for the modules of the client of Redis, which are CommonJS
    banner: { js: "import { createRequire } from \"node:module\"\nconst require = createRequire(import.meta.url)" }
  })
  renameSync(written, path)
  // A process that is killed leaves no compiled code for the next one. This one ends by itself, because its stdin has no line.
  await once(spawn(process.execPath, [path], { env: { ...process.env, ...compiled }, stdio: "ignore" }), "close")
  return path
}

/** Bundles a program for Node, once in this process, and gives its path. The bundles are in this workspace's cache. */
export const bundle = (program: Program): Effect.Effect<string> =>
  Effect.promise(() => {
    const path = made.get(program) ?? make(program)
    made.set(program, path)
    return path
  })

/** How a runtime is started. */
export interface Command {
  readonly file: string
  readonly args: ReadonlyArray<string>
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
}

/** A process of a herd. */
export interface Worker {
  readonly pid: number
  /** Builds a session, and gives when it is ready. */
  readonly prepare: (task: Task) => Effect.Effect<void>
  /** Asks the session for its token, and gives what it told. `undefined` if the process ended before. */
  readonly go: Effect.Effect<Told | undefined>
  /** Sends a signal. A process that has ended gets none. */
  readonly signal: (signal: NodeJS.Signals) => Effect.Effect<void>
  /** Waits for the end of the process, and gives what it logged. */
  readonly ended: Effect.Effect<string>
}

const observe = (child: ChildProcessWithoutNullStreams): Worker => {
  const waiting: Array<(line: string | undefined) => void> = []
  const printed: Array<string> = []
  let log = ""
  let isOver = false
  const give = () => {
    while (waiting.length > 0 && (printed.length > 0 || isOver)) waiting.shift()?.(printed.shift())
  }
  createInterface({ input: child.stdout }).on("line", (line) => {
    const [, said] = line.split(Protocol.prefix)
    if (said === undefined) log += `${line}\n`
    else printed.push(said)
    give()
  })
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    log += text
  })
  // A process that was killed does not read.
  child.stdin.on("error", () => {})
  const ended = new Promise<string>((resolve) => {
    const end = () => {
      isOver = true
      give()
      resolve(log)
    }
    child.on("close", end)
    child.on("error", (error) => {
      log += error.message
      end()
    })
  })
  const line = Effect.promise(() =>
    new Promise<string | undefined>((resolve) => {
      waiting.push(resolve)
      give()
    })
  )
  const write = (text: string) => Effect.sync(() => void child.stdin.write(`${text}\n`))
  return {
    pid: child.pid ?? 0,
    prepare: (task) =>
      Effect.andThen(write(JSON.stringify(task)), line).pipe(
        Effect.flatMap((line) =>
          line === "ready" ? Effect.void : Effect.die(new Error(`a process of the herd is not ready: ${line}${log}`))
        )
      ),
    go: Effect.map(
      Effect.andThen(write("go"), line),
      (line): Told | undefined => line === undefined ? undefined : JSON.parse(line)
    ),
    signal: (signal) => Effect.sync(() => void child.kill(signal)),
    ended: Effect.promise(() => ended)
  }
}

/** Starts a process. It ends with the scope. */
export const start = ({ args, cwd, env, file }: Command): Effect.Effect<Worker, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const child = spawn(file, args, {
        env: { ...process.env, NO_PROXY: "127.0.0.1", ...env },
        ...(cwd === undefined ? {} : { cwd })
      })
      return { child, worker: observe(child) }
    }),
    ({ child, worker }) => Effect.andThen(Effect.sync(() => child.kill("SIGKILL")), worker.ended)
  ).pipe(Effect.map(({ worker }) => worker))

/** Starts this process's own Node with a bundle. */
export const startNode = (path: string): Effect.Effect<Worker, never, Scope.Scope> =>
  start({
    file: process.execPath,
    args: [path],
    env: compiled
  })
