/**
 * A program that reads the head of a response and drops the response. Then it waits, and collects garbage until it is killed.
 * It needs `--expose-gc`, and its own process, because a test runner keeps more objects alive than a program does.
 */
import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"

const program = Effect.gen(function*() {
  const client = yield* NodeTransport.make()
  // in its own fiber, because a fiber keeps its last value
  yield* Effect.asVoid(client.get(process.argv[2] ?? "")).pipe(Effect.forkChild, Effect.flatMap(Fiber.await))
  process.stdout.write("dropped")
  while (true) {
    yield* Effect.sleep(20)
    globalThis.gc?.()
  }
})

await Effect.runPromise(Effect.scoped(program))
