/**
 * Responses that lie about where they end, and heads that are not HTTP.
 */
import type { Socket } from "node:net"
import { type Case, closing, raw, requestId, response, secret, token } from "./hostile.ts"

const lengths = (...values: ReadonlyArray<string | number>): Uint8Array =>
  raw("200 OK", [requestId, ...values.map((value) => `content-length: ${value}`)], token)

const chunk = (text: string): string => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`

const chunked = (body: string, ...headers: ReadonlyArray<string>): Uint8Array =>
  raw("200 OK", [requestId, "transfer-encoding: chunked", ...headers], body)

/** The token of another person. A client that takes it for the caller's token would do great harm. */
const foreign = token.replace(secret.accessToken, "of-somebody-else")

// undici's codes are less exact than those of Node's own client, and it drops the head if it refuses the framing
const unframed = { fetch: "TransportError maybe UND_ERR_RES_CONTENT_LENGTH_MISMATCH", closed: true }
const unread = { fetch: "TransportError maybe FETCH_FAILED", closed: true }
const unchunked = { fetch: "TransportError answered BODY 200", closed: true }
const held = { requestTimeout: "300 millis", closed: true } as const

export const framings: ReadonlyArray<Case> = [
  {
    name: "Content-Length too long, and the connection closes",
    script: closing(lengths(5000)),
    outcome: "TransportError answered ECONNRESET 200",
    fetch: "TransportError answered UND_ERR_SOCKET 200",
    closed: true
  },
  {
    name: "Content-Length too long, and the connection stays",
    script: lengths(5000),
    outcome: "TransportError answered TIMEOUT 200",
    ...held
  },
  {
    name: "Content-Length too short",
    script: lengths(20),
    outcome: "UnexpectedResponse malformed 200",
    excerpt: token.slice(0, 20),
    closed: true
  },
  {
    name: "Content-Length negative",
    script: lengths(-1),
    outcome: "TransportError maybe HPE_INVALID_CONTENT_LENGTH",
    ...unread
  },
  {
    name: "Content-Length that is not a number",
    script: lengths("many"),
    outcome: "TransportError maybe HPE_INVALID_CONTENT_LENGTH",
    ...unread
  },
  {
    name: "Content-Length beyond 64 bits",
    script: lengths("9".repeat(30)),
    outcome: "TransportError maybe HPE_INVALID_CONTENT_LENGTH",
    ...unframed
  },
  {
    name: "two Content-Lengths",
    script: lengths(token.length, 5),
    outcome: "TransportError maybe HPE_UNEXPECTED_CONTENT_LENGTH",
    ...unframed
  },
  {
    name: "two Content-Lengths in one",
    script: lengths(`${token.length}, 5`),
    outcome: "TransportError maybe HPE_INVALID_CONTENT_LENGTH",
    ...unframed
  },
  {
    name: "Content-Length beside chunks",
    script: chunked(`${chunk(token)}0\r\n\r\n`, "content-length: 5"),
    outcome: "TransportError maybe HPE_INVALID_CONTENT_LENGTH",
    ...unread
  },
  { name: "no length, ended by the connection", script: closing(lengths()), outcome: "token", closed: true },
  { name: "chunks", script: chunked(`${[...token].map(chunk).join("")}0\r\n\r\n`), outcome: "token" },
  {
    name: "a chunk size that is not a number",
    script: chunked(`zz\r\n${token}\r\n0\r\n\r\n`),
    outcome: "TransportError answered HPE_INVALID_CHUNK_SIZE 200",
    ...unchunked
  },
  {
    name: "a chunk size below zero",
    script: chunked(`-5\r\n${token}\r\n0\r\n\r\n`),
    outcome: "TransportError answered HPE_INVALID_CHUNK_SIZE 200",
    ...unchunked
  },
  {
    name: "a chunk size beyond 64 bits",
    script: chunked(`${"f".repeat(18)}\r\n${token}`),
    outcome: "TransportError answered HPE_INVALID_CHUNK_SIZE 200",
    ...unchunked
  },
  {
    name: "a chunk shorter than its size",
    script: chunked(`${(token.length + 1).toString(16)}\r\n${token}\r\n0\r\n\r\n`),
    outcome: "TransportError answered HPE_CR_EXPECTED 200",
    ...unchunked
  },
  {
    name: "chunks without the last one, and the connection closes",
    script: closing(chunked(chunk(token))),
    outcome: "TransportError answered ECONNRESET 200",
    fetch: "TransportError answered UND_ERR_SOCKET 200",
    closed: true
  },
  {
    name: "chunks without the last one, and the connection stays",
    script: chunked(chunk(token)),
    outcome: "TransportError answered TIMEOUT 200",
    ...held
  },
  {
    name: "a second response directly behind the first",
    script: Buffer.concat([response(token), response(foreign)]),
    outcome: "token",
    closed: true
  },
  {
    name: "a second response without a request, later",
    script: (socket: Socket) => {
      socket.write(response(token))
      setTimeout(() => socket.write(response(foreign)), 20)
    },
    outcome: "token",
    closed: true
  },
  {
    name: "garbage behind the response",
    script: Buffer.concat([response(token), Buffer.from("garbage")]),
    outcome: "token",
    closed: true
  },
  {
    name: "reset inside the body",
    script: (socket: Socket) => void socket.write(lengths(5000), () => setTimeout(() => socket.resetAndDestroy(), 20)),
    outcome: "TransportError answered ECONNRESET 200",
    closed: true
  }
]

const bare = (text: string): Uint8Array => Buffer.from(text, "latin1")
const sized = (...headers: ReadonlyArray<string>): Uint8Array =>
  raw("200 OK", [requestId, ...headers, `content-length: ${token.length}`], token)
const overflow = { fetch: "TransportError maybe UND_ERR_HEADERS_OVERFLOW", closed: true }
const badHeader = "TransportError maybe HPE_INVALID_HEADER_TOKEN"

export const heads: ReadonlyArray<Case> = [
  {
    name: "40 kB of headers",
    script: sized(...Array.from({ length: 40 }, (_, i) => `x-${i}: ${"p".repeat(1000)}`)),
    outcome: "TransportError maybe HPE_HEADER_OVERFLOW",
    ...overflow
  },
  {
    name: "5,000 small headers",
    script: sized(...Array.from({ length: 5000 }, (_, i) => `x-${i}: y`)),
    outcome: "TransportError maybe HPE_HEADER_OVERFLOW",
    ...overflow
  },
  {
    name: "one header of 100 kB",
    script: sized(`x: ${"p".repeat(100_000)}`),
    outcome: "TransportError maybe HPE_HEADER_OVERFLOW",
    ...overflow
  },
  {
    name: "endless headers",
    script: (socket: Socket) => {
      const more = (): void => {
        if (socket.writable) socket.write(`x: ${"y".repeat(1000)}\r\n`, () => setImmediate(more))
      }
      socket.write("HTTP/1.1 200 OK\r\n")
      more()
    },
    outcome: "TransportError maybe HPE_HEADER_OVERFLOW",
    ...overflow
  },
  {
    name: "no status line",
    script: bare(`${requestId}\r\n\r\n${token}`),
    outcome: "TransportError maybe HPE_INVALID_CONSTANT",
    ...unread
  },
  {
    name: "a body without a head, as in HTTP/0.9",
    script: closing(bare(token)),
    outcome: "TransportError maybe HPE_INVALID_CONSTANT",
    ...unread
  },
  {
    name: "garbage",
    script: Uint8Array.from({ length: 4096 }, (_, i) => (i * 167 + 13) % 256),
    outcome: "TransportError maybe HPE_INVALID_CONSTANT",
    ...unread
  },
  {
    name: "a TLS alert",
    script: Uint8Array.of(0x15, 3, 3, 0, 2, 2, 40),
    outcome: "TransportError maybe HPE_INVALID_CONSTANT",
    ...unread
  },
  {
    name: "HTTP/9.9",
    script: closing(bare(`HTTP/9.9 200 OK\r\n${requestId}\r\n\r\n${token}`)),
    outcome: "TransportError maybe HPE_INVALID_VERSION",
    ...unread
  },
  {
    name: "HTTP/1.0",
    script: closing(bare(`HTTP/1.0 200 OK\r\n${requestId}\r\n\r\n${token}`)),
    outcome: "token",
    closed: true
  },
  { name: "a NUL in a header", script: sized("x: a\0b"), outcome: badHeader, ...unread },
  { name: "a header without a colon", script: sized("nonsense"), outcome: badHeader, ...unread },
  { name: "a space before the colon", script: sized("x : y"), outcome: badHeader, ...unread },
  { name: "a folded header", script: sized("x: a", " b: c"), outcome: badHeader, ...unread },
  {
    name: "lines that end with LF only",
    script: bare(`HTTP/1.1 200 OK\n${requestId}\ncontent-length: ${token.length}\n\n${token}`),
    outcome: "TransportError maybe HPE_CR_EXPECTED",
    ...unread
  },
  {
    name: "headers named __proto__ and constructor",
    script: sized("__proto__: x", "constructor: y", "set-cookie: a=1"),
    outcome: "token"
  },
  {
    name: "closed before the head",
    script: (socket: Socket) => void socket.end(),
    outcome: "TransportError maybe ECONNRESET",
    fetch: "TransportError maybe UND_ERR_SOCKET",
    closed: true
  },
  {
    name: "reset before the head",
    script: (socket: Socket) => void socket.resetAndDestroy(),
    outcome: "TransportError maybe ECONNRESET",
    closed: true
  },
  {
    name: "half a head, and the connection closes",
    script: closing(bare("HTTP/1.1 200 OK\r\ncontent-le")),
    outcome: "TransportError maybe ECONNRESET",
    fetch: "TransportError maybe UND_ERR_SOCKET",
    closed: true
  },
  {
    name: "half a head, and the connection stays",
    script: bare("HTTP/1.1 200 OK\r\ncontent-le"),
    outcome: "TransportError maybe TIMEOUT",
    ...held
  }
]
