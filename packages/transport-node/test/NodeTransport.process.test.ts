import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import * as Proxy from "./support/Proxy.ts"
import * as Server from "./support/Server.ts"
import * as Authority from "./support/testOnlyAuthority.ts"

/** Runs a program to its end. Interruption kills it. */
const run = (script: string, flags: ReadonlyArray<string>, ...args: ReadonlyArray<string>) =>
  Effect.callback<{ readonly stdout: string; readonly error: Error | null }>((resume) => {
    const path = fileURLToPath(new URL(`./support/${script}`, import.meta.url))
    const child = execFile(process.execPath, [...flags, path, ...args], { timeout: 10_000 }, (error, stdout) => {
      resume(Effect.succeed({ stdout, error }))
    })
    return Effect.sync(() => child.kill())
  })

describe("NodeTransport: the process (the seam)", () => {
  it.effect("can end while a connection is kept", () =>
    Effect.gen(function*() {
      const server = yield* Server.tcp(Server.always(Server.response("hello")))
      assert.deepStrictEqual(yield* run("lingers.ts", [], server.origin), { stdout: "hello", error: null })
    }))

  it.effect.each([
    { what: "a proxy", options: {} },
    { what: "a proxy that speaks TLS itself", options: { certificate: Authority.server } }
  ])("can end while a tunnel is kept through $what", ({ options }) =>
    Effect.gen(function*() {
      const server = yield* Server.tls(Authority.server, Server.always(Server.response("hello")))
      const proxy = yield* Proxy.make(options)
      assert.deepStrictEqual(yield* run("lingersThrough.ts", [], server.origin, proxy.url), {
        stdout: "hello",
        error: null
      })
      assert.strictEqual(proxy.asked.length, 1)
    }))

  it.effect("closes the connection of an unread response once the garbage collector frees the response", () =>
    Effect.gen(function*() {
      const server = yield* Server.tcp(Server.always(Server.response("hello")))
      const fiber = yield* Effect.forkChild(run("drops.ts", ["--expose-gc"], server.origin))
      yield* Server.until("connected", () => server.connections.length === 1)
      yield* Server.until("closed", () => server.open() === 0)
      // and not because the program ended
      assert.isUndefined(fiber.pollUnsafe())
      yield* Fiber.interrupt(fiber)
    }))
})
