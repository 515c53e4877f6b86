/**
 * The emulator on a socket, behind a listener that takes note of each request, and of which process sent it.
 */
import * as Emulator from "@sso-oidc/emulator/Emulator"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as References from "effect/References"
import type * as Scope from "effect/Scope"
import * as Http from "node:http"
import { text } from "node:stream/consumers"

/** A poll, in milliseconds of this process's clock. */
export interface Poll {
  /** The process that sent it. */
  readonly member: string
  readonly code: string
  readonly at: number
  /** When its response was complete. It is absent while the poll is in flight. */
  answered?: number
}

export interface Observer {
  readonly url: string
  readonly emulator: Emulator.Service
  readonly polls: Array<Poll>
  /** The paths of the other requests, in order. */
  readonly others: Array<string>
  /** What the service gave that must not be seen: codes, secrets and tokens. */
  readonly secrets: Set<string>
  /** The device code of a user code. */
  readonly codes: Map<string, string>
}

const secretNames = ["deviceCode", "userCode", "clientSecret", "accessToken", "refreshToken"]

const portOf = (server: Http.Server): number => {
  const address = server.address()
  return typeof address === "object" && address !== null ? address.port : 0
}

/** Runs until the scope closes. */
export const make = (options: Emulator.Options): Effect.Effect<Observer, never, Scope.Scope> =>
  Effect.gen(function*() {
    const context = yield* Layer.build(EmulatorServer.layer(options)).pipe(
      Effect.provideService(References.MinimumLogLevel, "Error"),
      Effect.orDie
    )
    const { port } = Context.get(context, EmulatorServer.EmulatorServer)
    const seen = {
      emulator: Context.get(context, Emulator.Emulator),
      polls: Array<Poll>(),
      others: Array<string>(),
      secrets: new Set<string>(),
      codes: new Map<string, string>()
    }

    const learn = (body: string): void => {
      const members: Readonly<Record<string, unknown>> = JSON.parse(body)
      for (const name of secretNames) {
        const value = members[name]
        if (typeof value === "string") seen.secrets.add(value)
      }
      const { deviceCode, userCode } = members
      if (typeof deviceCode === "string" && typeof userCode === "string") seen.codes.set(userCode, deviceCode)
    }

    const pass = async (request: Http.IncomingMessage, response: Http.ServerResponse): Promise<void> => {
      const { headers, method = "GET", url: path = "" } = request
      const body = await text(request)
      let poll: Poll | undefined
      if (path === "/token") {
        poll = { member: String(headers["x-member"]), code: JSON.parse(body)["deviceCode"], at: performance.now() }
        seen.polls.push(poll)
      } else seen.others.push(path)
      const inner = Http.request({ port, host: "127.0.0.1", method, path, headers }, (from) => {
        text(from).then((answer) => {
          learn(answer)
          if (poll !== undefined) poll.answered = performance.now()
          response.writeHead(from.statusCode ?? 0, from.headers)
          response.end(answer)
        }, () => response.destroy())
      })
      inner.on("error", () => response.destroy())
      inner.end(body)
    }

    const server = yield* Effect.acquireRelease(
      Effect.callback<Http.Server>((resume) => {
        const server = Http.createServer((request, response) => {
          pass(request, response).catch(() => response.destroy())
        })
        server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
      }),
      (server) =>
        Effect.sync(() => {
          server.close()
          server.closeAllConnections()
        })
    )
    return { ...seen, url: `http://127.0.0.1:${portOf(server)}` }
  })
