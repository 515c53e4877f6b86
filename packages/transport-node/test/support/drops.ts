/**
 * A program that reads the head of an answer, forgets it, and waits with its memory swept until it is killed. Needs
 * `--expose-gc`; a test runner holds on to more than a program does.
 */
import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"

const program = Effect.gen(function*() {
  const client = yield* NodeTransport.make()
  // in a fiber of its own, since a fiber holds on to what it got last
  yield* Effect.asVoid(client.get(process.argv[2] ?? "")).pipe(Effect.forkChild, Effect.flatMap(Fiber.await))
  process.stdout.write("dropped")
  while (true) {
    yield* Effect.sleep(20)
    globalThis.gc?.()
  }
})

await Effect.runPromise(Effect.scoped(program))
