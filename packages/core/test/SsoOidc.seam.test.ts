import { assert, describe, it } from "@effect/vitest"
import { TransportCause } from "@sso-oidc/core/aws/TransportCause"
import * as AwsWire from "@sso-oidc/core/aws/Wire"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import { calls, deviceRequest, tokenResponse } from "@sso-oidc/test-kit/fixtures"
import * as Wire from "@sso-oidc/test-kit/wire"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/testing/TestClock"
import * as Tracer from "effect/Tracer"
import { gzipSync } from "node:zlib"

const createToken = (wire: Pick<Wire.Wire, "client">) =>
  SsoOidc.make({ region: "eu-west-1" }).pipe(
    Effect.provideService(HttpClient.HttpClient, wire.client),
    Effect.orDie,
    Effect.flatMap((oidc) => oidc.createToken(deviceRequest))
  )

const failure = (wire: Pick<Wire.Wire, "client">) => Effect.flip(createToken(wire))

/** The response of `fetch` after a redirect: its `url` is the last URL. */
const from = (url: string, response: Response): Response => Object.defineProperty(response, "url", { value: url })

describe("SsoOidc: what is left of a request at the end (the seam)", () => {
  /** Responds with these statuses in turn. `repeating` makes the caller's client of the transport. */
  const aborted = (
    statuses: ReadonlyArray<number>,
    repeating: (client: HttpClient.HttpClient) => HttpClient.HttpClient = (client) => client
  ) =>
    Effect.gen(function*() {
      const signals: Array<AbortSignal> = []
      const client = HttpClient.make((request, _url, signal) =>
        Effect.sync(() => {
          const status = statuses[signals.push(signal) - 1] ?? 200
          const response = Response.json(tokenResponse, { status, headers: { location: "https://evil.example" } })
          return HttpClientResponse.fromWeb(request, response)
        })
      )
      yield* Effect.exit(createToken({ client: repeating(client) }))
      return signals.map(({ aborted }) => aborted)
    })
  const twice = (client: HttpClient.HttpClient) => HttpClient.retryTransient(client, { times: 1 })

  it.effect("a client that repeats has all its requests aborted, so that no unread response keeps its connection (C7)", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* aborted([503, 200], twice), [true, true])
      assert.deepStrictEqual(yield* aborted([503, 503], twice), [true, true])
      assert.deepStrictEqual(
        yield* Effect.provideService(aborted([503, 200], twice), Tracer.DisablePropagation, true),
        [true, true]
      )
    }))

  it.effect("a client that sends a request by another client is aborted too (C7)", () =>
    Effect.gen(function*() {
      const twice = (client: HttpClient.HttpClient) =>
        HttpClient.make((request) => Effect.andThen(client.execute(request), client.execute(request)))
      assert.deepStrictEqual(yield* aborted([503, 200], twice), [true, true])
    }))

  it.effect("a redirect, whose body is not read, is aborted, and one response that was read is not (C7)", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* aborted([307]), [true])
      assert.deepStrictEqual(yield* aborted([200]), [false])
      assert.deepStrictEqual(yield* aborted([503]), [false])
    }))
})

