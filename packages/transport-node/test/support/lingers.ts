/** A program that never closes its client. It writes what it got, and must end all the same. */
import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"

const program = Effect.gen(function*() {
  const client = yield* Scope.provide(NodeTransport.make(), yield* Scope.make())
  const response = yield* client.get(process.argv[2] ?? "")
  process.stdout.write(yield* response.text)
})

await Effect.runPromise(program)
