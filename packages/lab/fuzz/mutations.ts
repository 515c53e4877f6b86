/**
 * The mutations of a valid response: of its members, bytes, headers, status, dialect and delivery.
 */
import { TransportCause } from "@sso-oidc/core/aws/TransportCause"
import type { Dice } from "@sso-oidc/test-kit/dice"
import type { Call } from "@sso-oidc/test-kit/fixtures"
import { formsOf } from "@sso-oidc/test-kit/leaks"
import * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import { gzipSync } from "node:zlib"

export interface ResponseSpec {
  readonly status: number
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>
  readonly chunks: ReadonlyArray<Uint8Array>
  readonly end:
    | { readonly _tag: "close" }
    | { readonly _tag: "error"; readonly cause: unknown }
    | { readonly _tag: "silence" }
  readonly url?: string
  /** There is no response: the transport fails. */
  readonly failure?: (request: HttpClientRequest.HttpClientRequest) => HttpClientError.HttpClientErrorReason
}

export interface Mutation {
  readonly name: string
  /** `asked` has the secrets of the request. */
  readonly change: (spec: ResponseSpec, dice: Dice, asked: ReadonlyArray<string>) => ResponseSpec
}

// -----------------------------------------------------------------------------
// values
// -----------------------------------------------------------------------------

const strange = [
  "",
  " ",
  "\u0000",
  "\u001b[2J\u0007",
  "\u009b31m",
  "a\r\nb: c",
  "\u202egpj.exe",
  "\u200b",
  "\ud800",
  "\ufeff",
  "__proto__",
  "constructor",
  "toString",
  "javascript:alert(1)",
  "http://evil.example/",
  "https://user:pw@x.example/",
  "InvalidGrantException",
  "com.amazonaws.sso.oidc#SlowDownException:http://x/",
  "#",
  ":",
  "a:b#c:d#e",
  "authorization_pending",
  "x".repeat(5000),
  "😀".repeat(700)
]

const numbers = [0, -0, -1, 1, 5, 0.1, 1e308, -1e308, 2 ** 53, 2 ** 31, 1e-320]

/** A secret of the request as it may come back: in some form, whole or in part, among other words. */
const echo = (d: Dice, asked: ReadonlyArray<string>): string => {
  if (asked.length === 0) return d.pick(strange)
  const form = d.pick(formsOf(d.pick(asked)))
  const from = d.chance(0.7) ? 0 : d.below(form.length)
  return `${d.pick(["", "bad ", "\u0000", "x"])}${form.slice(from, d.chance(0.7) ? undefined : from + 12)}${
    d.pick(["", " given", "\n", "\u001b[0m"])
  }`
}

const text = (d: Dice, asked: ReadonlyArray<string>): string => d.chance(0.5) ? echo(d, asked) : d.pick(strange)

const value = (d: Dice, asked: ReadonlyArray<string>, depth = 0): unknown => {
  switch (d.below(depth > 4 ? 5 : 8)) {
    case 0:
      return null
    case 1:
      return d.pick(numbers)
    case 2:
      return d.chance(0.5)
    case 3:
    case 4:
      return text(d, asked)
    case 5:
      return Array.from({ length: d.below(4) }, () => value(d, asked, depth + 1))
    case 6:
      return Object.fromEntries(Array.from({ length: d.below(4) }, () => [text(d, asked), value(d, asked, depth + 1)]))
    default:
      return d.pick([[], {}, [[]], { value: 1 }])
  }
}

// -----------------------------------------------------------------------------
// bases
// -----------------------------------------------------------------------------

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)

const bytesOf = ({ chunks }: ResponseSpec): Uint8Array => Buffer.concat(chunks)

const withBytes = (spec: ResponseSpec, bytes: Uint8Array): ResponseSpec => ({ ...spec, chunks: [bytes] })

const json = (status: number, body: unknown, headers: ResponseSpec["headers"] = []): ResponseSpec => ({
  status,
  headers: [["content-type", "application/json"], ["x-amzn-requestid", "7b5ee6f0-0000-4000-8000-1"], ...headers],
  chunks: [encode(JSON.stringify(body))],
  end: { _tag: "close" }
})

/** A response that the service may give: a success, or an exception in one of its dialects. */
export const baseOf = (call: Call, d: Dice, asked: ReadonlyArray<string>): ResponseSpec => {
  if (d.chance(0.5)) return json(200, call.response)
  const { error, status, type } = call.exception
  const body = {
    error,
    error_description: d.chance(0.5) ? echo(d, asked) : "As the service says",
    ...(d.chance(0.3) ? { reason: echo(d, asked), endpoint: echo(d, asked), region: echo(d, asked) } : {})
  }
  const name = d.pick([type, `${type}:http://x/`, `com.amazonaws.sso.oidc#${type}`, `a#${type}:b`])
  switch (d.below(4)) {
    case 0:
      return json(status, body, [["x-amzn-errortype", name]])
    case 1:
      return json(status, { ...body, code: name })
    case 2:
      return json(status, { ...body, __type: name })
    default:
      return json(status, body)
  }
}

