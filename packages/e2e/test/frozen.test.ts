/**
 * A function that its platform stops after each response (SIGSTOP), as AWS Lambda freezes it between two calls.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import * as CachedToken from "@sso-oidc/session/CachedToken"
import * as KernelLock from "@sso-oidc/session/node/KernelLock"
import * as TokenStore from "@sso-oidc/session/TokenStore"
import { folder, run } from "@sso-oidc/test-kit/child"
import * as Redis from "@sso-oidc/test-kit/redis"
import { isMissing } from "@sso-oidc/test-kit/tools"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import { createServer } from "node:http"
import { join } from "node:path"

const key = "frozen"

/** A service that needs so many milliseconds for a token. It counts the requests, and those in flight. */
const service = (takes: number) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const count = { all: 0, inFlight: 0 }
      const server = createServer((request, response) => {
        count.all++
        count.inFlight++
        response.on("close", () => count.inFlight--)
        const number = count.all
        request.resume()
        setTimeout(() => {
          response.writeHead(200, { "content-type": "application/json" })
          response.end(JSON.stringify({
            accessToken: `access-${number}`,
            refreshToken: `refresh-${number}`,
            tokenType: "Bearer",
            expiresIn: 3600
          }))
        }, takes)
      })
      await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening))
      const address = server.address()
      if (!Predicate.hasProperty(address, "port")) throw new Error("the service has no port")
      return { server, count, url: `http://127.0.0.1:${address.port}` }
    }),
    ({ server }) =>
      Effect.sync(() => {
        server.close()
        server.closeAllConnections()
      })
  )

/** A token that is due, and lasts long enough that no caller has to wait for its refresh. */
const due = Effect.map(DateTime.now, (now): CachedToken.CachedToken => ({
  accessToken: Redacted.make("access-0"),
  expiresAt: DateTime.add(now, { minutes: 10 }),
  refreshToken: Redacted.make("refresh-0"),
  clientId: "client",
  clientSecret: Redacted.make("client-secret"),
  registrationExpiresAt: DateTime.add(now, { days: 80 }),
  others: Redacted.make({})
}))

const hasNoRedis = isMissing(Redis.tool)

interface Place {
  readonly args: ReadonlyArray<string>
  readonly store: Layer.Layer<TokenStore.TokenStore, unknown>
}

const inRedis = Effect.gen(function*(): Effect.fn.Return<Place, never, Scope.Scope> {
  const [url, prefix] = [yield* Redis.shared, yield* Redis.prefix]
  return { args: [url, prefix], store: TokenStore.layerRedis({ prefix }).pipe(Layer.provide(Redis.layer)) }
})

const inFiles = Effect.map(folder, (directory): Place => ({
  args: [directory],
  store: TokenStore.layerAwsCache({ directory }).pipe(
    Layer.provide(KernelLock.layer),
    Layer.provide(NodeServices.layer)
  )
}))

const [title, place] = hasNoRedis ? ["files", inFiles] as const : [Redis.tool.title, inRedis] as const

describe(`a function that is stopped after each response, over ${title}`, () => {
  it.live.each([
    { refresh: "wait", takes: 200, gives: ["access-1", "access-2", "access-3"], outcome: "has ended" },
    // the control: here a stop comes before the refresh has ended
    { refresh: "background", takes: 2000, gives: ["access-0"], outcome: "goes on" }
  ])(
    "with refresh: $refresh, the refresh $outcome when the response comes (S7, S22)",
    ({ gives, refresh, takes }) =>
      Effect.gen(function*() {
        const { args, store: layer } = yield* place
        const { count, url } = yield* service(takes)
        const store = Context.get(yield* Layer.build(layer), TokenStore.TokenStore)
        const lockFor = <A>(use: (hold: TokenStore.Hold) => Effect.Effect<A, unknown>) =>
          store.exclusively(key, use, { wait: Duration.seconds(1) })
        const program = yield* run(process.execPath, {
          args: [join(import.meta.dirname, "support/frozen.ts"), url, refresh, ...args]
        })
        const pid = Number(yield* program.printed(/^ready (\d+)\n/))
        let lines = 1
        for (const [at, wanted] of gives.entries()) {
          const token = yield* due
          yield* lockFor((hold) => hold.commit(CachedToken.encode(token)))
          yield* program.write("\n")
          const given = yield* program.printed(new RegExp(`^(?:.*\\n){${lines++}}(.*)\\n`))
          process.kill(pid, "SIGSTOP")
          assert.strictEqual(given, wanted)
          // what was sent before the stop has arrived by now
          yield* Effect.sleep("100 millis")
          const stored = yield* store.read(key)
          assert.include(stored && Redacted.value(stored), `"accessToken":"${given}"`)
          if (refresh === "wait") {
            assert.deepStrictEqual(count, { all: at + 1, inFlight: 0 })
            // it holds no lock, and it left no mark
            yield* lockFor(() => Effect.void)
            assert.deepStrictEqual(yield* store.marks(key), [])
          }
          process.kill(pid, "SIGCONT")
        }
        if (refresh === "wait") return
        yield* Effect.repeat(Effect.sleep("20 millis"), { until: () => count.all > 0 && count.inFlight === 0 })
      }).pipe(Effect.scoped)
  )
})
