import { assert, describe, it } from "@effect/vitest"
import * as TransportCause from "@sso-oidc/core/aws/TransportCause"
import * as ContractServerNode from "@sso-oidc/testing/contract/ContractServerNode"
import * as TransportContract from "@sso-oidc/testing/contract/TransportContract"
import type { GuaranteeName } from "@sso-oidc/testing/contract/TransportGuarantee"
import * as TransportGuarantee from "@sso-oidc/testing/contract/TransportGuarantee"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type { Cookie } from "effect/http/Cookies"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Layer from "effect/Layer"
import * as Ref from "effect/Ref"
import * as Stream from "effect/Stream"
import * as SocketClient from "./support/socketClient.ts"

type Wrap = (client: HttpClient.HttpClient) => HttpClient.HttpClient

const wrapped = (wrap: Wrap, ways?: SocketClient.Ways) =>
  Layer.effect(HttpClient.HttpClient, Effect.map(HttpClient.HttpClient, wrap)).pipe(
    Layer.provide(SocketClient.layer(ways))
  )

/** The same response with another stream. */
const streaming = (
  change: (
    stream: HttpClientResponse.HttpClientResponse["stream"],
    response: HttpClientResponse.HttpClientResponse
  ) => typeof stream
): Wrap =>
  HttpClient.transformResponse(
    Effect.map((response): HttpClientResponse.HttpClientResponse =>
      Object.create(response, { stream: { get: () => change(response.stream, response) } })
    )
  )

const asText = (bytes: Uint8Array) => new TextEncoder().encode(new TextDecoder().decode(bytes))

const cut = (size: number) => (stream: HttpClientResponse.HttpClientResponse["stream"]) => {
  let seen = 0
  return Stream.takeWhile(stream, (bytes) => (seen += bytes.length) < size)
}

/** Sends what came last. */
const mixing: Wrap = (client) => {
  let last: HttpClientRequest.HttpClientRequest | undefined
  return HttpClient.mapRequestEffect(client, (request) =>
    Effect.gen(function*() {
      last = request
      yield* Effect.sleep(5)
      return last === request ? request : HttpClientRequest.setBody(request, last.body)
    }))
}

const again = (status: number): Wrap => (client) =>
  HttpClient.transform(
    client,
    (effect, request) =>
      Effect.flatMap(effect, (response) =>
        response.status === status && request.url.includes("/status/")
          ? client.execute(request)
          : Effect.succeed(response))
  )

/** Loses each second request, as one is lost that is written to a connection which has ended. */
const deaf: Wrap = (client) => {
  let count = 0
  return HttpClient.transform(
    client,
    (effect, request) =>
      request.url.includes("/ending") && ++count % 2 === 0
        ? Effect.fail(new HttpClientError.HttpClientError({ reason: new HttpClientError.TransportError({ request }) }))
        : effect
  )
}

const told = (change: Partial<Pick<TransportCause.TransportCause, "sent" | "transient">>): SocketClient.Ways => ({
  tells: ({ code, transient, sent }) => new TransportCause.TransportCause({ sent, code, transient, ...change })
})

