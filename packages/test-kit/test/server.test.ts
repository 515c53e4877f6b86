import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { join } from "node:path"
import { run } from "../src/child.ts"
import * as Server from "../src/server.ts"
import { isRunning } from "./support/running.ts"
import { waiting } from "./support/waiting.ts"

const start = (options: Partial<Server.Options>) =>
  Effect.acquireRelease(
    Effect.tryPromise({ try: () => Server.start({ ...waiting, ...options }), catch: String }),
    ({ stop }) => Effect.promise(stop)
  )

const script = (text: string) => () => ({ file: "/bin/sh", args: ["-c", text] })

describe("a server for tests", () => {
  it.live.each(["SIGTERM", "SIGKILL", "a program that has nothing left to do"])(
    "ends with the process that started it, by %s",
    (how) =>
      Effect.gen(function*() {
        const program = yield* run(process.execPath, { args: [join(import.meta.dirname, "support/starts.ts")] })
        const { folder, pid, self } = JSON.parse(yield* program.printed(/^(.*)\n/))
        assert.isTrue(isRunning(pid))
        if (how.startsWith("SIG")) process.kill(self, how)
        else yield* program.write("end\n")
        yield* program.ended
        for (const end = Date.now() + 20_000; existsSync(folder) && Date.now() < end;) yield* Effect.sleep("20 millis")
        assert.isFalse(existsSync(folder))
        assert.isFalse(isRunning(pid))
      })
  )

  it.live("ends and leaves no folder when it is stopped, also if it ignores the signal", () =>
    Effect.gen(function*() {
      const command = script("trap '' TERM; echo ready to accept connections; while :; do sleep 0.05; done")
      const { folder, pid } = yield* Effect.scoped(start({ command, grace: 200 }))
      assert.isFalse(isRunning(pid))
      assert.isFalse(existsSync(folder))
    }))

  it.live("fails with what the server printed, and leaves no folder, if it ends before it is ready", () =>
    Effect.gen(function*() {
      let folder = ""
      const prepare = (path: string) => {
        folder = path
        return Promise.resolve()
      }
      const error = yield* Effect.flip(start({ prepare, command: script("echo the disk is full; exit 3") }))
      assert.strictEqual(error, "Error: waiting does not start: it ended with code 3. the disk is full\n")
      assert.isFalse(existsSync(folder))
      const absent = yield* Effect.flip(start({ command: () => ({ file: "/nowhere", args: [] }) }))
      assert.match(absent, /^Error: waiting does not start: spawn \/nowhere ENOENT/)
    }))

  it.live("takes another port if a program took the first one in between", () =>
    Effect.gen(function*() {
      const ports: Array<number> = []
      const command = (folder: string, port: number) => {
        ports.push(port)
        if (ports.length < 3) return script("echo Address already in use; exit 1")()
        writeFileSync(join(folder, "port"), String(port))
        return waiting.command(folder, port)
      }
      const { folder, port } = yield* start({ command })
      assert.strictEqual(ports.length, 3)
      assert.strictEqual(port, ports[2])
      assert.strictEqual(readFileSync(join(folder, "port"), "utf8"), String(port))
      // it is free, since the server that has it does not listen
      yield* Effect.promise(() =>
        new Promise<void>((resolve) => {
          const server = createServer().listen(port, "127.0.0.1", () => server.close(() => resolve()))
        })
      )
    }))

  it.live("gets its stdin, and no variable of this process but the PATH", () =>
    Effect.gen(function*() {
      const command = () => ({
        file: "/bin/sh",
        args: ["-c", "cat; env; echo ready to accept connections; exec sleep 1000"],
        input: "abc\n"
      })
      const { folder } = yield* start({ command })
      const names = readFileSync(join(folder, "log"), "utf8").split("\n").map((line) => line.split("=")[0])
      assert.includeMembers(names, ["abc", "PATH", "LC_ALL"])
      assert.notInclude(names, "NODE_COMPILE_CACHE")
      assert.notInclude(names, "HOME")
    }))
})
