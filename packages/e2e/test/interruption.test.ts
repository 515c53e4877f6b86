import { assert, describe, it } from "@effect/vitest"
import { bundled } from "@sso-oidc/test-kit/program"
import * as Effect from "effect/Effect"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { createServer, type ServerResponse } from "node:http"
import type { AddressInfo, Socket } from "node:net"
import { join } from "node:path"
import { createInterface } from "node:readline"

type Place = "while it registers" | "while it waits" | "while it polls" | "inside a response"

/** A service that stops responding at a given place, and counts its connections. */
const silentAt = (place: Place) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const sockets = new Set<Socket>()
      const reached = Promise.withResolvers<void>()
      const json = (response: ServerResponse, status: number, body: object) =>
        response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body))
      const server = createServer((request, response) => {
        switch (request.url) {
          case "/client/register":
            if (place === "while it registers") return reached.resolve()
            return json(response, 200, { clientId: "c", clientSecret: "s", clientSecretExpiresAt: 4_000_000_000 })
          case "/device_authorization":
            return json(response, 200, {
              deviceCode: "d",
              userCode: "BCDF-GHJK",
              verificationUri: "https://device.example/",
              expiresIn: 600,
              interval: 1
            })
          default:
            if (place === "while it polls") return reached.resolve()
            if (place === "inside a response") {
              response.writeHead(200, { "content-type": "application/json" }).write("{\"accessToken\":")
              return reached.resolve()
            }
            json(response, 400, { error: "authorization_pending" })
            reached.resolve()
        }
      })
      server.on("connection", (socket) => {
        sockets.add(socket)
        socket.on("close", () => sockets.delete(socket))
      })
      server.listen(0, "127.0.0.1")
      await once(server, "listening")
      const { port } = server.address() as AddressInfo
      return { server, sockets, reached: reached.promise, url: `http://127.0.0.1:${port}` }
    }),
    ({ server }) =>
      Effect.sync(() => {
        server.closeAllConnections()
        server.close()
      })
  )

describe("an interrupted login over real sockets (D6)", () => {
  it.live.each(
    [
      ["while it registers", "effect"],
      ["while it waits", "effect"],
      ["while it polls", "effect"],
      ["inside a response", "effect"],
      ["while it waits", "stream"],
      ["while it polls", "stream"]
    ] as const
  )(
    "%s, the %s leaves no timer, socket or fiber, and its process ends by itself (D6)",
    ([place, how]) =>
      Effect.gen(function*() {
        const { reached, sockets, url } = yield* silentAt(place)
        const child = yield* Effect.acquireRelease(
          Effect.sync(() =>
            spawn(process.execPath, [bundled(join(import.meta.dirname, "support/interrupted.ts")), url, how], {
              stdio: ["pipe", "pipe", "inherit"]
            })
          ),
          (child) => Effect.sync(() => child.kill("SIGKILL"))
        )
        const exited = once(child, "exit")
        const lines: Array<string> = []
        createInterface(child.stdout).on("line", (line) => lines.push(line))
        yield* Effect.promise(() => reached)
        // the child may not have received the pending response yet: let it begin its next wait
        yield* Effect.sleep("200 millis")
        assert.strictEqual(sockets.size, 1)
        const interruptedAt = performance.now()
        child.stdin.end()
        const [code] = yield* Effect.promise(() => exited)
        assert.strictEqual(code, 0)
        // by itself means: sooner than an idle connection or the code would end
        assert.isBelow(performance.now() - interruptedAt, 10_000)
        assert.strictEqual(sockets.size, 0)
        const report = JSON.parse(lines.at(-1) ?? "null")
        assert.deepStrictEqual(report.resources, [])
        assert.isAbove(report.fibers.started, 0)
        assert.strictEqual(report.fibers.ended, report.fibers.started)
      })
  )
})