describe("SsoOidc: redirects", () => {
  it.effect.each([300, 301, 302, 303, 304, 307, 308, 399])(
    "refuses a %i, whatever it holds, and does not read its body (C7)",
    (status) =>
      Effect.gen(function*() {
        const wire = Wire.responding(() =>
          new Response(status === 304 ? null : JSON.stringify(tokenResponse), {
            status,
            headers: { location: "https://evil.example/", "x-amzn-errortype": "InvalidGrantException" }
          })
        )
        const error = yield* failure(wire)
        if (error._tag !== "UnexpectedResponse") return assert.fail(error._tag)
        assert.deepInclude(error, { problem: "redirect", status, operation: "CreateToken" })
        assert.strictEqual(Redacted.value(error.body), "")
        assert.strictEqual(wire.sent.length, 1)
      })
  )

  it.effect("refuses a status of 0, which is how fetch shows a redirect that it did not follow (C7)", () =>
    Effect.gen(function*() {
      assert.deepInclude(yield* failure(Wire.responding(() => Response.error())), {
        _tag: "UnexpectedResponse",
        problem: "redirect",
        status: 0
      })
    }))

  it.effect.each([
    "https://evil.example/token",
    "https://oidc.eu-west-1.amazonaws.com/other",
    "https://oidc.eu-west-1.amazonaws.com/token?x=1",
    "no URL at all",
    "http://oidc.eu-west-1.amazonaws.com/token",
    "https://oidc.eu-west-1.amazonaws.com:8443/token"
  ])("refuses a response from %s, which is not the URL that was called (C7)", (url) =>
    Effect.gen(function*() {
      const error = yield* failure(Wire.responding(() => from(url, Wire.json(tokenResponse))))
      assert.deepInclude(error, { _tag: "UnexpectedResponse", problem: "redirect", status: 200 })
      assert.notInclude(error.message, url)
    }))

  it.effect.each([400, 401, 404, 408, 429, 500, 502, 503, 504])(
    "refuses a %i from another URL too, and does not read its body (C8)",
    (status) =>
      Effect.gen(function*() {
        const wire = Wire.responding(() =>
          from(
            "https://evil.example/token",
            Wire.exception("AuthorizationPendingException", { error: "authorization_pending" }, { status })
          )
        )
        const error = yield* failure(wire)
        if (error._tag !== "UnexpectedResponse") return assert.fail(error._tag)
        assert.deepInclude(error, { problem: "redirect", status })
        assert.strictEqual(Redacted.value(error.body), "")
        assert.isFalse(AwsWire.isBusy(error))
        // The transport has followed a redirect.
        assert.notInclude(error.message, "not followed")
        assert.include(error.message, "a response from a URL that it did not call")
      })
  )

  it.effect("says that a redirect was not followed (C3)", () =>
    Effect.gen(function*() {
      const wire = Wire.responding(() =>
        new Response(null, { status: 307, headers: { location: "https://evil.example/" } })
      )
      assert.include((yield* failure(wire)).message, "a redirect, which was not followed")
      assert.include(
        (yield* failure(Wire.responding(() => Response.error()))).message,
        "a redirect, which was not followed"
      )
    }))

  it.effect("refuses a response from another URL even if the client filters by status, and never as transient (C8)", () =>
    Effect.gen(function*() {
      const wire = Wire.responding(() => from("https://evil.example/token", new Response("", { status: 503 })))
      assert.deepInclude(yield* failure({ client: HttpClient.filterStatusOk(wire.client) }), {
        _tag: "UnexpectedResponse",
        problem: "redirect",
        status: 503
      })
    }))

  it.effect("accepts a response from the URL that was called, with the URL or without (C7)", () =>
    Effect.gen(function*() {
      const url = "https://oidc.eu-west-1.amazonaws.com/token"
      yield* createToken(Wire.responding(() => from(url, Wire.json(tokenResponse))))
      yield* createToken(Wire.responding(() => from("", Wire.json(tokenResponse))))
      // The same URL in another spelling.
      for (const same of ["https://OIDC.eu-west-1.amazonaws.com:443/token", `${url}#fragment`]) {
        yield* createToken(Wire.responding(() => from(same, Wire.json(tokenResponse))))
      }
    }))

  it.effect("accepts a response if the transport does not know its URL, or that of its request (C7)", () =>
    Effect.gen(function*() {
      const knows = (asked: HttpClientRequest.HttpClientRequest, url: string) =>
        Object.defineProperty(HttpClientResponse.fromWeb(asked, Wire.json(tokenResponse)), "url", { value: url })
      const silent = HttpClient.make((request) => Effect.succeed(knows(request, "")))
      yield* createToken({ client: silent })
      // Like a transport that gives the request to a server in the same process.
      const within = HttpClient.make(() =>
        Effect.succeed(knows(HttpClientRequest.post("/token"), "https://x.example/"))
      )
      yield* createToken({ client: within })
    }))

  it.effect("does not take a region in upper case for a redirect, because hosts ignore case (C7)", () =>
    Effect.gen(function*() {
      const url = "https://oidc.eu-west-1.amazonaws.com/token"
      const oidc = yield* Wire.client(Wire.responding(() => from(url, Wire.json(tokenResponse))), {
        region: "EU-WEST-1"
      })
      assert.strictEqual(oidc.region, "eu-west-1")
      yield* oidc.createToken(deviceRequest)
    }))

  it.effect("accepts a relay that maps the request to another URL (C7)", () =>
    Effect.gen(function*() {
      const wire = Wire.responding(({ url }) => from(url, Wire.json(tokenResponse)))
      const relay = wire.client.pipe(HttpClient.mapRequest((request) =>
        HttpClientRequest.setUrl(
          request,
          request.url.replace("https://oidc.eu-west-1.amazonaws.com", "http://127.0.0.1:9/relay")
        )
      ))
      yield* createToken({ client: relay })
      assert.strictEqual(wire.sent[0]?.url, "http://127.0.0.1:9/relay/token")
    }))
})

