/**
 * Which proxy a target is reached through.
 */
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
  /** What it wants to be told, and nobody else: a secret. */
  readonly headers: Readonly<Record<string, string>>
}

/** The proxies of one client. */
export interface Proxies {
  readonly https: Proxy | undefined
  readonly http: Proxy | undefined
  readonly noProxy: ReadonlyArray<NoProxy.Rule>
  readonly loopback: boolean
}

/** Which one reaches the target, if it is not reached directly. */
export const choose = (proxies: Proxies, url: URL): Proxy | undefined => {
  if (!proxies.loopback && NoProxy.isLoopback(url)) return undefined
  if (proxies.noProxy.some((names) => names(url))) return undefined
  return url.protocol === "https:" ? proxies.https : proxies.http
}

/** The proxy that a text names, or what is wrong with the text, which may hold a password. */
export const parse = (input: string | Redacted.Redacted): Result.Result<Proxy, string> => {
  const text = (Redacted.isRedacted(input) ? Redacted.value(input) : input).trim()
  // `proxy.example:3128`, which a URL parser takes for a scheme and a path
  const url = URL.parse(/^[a-z][a-z\d+.-]*:\/\//i.test(text) ? text : `http://${text}`)
  if (url === null) return Result.fail("is no URL of a proxy")
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    return Result.fail("must be http:// or https://: proxies of other kinds (SOCKS) are not supported")
  }
  if (url.pathname !== "/" || url.search !== "" || url.hash !== "") {
    return Result.fail("must be a host and a port, without path, query or fragment")
  }
  const servername = Host.servernameOf(url)
  if (url.username === "" && url.password === "") return Result.succeed({ url, servername, headers: {} })
  if (!Redacted.isRedacted(input)) return Result.fail("has a user or a password in it: give it as Redacted")
  try {
    const user = decodeURIComponent(url.username)
    // RFC 7617: the first colon ends the name
    if (user.includes(":")) return Result.fail("has a user with a colon in it, which no proxy can be told")
    const credentials = Buffer.from(`${user}:${decodeURIComponent(url.password)}`).toString("base64")
    url.username = ""
    url.password = ""
    return Result.succeed({ url, servername, headers: { "proxy-authorization": `Basic ${credentials}` } })
  } catch {
    return Result.fail("has a user or a password that is not percent-encoded")
  }
}

interface Options {
  readonly https?: string | Redacted.Redacted | undefined
  readonly http?: string | Redacted.Redacted | undefined
  readonly noProxy?: ReadonlyArray<string> | undefined
  readonly loopback?: boolean | undefined
}

const fail = (option: Option, detail: string) => Result.fail(new TransportOptionsError({ option, detail }))

/** The proxies of options. */
export const make = (options: Options): Result.Result<Proxies, TransportOptionsError> => {
  const https = options.https === undefined ? undefined : parse(options.https)
  if (https !== undefined && Result.isFailure(https)) return fail("proxy.https", https.failure)
  const http = options.http === undefined ? undefined : parse(options.http)
  if (http !== undefined && Result.isFailure(http)) return fail("proxy.http", http.failure)
  const noProxy: Array<NoProxy.Rule> = []
  for (const entry of options.noProxy ?? []) {
    const rule = NoProxy.ruleOf(entry)
    if (rule === undefined) {
      return fail("proxy.noProxy", `has an entry that is no host, address or range, number ${noProxy.length + 1}`)
    }
    noProxy.push(rule)
  }
  return Result.succeed({ https: https?.success, http: http?.success, noProxy, loopback: options.loopback === true })
}
