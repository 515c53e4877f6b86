/**
 * The Cloudflare Worker of the example, and its Durable Objects, under workerd.
 */
import { assert, describe, it } from "@effect/vitest"
import * as LoginStoreContract from "@sso-oidc/durable/LoginStoreContract"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import * as Tools from "@sso-oidc/test-kit/tools"
import * as Effect from "effect/Effect"
import * as Workerd from "./support/workerd.ts"

const variablesOf = (endpoint: string) => ({
  SSO_REGION: "us-east-1",
  SSO_START_URL: "https://my.awsapps.com/start",
  AWS_ENDPOINT_URL_SSO_OIDC: endpoint,
  SEALER_CURRENT: "2026-11",
  SEALER_KEYS: `2026-11=${Buffer.alloc(32, 7).toString("base64")}`
})

const worker = `export * from "@sso-oidc/example-serverless/worker"
export { default } from "@sso-oidc/example-serverless/worker"`

/** A Worker that holds the store to the contract, and responds with the outcomes. */
const contract = `
  import * as LoginObject from "@sso-oidc/example-serverless/LoginObject"
  import * as LoginStoreContract from "@sso-oidc/durable/LoginStoreContract"
  import * as Effect from "effect/Effect"
  export { LoginObject } from "@sso-oidc/example-serverless/LoginObject"
  export default {
    fetch: async (_, env) =>
      Response.json(await Effect.runPromise(LoginStoreContract.run({
        store: LoginObject.layer(env.LoginObject),
        engine: false,
        concurrency: 8
      })))
  }
`

const post = (url: string) =>
  Effect.promise(async () => {
    const response = await fetch(url, { method: "POST" })
    return { status: response.status, retryAfter: response.headers.get("retry-after"), body: await response.json() }
  })

describe.skipIf(Tools.isMissing(Workerd.tool))(`under ${Workerd.tool.title}`, () => {
  it.live("a Worker runs logins of which many callers ask at once, also after it was killed (W1, W3, W6)", () =>
    Effect.gen(function*() {
      const { url: endpoint } = yield* EmulatorServer.EmulatorServer
      const { authorizations } = yield* Emulator.Emulator
      const folder = yield* Workerd.folder
      const options = { folder, program: worker, objects: "LoginObject", variables: variablesOf(endpoint) }
      const first = yield* Workerd.serve(options)
      const started = yield* Effect.all(
        Array.from({ length: 5 }, () => post(`${first.url}/logins`)),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(started.map(({ status }) => status), started.map(() => 201))
      yield* first.kill
      const { url } = yield* Workerd.serve(options)
      for (const { body } of started) yield* authorizations.approve(body.code)
      yield* Effect.sleep("1100 millis")
      const polls = started.flatMap(({ body }) =>
        Array.from(
          { length: 4 },
          () => Effect.map(post(`${url}/logins/${body.id}/poll`), (told) => [body.id, told] as const)
        )
      )
      const all = yield* Effect.all(polls, { concurrency: "unbounded" })
      for (const [, { body, status }] of all) {
        assert.include([200, 202], status, JSON.stringify(body))
        assert.deepStrictEqual(Object.keys(body), status === 200 ? ["state"] : ["state", "retryIn"])
      }
      const approved = new Set(all.filter(([, { status }]) => status === 200).map(([id]) => id))
      assert.strictEqual(approved.size, started.length)
      const last = yield* post(`${url}/logins/${started[0]?.body.id}/poll`)
      assert.deepStrictEqual([last.status, last.body], [200, { state: "approved" }])
      assert.strictEqual((yield* post(`${url}/logins/unknown/poll`)).status, 404)
      const huge = yield* Effect.promise(() => fetch(`${url}/logins`, { method: "POST", body: "x".repeat(10_000) }))
      assert.strictEqual(huge.status, 413)
    }).pipe(Effect.scoped, Effect.provide(EmulatorServer.layer())))

  it.live("its Durable Object keeps the contract of a login store (W1)", () =>
    Effect.gen(function*() {
      const { url } = yield* Workerd.serve({ folder: yield* Workerd.folder, program: contract, objects: "LoginObject" })
      const outcomes = yield* Effect.promise(async (): Promise<ReadonlyArray<LoginStoreContract.Outcome>> =>
        (await fetch(url)).json()
      )
      assert.strictEqual(outcomes.length, LoginStoreContract.cases.length)
      for (const { name, verdict, violation } of outcomes) {
        assert.notStrictEqual(verdict, "broken", `${name}: ${JSON.stringify(violation)}`)
      }
    }).pipe(Effect.scoped))
})