describe("SsoOidc: content encodings", () => {
  const encoded = (body: BodyInit, status = 200, encoding = "gzip") =>
    Wire.responding(() =>
      new Response(body, { status, headers: { "content-encoding": encoding, "content-type": "application/json" } })
    )

  it.effect("refuses a body that the transport did not decode, as contentEncoding (C3)", () =>
    Effect.gen(function*() {
      const bytes = Uint8Array.from(gzipSync(JSON.stringify(tokenResponse)))
      for (const status of [200, 400, 502]) {
        assert.deepInclude(yield* failure(encoded(bytes, status)), {
          _tag: "UnexpectedResponse",
          problem: "contentEncoding",
          status
        })
      }
    }))

  it.effect("accepts a decoded body whose header stayed, as with fetch (C3)", () =>
    Effect.gen(function*() {
      yield* createToken(encoded(JSON.stringify(tokenResponse)))
      const pending = yield* failure(encoded("{\"error\":\"authorization_pending\"}", 400))
      assert.strictEqual(pending._tag, "AuthorizationPendingException")
    }))

  it.effect("does not blame a decoded body that is not JSON on its encoding (C3)", () =>
    Effect.gen(function*() {
      const html = yield* failure(encoded("<html>Bad Gateway</html>", 502))
      assert.deepInclude(html, { _tag: "UnexpectedResponse", problem: "status", status: 502 })
      const ok = yield* failure(encoded("<html>Sign in to the Wi-Fi</html>", 200))
      assert.deepInclude(ok, { _tag: "UnexpectedResponse", problem: "malformed", status: 200 })
    }))

  it.effect("accepts identity, and an empty body, as not encoded (C3)", () =>
    Effect.gen(function*() {
      for (const encoding of ["identity", "Identity", " identity ", ""]) {
        yield* createToken(encoded(JSON.stringify(tokenResponse), 200, encoding))
        // The error does not blame an encoding, although the body is not a text.
        const bytes = yield* failure(encoded(Uint8Array.of(0xff), 200, encoding))
        assert.deepInclude(bytes, { _tag: "UnexpectedResponse", problem: "malformed" })
      }
      assert.deepInclude(yield* failure(encoded("", 502)), { problem: "status", status: 502 })
    }))
})

