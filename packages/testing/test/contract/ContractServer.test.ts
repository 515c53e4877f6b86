import { assert, describe, it } from "@effect/vitest"
import * as ContractServer from "@sso-oidc/testing/contract/ContractServer"
import * as ContractServerNode from "@sso-oidc/testing/contract/ContractServerNode"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Http from "node:http"

const send = (url: string, init?: RequestInit) => Effect.promise(() => fetch(url, init))

describe("ContractServer", () => {
  it.effect("reports what it received, in the process and over HTTP alike", () =>
    Effect.gen(function*() {
      const server = yield* ContractServer.ContractServer
      yield* send(`${server.addresses.http}/echo/one?a=b`, {
        method: "POST",
        headers: { "X-Case": "Kept" },
        body: "hi"
      }).pipe(Effect.flatMap((response) => Effect.promise(() => response.text())))
      yield* Effect.promise(() => fetch(`${server.addresses.http}/none/two`))
      const report = yield* server.report("one")
      assert.strictEqual(report.requests.length, 1)
      const [seen] = report.requests
      assert.include(seen, { method: "POST", target: "/echo/one?a=b", body: "6869", size: 2 })
      assert.strictEqual(seen?.headers.find(([name]) => name.toLowerCase() === "x-case")?.[1], "Kept")
      assert.deepStrictEqual(report.connections, [{ id: seen?.connection ?? -1, open: true }])
      const remote = yield* ContractServer.ContractServer.pipe(
        Effect.provide(Layer.fresh(ContractServer.layerRemote(server.url)))
      )
      assert.deepStrictEqual(remote.addresses, server.addresses)
      assert.deepStrictEqual(yield* remote.report("one"), report)
      assert.deepStrictEqual(yield* remote.report("none"), { requests: [], connections: [] })
    }).pipe(Effect.provide(ContractServerNode.layer)))

  it.effect("reports at most 1024 bytes of a body", () =>
    Effect.gen(function*() {
      const server = yield* ContractServer.ContractServer
      yield* send(`${server.addresses.http}/empty/large`, { method: "POST", body: "a".repeat(5000) })
      const [seen] = (yield* server.report("large")).requests
      assert.strictEqual(seen?.body, "61".repeat(1024))
      assert.strictEqual(seen?.size, 5000)
    }).pipe(Effect.provide(ContractServerNode.layer)))

  it.effect("listens on loopback only, and closes with its scope", () =>
    Effect.gen(function*() {
      const { addresses, url } = yield* Effect.scoped(ContractServerNode.make)
      for (const address of [url, addresses.http, addresses.untrusted, addresses.silent, addresses.refused]) {
        assert.strictEqual(new URL(address).hostname, "127.0.0.1")
        const error = yield* Effect.flip(Effect.tryPromise(() => fetch(address)))
        assert.match(String(error.cause instanceof Error ? error.cause.cause : ""), /ECONNREFUSED/)
      }
    }))

  it.effect("closes with its scope although requests wait, and ends them", () =>
    Effect.gen(function*() {
      const waiting = yield* Effect.scoped(Effect.gen(function*() {
        const { addresses, report } = yield* ContractServerNode.make
        const response = fetch(`${addresses.http}/hold/one`).then(() => "answered", () => "ended")
        yield* Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 50)))
        assert.strictEqual((yield* report("one")).requests.length, 1)
        return response
      }))
      assert.strictEqual(yield* Effect.promise(() => waiting), "ended")
    }))

  it.effect("is reported as a missing server, and not as a broken guarantee, if it does not run", () =>
    Effect.gen(function*() {
      const { addresses } = yield* Effect.scoped(ContractServerNode.make)
      const error = yield* Effect.flip(Layer.build(ContractServer.layerRemote(addresses.http)))
      assert.strictEqual(error._tag, "ContractServerError")
      assert.match(error.message, /^The contract's server failed: no response from http/)
    }))

  it.effect("is reported as a missing server if another server responds", () =>
    Effect.gen(function*() {
      const server = yield* ContractServerNode.make
      const at = `${server.addresses.http}/large/x?`
      const error = yield* Effect.flip(Layer.build(ContractServer.layerRemote(at)))
      assert.strictEqual(error._tag, "ContractServerError")
    }))

  it.effect("lets a page of another origin call it, and does not count a preflight as a request", () =>
    Effect.gen(function*() {
      const { addresses, report } = yield* ContractServerNode.make
      const before = yield* send(`${addresses.http}/echo/one`, { method: "OPTIONS" })
      assert.strictEqual(before.status, 204)
      assert.strictEqual(before.headers.get("access-control-allow-origin"), "*")
      assert.deepStrictEqual((yield* report("one")).requests, [])
    }))

  it.effect("responds with 404 to any other path", () =>
    Effect.gen(function*() {
      const { addresses } = yield* ContractServerNode.make
      for (const path of ["/toString/one", "/echo", "/echo/", "/nothing/one"]) {
        assert.strictEqual((yield* HttpClient.get(`${addresses.http}${path}`)).status, 404)
      }
    }).pipe(Effect.provide(FetchHttpClient.layer)))

  it.effect("keeps at most the bytes that a case sends, and survives malformed requests", () =>
    Effect.gen(function*() {
      const { addresses, report, url } = yield* ContractServerNode.make
      const large = fetch(`${addresses.http}/echo/large`, { method: "POST", body: new Uint8Array(12 * 1024 * 1024) })
      assert.strictEqual(yield* Effect.promise(() => large.then(() => "answered", () => "closed")), "closed")
      assert.isBelow((yield* report("large")).requests[0]?.size ?? 0, 9 * 1024 * 1024)
      const raw = (port: string, target: string) =>
        Effect.callback<number | undefined>((resume) => {
          const request = Http.request({ port, host: "127.0.0.1", path: target, agent: false }, (response) => {
            response.resume()
            resume(Effect.succeed(response.statusCode))
          })
          request.on("error", () => resume(Effect.succeed(undefined))).end()
        })
      assert.strictEqual(yield* raw(new URL(addresses.http).port, "//"), 404)
      assert.strictEqual(yield* raw(new URL(addresses.http).port, "http://[/echo/one"), 404)
      assert.strictEqual(yield* raw(new URL(url).port, "/report/%"), 200)
      assert.strictEqual(yield* raw(new URL(url).port, "/secrets"), 404)
    }))
})
