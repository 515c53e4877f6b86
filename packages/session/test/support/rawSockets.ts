/**
 * Connections without an HTTP client, for requests that no client sends.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { connect, type Socket } from "node:net"

export interface Raw {
  readonly write: (text: string) => void
  /** What came until now. */
  readonly received: () => string
  /** All that came until the other side ended the connection. */
  readonly ended: Effect.Effect<string>
}

const observe = (socket: Socket): Raw => {
  let text = ""
  const ended = new Promise<string>((resolve) => {
    socket.setEncoding("latin1").on("data", (chunk: string) => (text += chunk))
    // a connection that is reset has ended too
    socket.on("error", () => {}).on("close", () => resolve(text))
  })
  return {
    write: (text) => void socket.write(text, "latin1"),
    received: () => text,
    ended: Effect.promise(() => ended)
  }
}

/** A connection to a port of this machine. It ends with the scope. */
export const raw = (port: number): Effect.Effect<Raw, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.callback<Socket>((resume) => {
      const socket = connect({ host: "127.0.0.1", port })
      socket.once("connect", () => resume(Effect.succeed(socket)))
      socket.once("error", (error) => resume(Effect.die(error)))
    }),
    (socket) => Effect.sync(() => socket.destroy())
  ).pipe(Effect.map(observe))

/** Whether a port of this machine takes connections. */
export const isOpen = (port: number): Effect.Effect<boolean> =>
  Effect.callback((resume) => {
    const socket = connect({ host: "127.0.0.1", port })
    socket.once("connect", () => {
      socket.destroy()
      resume(Effect.succeed(true))
    })
    socket.once("error", () => resume(Effect.succeed(false)))
  })

/** Sends a text, and gives all that came back. */
export const exchange = (port: number, text: string): Effect.Effect<string> =>
  Effect.scoped(Effect.gen(function*() {
    const connection = yield* raw(port)
    connection.write(text)
    return yield* connection.ended
  }))

export const statusOf = (response: string): number => Number(/^HTTP\/1\.1 (\d{3}) /.exec(response)?.[1])