describe("SsoOidc: failures of the transport", () => {
  it.effect("keeps sent, code, transient and syscall of a TransportCause (C3)", () =>
    Effect.gen(function*() {
      for (const sent of ["no", "maybe"] as const) {
        for (const transient of [true, false]) {
          const cause = new TransportCause({ sent, code: "ECONNREFUSED", transient, syscall: "connect" })
          assert.deepInclude(yield* failure(Wire.broken(cause)), {
            _tag: "TransportError",
            operation: "CreateToken",
            sent,
            code: "ECONNREFUSED",
            transient,
            cause: { name: "TransportCause", code: "ECONNREFUSED", syscall: "connect" }
          })
        }
      }
    }))

  it.effect("keeps the hint of a TransportCause, ends the message with it, and shows no secret of the request (C3)", () =>
    Effect.gen(function*() {
      const hint = "The proxy refuses. Allow the host."
      const error = yield* failure(
        Wire.broken(new TransportCause({ sent: "no", code: "PROXY_REFUSED_403", transient: false, hint }))
      )
      assert.deepInclude(error, { _tag: "TransportError", hint })
      assert.strictEqual(
        error.message,
        `CreateToken could not be sent to oidc.eu-west-1.amazonaws.com (PROXY_REFUSED_403). ${hint}`
      )
      const loud = new TransportCause({
        sent: "no",
        code: "X",
        transient: false,
        hint: `Do not send ${Redacted.value(deviceRequest.clientSecret)}.`
      })
      assert.notInclude(JSON.stringify(yield* failure(Wire.broken(loud))), Redacted.value(deviceRequest.clientSecret))
    }))

  it.effect("knows a TransportCause of another copy of the module by its mark (C3)", () =>
    Effect.gen(function*() {
      const cause = {
        "~@sso-oidc/core/TransportCause": "x",
        name: "TransportCause",
        sent: "no",
        code: "X",
        transient: false
      }
      assert.deepInclude(yield* failure(Wire.broken(cause)), { sent: "no", code: "X", transient: false })
    }))

  it.effect("reads any other cause as sent \"maybe\" and transient, with a code from at most one level down (C3)", () =>
    Effect.gen(function*() {
      const node = Object.assign(new Error("connect"), { code: "ECONNREFUSED", syscall: "connect" })
      const fetchs = new TypeError("fetch failed", { cause: node })
      const kept = { code: "ECONNREFUSED", syscall: "connect" }
      for (
        const [cause, code, copy] of [
          [node, "ECONNREFUSED", { name: "Error", ...kept }],
          [fetchs, "ECONNREFUSED", { name: "TypeError", ...kept }],
          [new TypeError("fetch failed"), "UNKNOWN", { name: "TypeError" }],
          [undefined, "UNKNOWN", { name: "Error" }],
          ["text", "UNKNOWN", { name: "Error" }],
          [{ code: 7, sent: "no", transient: false }, "UNKNOWN", { name: "Error" }],
          // An empty name is absent.
          [{ name: "", code: "", syscall: "" }, "UNKNOWN", { name: "Error" }],
          [{ code: "", syscall: "", cause: node }, "ECONNREFUSED", { name: "Error", ...kept }]
        ] as const
      ) {
        assert.deepInclude(yield* failure(Wire.broken(cause)), {
          _tag: "TransportError",
          sent: "maybe",
          code,
          transient: true,
          cause: copy
        })
      }
    }))

  it.effect("reads a request that cannot be encoded or addressed as not sent, and permanent (C3)", () =>
    Effect.gen(function*() {
      assert.deepInclude(
        yield* failure(Wire.failing((request) => new HttpClientError.EncodeError({ request }))),
        { _tag: "TransportError", sent: "no", code: "ENCODE", transient: false }
      )
      assert.deepInclude(
        yield* failure(Wire.failing((request) => new HttpClientError.InvalidUrlError({ request }))),
        { _tag: "TransportError", sent: "no", code: "INVALID_URL", transient: false }
      )
    }))

  it.effect("reads the failure of a client that filters by status as a response, with that status (C3)", () =>
    Effect.gen(function*() {
      const wire = Wire.responding(() => Wire.json({ error: "authorization_pending" }, { status: 400 }))
      assert.deepInclude(yield* failure({ client: HttpClient.filterStatusOk(wire.client) }), {
        _tag: "TransportError",
        sent: "answered",
        code: "STATUS",
        status: 400
      })
      // An exception in the header decides first.
      const named = Wire.responding(() => Wire.exception("AuthorizationPendingException", {}))
      assert.deepInclude(yield* failure({ client: HttpClient.filterStatusOk(named.client) }), {
        _tag: "AuthorizationPendingException",
        status: 400
      })
    }))

  it.effect.each(
    [
      ["no code", { sent: "no", transient: true }, { sent: "no", code: "UNKNOWN", transient: true }],
      ["a code that is not a string", { sent: "no", code: 7, transient: true }, {
        sent: "no",
        code: "UNKNOWN",
        transient: true
      }],
      ["an empty code", { sent: "no", code: "", transient: false }, { sent: "no", code: "UNKNOWN", transient: false }],
      ["no sent", { code: "X", transient: true }, { sent: "maybe", code: "X", transient: true }],
      ["an unknown sent", { sent: false, code: "X", transient: true }, { sent: "maybe", code: "X", transient: true }],
      ["a transient that is not a boolean", { sent: "no", code: "X", transient: 0 }, {
        sent: "no",
        code: "X",
        transient: true
      }],
      ["no member", {}, { sent: "maybe", code: "UNKNOWN", transient: true }]
    ] as const
  )("reads as much as it can of a TransportCause with %s (C3)", ([, members, told]) =>
    Effect.gen(function*() {
      const cause = { "~@sso-oidc/core/TransportCause": true, ...members }
      assert.deepInclude(yield* failure(Wire.broken(cause)), { _tag: "TransportError", ...told })
    }))

  it.effect("reads a cause whose getters throw like any other failure (C3)", () =>
    Effect.gen(function*() {
      const throwing = () => {
        throw new Error("getter")
      }
      const cause = Object.defineProperties(new Error("x"), {
        code: { get: throwing },
        name: { get: throwing },
        cause: { get: throwing }
      })
      assert.deepInclude(yield* failure(Wire.broken(cause)), { _tag: "TransportError", code: "UNKNOWN" })
      const marked = Object.defineProperties({ "~@sso-oidc/core/TransportCause": true }, {
        sent: { get: throwing },
        transient: { get: throwing }
      })
      assert.deepInclude(yield* failure(Wire.broken(marked)), {
        _tag: "TransportError",
        sent: "maybe",
        transient: true
      })
    }))

  it.effect("names the host that was called, with the port of the URL, and the host of a relay (C3)", () =>
    Effect.gen(function*() {
      const wire = Wire.broken(
        new TransportCause({ sent: "no", code: "ENOTFOUND", transient: true, syscall: "getaddrinfo" })
      )
      const oidc = yield* Wire.client(wire)
      const error = yield* Effect.flip(oidc.createToken(deviceRequest))
      assert.deepInclude(error, { _tag: "TransportError", host: "oidc.eu-west-1.amazonaws.com" })
      assert.include(error.message, "could not be sent to oidc.eu-west-1.amazonaws.com (ENOTFOUND)")

      const custom = yield* Wire.client(wire, { endpoint: "http://127.0.0.1:9876/base" })
      assert.deepInclude(yield* Effect.flip(custom.createToken(deviceRequest)), { host: "127.0.0.1:9876" })

      const relay = wire.client.pipe(HttpClient.mapRequest(HttpClientRequest.setUrl("https://relay.example/sso/token")))
      assert.deepInclude(yield* failure({ client: relay }), { host: "relay.example" })

      const silent = yield* Wire.client(Wire.silent())
      const late = yield* Effect.forkChild(Effect.flip(silent.createToken(deviceRequest)))
      yield* TestClock.adjust("30 seconds")
      assert.deepInclude(yield* Fiber.join(late), { code: "TIMEOUT", host: "oidc.eu-west-1.amazonaws.com" })
    }))

  it.effect("does not spoil codes and names with a client secret of one letter (C6)", () =>
    Effect.gen(function*() {
      for (const letter of ["E", "T", "a", "_", "Error"]) {
        const told = (wire: Wire.Wire) =>
          Effect.flatMap(Wire.client(wire), (oidc) =>
            Effect.flip(oidc.createToken({ ...deviceRequest, clientSecret: Redacted.make(letter) })))
        const cause = new TransportCause({ sent: "no", code: "CONNECT_TIMEOUT", transient: true, syscall: "connect" })
        assert.deepInclude(yield* told(Wire.broken(cause)), {
          code: "CONNECT_TIMEOUT",
          cause: { name: "TransportCause", code: "CONNECT_TIMEOUT", syscall: "connect" }
        })
        const pending = yield* told(Wire.responding(() =>
          Wire.json({ error: "authorization_pending" }, { status: 400 })
        ))
        assert.deepInclude(pending, { _tag: "AuthorizationPendingException", error: "authorization_pending" })
        const busy = yield* told(Wire.responding(() => Wire.exception("ThrottlingException", {})))
        assert.deepInclude(busy, { _tag: "UnexpectedResponse", code: "ThrottlingException" })
        assert.isTrue(AwsWire.isBusy(busy))
      }
    }))

  it.effect("shows no control characters of a code in the message (C3)", () =>
    Effect.gen(function*() {
      const cause = new TransportCause({ sent: "no", code: "E\u001b[31mBAD\r\nx", transient: true })
      const error = yield* failure(Wire.broken(cause))
      assert.include(error.message, "E [31mBAD x")
    }))
})

