/**
 * Statuses that the service does not send, and its own statuses in unusual forms.
 */
import type { Socket } from "node:net"
import { type Case, raw, requestId, response, token } from "./hostile.ts"

const interim = (status: string, ...headers: ReadonlyArray<string>): Uint8Array => raw(status, headers)
const html = "<html>Bad Gateway</html>"

/** Node's transport does not read a redirect's body, so its connection closes. `fetch` reads a small body by itself. */
const redirect = (status: string, ...headers: ReadonlyArray<string>): Case => ({
  name: `${status.slice(0, 3)} with ${headers.join(", ") || "no Location"}`,
  script: response("moved", status, headers),
  outcome: `UnexpectedResponse redirect ${status.slice(0, 3)}`,
  excerpt: "",
  closed: true,
  fetchClosed: false
})

const other = (status: string, ...headers: ReadonlyArray<string>): Case => ({
  name: `${status.slice(0, 3)} with ${headers.join(", ") || "nothing"}`,
  script: response(html, status, headers),
  outcome: `UnexpectedResponse status ${status.slice(0, 3)}`,
  excerpt: html
})

const date = "date: Fri, 06 Nov 2026 08:49:37 GMT"

export const statuses: ReadonlyArray<Case> = [
  {
    name: "100 before the response, without a request for it",
    script: Buffer.concat([interim("100 Continue"), response(token)]),
    outcome: "token",
    // undici treats it as an error
    fetch: "TransportError maybe UND_ERR_SOCKET",
    closed: false,
    fetchClosed: true
  },
  {
    name: "103 before the response",
    script: Buffer.concat([interim("103 Early Hints", "link: </x>; rel=preload"), response(token)]),
    outcome: "token"
  },
  {
    name: "1,000 times 102 before the response",
    script: Buffer.concat([...Array.from({ length: 1000 }, () => interim("102 Processing")), response(token)]),
    outcome: "token"
  },
  {
    name: "endless 102",
    script: (socket: Socket) => {
      const timer = setInterval(() => socket.write(interim("102 Processing")), 10)
      socket.on("close", () => clearInterval(timer))
    },
    outcome: "TransportError maybe TIMEOUT",
    closed: true,
    requestTimeout: "300 millis"
  },
  {
    name: "101 to another protocol",
    script: raw("101 Switching Protocols", [requestId, "connection: upgrade", "upgrade: x"], "of x"),
    outcome: "TransportError maybe CONNECTION_CLOSED",
    fetch: "TransportError maybe UND_ERR_SOCKET",
    closed: true
  },
  {
    name: "101 without a protocol",
    script: raw("101 Switching Protocols", [requestId]),
    outcome: "TransportError maybe CONNECTION_CLOSED",
    fetch: "TransportError maybe ERR_ASSERTION",
    closed: true
  },
  { ...other("201 Created"), script: response(token, "201 Created"), excerpt: token },
  { ...other("202 Accepted", "location: /elsewhere") },
  { ...other("204 No Content"), script: raw("204 No Content", [requestId]), excerpt: "" },
  {
    ...other("204 No Content", "a body"),
    script: raw("204 No Content", [requestId, "content-length: 5"], "hello"),
    excerpt: "",
    closed: true
  },
  { ...other("205 Reset Content"), script: raw("205 Reset Content", [requestId, "content-length: 0"]), excerpt: "" },
  other("206 Partial Content", "content-range: bytes 0-9/100"),
  ...["301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent Redirect"]
    .flatMap((status) => [redirect(status, "location: /elsewhere"), redirect(status)]),
  redirect("307 Temporary Redirect", "location: http://["),
  redirect("300 Multiple Choices", "location: /elsewhere", "refresh: 0; url=/elsewhere"),
  {
    ...redirect("307 Temporary Redirect", "location: /elsewhere", "an endless body"),
    script: (socket: Socket) =>
      void socket.write(
        raw("307 Temporary Redirect", [requestId, "location: /elsewhere", "transfer-encoding: chunked"], "1\r\nx\r\n")
      ),
    fetchClosed: true
  },
  { ...redirect("304 Not Modified"), script: raw("304 Not Modified", [requestId]) },
  other("401 Unauthorized", "www-authenticate: Basic realm=x"),
  other("403 Forbidden"),
  other("404 Not Found"),
  {
    ...other("407 Proxy Authentication Required", "proxy-authenticate: Basic realm=x"),
    // the Fetch standard makes it a network error, so its status is lost
    fetch: "TransportError maybe FETCH_FAILED"
  },
  { ...other("408 Request Timeout", "connection: close"), closed: true },
  other("413 Content Too Large"),
  { ...other("429 Too Many Requests", "retry-after: 7"), outcome: "UnexpectedResponse status 429 after 7 s" },
  { ...other("500 Internal Server Error"), script: response(token, "500 Internal Server Error"), excerpt: token },
  other("502 Bad Gateway"),
  { ...other("503 Service Unavailable", "retry-after: 30"), outcome: "UnexpectedResponse status 503 after 30 s" },
  {
    ...other("503 Service Unavailable", date, "retry-after: Fri, 06 Nov 2026 08:50:07 GMT"),
    outcome: "UnexpectedResponse status 503 after 30 s"
  },
  other("503 Service Unavailable", date, "retry-after: Fri, 06 Nov 2026 08:49:37 GMT"),
  other("503 Service Unavailable", "retry-after: soon"),
  other("503 Service Unavailable", "retry-after: 1e9"),
  other("504 Gateway Timeout"),
  other("599 Whatever"),
  other("999 Whatever"),
  {
    name: "a status of 0",
    script: response(html, "000 Whatever"),
    outcome: "UnexpectedResponse redirect 0",
    fetch: "TransportError maybe ERR_ASSERTION",
    closed: true
  },
  {
    name: "a status of four digits",
    script: response(html, "2000 Whatever"),
    outcome: "TransportError maybe HPE_INVALID_STATUS",
    fetch: "TransportError maybe FETCH_FAILED",
    closed: true
  },
  {
    name: "an exception",
    script: response(`{"error":"invalid_grant"}`, "400 Bad Request", [
      "x-amzn-errortype: InvalidGrantException:http://x/"
    ]),
    outcome: "InvalidGrantException 400"
  },
  {
    name: "an exception that asks to wait",
    script: response(`{"error":"slow_down"}`, "400 Bad Request", ["retry-after: 9"]),
    outcome: "SlowDownException 400 after 9 s"
  },
  {
    name: "an exception whose body is HTML",
    script: response(html, "400 Bad Request", ["x-amzn-errortype: InvalidGrantException"]),
    outcome: "InvalidGrantException 400"
  },
  {
    name: "an exception of another operation",
    script: response("{}", "400 Bad Request", ["x-amzn-errortype: InvalidRedirectUriException"]),
    outcome: "UnexpectedResponse status InvalidRedirectUriException 400",
    excerpt: "{}"
  },
  {
    name: "an exception with two types, of which the first counts",
    script: response("{}", "400 Bad Request", ["x-amzn-errortype: SlowDownException", "x-amzn-errortype: X"]),
    outcome: "SlowDownException 400"
  },
  {
    name: "an exception with control characters in its type",
    script: response(html, "400 Bad Request", ["x-amzn-errortype: A\x9b2J\x85B"]),
    outcome: "UnexpectedResponse status A 2J B 400"
  },
  {
    name: "an exception whose type is named constructor",
    script: response(`{"error":"__proto__"}`, "400 Bad Request", ["x-amzn-errortype: constructor"]),
    outcome: "UnexpectedResponse status constructor 400"
  }
]
