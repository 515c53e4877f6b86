/**
 * The recipes of the relay's README, run as they stand there. Each request is refused before anything is sent.
 */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { run } from "@sso-oidc/test-kit/child"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { freePort, listening, origin, type Raw, render, talk } from "../support/rawHttp.ts"

const readme = readFileSync(join(import.meta.dirname, "../../../relay/README.md"), "utf8")
const folder = join(import.meta.dirname, "../../.recipes")

/** The file with the example that contains these words. */
const recipe = (name: string, words: string, port = 8080): string => {
  const found = [...readme.matchAll(/^```ts\n([\s\S]*?)^```/gm)]
    .map(([, code]) => code ?? "")
    .filter((code) => code.includes(words))
  const [code] = found
  if (code === undefined || found.length > 1) throw new Error(`README has ${found.length} examples with "${words}"`)
  const path = join(folder, `${name}.ts`)
  writeFileSync(path, code.replace(/\b8080\b/, String(port)))
  return path
}

beforeAll(() => {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A request of a kind that the relay does not pass on, with a body that it does not read. */
const unread: ReadonlyArray<[title: string, status: number, raw: Raw]> = [
  ["another origin", 403, { headers: { origin: "https://evil.example" } }],
  ["another path", 404, { target: "/sso-oidc/eu-west-1/authorize" }],
  ["another method", 405, { method: "PUT" }],
  ["another content type", 415, { headers: { "content-type": "text/plain" } }],
  ["a malformed id", 400, { headers: { "x-sso-oidc-relay-id": "" } }]
]

const sizes: ReadonlyArray<[title: string, more: Raw, keeps: boolean]> = [
  ["200 kB", { body: "x".repeat(200_000) }, true],
  ["2 MB", { body: "x".repeat(2_000_000) }, false],
  ["one chunk of 2 MB", { body: "x".repeat(2_000_000), chunked: true }, false]
]

const second = render({})

const otherPaths = [
  "/sso-oidc/x/../eu-west-1/client/register",
  "/sso-oidc/x/%2e%2E/eu-west-1/client/register",
  "/sso-oidc/.%2e/sso-oidc/eu-west-1/client/register",
  "/sso-oidc/%2e/eu-west-1/client/register",
  "/sso-oidc//eu-west-1/client/register",
  "//sso-oidc/eu-west-1/client/register",
  "/sso-oidc/x\\..\\eu-west-1\\client\\register",
  "/sso-oidc/eu-west-1/client/register?"
]

/** Headers that a caller may write, different for each request. */
const written = (at: number) => ({
  "x-remote-address": `192.0.2.${at}`,
  "x-forwarded-for": `192.0.2.${at}`,
  "x-real-ip": `192.0.2.${at}`,
  forwarded: `for=192.0.2.${at}`,
  "cf-connecting-ip": `192.0.2.${at}`
})

describe.each([
  ["node:http", "toNodeListener("],
  ["Effect's own server", "toHttpEffect("]
])("the recipe for %s", (title, words) => {
  const scope = Scope.makeUnsafe()
  let port = 0
  // one process for all tests, because its start takes a second or two
  beforeAll(() =>
    Effect.runPromise(
      Effect.gen(function*() {
        port = yield* freePort
        yield* run(process.execPath, { args: [recipe(title.replace(/\W/g, "-"), words, port)] })
        yield* listening(port)
      }).pipe(Scope.provide(scope))
    ), 30_000)
  afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))

  for (const [size, more, keeps] of sizes) {
    it.live.each(unread)(
      `refuses %s before it reads a body of ${size}, and ${
        keeps ? "responds to the next request" : "says that the connection closes"
      }`,
      ([, status, raw]) =>
        Effect.gen(function*() {
          const { closed, statuses, text } = yield* talk(port, [render({ ...raw, ...more }), second])
          assert.deepStrictEqual(statuses, keeps ? [status, 400] : [status])
          assert.strictEqual(closed, !keeps)
          assert.strictEqual(/^connection: close\r$/im.test(text), !keeps)
        })
    )
  }

  it.live("responds to a request that comes directly after a refused one", () =>
    Effect.gen(function*() {
      const refused = render({ headers: { "content-type": "text/plain" }, body: "x".repeat(200_000) })
      assert.deepStrictEqual((yield* talk(port, [`${refused}${second}`, ""])).statuses, [415, 400])
    }))

  it.live.each(["TRACE", "HEAD", "GET", "PUT", "DELETE", "PATCH", "PROPFIND", "QUERY"])(
    "responds to %s with the methods that it accepts",
    (method) =>
      Effect.gen(function*() {
        const { statuses, text } = yield* talk(port, [render({ method, body: "" })])
        assert.deepStrictEqual(statuses, [405])
        assert.match(text, /^allow: POST, OPTIONS\r$/im)
      })
  )

  it.live("responds to CONNECT, and closes", () =>
    Effect.gen(function*() {
      const { statuses } = yield* talk(port, [render({ method: "CONNECT", target: "evil.example:443", body: "" })])
      assert.deepStrictEqual(statuses, [405])
    }))

  it.live("responds to OPTIONS for the whole server, to a page's preflight, and to an invalid Host", () =>
    Effect.gen(function*() {
      const asked = { method: "OPTIONS", body: "", headers: { "access-control-request-method": "POST" } }
      assert.deepStrictEqual((yield* talk(port, [render(asked)])).statuses, [204])
      assert.deepStrictEqual((yield* talk(port, [render({ ...asked, target: "*" })])).statuses, [404])
      const [status = 0] = (yield* talk(port, [render({ headers: { host: "a b" } })])).statuses
      assert.strictEqual(status, 400)
    }))

  it.live.each(otherPaths)("refuses a path that is written in another way: %s", (target) =>
    Effect.gen(function*() {
      assert.deepStrictEqual((yield* talk(port, [render({ target })])).statuses, [404])
    }))

  // the last test, because it uses up the limit
  it.live("counts a caller by its connection, whatever headers it writes", () =>
    Effect.gen(function*() {
      const statuses: Array<number> = []
      // meanwhile the bucket of 120 refills by two a second
      for (let at = 0; at < 6 && !statuses.includes(429); at++) {
        const requests = Array.from({ length: 50 }, (_, one) => render({ headers: written(50 * at + one) }))
        statuses.push(...(yield* talk(port, requests)).statuses)
      }
      assert.include(statuses, 429)
    }))
})