describe("SsoOidc: one request", () => {
  for (const call of calls) {
    it.effect(`${call.name} is sent exactly once, whatever happens (C8)`, () =>
      Effect.gen(function*() {
        const wires = [
          Wire.responding(() => Wire.json(call.response)),
          Wire.responding(() => Wire.exception(call.exception.type, { error: call.exception.error })),
          Wire.responding(() => Wire.exception("SlowDownException", { error: "slow_down" })),
          Wire.responding(() => new Response("", { status: 503, headers: { "retry-after": "1" } })),
          Wire.responding(() => new Response("", { status: 429, headers: { "retry-after": "1" } })),
          Wire.responding(() => new Response("", { status: 307, headers: { location: "/elsewhere" } })),
          Wire.responding(() => new Response("not json")),
          Wire.broken(new TransportCause({ sent: "no", code: "ECONNREFUSED", transient: true })),
          Wire.broken(new TypeError("fetch failed"))
        ]
        for (const wire of wires) {
          yield* Effect.ignore(Effect.flatMap(Wire.client(wire), call.run))
          assert.strictEqual(wire.sent.length, 1)
        }
      }))

    it.effect(`${call.name} sends its path, its media type and user agent, and no other header (C9)`, () =>
      Effect.gen(function*() {
        const wire = Wire.responding(() => Wire.json(call.response))
        const withSlash = yield* Wire.client(wire, { endpoint: "https://oidc.example/base/" })
        yield* call.run(withSlash)
        const [sent] = wire.sent
        assert.strictEqual(sent?.url, `https://oidc.example/base${call.path}`)
        assert.deepStrictEqual(Object.keys(sent?.headers ?? {}).sort(), [
          "content-length",
          "content-type",
          "user-agent"
        ])
        assert.match(sent?.headers["user-agent"] ?? "", /^sso-oidc-effect\/\d+\.\d+\.\d+/)
      }))
  }
})

