/**
 * A process that holds a lock over Redis. It prints what happens, and goes on after each line of its stdin.
 */
import * as NodeRedis from "@effect/platform-node/NodeRedis"
import * as TokenStore from "@sso-oidc/session/TokenStore"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { once } from "node:events"
import { createInterface } from "node:readline"

const lines = createInterface({ input: process.stdin })
const line = Effect.promise(() => once(lines, "line"))
const print = (text: string) => Effect.sync(() => console.log(text))

const hold = (number: number) =>
  TokenStore.TokenStore.use((store) =>
    store.exclusively("frozen", (hold) =>
      Effect.gen(function*() {
        yield* hold.prepare("0b".repeat(32), 100)
        yield* print(`held ${number}`)
        yield* line
        yield* hold.commit(Redacted.make("of the frozen holder"))
      }), { wait: Duration.seconds(20) })
  )

const program = Effect.gen(function*() {
  yield* print(`first: ${(yield* Effect.flip(hold(1)))._tag}`)
  const error = yield* Effect.flip(hold(2))
  yield* print(`second: ${error._tag === "StoreError" ? error.reason : error._tag}`)
})

const store = TokenStore.layerRedis({ prefix: process.env["PREFIX"] }).pipe(
  Layer.provide(NodeRedis.layer({ url: process.env["URL"] ?? "" }))
)

await Effect.runPromise(Effect.provide(program, store))
