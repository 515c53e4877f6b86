/**
 * Cases about requests on the wire, connections and failures.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { closed, type Draft, layered, over, type Probe, read, readSome, stillOpen, times } from "./probe.ts"

const get = HttpClientRequest.get
const post = (url: string) => HttpClientRequest.bodyText(HttpClientRequest.post(url), "a code that works once")

// a second request would come at once, or after the pause that a busy server demands
const pause = Effect.sleep(100)

const seenTimes = Effect.fnUntraced(function*(probe: Probe, expected: number) {
  yield* pause
  const { requests } = yield* probe.report
  yield* probe.check(
    requests.length === expected,
    `the server to receive it ${times(expected)}`,
    () => `it came ${times(requests.length)}`
  )
})

const oneRequest = [200, 429, 503].map((status) =>
  over(
    "oneRequest",
    `sends a request once if the response is a ${status}`,
    (probe, client) =>
      Effect.andThen(probe.response(read(client, post(probe.url(`status?code=${status}`)))), seenTimes(probe, 1))
  )
)

const noResend = [
  over(
    "noResend",
    "does not send again after the connection is lost before the response",
    (probe, client) => Effect.andThen(Effect.exit(read(client, post(probe.url("reset")))), seenTimes(probe, 1))
  ),
  over("noResend", "does not send again after a reused connection is lost", (probe, client) =>
    Effect.gen(function*() {
      yield* probe.response(read(client, post(probe.url("resetKept"))))
      yield* Effect.exit(read(client, post(probe.url("resetKept"))))
      yield* seenTimes(probe, 2)
    })),
  over(
    "noResend",
    "does not send again after a 421",
    (probe, client) =>
      Effect.andThen(Effect.exit(read(client, post(probe.url("status?code=421")))), seenTimes(probe, 1))
  )
]

const interruption = [
  { name: "before the response", path: "hold" },
  { name: "in the middle of a body", path: "trickle" }
].flatMap(({ name, path }) =>
  [true, false].map((scoped) =>
    over(
      "interruption",
      `closes the connection if the request is interrupted ${name}${scoped ? "" : ", without a scope"}`,
      (probe, client) =>
        Effect.gen(function*() {
          const request = get(probe.url(path))
          const whole = scoped
            ? read(client, request)
            : Effect.flatMap(client.execute(request), (response) => Stream.runDrain(response.stream))
          const fiber = yield* Effect.forkChild(whole)
          yield* probe.until("a request", ({ requests }) => requests.length > 0, () => "none came")
          yield* pause
          yield* probe.inTime("the interruption to end", Fiber.interrupt(fiber))
          yield* probe.until("the connection to close", closed, stillOpen)
        })
    )
  )
)

const abandonedBody = [
  over(
    "abandonedBody",
    "closes the connection if the reader of an endless body stops",
    (probe, client) =>
      Effect.gen(function*() {
        const reading = readSome(client, get(probe.url("endless")), 64 * 1024)
        yield* probe.inTime("the reading to end", probe.response(reading))
        yield* probe.until("the connection to close", closed, stillOpen)
      })
  ),
  over("abandonedBody", "closes the connection if nothing reads the body", (probe, client) =>
    Effect.gen(function*() {
      const attempt = Effect.scoped(HttpClient.withScope(client).execute(get(probe.url("endless"))))
      yield* probe.inTime("a response", probe.response(attempt))
      yield* probe.until("the connection to close", closed, stillOpen)
    }))
]

const connectTimeout = over(
  "connectTimeout",
  "fails if the TLS handshake never ends",
  (probe, client) =>
    Effect.gen(function*() {
      const attempt = probe.failure(client.execute(get(`${probe.server.addresses.silent}/`)))
      const { code, sent } = yield* probe.inTime("the attempt to connect to fail", attempt)
      yield* probe.check(sent === "no", `sent: "no"`, () => `it says sent: "${sent}" (${code})`)
    })
)

const absent = [
  { name: "a refused connection", at: "refused" },
  { name: "an unknown host name", at: "unresolved" },
  { name: "an untrusted certificate", at: "untrusted" },
  { name: "a server that speaks no TLS", at: "plain" },
  { name: "a server that speaks TLS 1.1 at most", at: "old" },
  { name: "a connection that closes during the handshake", at: "closing" }
] as const

const sentNo = absent.map(({ at, name }) =>
  over("sentNo", `says sent: "no" for ${name}`, (probe, client) =>
    Effect.gen(function*() {
      const { code, sent } = yield* probe.failure(client.execute(post(probe.url("echo", probe.server.addresses[at]))))
      yield* probe.check(sent === "no", `sent: "no"`, () => `it says sent: "${sent}" (${code})`)
    }))
)

const seenAndLost = [
  { name: "the connection is lost before the response", path: "reset" },
  { name: "the connection is lost a little later", path: "late" },
  { name: "the response is not HTTP", path: "garbage" }
]

const sentMaybe = [
  ...seenAndLost.map(({ name, path }) =>
    over("sentMaybe", `does not say sent: "no" if ${name}`, (probe, client) =>
      Effect.gen(function*() {
        const { code, sent } = yield* probe.failure(client.execute(post(probe.url(path))))
        yield* probe.check(sent === "maybe", `sent: "maybe"`, () => `it says sent: "no" (${code})`)
      }))
  ),
  over(
    "sentMaybe",
    "does not say sent: \"no\" if a reused connection is lost",
    (probe, client) =>
      Effect.gen(function*() {
        yield* probe.response(read(client, post(probe.url("resetKept"))))
        // a transport that opens a new connection, or sends again, gets a response; other guarantees cover that
        const exit = yield* Effect.exit(probe.failure(client.execute(post(probe.url("resetKept")))))
        const { code, sent } = Exit.isSuccess(exit) ? exit.value : { code: "", sent: "maybe" }
        yield* probe.check(sent === "maybe", `sent: "maybe"`, () => `it says sent: "no" (${code})`)
      })
  )
]

const truncatedBody = [
  { name: "before its length", path: "cut" },
  { name: "before its last chunk", path: "unchunked" },
  { name: "by a reset", path: "resetBody" }
].map(({ name, path }) =>
  over(
    "truncatedBody",
    `fails the stream of a body that is cut off ${name}`,
    (probe, client) =>
      Effect.gen(function*() {
        yield* Effect.gen(function*() {
          const response = yield* probe.response(HttpClient.withScope(client).execute(get(probe.url(path))))
          const exit = yield* probe.inTime("the stream to fail", Effect.exit(Stream.mkUint8Array(response.stream)))
          if (Exit.isSuccess(exit)) {
            yield* probe.broken("a failure of the stream", `it ended after ${exit.value.byteLength} bytes`)
          }
        }).pipe(Effect.scoped)
      })
  )
)

const passing: ReadonlyArray<string> = ["refused", "closing"]

const transient = absent.filter(({ at }) => at !== "unresolved").map((one) => ({
  ...one,
  expected: passing.includes(one.at)
})).map(({ at, expected, name }) =>
  over("transient", `says transient: ${expected} for ${name}`, (probe, client) =>
    Effect.gen(function*() {
      const { code, transient } = yield* probe.failure(
        client.execute(get(probe.url("echo", probe.server.addresses[at])))
      )
      yield* probe.check(
        transient === expected,
        `transient: ${expected}`,
        () => `it says transient: ${transient} (${code})`
      )
    }))
)

const trust = over(
  "trust",
  "sends nothing to a server with a self-signed certificate",
  (probe, client) =>
    Effect.gen(function*() {
      yield* probe.failure(client.execute(post(probe.url("echo", probe.server.addresses.untrusted))))
      const { requests } = yield* probe.report
      yield* probe.check(requests.length === 0, "no request", () => "the server received it")
    })
)

const connectionReuse = [200, 400].map((status) =>
  over("connectionReuse", `reuses the connection after a ${status}`, (probe, client) =>
    Effect.gen(function*() {
      for (let i = 0; i < 3; i++) yield* probe.response(read(client, post(probe.url(`status?code=${status}`))))
      const { connections } = yield* probe.report
      yield* probe.check(connections.length === 1, "one connection", () => `there were ${connections.length}`)
    }))
)

/**
 * Blocks the process, as heavy work or a freeze does. Data can arrive meanwhile, but nothing reads it. The clock of an edge
 * worker does not move meanwhile, so the loop also counts its turns.
 */