/** Clients that each break a guarantee, and what they are told of: it alone, but for what cannot be parted from it. */
const broken: ReadonlyArray<{
  readonly guarantees: ReadonlyArray<GuaranteeName>
  readonly by: string
  readonly transport: Layer.Layer<HttpClient.HttpClient>
}> = [
  {
    guarantees: ["bytes", "largeBody", "concurrency"],
    by: "a request body that goes through text",
    transport: wrapped(HttpClient.mapRequest((request) =>
      request.body._tag === "Uint8Array"
        ? HttpClientRequest.bodyUint8Array(
          request,
          asText(request.body.body),
          request.headers["content-type"] ?? request.body.contentType
        )
        : request
    ))
  },
  {
    guarantees: ["bytes", "largeBody", "concurrency"],
    by: "a response that goes through text",
    transport: wrapped(streaming(Stream.map(asText)))
  },
  {
    guarantees: ["bytes"],
    by: "other ends of lines",
    transport: wrapped(streaming(Stream.map((bytes) => bytes.filter((byte, i) => byte !== 13 || bytes[i + 1] !== 10))))
  },
  {
    guarantees: ["headers"],
    by: "a header that is lost",
    transport: wrapped(HttpClient.mapRequest(HttpClientRequest.removeHeader("x-contract-list")))
  },
  {
    guarantees: ["headers"],
    by: "a response without its headers",
    transport: wrapped(
      HttpClient.transformResponse(
        Effect.map((response): HttpClientResponse.HttpClientResponse =>
          Object.create(response, { headers: { value: {} } })
        )
      )
    )
  },
  {
    guarantees: ["emptyBody"],
    by: "an empty body that does not end",
    transport: wrapped(streaming((stream, { status }) => status === 204 ? Stream.never : stream))
  },
  {
    guarantees: ["emptyBody"],
    by: "… nor one of no length",
    transport: wrapped(
      streaming((stream, { request }) => request.url.includes("/empty/") ? Stream.never : stream)
    )
  },
  {
    guarantees: ["emptyBody"],
    by: "a body for a request that has none",
    transport: wrapped(
      HttpClient.mapRequest((request) =>
        request.method === "POST" && request.body._tag === "Empty" ? HttpClientRequest.bodyText(request, "{}") : request
      )
    )
  },
  { guarantees: ["largeBody"], by: "a response that ends early", transport: wrapped(streaming(cut(500_000))) },
  {
    guarantees: ["statuses"],
    by: "a status that is a failure",
    transport: wrapped(HttpClient.filterStatus((status) => status !== 500))
  },
  {
    guarantees: ["statuses"],
    by: "an interim response that is taken for the last",
    transport: wrapped(
      HttpClient.transformResponse(
        Effect.map((response): HttpClientResponse.HttpClientResponse =>
          response.request.url.includes("/interim/") ? Object.create(response, { status: { value: 103 } }) : response
        )
      )
    )
  },
  { guarantees: ["concurrency"], by: "requests that mix", transport: wrapped(mixing) },
  { guarantees: ["oneRequest"], by: "a second try of a 503", transport: wrapped(again(503)) },
  { guarantees: ["oneRequest"], by: "a second try of a 429", transport: wrapped(again(429)) },
  // whether the connection of the first response is free for the second is chance, so none is kept
  {
    guarantees: ["oneRequest", "connectionReuse"],
    by: "a second try of what went well",
    transport: wrapped(again(200), { keepAlive: false })
  },
  {
    guarantees: ["noResend", "scopeEnd"],
    by: "a second try of what failed",
    // its limit passes twice
    transport: wrapped(HttpClient.transformResponse(Effect.retry({ times: 1 })), { connectLimit: 500 })
  },
  { guarantees: ["noResend"], by: "a second try of a 421", transport: wrapped(again(421)) },
  { guarantees: ["noRedirect"], by: "redirects that are followed", transport: wrapped(HttpClient.followRedirects()) },
  {
    guarantees: ["nothingAdded"],
    by: "a credential",
    transport: wrapped(HttpClient.mapRequest(HttpClientRequest.bearerToken("of a person")))
  },
  {
    guarantees: ["nothingAdded"],
    by: "a jar of cookies",
    transport: wrapped(HttpClient.withCookiesRef(Ref.makeUnsafe<ReadonlyArray<Cookie>>([])))
  },
  {
    guarantees: ["interruption"],
    by: "a request that cannot be stopped",
    transport: wrapped((client) =>
      HttpClient.transformResponse(client, (effect) => Effect.flatMap(Effect.forkDetach(effect), Fiber.join))
    )
  },
  {
    guarantees: ["interruption", "abandonedBody"],
    by: "connections that are left alone",
    transport: SocketClient.layer({ aborts: false })
  },
  {
    guarantees: ["abandonedBody", "interruption"],
    by: "a body that goes on without a reader",
    transport: SocketClient.layer({ aborts: "before the response" })
  },
  { guarantees: ["addressFallback"], by: "one family of addresses", transport: SocketClient.layer({ family: 6 }) },
  { guarantees: ["connectTimeout"], by: "no limit", transport: SocketClient.layer({ connectLimit: false }) },
  { guarantees: ["sentNo", "connectTimeout"], by: "maybe", transport: SocketClient.layer(told({ sent: "maybe" })) },
  { guarantees: ["sentMaybe"], by: "no", transport: SocketClient.layer(told({ sent: "no" })) },
  {
    guarantees: ["truncatedBody"],
    by: "a cut that looks like an end",
    transport: wrapped(streaming(Stream.catch(() => Stream.empty)))
  },
  { guarantees: ["transient"], by: "a handshake like any failure", transport: SocketClient.layer({ knowsTls: false }) },
  { guarantees: ["transient"], by: "hope", transport: SocketClient.layer(told({ transient: true })) },
  { guarantees: ["transient"], by: "despair", transport: SocketClient.layer(told({ transient: false })) },
  {
    guarantees: ["trust", "sentNo", "transient"],
    by: "trust in every certificate",
    transport: SocketClient.layer({ trusts: true })
  },
  { guarantees: ["connectionReuse"], by: "a connection each", transport: SocketClient.layer({ keepAlive: false }) },
  {
    guarantees: ["closedConnection"],
    by: "a kept connection that is not looked at",
    transport: wrapped(deaf)
  },
  { guarantees: ["scopeEnd"], by: "connections that stay", transport: SocketClient.layer({ closes: false }) }
]

