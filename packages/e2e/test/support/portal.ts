/**
 * The access portal, as far as the AWS CLI needs it: it gives credentials of a role, and logs out.
 */
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import type * as Scope from "effect/Scope"
import { createServer } from "node:http"

export interface Seen {
  readonly path: string
  /** The access token that it was sent. */
  readonly token: unknown
}

export interface Portal {
  readonly url: string
  /** All requests, the oldest first. */
  readonly seen: ReadonlyArray<Seen>
}

const roleCredentials = {
  accessKeyId: "AKIAEXAMPLE",
  secretAccessKey: "secret",
  sessionToken: "session",
  expiration: Date.now() + 3_600_000
}

/** A portal on 127.0.0.1, which ends with the scope. */
export const make: Effect.Effect<Portal, never, Scope.Scope> = Effect.acquireRelease(
  Effect.promise(async () => {
    const seen: Array<Seen> = []
    const server = createServer((request, response) => {
      const { headers, method, url = "/" } = request
      seen.push({ path: `${method} ${url.replace(/\?.*/, "")}`, token: headers["x-amz-sso_bearer_token"] })
      response.writeHead(200, { "content-type": "application/json" })
      response.end(method === "GET" ? JSON.stringify({ roleCredentials }) : "")
    })
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening))
    const address = server.address()
    if (!Predicate.hasProperty(address, "port")) throw new Error("the portal has no port")
    return { server, seen, url: `http://127.0.0.1:${address.port}` }
  }),
  ({ server }) =>
    Effect.sync(() => {
      server.close()
      server.closeAllConnections()
    })
)
