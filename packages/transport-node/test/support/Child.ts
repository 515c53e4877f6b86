/** Servers in their own processes, which keep running while the process under test is frozen. */
import * as Effect from "effect/Effect"
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import * as Server from "./Server.ts"

export interface Child {
  readonly port: number
  /** The lines that it has written after its port. */
  readonly said: () => ReadonlyArray<string>
}

/** Starts a program of this folder, and kills it with the scope. The first line of the program is its port. */
export const start = (script: string, ...args: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    let text = ""
    yield* Effect.acquireRelease(
      Effect.sync(() => {
        const path = fileURLToPath(new URL(`./${script}`, import.meta.url))
        const child = spawn(process.execPath, [path, ...args], { stdio: ["ignore", "pipe", "inherit"] })
        child.stdout.on("data", (data) => {
          text += String(data)
        })
        return child
      }),
      (child) => Effect.sync(() => child.kill("SIGKILL"))
    )
    yield* Server.until("the child's port", () => text.includes("\n"))
    const said = () => text.split("\n").slice(1)
    return { port: Number(text.split("\n")[0]), said }
  })

/** Blocks like a frozen process: no timer runs, and nothing is read. */
export const freezeNow = (millis: number): void => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, millis)
}

export const freeze = (millis: number) => Effect.sync(() => freezeNow(millis))
