/**
 * A process of the fleet as a child of this one, with its own ports. It can be stopped, killed, and started again.
 */
import * as Child from "@sso-oidc/test-kit/child"
import * as Server from "@sso-oidc/test-kit/server"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { join } from "node:path"

const program = join(import.meta.dirname, "../process.ts")

const freePort = Effect.promise(Server.freePort)

export interface Machine {
  readonly url: string
  /** Starts it, and waits until its routes respond. */
  readonly start: Effect.Effect<void, never, Scope.Scope>
  /** Sends a signal, and waits for the end. Gives the exit code, `null` if the signal ended it, and what it printed. */
  readonly end: (signal: "SIGTERM" | "SIGKILL") => Effect.Effect<Child.Ended>
}

const notRunning: Child.Ended = { code: null, stdout: "", stderr: "" }

/** A machine with these variables. It does not run yet. */
export const make = (env: Readonly<Record<string, string>>): Effect.Effect<Machine> =>
  Effect.gen(function*() {
    const [port, clusterPort] = [yield* freePort, yield* freePort]
    let running: Child.Running | undefined
    return {
      url: `http://127.0.0.1:${port}`,
      start: Effect.gen(function*() {
        running = yield* Child.run(process.execPath, {
          args: [program],
          env: { ...env, PORT: String(port), CLUSTER_PORT: String(clusterPort) }
        })
        yield* running.printed(/fleet: http/)
      }),
      end: (signal) =>
        Effect.suspend(() =>
          running === undefined
            ? Effect.succeed(notRunning)
            : Effect.andThen(running.signal(signal), running.ended)
        )
    }
  })
