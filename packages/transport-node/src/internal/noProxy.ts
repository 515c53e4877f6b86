/** The targets that are reached without a proxy. */
import * as TrustedUrl from "@sso-oidc/core/aws/TrustedUrl"
import type * as Net from "node:net"
import * as Host from "./host.ts"

/** Says whether one entry of a list matches a target. */
export type Rule = (url: URL) => boolean

/**
 * The targets that never use a proxy by default: loopback, and also names below `localhost`. A resolver keeps those names on
 * this machine (RFC 6761 section 6.3), and a remote proxy would resolve them to itself. `TrustedUrl` does not count them as
 * loopback. A resolver may break that rule, and a secret must not depend on it.
 */
export const isLoopback = (url: URL): boolean => {
  const host = Host.nameOf(url)
  return TrustedUrl.isLoopback(host) || host.endsWith(".localhost")
}

// `host`, `host:port`, `address`, `[address]:port`; an address may have `/bits`. A port may also be `*`.
const split = (entry: string, net: typeof Net): { readonly host: string; readonly port: string | undefined } => {
  const bracketed = /^\[([^\]]*)\](?::(\d+|\*))?$/.exec(entry)
  if (bracketed !== null) {
    const address = bracketed[1] ?? ""
    // brackets are for addresses alone
    return { host: net.isIPv6(address.replace(/\/\d+$/, "")) ? address : "", port: bracketed[2] }
  }
  if (net.isIPv6(entry.replace(/\/\d+$/, ""))) return { host: entry, port: undefined }
  const named = /^([^:]*):(\d+|\*)$/.exec(entry)
  return named === null ? { host: entry, port: undefined } : { host: named[1] ?? "", port: named[2] }
}

/** The rule of an entry, or `undefined` if the entry is not valid. */
export const ruleOf = (entry: string): Rule | undefined => {
  const net = process.getBuiltinModule("node:net")
  const { host, port } = split(entry, net)
  const names = hostRule(host, net)
  if (names === undefined || port === undefined || port === "*") return names
  const number = Number(port)
  // no URL has such a port, so the rule would silently match nothing
  return number < 1 || number > 65_535 ? undefined : (url) => number === Host.portOf(url) && names(url)
}

const hostRule = (host: string, net: typeof Net): Rule | undefined => {
  if (host === "*") return () => true
  const [address = "", bits, more] = host.split("/")
  if (net.isIP(address) !== 0) return more === undefined ? addressRule(address, bits, net) : undefined
  // digits, dots and stars are an address pattern, also where a name pattern would match them
  if (/^[\d.*]*\d[\d.*]*$/.test(host)) return fourRule(host)
  return host.replace(/^\*\./, "").includes("*") ? patternRule(host) : nameRule(host)
}

const addressRule = (address: string, bits: string | undefined, net: typeof Net): Rule | undefined => {
  const family = net.isIPv4(address) ? "ipv4" : "ipv6"
  const width = family === "ipv4" ? 32 : 128
  if (bits !== undefined && (!/^\d{1,3}$/.test(bits) || Number(bits) > width)) return undefined
  const list = new net.BlockList()
  list.addSubnet(address, bits === undefined ? width : Number(bits), family)
  return (url) => {
    const target = Host.nameOf(url)
    const version = net.isIP(target)
    return version !== 0 && list.check(target, version === 4 ? "ipv4" : "ipv6")
  }
}

/** `192.168.*`, where the last star stands for all following parts, and `10.*.0.1`. */
const fourRule = (pattern: string): Rule | undefined => {
  const parts = pattern.split(".")
  if (!parts.includes("*") || parts.length > 4 || (parts.length < 4 && parts.at(-1) !== "*")) return undefined
  if (!parts.every((part) => part === "*" || (/^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256))) {
    return undefined
  }
  return (url) => {
    const target = Host.nameOf(url)
    if (!/^\d+\.\d+\.\d+\.\d+$/.test(target)) return false
    const figures = target.split(".")
    return parts.every((part, i) => part === "*" || part === figures[i])
  }
}

/** A name and the names below it. `a.example`, `.a.example` and `*.a.example` mean the same. */
const nameRule = (host: string): Rule | undefined => {
  const name = /^(?:\*?\.)?([^.].*?)\.?$/.exec(host)?.[1]
  // normalised as in a target's URL: lower case, other scripts in ASCII form
  const parsed = name === undefined || /[\s/@?#:[\]\\%]/.test(name) ? null : URL.parse(`http://${name}`)
  // a URL reads `10.1` as an address, which would match another host than the user meant
  if (parsed === null || !isName(parsed.hostname)) return undefined
  return (url) => {
    const target = Host.nameOf(url)
    return target === parsed.hostname || target.endsWith(`.${parsed.hostname}`)
  }
}

const isName = (host: string): boolean => /^[a-z\d_-]+(?:\.[a-z\d_-]+)*$/.test(host) && !/(?:^|\.)\d+$/.test(host)

/** A name with stars elsewhere: `*corp.example`, `a.*.example`. A star stands for any text, dots too. */
const patternRule = (host: string): Rule | undefined => {
  const pattern = host.toLowerCase().replace(/^\./, "*.").replace(/\.$/, "")
  if (!/^[a-z\d_*-]+(?:\.[a-z\d_*-]+)*$/.test(pattern)) return undefined
  const [first = "", ...pieces] = pattern.split("*")
  const last = pieces.pop() ?? ""
  return (url) => {
    const target = Host.nameOf(url)
    if (!target.startsWith(first) || !target.endsWith(last)) return false
    const end = target.length - last.length
    // taking the first match of each piece is enough, and keeps the time linear
    let at = first.length
    for (const piece of pieces) {
      const found = target.indexOf(piece, at)
      if (found === -1) return false
      at = found + piece.length
    }
    return at <= end
  }
}
