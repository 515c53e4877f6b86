/** Chooses the proxy that a target is reached through. */
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { type Option, TransportOptionsError } from "../TransportOptionsError.ts"
import * as Host from "./host.ts"
import * as NoProxy from "./noProxy.ts"

export interface Proxy {
  /** Without user info. */
  readonly url: URL
  /** See {@link Host.servernameOf}. */
  readonly servername: string
  /** The headers for this proxy alone. They are a secret. */
  readonly headers: Readonly<Record<string, string>>
}

/** The proxies of one client. */
export interface Proxies {
  readonly https: Proxy | undefined
  readonly http: Proxy | undefined
  readonly noProxy: ReadonlyArray<NoProxy.Rule>
  readonly loopback: boolean
}

/** The proxy for the target, or `undefined` if it is reached directly. */
export const choose = (proxies: Proxies, url: URL): Proxy | undefined => {
  const proxy = url.protocol === "https:" ? proxies.https : proxies.http
  if (proxy === undefined || (!proxies.loopback && NoProxy.isLoopback(url))) return undefined
  return proxies.noProxy.some((names) => names(url)) ? undefined : proxy
}

/**
 * Parses the URL of a proxy, or says what is wrong with it and what to do. The text may hold a password, so the message never
 * repeats it.
 */
export const parse = (input: string | Redacted.Redacted): Result.Result<Proxy, string> => {
  const text = (Redacted.isRedacted(input) ? Redacted.value(input) : input).trim()
  // a URL parser takes `proxy.example:3128` for a scheme and a path
  const url = URL.parse(/^[a-z][a-z\d+.-]*:\/\//i.test(text) ? text : `http://${text}`)
  if (url === null) return Result.fail("is not the URL of a proxy. Write it like http://proxy.example:3128.")
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    return Result.fail("is neither http:// nor https://. Use an HTTP proxy: other kinds (SOCKS) are not supported.")
  }
  if (url.pathname !== "/" || url.search !== "" || url.hash !== "") {
    return Result.fail(
      "has a path, a query or a fragment. Write it like http://proxy.example:3128."
    )
  }
  const servername = Host.servernameOf(url)
  if (url.username === "" && url.password === "") return Result.succeed({ url, servername, headers: {} })
  if (!Redacted.isRedacted(input)) return Result.fail("has a user or a password in it. Give it as Redacted.")
  try {
    const user = decodeURIComponent(url.username)
    // RFC 7617: the first colon ends the name
    if (user.includes(":")) {
      return Result.fail("has a user with a colon, which Basic authentication does not allow. Use another user.")
    }
    const credentials = Buffer.from(`${user}:${decodeURIComponent(url.password)}`).toString("base64")
    url.username = ""
    url.password = ""
    return Result.succeed({ url, servername, headers: { "proxy-authorization": `Basic ${credentials}` } })
  } catch {
    return Result.fail("has a user or a password that is not percent-encoded. Write a literal % as %25.")
  }
}

export interface Options {
  readonly https?: string | Redacted.Redacted | undefined
  readonly http?: string | Redacted.Redacted | undefined
  readonly noProxy?: ReadonlyArray<string> | undefined
  readonly loopback?: boolean | undefined
}

const fail = (option: Option, detail: string) => Result.fail(new TransportOptionsError({ option, detail }))

/** Checks the proxy options, and makes the proxies. */
export const make = (options: Options): Result.Result<Proxies, TransportOptionsError> => {
  const https = options.https === undefined ? undefined : parse(options.https)
  if (https !== undefined && Result.isFailure(https)) return fail("proxy.https", https.failure)
  const http = options.http === undefined ? undefined : parse(options.http)
  if (http !== undefined && Result.isFailure(http)) return fail("proxy.http", http.failure)
  const noProxy: Array<NoProxy.Rule> = []
  for (const entry of options.noProxy ?? []) {
    const rule = NoProxy.ruleOf(entry)
    if (rule === undefined) {
      return fail(
        "proxy.noProxy",
        `has an entry that is not a host, an address or a range: number ${noProxy.length + 1}. ` +
          "Write it like *.example.com:443 or 10.0.0.0/8."
      )
    }
    noProxy.push(rule)
  }
  return Result.succeed({ https: https?.success, http: http?.success, noProxy, loopback: options.loopback === true })
}