// -----------------------------------------------------------------------------
// members
// -----------------------------------------------------------------------------

const membersOf = (spec: ResponseSpec): Array<[string, unknown]> | undefined => {
  try {
    const parsed: unknown = JSON.parse(new TextDecoder().decode(bytesOf(spec)))
    return typeof parsed === "object" && parsed !== null && !Array.isArray(parsed) ? Object.entries(parsed) : undefined
  } catch {
    return undefined
  }
}

const members = (
  name: string,
  change: (members: Array<[string, unknown]>, d: Dice, asked: ReadonlyArray<string>) => string | undefined
): Mutation => ({
  name,
  change: (spec, d, asked) => {
    const before = membersOf(spec)
    if (before === undefined || before.length === 0) return spec
    // written by hand, because an object cannot have a key twice
    const text = change(before, d, asked) ??
      `{${before.map(([key, one]) => `${JSON.stringify(key)}:${JSON.stringify(one)}`).join(",")}}`
    return withBytes(spec, encode(text))
  }
})

const keys = [
  "error",
  "error_description",
  "reason",
  "region",
  "endpoint",
  "code",
  "__type",
  "__proto__",
  "constructor"
]

const ofMembers: ReadonlyArray<Mutation> = [
  members("a member is missing", (all, d) => void all.splice(d.below(all.length), 1)),
  members("a member has another value", (all, d, asked) => {
    d.pick(all)[1] = value(d, asked)
  }),
  members("a member has another name", (all, d, asked) => {
    d.pick(all)[0] = d.chance(0.5) ? d.pick(keys) : text(d, asked)
  }),
  members("one more member", (all, d, asked) => {
    all.splice(d.below(all.length + 1), 0, [d.chance(0.7) ? d.pick(keys) : text(d, asked), value(d, asked)])
  }),
  members("a member twice", (all, d, asked) => void all.push([d.pick(all)[0], value(d, asked)])),
  members("a member repeats a secret", (all, d, asked) => {
    d.pick(all)[1] = echo(d, asked)
  }),
  members("members in another order", (all) => void all.reverse()),
  members("inside another object", (all, d) =>
    d.pick([
      (text: string) => `[${text}]`,
      (text: string) => `{"result":${text}}`,
      (text: string) => JSON.stringify(text),
      (text: string) => `{"__proto__":${text}}`
    ])(JSON.stringify(Object.fromEntries(all)))),
  members("deep", (all, d) => {
    const depth = 1 + d.below(3000)
    return `{${JSON.stringify(d.pick(all)[0])}:${"[".repeat(depth)}${d.chance(0.5) ? "]".repeat(depth) : ""}}`
  })
]

// -----------------------------------------------------------------------------
// bytes, headers, status
// -----------------------------------------------------------------------------

const bytes = (name: string, change: (bytes: Uint8Array, d: Dice) => Uint8Array): Mutation => ({
  name,
  change: (spec, d) => withBytes(spec, change(Uint8Array.from(bytesOf(spec)), d))
})

const ofBytes: ReadonlyArray<Mutation> = [
  bytes("some bytes changed", (all, d) => {
    for (let times = 1 + d.below(4); times > 0 && all.length > 0; times--) all[d.below(all.length)] = d.below(256)
    return all
  }),
  bytes("cut off", (all, d) => all.subarray(0, d.below(all.length + 1))),
  bytes("something inserted", (all, d) => {
    const at = d.below(all.length + 1)
    const put = d.pick([Uint8Array.of(0), Uint8Array.of(0xff, 0xfe), encode("\""), encode("{"), encode("\\u0000")])
    return Buffer.concat([all.subarray(0, at), put, all.subarray(at)])
  }),
  bytes("a part repeated", (all, d) => {
    const from = d.below(all.length + 1)
    return Buffer.concat([all, all.subarray(from, from + d.below(200))])
  }),
  bytes("long", (all, d) => Buffer.concat([all, Buffer.alloc(d.pick([100, 10_000, 16_384, 40_000]), 0x20)])),
  bytes("packed", (all) => gzipSync(all)),
  bytes("nothing", () => new Uint8Array()),
  bytes("marked", (all) => Buffer.concat([Uint8Array.of(0xef, 0xbb, 0xbf), all]))
]

/** What a header can hold of a text: bytes, and no line ends. */
const headerText = (text: string): string => {
  let out = ""
  for (const one of text) out += /[\t\u0020-\u007e\u0080-\u00ff]/.test(one) ? one : "?"
  return out.slice(0, 8000)
}

