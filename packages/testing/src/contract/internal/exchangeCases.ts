/**
 * Cases about the content of requests and responses.
 */
import * as Effect from "effect/Effect"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Pattern from "./pattern.ts"
import { type Draft, over, read, times } from "./probe.ts"

const post = (url: string, body: Uint8Array | undefined) =>
  body === undefined
    ? HttpClientRequest.post(url)
    // a copy, since a transport may change the body that it is given
    : HttpClientRequest.bodyUint8Array(HttpClientRequest.post(url), body.slice(), "application/octet-stream")

const differs = (sent: Uint8Array, came: Uint8Array): string => {
  const at = sent.findIndex((byte, i) => byte !== came[i])
  return `${came.length} bytes came${at === -1 ? "" : `, and byte ${at} differs`}`
}

const same = (sent: Uint8Array, came: Uint8Array): boolean => {
  if (sent.length !== came.length) return false
  // `every` would call a function for each byte of 4 MiB
  for (let i = 0; i < sent.length; i++) if (sent[i] !== came[i]) return false
  return true
}

const everyByte = Uint8Array.from({ length: 512 }, (_, i) => i & 255)
const lines = new TextEncoder().encode("line\r\nline\n\0\uFEFF\u00FC\u{1F511}\r\n\r\n0\r\n\r\n")

const bytes = [
  { name: "of every value", body: everyByte },
  { name: "that look like the end of a message", body: lines }
].map(({ body, name }) =>
  over("bytes", `carries bytes ${name}`, (probe, client) =>
    Effect.gen(function*() {
      const back = yield* probe.response(read(client, post(probe.url("echo"), body)))
      const seen = (yield* probe.report).requests[0]
      yield* probe.check(
        seen?.body === Pattern.hex(body),
        "the server to receive the bytes that were sent",
        () => "other bytes came"
      )
      yield* probe.check(same(body, back.bytes), `${body.length} bytes to come back`, () => differs(body, back.bytes))
    }))
)

const sentHeaders: Readonly<Record<string, string>> = {
  "content-type": "application/json",
  "x-contract-list": "one, two;q=\"0, 5\"",
  "x-contract-long": "0123456789abcdef".repeat(256)
}

const headers = [
  over("headers", "sends each request header once, as it was set", (probe, client) =>
    Effect.gen(function*() {
      const body = new TextEncoder().encode("{}")
      const request = HttpClientRequest.setHeaders(post(probe.url("echo"), body), sentHeaders)
      yield* probe.response(read(client, request))
      const seen = (yield* probe.report).requests[0]
      for (const [name, value] of Object.entries(sentHeaders)) {
        const came = (seen?.headers ?? []).filter(([key]) => key.toLowerCase() === name).map(([, value]) => value)
        yield* probe.check(
          came.length === 1 && came[0] === value,
          `${name} once, as it was set`,
          () => came.length === 1 ? "it came with another value" : `it came ${times(came.length)}`
        )
      }
    })),
  over("headers", "gives each response header as the server set it", (probe, client) =>
    Effect.gen(function*() {
      const { headers } = yield* probe.response(read(client, HttpClientRequest.get(probe.url("headers"))))
      for (const [name, value] of Object.entries(Pattern.responseHeaders)) {
        yield* probe.check(
          headers[name] === value,
          `${name} as the server set it`,
          () => headers[name] === undefined ? "it is missing" : "it has another value"
        )
      }
    }))
]

const emptyBody = [
  over("emptyBody", "sends a request without a body", (probe, client) =>
    Effect.gen(function*() {
      yield* probe.response(read(client, post(probe.url("echo"), undefined)))
      const seen = (yield* probe.report).requests[0]
      yield* probe.check(seen?.size === 0, "a request without a body", () => `it has ${seen?.size ?? "no"} bytes`)
    })),
  ...[{ path: "empty", status: 200 }, { path: "none", status: 204 }].map(({ path, status }) =>
    over(
      "emptyBody",
      `ends the stream of an empty response with status ${status}`,
      (probe, client) =>
        Effect.gen(function*() {
          const reading = probe.response(read(client, HttpClientRequest.get(probe.url(path))))
          const back = yield* probe.inTime("the stream to end", reading)
          yield* probe.check(
            back.status === status && back.bytes.length === 0,
            `status ${status} without a byte`,
            () => `status ${back.status} came with ${back.bytes.length} bytes`
          )
        })
    )
  )
]