describe("SsoOidc: plain fetch", () => {
  const overFetch = (fetch: typeof globalThis.fetch) =>
    Effect.gen(function*() {
      return yield* (yield* SsoOidc.SsoOidc).createToken(deviceRequest)
    }).pipe(
      Effect.provide(SsoOidc.layer({ region: "eu-west-1" })),
      Effect.provide(FetchHttpClient.layer),
      Effect.provideService(FetchHttpClient.Fetch, fetch)
    )

  it.effect("works with Effect's own fetch layer, and refuses the response after a redirect that it followed (C7)", () =>
    Effect.gen(function*() {
      const response = yield* overFetch(() => Promise.resolve(Wire.json(tokenResponse)))
      assert.strictEqual(response.tokenType, "Bearer")
      const followed = yield* Effect.flip(
        overFetch(() => Promise.resolve(from("https://evil.example/token", Wire.json(tokenResponse))))
      )
      assert.deepInclude(followed, { _tag: "UnexpectedResponse", problem: "redirect" })
    }))

  it.effect("reads a failure of plain fetch as sent \"maybe\" (C3)", () =>
    Effect.gen(function*() {
      const cause = Object.assign(new Error("getaddrinfo"), { code: "ENOTFOUND" })
      const error = yield* Effect.flip(overFetch(() => Promise.reject(new TypeError("fetch failed", { cause }))))
      assert.deepInclude(error, { _tag: "TransportError", sent: "maybe", code: "ENOTFOUND" })
    }))
})
