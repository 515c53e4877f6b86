import { assert, describe, it } from "@effect/vitest"
import * as Callback from "@sso-oidc/session/Callback"
import * as LoopbackCallback from "@sso-oidc/session/node/LoopbackCallback"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import { networkInterfaces } from "node:os"
import { exchange, isOpen, raw, statusOf } from "../support/rawSockets.ts"

const provide = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  effect.pipe(Effect.scoped, Effect.provide(LoopbackCallback.layer))

const listen = (options?: Callback.Options) => Callback.Callback.use((callback) => callback.listen(options))

const state = "Zm9vYmFy-_0123456789"

/** A listener that waits for the state, and what a browser would send to it. */
const waiting = Effect.gen(function*() {
  const { received, redirectUri } = yield* listen()
  const port = Number(new URL(redirectUri).port)
  const fiber = yield* Effect.forkChild(Effect.map(received(Redacted.make(state)), Redacted.value), {
    startImmediately: true
  })
  const request = (target: string, host = `127.0.0.1:${port}`, method = "GET"): string =>
    `${method} ${target} HTTP/1.1\r\nHost: ${host}\r\n\r\n`
  return {
    port,
    redirectUri,
    fiber,
    request,
    get: (target: string, host?: string, method?: string) => exchange(port, request(target, host, method))
  }
})

const target = `/oauth/callback?code=a+code%2F1&state=${state}`

const titleOf = (response: string): string | undefined => /<h1>(.+)<\/h1>/.exec(response)?.[1]