const largeBody = [
  over("largeBody", "sends a body of 1 MiB", (probe, client) =>
    Effect.gen(function*() {
      const body = Pattern.pattern(1024 * 1024)
      const back = yield* probe.response(read(client, post(probe.url("echo"), body)))
      yield* probe.check(same(body, back.bytes), `${body.length} bytes to come back`, () => differs(body, back.bytes))
    })),
  over("largeBody", "receives a body of 4 MiB", (probe, client) =>
    Effect.gen(function*() {
      const body = Pattern.pattern(Pattern.large)
      const back = yield* probe.response(read(client, HttpClientRequest.get(probe.url("large"))))
      yield* probe.check(same(body, back.bytes), `${body.length} bytes`, () => differs(body, back.bytes))
    }))
]

const statuses = over(
  "statuses",
  "returns the statuses of the service and its gateways as responses",
  (probe, client) =>
    Effect.gen(function*() {
      for (const status of Pattern.statuses) {
        const back = yield* probe.response(
          read(client, post(probe.url(`status?code=${status}`), new TextEncoder().encode("{}")))
        )
        yield* probe.check(
          back.status === status && back.text === "{}",
          `status ${status} with its body`,
          () => `status ${back.status} came with ${back.bytes.length} bytes`
        )
      }
    })
)

const interim = over(
  "statuses",
  "returns the 200 that follows a 102 and a 103",
  (probe, client) =>
    Effect.gen(function*() {
      const back = yield* probe.response(read(client, HttpClientRequest.get(probe.url("interim"))))
      yield* probe.check(
        back.status === 200 && back.text === "final",
        "the final response",
        () => `status ${back.status} came`
      )
    })
)

const concurrency = over(
  "concurrency",
  "gives each of six concurrent requests its own response",
  (probe, client) =>
    Effect.gen(function*() {
      const one = Effect.fnUntraced(function*(n: number) {
        const body = Pattern.pattern(1000 + n)
        const back = yield* probe.response(read(client, post(probe.url("echo"), body)))
        yield* probe.check(same(body, back.bytes), `the response to request ${n}`, () => differs(body, back.bytes))
      })
      yield* Effect.forEach([1, 2, 3, 4, 5, 6], one, { concurrency: "unbounded", discard: true })
    })
)

const redirects = [301, 302, 303, 307, 308].map((status) =>
  over("noRedirect", `does not follow a ${status}`, (probe, client) =>
    Effect.gen(function*() {
      const request = post(probe.url(`redirect?code=${status}`), new TextEncoder().encode("secret"))
      const back = yield* probe.response(read(client, request))
      const { requests } = yield* probe.report
      yield* probe.check(
        requests.length === 1,
        "one request",
        () => `the redirect's target got a request too${requests.at(-1)?.size === 6 ? ", with the body" : ""}`
      )
      // in a page, a redirect has no status
      yield* probe.check(
        back.status === status || back.status === 0,
        `status ${status}, or 0 where the platform hides it`,
        () => `status ${back.status} came`
      )
    }))
)

const foreign = [
  "cookie",
  "authorization",
  "proxy-authorization",
  "referer",
  "traceparent",
  "tracestate",
  "b3",
  "x-b3-traceid"
]

const nothingAdded = [
  over("nothingAdded", "adds no header by itself", (probe, client) =>
    Effect.gen(function*() {
      yield* probe.response(read(client, post(probe.url("echo"), new TextEncoder().encode("{}"))))
      const seen = (yield* probe.report).requests[0]
      const added = (seen?.headers ?? []).map(([name]) => name.toLowerCase()).filter((name) => foreign.includes(name))
      yield* probe.check(added.length === 0, "no header that the caller did not set", () =>
        `it has ${added.join(" and ")}`)
    })),
  over("nothingAdded", "does not send back a cookie that the server set", (probe, client) =>
    Effect.gen(function*() {
      yield* probe.response(read(client, HttpClientRequest.get(probe.url("cookie"))))
      yield* probe.response(read(client, HttpClientRequest.get(probe.url("echo"))))
      const { requests } = yield* probe.report
      const back = requests.flatMap(({ headers }) => headers).some(([name]) => name.toLowerCase() === "cookie")
      yield* probe.check(!back, "no cookie", () => "the cookie came back")
    }))
]

export const cases: ReadonlyArray<Draft> = [
  ...bytes,
  ...headers,
  ...emptyBody,
  ...largeBody,
  statuses,
  interim,
  concurrency,
  ...redirects,
  ...nothingAdded
]
