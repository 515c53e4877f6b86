import { assert, describe, it } from "@effect/vitest"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import { Context, Effect, Layer, Scope } from "effect"
import { spawn } from "node:child_process"
import { createConnection } from "node:net"
import { fileURLToPath } from "node:url"
import { codeClient, redirectUri, registration } from "./support.ts"

const head = (line: string, ...headers: ReadonlyArray<string>): string =>
  [`${line} HTTP/1.1`, "Host: localhost", ...headers, "", ""].join("\r\n")

const webSocket = (path: string): string =>
  head(
    `GET ${path}`,
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg=="
  )

const register = JSON.stringify(registration)

/** What a client may send before it keeps its connection open. */
const kinds: Readonly<Record<string, string>> = {
  "no request": "",
  "half of a head": "GET /device HTTP/1.1\r\nHost: loc",
  "half of a body": `${head("POST /token", "Content-Length: 10")}{`,
  "half of a chunked body": `${head("POST /token", "Transfer-Encoding: chunked")}3\r\n{"a`,
  "a body that waits for 100 Continue": head("POST /token", "Content-Length: 10", "Expect: 100-continue"),
  "a request, then nothing": head("GET /device"),
  "two requests and a half": `${head("GET /device")}${head("GET /device")}GET /dev`,
  "a WebSocket": webSocket("/device"),
  "a WebSocket on an unknown path": webSocket("/nowhere"),
  "an upgrade to HTTP/2": head(
    "GET /device",
    "Connection: Upgrade, HTTP2-Settings",
    "Upgrade: h2c",
    "HTTP2-Settings: A"
  ),
  "an upgrade with a body": `${
    head("POST /client/register", "Connection: Upgrade", "Upgrade: tcp", `Content-Length: ${register.length}`)
  }${register}`,
  "an upgrade with half of a body": `${
    head("POST /client/register", "Connection: Upgrade", "Upgrade: tcp", "Content-Length: 100")
  }{`,
  "CONNECT": head("CONNECT 127.0.0.1:22"),
  "no HTTP": "\u0016\u0003\u0001\u0002 what is this\r\n\r\n"
}

interface Held {
  readonly write: (bytes: string) => void
  readonly text: () => string
  readonly closed: () => boolean
}

/** A connection that its client never closes, not even after the server ended its own side. */
const held = (port: number, bytes: string, ending = false) =>
  Effect.acquireRelease(
    Effect.callback<Held & { readonly destroy: () => void }>((resume) => {
      let text = ""
      let closed = false
      const socket = createConnection({ host: "127.0.0.1", port, allowHalfOpen: true }, () => {
        if (ending) socket.end(bytes)
        else socket.write(bytes)
        resume(Effect.succeed({
          write: (bytes) => socket.write(bytes),
          text: () => text,
          closed: () => closed,
          destroy: () => socket.destroy()
        }))
      })
      socket.on("data", (chunk) => {
        text += chunk.toString("latin1")
      })
      for (const event of ["end", "error", "close"]) {
        socket.on(event, () => {
          closed = true
        })
      }
    }),
    ({ destroy }) => Effect.sync(destroy)
  )

const realTime = (millis: number) => Effect.promise(() => new Promise<void>((done) => setTimeout(done, millis)))

describe("closing the server", () => {
  it.effect("ends every connection that a client keeps open, whatever the client sent on it (E5)", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(EmulatorServer.layer({ autoApprove: "1 hour" }), scope)
      const { port } = Context.get(context, EmulatorServer.EmulatorServer)
      const emulator = Context.get(context, Emulator.Emulator)
      const { clientId } = yield* Effect.provide(codeClient(), context)
      yield* emulator.faults.arm({ _tag: "Delay", operation: "RegisterClient", duration: "1 hour" })
      const waiting = new URLSearchParams({
        client_id: clientId,
        redirect_uri: redirectUri,
        response_type: "code",
        code_challenge_method: "S256",
        code_challenge: "x".repeat(43)
      })
      const all: Readonly<Record<string, string>> = {
        "a response that comes in an hour": `${
          head("POST /client/register", `Content-Length: ${register.length}`)
        }${register}`,
        ...kinds,
        "a browser that waits for autoApprove": head(`GET /authorize?${waiting}`)
      }
      const connections = yield* Effect.forEach(
        Object.entries(all),
        ([name, bytes]) => Effect.map(held(port, bytes), (connection) => [name, connection] as const)
      )
      const halves = yield* Effect.forEach(
        Object.entries(all),
        ([name, bytes]) =>
          Effect.map(held(port, bytes, true), (connection) => [`${name}, half-closed`, connection] as const)
      )
      yield* realTime(200)
      const before = performance.now()
      yield* Scope.close(scope, yield* Effect.exit(Effect.void))
      assert.isBelow(performance.now() - before, 2000)
      yield* realTime(50)
      for (const [name, { closed }] of [...connections, ...halves]) assert.isTrue(closed(), name)
    }))

  it.effect("ends at once if no request is in flight and all connections are idle (E5)", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(EmulatorServer.layer(), scope)
      const { port } = Context.get(context, EmulatorServer.EmulatorServer)
      yield* held(port, head("GET /device"))
      yield* realTime(100)
      const before = performance.now()
      yield* Scope.close(scope, yield* Effect.exit(Effect.void))
      assert.isBelow(performance.now() - before, 400)
    }))

  it.effect("ignores an unknown upgrade and sends the ordinary response (E5)", () =>
    Effect.gen(function*() {
      const { port } = yield* EmulatorServer.EmulatorServer
      const h2c = ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: A"]
      const got = yield* held(port, head("GET /device", ...h2c))
      const posted = yield* held(
        port,
        `${head("POST /client/register", ...h2c, `Content-Length: ${register.length}`)}${register}`
      )
      yield* realTime(200)
      assert.match(got.text(), /^HTTP\/1\.1 200 /)
      assert.match(posted.text(), /^HTTP\/1\.1 200 [^]*"clientId":/)
      // The connection serves the next request
      got.write(head("GET /device"))
      yield* realTime(100)
      assert.lengthOf(got.text().match(/HTTP\/1\.1 200 /g) ?? [], 2)
    }).pipe(Effect.provide(EmulatorServer.layer())))

  it.effect.each([["SIGTERM", 0], ["SIGINT", 130]] as const)(
    "%s ends the command with exit code %i while clients keep connections open (E5)",
    ([signal, code]) =>
      Effect.gen(function*() {
        const bin = fileURLToPath(new URL("../src/bin.ts", import.meta.url))
        const child = yield* Effect.acquireRelease(
          Effect.sync(() => spawn(process.execPath, [bin, "--port", "0"], { stdio: ["ignore", "pipe", "inherit"] })),
          (child) =>
            Effect.sync(() => {
              child.kill("SIGKILL")
            })
        )
        const port = yield* Effect.callback<number>((resume) => {
          child.stdout.on("data", (chunk) => {
            resume(Effect.succeed(Number(/:(\d+)\n/.exec(String(chunk))?.[1])))
          })
        })
        yield* Effect.forEach(Object.values(kinds), (bytes) => held(port, bytes))
        yield* realTime(200)
        const before = performance.now()
        const ended = yield* Effect.callback<number | null>((resume) => {
          child.on("exit", (code) => resume(Effect.succeed(code)))
          child.kill(signal)
        })
        assert.strictEqual(ended, code)
        assert.isBelow(performance.now() - before, 3000)
      })
  )
})