const violated = (transport: Layer.Layer<HttpClient.HttpClient>) =>
  TransportContract.run({ transport, concurrency: 4 }).pipe(
    // several clients at a time go through all of it, and the machine may be busy
    Effect.provideService(TransportContract.Timeout, "3 seconds"),
    Effect.map((outcomes) => outcomes.filter(({ violation }) => violation !== undefined)),
    Effect.provide(ContractServerNode.layer)
  )

const caught = new Set<string>()

describe("TransportContract", () => {
  it.effect("every guarantee can be kept, by one client", () =>
    Effect.gen(function*() {
      const failures = yield* violated(SocketClient.layer())
      assert.deepStrictEqual(failures.map(({ violation }) => violation?.message), [])
    }))

  it("every guarantee has a case, and every case a name of its own", () => {
    const { cases } = TransportContract
    assert.deepStrictEqual([...new Set(cases.map(({ guarantee }) => guarantee))], TransportGuarantee.names)
    assert.strictEqual(new Set(cases.map(({ name }) => name)).size, cases.length)
    for (const { name, guarantee } of cases) assert.isTrue(name.startsWith(`${guarantee}: `), name)
  })

  it("every guarantee is broken by a client below", () => {
    const tested = new Set(broken.flatMap(({ guarantees }) => guarantees.slice(0, 1)))
    assert.deepStrictEqual(TransportGuarantee.names.filter((name) => !tested.has(name)), [])
  })
})

describe.concurrent("TransportContract tells", () => {
  it.effect.each(broken)(
    "$guarantees.0 is broken by $by, and that is told by name",
    ({ guarantees, transport }) =>
      Effect.gen(function*() {
        const failures = yield* violated(transport)
        for (const { name } of failures) caught.add(name)
        assert.deepStrictEqual(
          [...new Set(failures.map(({ guarantee }) => guarantee))].toSorted(),
          [...guarantees].toSorted(),
          failures.map(({ violation }) => violation?.message).join("\n")
        )
        for (const { guarantee, verdict, violation } of failures) {
          assert.strictEqual(verdict, "broken")
          assert.match(violation?.message ?? "", new RegExp(`^${guarantee}, .+: expected .+, but .+`))
        }
      })
  )
})

describe("TransportContract, in the end", () => {
  it("every case is failed by a client above: none of them is there for show", () => {
    const idle = TransportContract.cases.map(({ name }) => name).filter((name) => !caught.has(name))
    assert.deepStrictEqual(idle, [])
  })
})
