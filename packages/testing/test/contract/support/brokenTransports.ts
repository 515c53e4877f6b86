/**
 * Transports that each break one guarantee of the contract, or several that cannot be separated, and the tests that the contract
 * finds them.
 */
import { assert, describe, it } from "@effect/vitest"
import * as TransportCause from "@sso-oidc/core/aws/TransportCause"
import * as ContractServerNode from "@sso-oidc/testing/contract/ContractServerNode"
import * as TransportContract from "@sso-oidc/testing/contract/TransportContract"
import type { GuaranteeName } from "@sso-oidc/testing/contract/TransportGuarantee"
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
import * as SocketClient from "./socketClient.ts"

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

/** Sends the body of the latest request. */
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

/** Loses each second request, as if it were written to a connection that has ended. */
const losing: Wrap = (client) => {
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

/** Each lists the guarantees that it breaks: one, and those that cannot be separated from it. */
export const broken: ReadonlyArray<{
  readonly guarantees: ReadonlyArray<GuaranteeName>
  readonly by: string
  readonly transport: Layer.Layer<HttpClient.HttpClient>
}> = [
  {
    guarantees: ["bytes", "largeBody", "concurrency"],
    by: "a request body that is decoded as text",
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
    by: "a response that is decoded as text",
    transport: wrapped(streaming(Stream.map(asText)))
  },
  {
    guarantees: ["bytes"],
    by: "changed line ends",
    transport: wrapped(
      streaming(
        Stream.map((bytes) => Buffer.from(Buffer.from(bytes).toString("latin1").replaceAll("\r\n", "\n\n"), "latin1"))
      )
    )
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
    by: "a 204 whose body does not end",
    transport: wrapped(streaming((stream, { status }) => status === 204 ? Stream.never : stream))
  },
  {
    guarantees: ["emptyBody"],
    by: "an empty body of length 0 that does not end",
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
    by: "an interim response that is taken for the final one",
    transport: wrapped(
      HttpClient.transformResponse(
        Effect.map((response): HttpClientResponse.HttpClientResponse =>
          response.request.url.includes("/interim/") ? Object.create(response, { status: { value: 103 } }) : response
        )
      )
    )
  },
  { guarantees: ["concurrency"], by: "requests whose bodies are swapped", transport: wrapped(mixing) },
  { guarantees: ["oneRequest"], by: "sending again after a 503", transport: wrapped(again(503)) },
  { guarantees: ["oneRequest"], by: "sending again after a 429", transport: wrapped(again(429)) },
  // it is chance whether the connection of the first response is free for the second request, so no connection is kept
  {
    guarantees: ["oneRequest", "connectionReuse"],
    by: "sending again after a success",
    transport: wrapped(again(200), { keepAlive: false })
  },
  {
    guarantees: ["noResend", "scopeEnd"],
    by: "sending again after a failure",
    // its time limit passes twice
    transport: wrapped(HttpClient.transformResponse(Effect.retry({ times: 1 })), { connectLimit: 500 })
  },
  { guarantees: ["noResend"], by: "sending again after a 421", transport: wrapped(again(421)) },
  { guarantees: ["noRedirect"], by: "following redirects", transport: wrapped(HttpClient.followRedirects()) },
  {
    guarantees: ["nothingAdded"],
    by: "a credential",
    transport: wrapped(HttpClient.mapRequest(HttpClientRequest.bearerToken("of a person")))
  },
  {
    guarantees: ["nothingAdded"],
    by: "a cookie jar",
    transport: wrapped(HttpClient.withCookiesRef(Ref.makeUnsafe<ReadonlyArray<Cookie>>([])))
  },
  {
    guarantees: ["interruption"],
    by: "a request that cannot be interrupted",
    transport: wrapped((client) =>
      HttpClient.transformResponse(client, (effect) => Effect.flatMap(Effect.forkDetach(effect), Fiber.join))
    )
  },
  {
    guarantees: ["interruption", "abandonedBody"],
    by: "connections that stay open after an interruption",
    transport: SocketClient.layer({ aborts: false })
  },
  {
    guarantees: ["abandonedBody", "interruption"],
    by: "a body that continues without a reader",
    transport: SocketClient.layer({ aborts: "before the response" })
  },
  {
    guarantees: ["addressFallback"],
    by: "trying one address family only",
    transport: SocketClient.layer({ family: 6 })
  },
  { guarantees: ["connectTimeout"], by: "no limit", transport: SocketClient.layer({ connectLimit: false }) },
  { guarantees: ["sentNo", "connectTimeout"], by: "maybe", transport: SocketClient.layer(told({ sent: "maybe" })) },
  { guarantees: ["sentMaybe"], by: "no", transport: SocketClient.layer(told({ sent: "no" })) },
  {
    guarantees: ["truncatedBody"],
    by: "a truncated body that looks complete",
    transport: wrapped(streaming(Stream.catch(() => Stream.empty)))
  },
  {
    guarantees: ["transient"],
    by: "a handshake failure like any other failure",
    transport: SocketClient.layer({ knowsTls: false })
  },
  { guarantees: ["transient"], by: "hope", transport: SocketClient.layer(told({ transient: true })) },
  { guarantees: ["transient"], by: "despair", transport: SocketClient.layer(told({ transient: false })) },
  {
    guarantees: ["trust", "sentNo", "transient"],
    by: "trusting every certificate",
    transport: SocketClient.layer({ trusts: true })
  },
  {
    guarantees: ["connectionReuse"],
    by: "a new connection for each request",
    transport: SocketClient.layer({ keepAlive: false })
  },
  {
    guarantees: ["closedConnection"],
    by: "a reused connection that is not checked",
    transport: wrapped(losing)
  },
  {
    guarantees: ["scopeEnd"],
    by: "connections that stay open after the scope",
    transport: SocketClient.layer({ closes: false })
  }
]

/** The outcomes of the cases that a transport fails. */
export const violated = (transport: Layer.Layer<HttpClient.HttpClient>) =>
  TransportContract.run({ transport, concurrency: 4 }).pipe(
    // several clients run all cases at the same time, and the machine may be busy
    Effect.provideService(TransportContract.Timeout, "3 seconds"),
    Effect.map((outcomes) => outcomes.filter(({ violation }) => violation !== undefined)),
    Effect.provide(ContractServerNode.layer)
  )

/** Whether a guarantee is about one exchange: its bytes, its headers, and how often it is sent. The others are about connections. */
export const isOfExchange = (guarantee: GuaranteeName): boolean =>
  [
    "bytes",
    "headers",
    "emptyBody",
    "largeBody",
    "statuses",
    "concurrency",
    "oneRequest",
    "noResend",
    "noRedirect",
    "nothingAdded"
  ]
    .includes(guarantee)

/** Makes the tests of a part of the clients. The parts are in two files, because the clients take long and two files can run at once. */
export const finds = (isOfPart: (guarantee: GuaranteeName) => boolean): void => {
  const clients = broken.filter(({ guarantees: [first] }) => first !== undefined && isOfPart(first))
  const caught = new Set<string>()

  describe.concurrent("TransportContract finds each broken guarantee", () => {
    it.effect.each(clients)(
      "$guarantees.0 is broken by $by",
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
            assert.match(
              violation?.message ?? "",
              new RegExp(`^The transport breaks ${guarantee}\\. .+ the contract expected .+, but .+`)
            )
          }
        })
    )
  })

  describe("TransportContract, after all clients", () => {
    it("has no case of these guarantees that every client above passes", () => {
      const cases = TransportContract.cases.filter(({ guarantee }) => isOfPart(guarantee))
      assert.deepStrictEqual(cases.map(({ name }) => name).filter((name) => !caught.has(name)), [])
    })
  })
}
