/**
 * Runs other programs in their own processes and homes. They end with the test at the latest.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Running {
  readonly ended: Effect.Effect<Ended>
  /** Waits until the pattern matches stdout, and gives the match. It dies if the program ends first. */
  readonly printed: (pattern: RegExp) => Effect.Effect<string>
  readonly write: (text: string) => Effect.Effect<void>
  /** Sends a signal to the program alone. */
  readonly signal: (signal: NodeJS.Signals) => Effect.Effect<void>
}

export interface Options {
  readonly args?: ReadonlyArray<string>
  readonly cwd?: string
  /** Added to this process's variables, without those of AWS. */
  readonly env?: Readonly<Record<string, string>>
  /** All of stdin. Without it, stdin stays open for `write`. */
  readonly input?: string
}

const environment = (env: Options["env"]): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("AWS_"))),
  NO_PROXY: "127.0.0.1",
  PYTHONUNBUFFERED: "1",
  ...env
})

// It ends the children of a shell too
const killGroup = ({ pid }: ChildProcessWithoutNullStreams): void => {
  if (pid === undefined) return
  try {
    process.kill(-pid, "SIGKILL")
  } catch {
    // The group has ended already
  }
}

const observe = (child: ChildProcessWithoutNullStreams): Running => {
  let stdout = ""
  let stderr = ""
  const listeners = new Set<() => void>()
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text
    for (const listener of listeners) listener()
  })
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text
  })
  // A program that has ended does not read. Its exit code says more than the broken pipe
  child.stdin.on("error", () => {})
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on("error", reject)
    child.on("close", (code) => resolve({ code, stdout, stderr }))
  })
  ended.catch(() => {})
  return {
    ended: Effect.promise(() => ended),
    printed: (pattern) =>
      Effect.promise((signal) =>
        new Promise<string>((resolve, reject) => {
          const look = () => {
            const found = pattern.exec(stdout)
            if (found !== null) {
              listeners.delete(look)
              resolve(found[1] ?? found[0])
            }
          }
          listeners.add(look)
          signal.addEventListener("abort", () => listeners.delete(look))
          look()
          ended.then(() => reject(new Error(`it ended before it printed ${pattern}: ${stdout}${stderr}`)), reject)
        })
      ),
    write: (text) => Effect.sync(() => child.stdin.write(text)),
    signal: (signal) => Effect.sync(() => child.kill(signal))
  }
}

/** Starts a program in its own process group. */
export const run = (command: string, options: Options = {}): Effect.Effect<Running, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const child = spawn(command, options.args ?? [], {
        detached: true,
        env: environment(options.env),
        ...(options.cwd === undefined ? {} : { cwd: options.cwd })
      })
      const running = observe(child)
      if (options.input !== undefined) child.stdin.end(options.input)
      return { child, running }
    }),
    ({ child }) => Effect.sync(() => killGroup(child))
  ).pipe(Effect.map(({ running }) => running))

/** A folder that is removed at the end of the test. */
export const folder: Effect.Effect<string, never, Scope.Scope> = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "sso-oidc-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)
