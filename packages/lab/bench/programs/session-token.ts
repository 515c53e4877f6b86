/**
 * Gets a token from the cache, for `bench/session.ts`: once, and then as often as the first argument says. It prints the processor
 * time of one repeated call, in microseconds.
 */
import * as AccessToken from "@sso-oidc/core/AccessToken"
import * as NodeSession from "@sso-oidc/session/node/NodeSession"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"

const times = Number(process.argv[2])

const program = Effect.gen(function*() {
  const { get } = yield* AccessToken.AccessToken
  const { accessToken } = yield* get
  if (Redacted.value(accessToken) === "") return yield* Effect.die(new Error("the token is empty"))
  // The first half warms the code up
  for (let n = 0; n < times; n++) yield* get
  const before = process.cpuUsage()
  for (let n = 0; n < times; n++) yield* get
  const { system, user } = process.cpuUsage(before)
  yield* Console.log(times === 0 ? 0 : (system + user) / times)
})

await Effect.runPromise(Effect.provide(program, NodeSession.layer({ profile: "bench" })))