const block = Effect.sync(() => {
  const began = Date.now()
  for (let turns = 0; turns < 1_000_000 && Date.now() - began < 15; turns++);
})

const closedConnection = [
  { name: "with its response, while the process is blocked", path: "ending", meanwhile: block },
  { name: "a little later, while the process waits", path: "endingSoon", meanwhile: Effect.sleep(200) }
].map(({ meanwhile, name, path }) =>
  over(
    "closedConnection",
    `uses a new connection if the server closes the old one ${name}`,
    (probe, client) =>
      Effect.gen(function*() {
        yield* probe.response(read(client, post(probe.url(path))))
        yield* meanwhile
        yield* probe.response(read(client, post(probe.url(path))))
        yield* seenTimes(probe, 2)
      })
  )
)

const addressFallback = over(
  "addressFallback",
  "reaches a host name of which only one address is served",
  (probe, client) =>
    Effect.forEach(
      probe.server.addresses.families,
      (origin) => probe.response(read(client, get(probe.url("echo", origin)))),
      { discard: true }
    )
)

const scopeEnd = [
  layered("scopeEnd", "closes a connection that is kept for reuse", (probe, transport) =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(transport, scope)
      yield* HttpClient.HttpClient.use((client) => probe.response(read(client, get(probe.url("echo"))))).pipe(
        Effect.provide(context),
        Effect.onExit(() => Scope.close(scope, Exit.void))
      )
      yield* probe.until("the connection to close", closed, stillOpen)
    })),
  layered("scopeEnd", "ends a request that is in flight", (probe, transport) =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(transport, scope)
      const fiber = yield* HttpClient.HttpClient.use((client) => read(client, get(probe.url("hold")))).pipe(
        Effect.provide(context),
        Effect.forkChild
      )
      yield* probe.until("a request", ({ requests }) => requests.length > 0, () => "none came").pipe(
        Effect.ensuring(Scope.close(scope, Exit.void))
      )
      yield* probe.inTime("the request to end", Fiber.await(fiber))
      yield* probe.until("the connection to close", closed, stillOpen)
    }))
]

export const cases: ReadonlyArray<Draft> = [
  ...oneRequest,
  ...noResend,
  ...interruption,
  ...abandonedBody,
  addressFallback,
  connectTimeout,
  ...sentNo,
  ...sentMaybe,
  ...truncatedBody,
  ...transient,
  trust,
  ...connectionReuse,
  ...closedConnection,
  ...scopeEnd
]