type Fetch = (request: Request, from: unknown) => Promise<Response>

const isFetch = (value: unknown): value is Fetch => typeof value === "function"

const fetchOf = (path: string): Effect.Effect<Fetch> =>
  Effect.promise(async () => {
    const program: unknown = await import(pathToFileURL(path).href)
    const found: unknown = Object(Object(program).default).fetch
    return isFetch(found) ? found : assert.fail("the recipe exports no fetch")
  })

const asked = (headers: Readonly<Record<string, string>> = {}): Request =>
  new Request(`${origin}/sso-oidc/eu-west-1/client/register`, {
    method: "POST",
    headers: { origin, "content-type": "application/json", ...headers },
    body: "{}"
  })

/** Meanwhile the bucket of 120 refills by two a second. */
const untilRefused = (statusOf: (at: number) => Effect.Effect<number>) =>
  Effect.gen(function*() {
    for (let at = 0; at < 300; at++) {
      const status = yield* statusOf(at)
      if (status === 429) return
      assert.strictEqual(status, 400)
    }
    assert.fail("none of 300 requests was over the limit of 120")
  })

describe.each<[name: string, words: string, from: (address: string) => unknown]>([
  ["Deno", "Deno.serve", (address) => ({ remoteAddr: { transport: "tcp", hostname: address, port: 1 } })],
  ["Bun", "Bun.serve", (address) => ({ requestIP: () => ({ address, port: 1, family: "IPv6" }) })]
])("the recipe for %s", (name, words, from) => {
  it.effect("counts a caller by its connection, whatever headers it writes", () =>
    Effect.gen(function*() {
      const fetch = yield* fetchOf(recipe(name, words))
      const statusOf = (address: string, at: number) =>
        Effect.promise(async () => (await fetch(asked(written(at)), from(address))).status)
      yield* untilRefused((at) => statusOf(`2001:db8:1:2:${at}::1`, at))
      assert.strictEqual(yield* statusOf("2001:db8:1:3::1", 0), 400)
      assert.strictEqual(yield* statusOf("::ffff:192.0.2.1", 0), 400)
    }))

  it.effect("responds to a connection that has no address", () =>
    Effect.gen(function*() {
      const fetch = yield* fetchOf(recipe(name, words))
      const nowhere = { remoteAddr: { transport: "unix", path: "/run/relay" }, requestIP: () => null }
      assert.strictEqual((yield* Effect.promise(() => fetch(asked(), nowhere))).status, 400)
    }))
})

describe("the recipe for Workers", () => {
  it.effect("counts a caller by the header that Cloudflare sets, and a /64 as one caller", () =>
    Effect.gen(function*() {
      const fetch = yield* fetchOf(recipe("workers", "cf-connecting-ip"))
      const statusOf = (address: string) =>
        Effect.promise(async () => (await fetch(asked({ "cf-connecting-ip": address }), {})).status)
      yield* untilRefused((at) => statusOf(`2001:db8:1:2:${at}::1`))
      assert.strictEqual(yield* statusOf("192.0.2.1"), 400)
    }))
})