const header = (name: string, ...values: ReadonlyArray<string>): Mutation => ({
  name: `header ${name}`,
  change: (spec, d, asked) => ({
    ...spec,
    headers: [
      ...(d.chance(0.5) ? spec.headers.filter(([other]) => other !== name) : spec.headers),
      [name, headerText(values.length > 0 && d.chance(0.7) ? d.pick(values) : text(d, asked))]
    ]
  })
})

const date = "Fri, 06 Nov 2026 08:49:37 GMT"

const ofHead: ReadonlyArray<Mutation> = [
  header("x-amzn-requestid"),
  header("x-amz-request-id"),
  header(
    "x-amzn-errortype",
    "SlowDownException",
    "InvalidGrantException:x",
    "a#b",
    "constructor",
    "AccessDeniedException"
  ),
  header("content-type", "text/html", "application/json; charset=utf-7"),
  header("content-encoding", "gzip", "br", "identity", "GZIP, br", "x"),
  header("content-length", "0", "-1", "5", "many", "9".repeat(30)),
  header("retry-after", "0", "7", "-7", "1e9", "9".repeat(400), date, "Fri, 31 Feb 2026 08:49:37 GMT", "soon"),
  header("date", date, "yesterday", "Thu, 01 Jan 1970 00:00:00 GMT"),
  header("location", "https://evil.example/", "/elsewhere"),
  header("__proto__"),
  {
    name: "no header",
    change: (spec, d) => ({ ...spec, headers: d.chance(0.5) ? [] : spec.headers.slice(1) })
  },
  {
    name: "another status",
    change: (spec, d) => ({
      ...spec,
      status: d.pick([0, 100, 101, 199, 200, 200, 201, 204, 206, 300, 304, 307, 399, 400, 401, 403, 404, 408, 418, 429])
    })
  },
  {
    name: "a status of a server",
    change: (spec, d) => ({ ...spec, status: d.pick([500, 501, 502, 503, 504, 511, 599, 600, 999]) })
  },
  {
    name: "from another URL",
    change: (spec, d) => ({ ...spec, url: d.pick(["https://evil.example/token", "about:blank", "", "\u0000"]) })
  }
]

// -----------------------------------------------------------------------------
// delivery
// -----------------------------------------------------------------------------

/** A failure of the platform that holds secrets in all its members. */
const loaded = (d: Dice, asked: ReadonlyArray<string>): unknown => {
  const words = asked.join(" ")
  const error = new (d.pick([Error, TypeError, RangeError]))(text(d, asked), d.chance(0.5) ? { cause: words } : {})
  const deeper = Object.assign(new Error(words, { cause: error }), { stack: words, code: text(d, asked) })
  return d.pick<unknown>([
    Object.assign(error, { code: text(d, asked), name: text(d, asked), syscall: text(d, asked), request: words }),
    deeper,
    new TransportCause({ sent: "no", code: text(d, asked), transient: d.chance(0.5), syscall: text(d, asked) }),
    new AggregateError([deeper, words], words),
    words,
    undefined,
    null,
    7,
    { code: 7, name: {}, syscall: [words] }
  ])
}

const ofDelivery: ReadonlyArray<Mutation> = [
  {
    name: "in pieces",
    change: (spec, d) => {
      const all = bytesOf(spec)
      const size = 1 + d.below(d.chance(0.5) ? 7 : 400)
      const pieces = Array.from(
        { length: Math.ceil(all.length / size) },
        (_, at) => all.subarray(at * size, (at + 1) * size)
      )
      return { ...spec, chunks: d.chance(0.3) ? pieces.flatMap((piece) => [new Uint8Array(), piece]) : pieces }
    }
  },
  {
    name: "a body that is cut off",
    change: (spec, d, asked) => ({ ...spec, end: { _tag: "error", cause: loaded(d, asked) } })
  },
  {
    name: "a body that stops",
    // waits in real time, so it must be rare
    change: (spec, d) => d.chance(0.2) ? { ...spec, end: { _tag: "silence" } } : spec
  },
  {
    name: "no response",
    change: (spec, d, asked) => {
      const cause = loaded(d, asked)
      const kind = d.below(4)
      const description = text(d, asked)
      return {
        ...spec,
        failure: (request) =>
          kind === 0
            ? new HttpClientError.EncodeError({ request, cause, description })
            : kind === 1
            ? new HttpClientError.InvalidUrlError({ request, cause, description })
            : new HttpClientError.TransportError({ request, cause, description })
      }
    }
  }
]

export const mutations: ReadonlyArray<Mutation> = [
  ...ofMembers,
  ...ofMembers,
  ...ofBytes,
  ...ofHead,
  ...ofDelivery
]