describe("LoopbackCallback.layer", () => {
  it.live("gives the whole URL of the first callback, after the browser has its page (S16)", () =>
    Effect.gen(function*() {
      const { fiber, get, redirectUri } = yield* waiting
      assert.match(redirectUri, /^http:\/\/127\.0\.0\.1:\d+\/oauth\/callback$/)
      const response = yield* get(target)
      assert.deepStrictEqual([statusOf(response), titleOf(response)], [200, "Go back to your program"])
      assert.match(response, /\r\ncache-control: no-store\r\n/)
      assert.match(response, /\r\nreferrer-policy: no-referrer\r\n/)
      assert.match(
        response,
        /\r\ncontent-security-policy: default-src 'none'; style-src 'sha256-[^']+'; [^\r]*sandbox\r\n/
      )
      assert.match(response, /\r\nconnection: close\r\n/i)
      assert.notInclude(response, "a code")
      assert.strictEqual(yield* Fiber.join(fiber), redirectUri.replace("/oauth/callback", target))
    }).pipe(provide))

  it.live("gives the callback with an error too, and does not repeat its text on the page (S16)", () =>
    Effect.gen(function*() {
      const { fiber, get, redirectUri } = yield* waiting
      const query = `?error=access_denied&error_description=%3Cscript%3Ewords&state=${state}`
      const response = yield* get(`/oauth/callback${query}`)
      assert.deepStrictEqual([statusOf(response), titleOf(response)], [200, "The login ended without access"])
      assert.notMatch(response, /words|access_denied|script/)
      assert.strictEqual(yield* Fiber.join(fiber), redirectUri + query)
    }).pipe(provide))

  it.live("lets nothing but its own callback change anything (S16)", () =>
    Effect.gen(function*() {
      const { fiber, get, port } = yield* waiting
      const refused = [
        [yield* get("/oauth/callback?code=c&state=other"), 400],
        [yield* get(`/oauth/callback?code=c&state=${state}x`), 400],
        [yield* get(`/oauth/callback?code=c&state=${state.toLowerCase()}`), 400],
        [yield* get(`/oauth/callback?code=c&state=${state}&state=${state}`), 400],
        [yield* get(`/oauth/callback?code=c&state=${state.slice(0, -1)}`), 400],
        [yield* get(`/oauth/callback?state=${state}`), 400],
        [yield* get("/favicon.ico"), 404],
        [yield* get("/"), 404],
        [yield* get(target, undefined, "POST"), 405],
        [yield* get(target, undefined, "OPTIONS"), 405],
        [yield* get(target, "evil.example"), 421],
        [yield* get(target, `evil.example:${port}`), 421],
        [yield* get(target, `localhost:${port}`), 421],
        [yield* get(target, `127.0.0.1:${port}\r\nHost: 127.0.0.1:${port}`), 421],
        [yield* get(`http://127.0.0.1:${port}${target}`), 400],
        [yield* get(`http://evil.example${target}`), 400]
      ] as const
      for (const [response, status] of refused) {
        assert.strictEqual(statusOf(response), status, response)
        assert.notInclude(response, state)
      }
      assert.isUndefined(fiber.pollUnsafe())
      assert.strictEqual(statusOf(yield* get(target)), 200)
      yield* Fiber.join(fiber)
    }).pipe(provide))

  it.live("sends no body to HEAD, and survives programs that speak no HTTP (S16)", () =>
    Effect.gen(function*() {
      const { fiber, get, port } = yield* waiting
      assert.match(yield* get(target, undefined, "HEAD"), /^HTTP\/1\.1 405 [^]*\r\n\r\n$/)
      for (const text of ["\u0016\u0003\u0001\u0002\u0000\u0001", "SSH-2.0-x\r\n\r\n", "GET\r\n\r\n"]) {
        assert.strictEqual(statusOf(yield* exchange(port, text)), 400, text)
      }
      // requests without a Host, of each version of HTTP
      assert.strictEqual(statusOf(yield* exchange(port, `GET ${target} HTTP/1.1\r\n\r\n`)), 400)
      assert.strictEqual(statusOf(yield* exchange(port, `GET ${target} HTTP/1.0\r\n\r\n`)), 421)
      assert.strictEqual(statusOf(yield* exchange(port, `GET ${target}\r\n\r\n`)), 421)
      assert.strictEqual(yield* get(`127.0.0.1:${port}`, undefined, "CONNECT"), "")
      assert.isUndefined(fiber.pollUnsafe())
    }).pipe(provide))

  it.live("takes a callback with 48 KiB of cookies, and refuses a URL of 100 KiB (S16)", () =>
    Effect.gen(function*() {
      const { fiber, get, port, request } = yield* waiting
      assert.strictEqual(statusOf(yield* get(`${target}&x=${"x".repeat(100 * 1024)}`)), 431)
      assert.isUndefined(fiber.pollUnsafe())
      const cookies = Array.from({ length: 12 }, (_, at) => `c${at}=${"x".repeat(4000)}`).join("; ")
      const response = yield* exchange(port, request(target).replace("\r\n\r\n", `\r\nCookie: ${cookies}\r\n\r\n`))
      assert.strictEqual(statusOf(response), 200)
      yield* Fiber.join(fiber)
    }).pipe(provide))

  it.live("reads one request of a connection, also if two come at once (S16)", () =>
    Effect.gen(function*() {
      const { fiber, get, port, request } = yield* waiting
      const response = yield* exchange(port, request("/first") + request(target))
      assert.deepStrictEqual([statusOf(response), response.match(/HTTP\/1\.1/g)?.length], [404, 1])
      assert.isUndefined(fiber.pollUnsafe())
      assert.strictEqual(statusOf(yield* get(target)), 200)
      yield* Fiber.join(fiber)
    }).pipe(provide))

  it.live("counts the first of several callbacks, and tells the others that the program has it already (S16)", () =>
    Effect.gen(function*() {
      const { fiber, get, port, redirectUri } = yield* waiting
      const responses = yield* Effect.forEach(
        ["1", "2", "3"],
        (code) => Effect.map(get(`/oauth/callback?code=${code}&state=${state}`), (response) => ({ code, response })),
        { concurrency: "unbounded" }
      )
      const statuses = responses.map(({ response }) => statusOf(response))
      const given = responses.filter(({ response }) => statusOf(response) === 200)
      assert.deepStrictEqual(statuses.toSorted((one, other) => one - other), [200, 410, 410])
      const query = `?code=${given[0]?.code}&state=${state}`
      assert.strictEqual(yield* Fiber.join(fiber), redirectUri + query)
      const later = yield* exchange(port, `GET ${target} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`)
      assert.deepStrictEqual([statusOf(later), titleOf(later)], [410, "Your program has this login already"])
    }).pipe(provide))

  it.live("knows no state before it waits for one, and keeps apart the states that it waits for (S16)", () =>
    Effect.gen(function*() {
      const { received, redirectUri } = yield* listen()
      const port = Number(new URL(redirectUri).port)
      const get = (state: string) =>
        Effect.map(
          exchange(port, `GET /oauth/callback?code=c&state=${state} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`),
          statusOf
        )
      const wait = (state: string) =>
        Effect.forkChild(Effect.map(received(Redacted.make(state)), Redacted.value), { startImmediately: true })
      assert.strictEqual(yield* get("one"), 400)
      const [one, two] = [yield* wait("one"), yield* wait("two")]
      assert.strictEqual(yield* get("two"), 200)
      assert.include(yield* Fiber.join(two), "state=two")
      assert.isUndefined(one.pollUnsafe())
      // what comes while no fiber waits is not lost
      yield* Fiber.interrupt(one)
      assert.strictEqual(yield* get("one"), 200)
      assert.include(yield* Fiber.join(yield* wait("one")), "state=one")
    }).pipe(provide))

  it.live("has the callback even if the browser is gone before its page (S16)", () =>
    Effect.gen(function*() {
      const { fiber, port, request } = yield* waiting
      yield* Effect.scoped(
        Effect.map(raw(port), ({ write }) => write(request(target))).pipe(
          Effect.andThen(Effect.sleep(5))
        )
      )
      assert.include(yield* Fiber.join(fiber), target)
    }).pipe(provide))

  it.live("shows the callback in no log and no inspection (S21)", () =>
    Effect.gen(function*() {
      const { received, redirectUri } = yield* listen()
      const fiber = yield* Effect.forkChild(received(Redacted.make(state)), { startImmediately: true })
      const port = Number(new URL(redirectUri).port)
      yield* exchange(port, `GET ${target} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`)
      assert.strictEqual(String(yield* Fiber.join(fiber)), "<redacted:callback>")
    }).pipe(provide))
})

