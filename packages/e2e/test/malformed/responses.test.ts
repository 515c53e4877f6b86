import { assert, describe, it } from "@effect/vitest"
import { search, textsOf, walk } from "@sso-oidc/test-kit/leaks"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Hostile from "../support/hostile.ts"
import { bodies } from "../support/hostileBodies.ts"
import { framings, heads } from "../support/hostileFraming.ts"
import { statuses } from "../support/hostileStatuses.ts"

const leak = search(Object.values(Hostile.secret))

const nextToken = "token-of-the-next-call"
const next = Hostile.response(Hostile.token.replace(Hostile.secret.accessToken, nextToken))

/** What is true for every error: its secrets are masked, it has no control characters, and it has its request id. */
const examine = (error: Hostile.AnyError, one: Hostile.Case): void => {
  for (const text of textsOf(error)) assert.isUndefined(leak(text), text.slice(0, 300))
  assert.deepStrictEqual(walk(error).http, [])
  // oxlint-disable-next-line no-control-regex -- to find them is what it is for
  assert.notMatch(error.message, /[\u0000-\u001f\u007f-\u009f]/)
  if ("status" in error && error.status !== undefined) assert.propertyVal(error, "requestId", "r-1")
  if (error._tag === "UnexpectedResponse") {
    const excerpt = Redacted.value(error.body)
    assert.isAtMost(excerpt.length, 1024)
    if (one.excerpt !== undefined) assert.strictEqual(excerpt, one.excerpt.slice(0, 1024))
  }
}

for (const [name, transport] of Hostile.transports) {
  const run = (one: Hostile.Case) =>
    Effect.gen(function*() {
      const server = yield* Hostile.serve(one.script, next)
      const oidc = yield* Hostile.client(
        server,
        transport,
        one.requestTimeout === undefined ? {} : { requestTimeout: one.requestTimeout }
      )
      const outcome = yield* Effect.match(Hostile.createToken(oidc), {
        onFailure: (error) => {
          examine(error, one)
          return Hostile.lineOf(error)
        },
        onSuccess: ({ accessToken }) => {
          assert.strictEqual(Redacted.value(accessToken), Hostile.secret.accessToken)
          return "token"
        }
      })
      assert.strictEqual(outcome, name === "fetch" ? one.fetch ?? one.outcome : one.outcome)
      assert.deepStrictEqual(server.paths(), ["/token"])
      assert.notProperty({}, "polluted")

      // the connection is closed if it cannot be used again, and nothing of this response is in the next one
      const closed = (name === "fetch" ? one.fetchClosed : undefined) ?? one.closed ?? false
      if (closed) assert.isTrue(yield* Hostile.becomes(() => server.connections[0]?.closed === true), "closed")
      const after = yield* Hostile.createToken(oidc)
      assert.strictEqual(Redacted.value(after.accessToken), nextToken)
      assert.deepStrictEqual(server.paths(), ["/token", "/token"])
      // with fetch, the platform decides how soon a connection is used again
      if (!closed && name === "node") assert.strictEqual(server.connections.length, 1)
    })

  const laws = [["C4", "bodies", bodies], ["C3", "framings", framings], ["C3", "heads", heads]] as const
  for (const [law, kind, cases] of laws) {
    describe(`malformed ${kind} over real sockets, through ${name}`, () => {
      for (const one of cases) it.live(`${one.name} (${law})`, () => run(one))
    })
  }

  describe(`unexpected statuses over real sockets, through ${name}`, () => {
    for (const one of statuses) it.live(`${one.name} (C3)`, () => run(one))
  })
}

describe("421 over real sockets", () => {
  const misdirected = Hostile.response("", "421 Misdirected Request")

  it.live("Node's transport sends the request once (C8)", () =>
    Effect.gen(function*() {
      const server = yield* Hostile.serve(misdirected, next)
      const oidc = yield* Hostile.client(server, Hostile.transports[0][1])
      const error = yield* Effect.flip(Hostile.createToken(oidc))
      assert.strictEqual(Hostile.lineOf(error), "UnexpectedResponse status 421")
      assert.strictEqual(server.paths().length, 1)
    }))

  it.live("fetch sends it once more, as its standard says, because the server said that it did not act", () =>
    Effect.gen(function*() {
      const server = yield* Hostile.serve(misdirected)
      const oidc = yield* Hostile.client(server, Hostile.transports[1][1])
      const error = yield* Effect.flip(Hostile.createToken(oidc))
      assert.strictEqual(Hostile.lineOf(error), "UnexpectedResponse status 421")
      assert.strictEqual(server.paths().length, 2)
    }))
})
