/** The same through a proxy, with a tunnel that is kept. */
import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
import * as Authority from "./testOnlyAuthority.ts"

const [url = "", https = ""] = process.argv.slice(2)

const program = Effect.gen(function*() {
  const options = { ca: Authority.root, proxy: { https, loopback: true } }
  const client = yield* Scope.provide(NodeTransport.make(options), yield* Scope.make())
  const response = yield* client.get(url)
  process.stdout.write(yield* response.text)
})

await Effect.runPromise(program)
