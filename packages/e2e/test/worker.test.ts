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

/** The Worker, with a header that says how much work `waitUntil` was given. workerd by itself never stops work early. */
const watched = `
  import worker from "@sso-oidc/example-serverless/worker"
  export { LoginObject } from "@sso-oidc/example-serverless/worker"
  export default {
    fetch: async (request, env) => {
      const kept = []
      const { body, headers, status } = await worker.fetch(request, env, { waitUntil: (work) => kept.push(work) })
      return new Response(body, { status, headers: { ...Object.fromEntries(headers), kept: String(kept.length) } })
    }
  }
`

/** The Worker, whose variables cannot be read. */
const broken = `
  import worker from "@sso-oidc/example-serverless/worker"
  export { LoginObject } from "@sso-oidc/example-serverless/worker"
  export default {
    fetch: (request, env, context) =>
      worker.fetch(request, { LoginObject: env.LoginObject, get SSO_REGION() { throw new Error("no variable") } }, context)
  }
`

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
    return { status: response.status, headers: response.headers, body: await response.json() }
  })

/** Sends a body in chunks that does not end by itself. */
const postForEver = (url: string) =>
  Effect.promise(async () => {
    const body = new ReadableStream({
      pull: async (controller) => {
        await new Promise((resolve) => setTimeout(resolve, 5))
        controller.enqueue(new Uint8Array(1000).fill(32))
      }
    })
    const init: RequestInit & { readonly duplex: "half" } = { method: "POST", body, duplex: "half" }
    const response = await fetch(url, init)
    await response.body?.cancel()
    return response.status
  }).pipe(Effect.timeout("20 seconds"))

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
      // bytes that are no UTF-8
      const bytes = yield* Effect.promise(() => fetch(`${url}/logins`, { method: "POST", body: new Uint8Array([255]) }))
      assert.strictEqual(bytes.status, 400)
      assert.strictEqual(yield* postForEver(`${url}/logins`), 413)
      // the body of a poll is not read
      assert.strictEqual(yield* postForEver(`${url}/logins/unknown/poll`), 404)
    }).pipe(Effect.scoped, Effect.provide(EmulatorServer.layer())))

  it.live("a poll is completed and stored also if its caller goes away (W6)", () =>
    Effect.gen(function*() {
      const { url: endpoint } = yield* EmulatorServer.EmulatorServer
      const { authorizations, faults } = yield* Emulator.Emulator
      const { url } = yield* Workerd.serve({
        folder: yield* Workerd.folder,
        program: watched,
        objects: "LoginObject",
        variables: variablesOf(endpoint)
      })
      const { body: { code, id } } = yield* post(`${url}/logins`)
      yield* authorizations.approve(code)
      yield* faults.arm({ _tag: "Delay", operation: "CreateToken", duration: "1500 millis" })
      yield* Effect.sleep("1100 millis")
      const poll = `${url}/logins/${id}/poll`
      const left = yield* Effect.promise(() =>
        fetch(poll, { method: "POST", signal: AbortSignal.timeout(500) }).then(() => "responded", () => "left")
      )
      assert.strictEqual(left, "left")
      yield* Effect.sleep("2 seconds")
      const { body, headers, status } = yield* post(poll)
      assert.deepStrictEqual([status, body, headers.get("kept")], [200, { state: "approved" }, "1"])
    }).pipe(Effect.scoped, Effect.provide(EmulatorServer.layer())))

  it.live("a Worker that cannot be set up responds with 503 and a sentence", () =>
    Effect.gen(function*() {
      const { url } = yield* Workerd.serve({ folder: yield* Workerd.folder, program: broken, objects: "LoginObject" })
      const { body, headers, status } = yield* post(`${url}/logins`)
      assert.deepStrictEqual([status, headers.get("retry-after"), body.error], [503, "5", "Unavailable"])
    }).pipe(Effect.scoped))

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