describe("a listener of LoopbackCallback.layer", () => {
  it.live("is reached on 127.0.0.1 alone (S16)", () =>
    Effect.gen(function*() {
      const { port } = yield* waiting
      const others = Object.values(networkInterfaces()).flatMap((found) => found ?? [])
        .filter(({ address, family, scopeid }) => address !== "127.0.0.1" && (family === "IPv4" || scopeid === 0))
        .map(({ address }) => address)
      for (const host of [...others, "127.0.0.2"]) {
        const url = `http://${host.includes(":") ? `[${host}]` : host}:${port}/`
        const reached = yield* Effect.promise(() => fetch(url).then(() => true, () => false))
        assert.isFalse(reached, host)
      }
    }).pipe(provide))

  it.live("ends with its scope, at once, with silent and slow connections, and leaves the port free (S16)", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const { redirectUri } = yield* Scope.provide(listen(), scope)
      const port = Number(new URL(redirectUri).port)
      const silent = yield* raw(port)
      const slow = yield* raw(port)
      slow.write("GET /oauth/callback HTTP/1.1\r\nHost: ")
      const half = yield* raw(port)
      half.write(`POST / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Length: 9\r\n\r\n1`)
      yield* Effect.sleep(50)
      const since = performance.now()
      yield* Scope.close(scope, Exit.void)
      assert.isBelow(performance.now() - since, 1000)
      assert.isFalse(yield* isOpen(port))
      assert.deepStrictEqual([yield* silent.ended, yield* slow.ended], ["", ""])
      yield* half.ended
      const again = yield* Effect.scoped(listen({ port }))
      assert.strictEqual(again.redirectUri, redirectUri)
    }).pipe(provide))

  it.live("ends an incomplete request after 5 seconds, and a silent connection too (S16)", () =>
    Effect.gen(function*() {
      const { port } = yield* waiting
      const slow = yield* raw(port)
      const silent = yield* raw(port)
      const since = performance.now()
      slow.write(`GET ${target} HTTP/1.1\r\n`)
      assert.strictEqual(statusOf(yield* slow.ended), 408)
      yield* silent.ended
      const took = performance.now() - since
      assert.isTrue(took > 4000 && took < 20_000, `${took} ms`)
    }).pipe(provide))

  it.live("has its callback in spite of 1,000 connections, silent or slow (S16)", () =>
    Effect.gen(function*() {
      const { fiber, get, port } = yield* waiting
      const connections = yield* Effect.forEach(
        Array.from({ length: 1000 }),
        () => raw(port),
        { concurrency: 50 }
      )
      for (const { write } of connections.slice(0, 500)) write("GET / HTTP/1.1\r\nX-Slow: ")
      assert.strictEqual(statusOf(yield* get(target)), 200)
      yield* Fiber.join(fiber)
    }).pipe(provide))

  it.live("takes the port that is asked for, and names it if another program has it (S16)", () =>
    Effect.gen(function*() {
      const { port, redirectUri } = yield* waiting
      const error = yield* Effect.flip(listen({ port }))
      assert.deepInclude(error, { _tag: "CallbackUnavailable", code: "EADDRINUSE", port })
      assert.strictEqual(
        error.message,
        `The login cannot listen on 127.0.0.1, port ${port} (EADDRINUSE): another program uses this port. ` +
          "Use the device grant, or another port."
      )
      assert.strictEqual(Callback.redirectUriOf(port), redirectUri)
    }).pipe(provide))

  it.live.each([-1, 65_536, 80.5, NaN, Infinity, JSON.parse(`"80"`)])(
    "cannot be had on port %s, and says which ports there are (S16)",
    (port) =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(listen({ port }))
        assert.deepInclude(error, { _tag: "CallbackUnavailable", code: "ERR_SOCKET_BAD_PORT" })
        assert.include(error.message, "the option port must be a whole number from 0 to 65535. Use the device grant")
      }).pipe(provide)
  )
})
