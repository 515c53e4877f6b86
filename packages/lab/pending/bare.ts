/**
 * What Effect's engine alone takes for an execution that waits: `pnpm pending --engine`.
 *
 *     node --expose-gc bare.ts COUNT
 *
 * It prints the heap for each execution, in bytes, and ends.
 */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import * as Sqlite from "@sso-oidc/test-kit/sqlite"
import * as ClusterWorkflowEngine from "effect/cluster/ClusterWorkflowEngine"
import * as SingleRunner from "effect/cluster/SingleRunner"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Workflow from "effect/workflow/Workflow"

const count = Number(process.argv[2])

const Waiting = Workflow.make("Waiting", { payload: { id: Schema.String }, idempotencyKey: ({ id }) => id })

let running = 0
const body = Waiting.toLayer(() => Effect.andThen(Effect.sync(() => running++), Effect.never))

const engine = ClusterWorkflowEngine.layer.pipe(
  Layer.provide(SingleRunner.layer({ shardingConfig: { maxResidentEntities: "unbounded" }, runnerStorage: "memory" })),
  Layer.provide([NodeCrypto.layerDigest, Sqlite.layer(":memory:")])
)

const heap = (): number => {
  globalThis.gc?.()
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}

const start = (from: number, to: number) =>
  Effect.gen(function*() {
    yield* Effect.forEach(
      Array.from({ length: to - from }, (_, n) => Waiting.execute({ id: String(from + n) }, { discard: true })),
      (effect) => effect,
      { concurrency: 20, discard: true }
    )
    while (running < to) yield* Effect.sleep("200 millis")
    return heap()
  })

const main = Effect.gen(function*() {
  // what is loaded and compiled once does not count
  const base = yield* start(0, 50)
  const all = yield* start(50, count)
  console.log((all - base) / (count - 50))
}).pipe(Effect.provide(body.pipe(Layer.provideMerge(engine))))

await Effect.runPromise(main)
process.exit()
