/**
 * Bodies that the service would not send, in responses with correct framing.
 */
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib"
import { type Case, response, secret, token } from "./hostile.ts"

const malformed = "UnexpectedResponse malformed 200"
const rest = token.slice(1)

/** Members of a token response that no token response has. */
const wrong = [
  ["a number for a text", { accessToken: 7, tokenType: "Bearer" }],
  ["a boolean for a text", { accessToken: true, tokenType: "Bearer" }],
  ["an array for a text", { accessToken: [secret.accessToken], tokenType: "Bearer" }],
  ["an object for a text", { accessToken: { [secret.accessToken]: secret.accessToken }, tokenType: "Bearer" }],
  ["null for a required member", { accessToken: secret.accessToken, tokenType: null }],
  ["an empty required member", { accessToken: "", tokenType: "Bearer" }],
  ["no required member", { tokenType: "Bearer" }],
  ["a token within something else", { result: { accessToken: secret.accessToken, tokenType: "Bearer" } }],
  ["a number for an optional secret", { accessToken: secret.accessToken, tokenType: "Bearer", refreshToken: 7 }],
  ["control characters in a text", { accessToken: secret.accessToken, tokenType: "Bear\u0000\u001b[2Jer" }]
] as const

export const bodies: ReadonlyArray<Case> = [
  { name: "a valid response", script: response(token), outcome: "token" },
  { name: "no body", script: response(""), outcome: malformed, excerpt: "" },
  { name: "HTML", script: response("<html>Wi-Fi</html>"), outcome: malformed, excerpt: "<html>Wi-Fi</html>" },
  {
    name: "JSON that is cut off",
    script: response(token.slice(0, -5)),
    outcome: malformed,
    excerpt: token.slice(0, -5)
  },
  { name: "an array", script: response(`[${token}]`), outcome: malformed, excerpt: `[${token}]` },
  { name: "null", script: response("null"), outcome: malformed, excerpt: "null" },
  { name: "a text", script: response(JSON.stringify(token)), outcome: malformed },
  { name: "two objects", script: response(`${token}${token}`), outcome: malformed },
  { name: "JSON with a comment", script: response(`// ok\n${token}`), outcome: malformed },
  { name: "a body of spaces", script: response(" ".repeat(10_000)), outcome: malformed, excerpt: " ".repeat(1024) },
  ...wrong.map(([name, members]) => ({ name, script: response(JSON.stringify(members)), outcome: malformed })),
  { name: "a key twice, the last value valid", script: response(`{"accessToken":7,${rest}`), outcome: "token" },
  {
    name: "a key twice, the last value invalid",
    script: response(`${token.slice(0, -1)},"accessToken":7}`),
    outcome: malformed
  },
  {
    name: "100,000 brackets that are never closed",
    script: response("[".repeat(100_000)),
    outcome: malformed,
    excerpt: "[".repeat(1024)
  },
  {
    name: "100,000 brackets in place of a token",
    script: response(`{"accessToken":${"[".repeat(100_000)}${"]".repeat(100_000)},"tokenType":"Bearer"}`),
    outcome: malformed
  },
  {
    name: "100,000 brackets in an unknown member",
    script: response(`{"x":${"[".repeat(100_000)}${"]".repeat(100_000)},${rest}`),
    outcome: "token"
  },
  { name: "members in a __proto__", script: response(`{"__proto__":${token}}`), outcome: malformed },
  {
    name: "__proto__, constructor and toJSON beside a token",
    script: response(
      `{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"toJSON":1,"hasOwnProperty":1,${rest}`
    ),
    outcome: "token"
  },
  {
    name: "bytes that are not UTF-8",
    script: response(Buffer.from(token.replace("Bearer", "B\xffarer"), "latin1")),
    outcome: malformed,
    excerpt: token.replace("Bearer", "B\ufffdarer")
  },
  { name: "UTF-16", script: response(Buffer.from(token, "utf16le")), outcome: malformed },
  { name: "a byte order mark before a token", script: response(`\ufeff${token}`), outcome: "token" },
  { name: "half a surrogate pair", script: response(token.replace("Bearer", "\\ud800")), outcome: malformed },
  {
    name: "a content encoding that was never applied",
    script: response(token, "200 OK", ["content-encoding: gzip"]),
    outcome: "token",
    fetch: "TransportError answered Z_DATA_ERROR 200"
  },
  {
    name: "an unknown content encoding",
    script: response(token, "200 OK", ["content-encoding: x-none"]),
    outcome: "token"
  },
  ...([["gzip", gzipSync(token)], ["deflate", deflateSync(token)], ["br", brotliCompressSync(token)]] as const).map(
    ([encoding, bytes]) => ({
      name: `${encoding}, which Node did not ask for`,
      script: response(bytes, "200 OK", [`content-encoding: ${encoding}`]),
      outcome: "UnexpectedResponse contentEncoding 200",
      fetch: "token"
    })
  ),
  {
    name: "gzip that is cut off",
    script: response(gzipSync(token).subarray(0, -12), "200 OK", ["content-encoding: gzip"]),
    outcome: "UnexpectedResponse contentEncoding 200",
    // fetch gives the part that it could decompress
    fetch: malformed
  }
]
