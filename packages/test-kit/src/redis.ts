/**
 * A real Redis: the server of `REDIS_URL`, else `redis-server` of this machine.
 *
 * The test files of a process share one server. It keeps nothing on disk, starts when a test first asks for it, and ends with
 * the process. Each user gets a prefix for its keys, because a server of `REDIS_URL` can have other users.
 */
import * as NodeRedis from "@effect/platform-node/NodeRedis"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redis from "effect/persistence/Redis"
import type * as Scope from "effect/Scope"
import { randomUUID } from "node:crypto"
import * as Server from "./server.ts"
import * as Tools from "./tools.ts"

const given = (): string => process.env["REDIS_URL"] ?? ""

/** The program `redis-server`. */
export const program: Tools.Tool = Tools.tool({
  name: "redis-server",
  install: "Install the package redis-server.",
  find: () => Tools.find("redis-server", ["--version"], /^Redis server v=(\d+\.\d+\.\d+)/)
})

/** The server of `REDIS_URL`, else the program. */
export const tool: Tools.Tool = Tools.tool({
  name: "Redis",
  install: "Install the package redis-server, or set REDIS_URL to the URL of a server.",
  find: () => given() === "" ? program.found : { path: "", version: "of REDIS_URL" }
})

// -----------------------------------------------------------------------------
// the server
// -----------------------------------------------------------------------------

/** A server on this machine. */
export interface Local {
  readonly url: string
  readonly pid: number
  readonly folder: string
}

const start = async (): Promise<Local & { readonly stop: () => Promise<void> }> => {
  const { path } = Tools.found(program)
  const password = randomUUID()
  const { folder, pid, port, stop } = await Server.start({
    name: "redis",
    signal: "TERM",
    prepare: () => Promise.resolve(),
    command: (folder, port) => ({
      file: path,
      args: ["-"],
      // on stdin, since every user of the machine can see arguments
      input: [
        "bind 127.0.0.1",
        `port ${port}`,
        `requirepass ${password}`,
        `dir "${folder}"`,
        "save \"\"",
        "appendonly no",
        "daemonize no"
      ].join("\n")
    })
  })
  return { url: `redis://:${password}@127.0.0.1:${port}`, pid, folder, stop }
}

/** A server of its own, for a test that stops it. It ends with the scope. It needs `redis-server`, also with `REDIS_URL`. */
export const make: Effect.Effect<Local, never, Scope.Scope> = Effect.acquireRelease(
  Effect.promise(start),
  ({ stop }) => Effect.promise(stop)
)

let started: Promise<Local> | undefined

/** The server of `redis-server` that the test files of this process share. */
export const local: Effect.Effect<Local> = Effect.promise(() => started ??= start())

/** The URL of the server of `REDIS_URL`, else of `redis-server`, which the test files of this process share. */
export const shared: Effect.Effect<string> = Effect.suspend(() =>
  given() === "" ? Effect.map(local, ({ url }) => url) : Effect.succeed(given())
)

// -----------------------------------------------------------------------------
// clients and keys
// -----------------------------------------------------------------------------

/** A client of a server by its URL. */
export const client = (url: string): Layer.Layer<Redis.Redis | NodeRedis.NodeRedis, Redis.RedisError> =>
  NodeRedis.layer({ url })

/** A client of the shared server. */
export const layer: Layer.Layer<Redis.Redis | NodeRedis.NodeRedis> = Layer.unwrap(
  Effect.map(shared, (url) => Layer.orDie(client(url)))
)

/** Removes the keys that begin with a text, and no others. */
const clear = (prefix: string) =>
  Effect.gen(function*() {
    const redis = yield* Redis.Redis
    let cursor = "0"
    do {
      const [next, keys] = yield* redis.send<[string, Array<string>]>(
        "SCAN",
        cursor,
        "MATCH",
        `${prefix}*`,
        "COUNT",
        "1000"
      )
      if (keys.length > 0) yield* redis.send("UNLINK", ...keys)
      cursor = next
    } while (cursor !== "0")
  }).pipe(Effect.provide(layer), Effect.orDie)

/** A text that no other user's keys begin with. The keys that begin with it are removed when the scope closes. */
export const prefix: Effect.Effect<string, never, Scope.Scope> = Effect.acquireRelease(
  Effect.sync(() => `sso-oidc-test:${randomUUID()}:`),
  clear
)

// -----------------------------------------------------------------------------
// clients that do as told
// -----------------------------------------------------------------------------

/** A service of Redis without a server, whose commands do as told. */
export const told = (
  command: (name: string, args: ReadonlyArray<string>) => Effect.Effect<unknown, Redis.RedisError>
): Layer.Layer<Redis.Redis> =>
  Layer.effect(
    Redis.Redis,
    Redis.make({
      // A client gives what its server sends.
      send: <A>(name: string, ...args: ReadonlyArray<string>) =>
        command(name, args) as Effect.Effect<A, Redis.RedisError>,
      subscribe: () => Effect.never,
      connect: Effect.never
    })
  )
