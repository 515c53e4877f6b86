/**
 * Which targets no proxy is asked for.
 */
import type * as Net from "node:net"

/** Says of a target whether one entry of a list names it. */
export type Rule = (url: URL) => boolean

/** A host as URLs write it, without brackets and without the dot of the root. */
const bare = (hostname: string): string => hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "")

const portOf = (url: URL): string => url.port === "" ? (url.protocol === "https:" ? "443" : "80") : url.port

/** `localhost`, names below it, 127.0.0.0/8 and `[::1]`. */
export const isLoopback = (url: URL): boolean => {
  const host = bare(url.hostname)
  return host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host) || /(?:^|\.)localhost$/.test(host)
}

// `host`, `host:port`, `address`, `[address]:port`, each with `/bits` behind an address
const split = (entry: string, net: typeof Net): { readonly host: string; readonly port: string | undefined } => {
  const bracketed = /^\[([^\]]*)\](?::(\d+))?$/.exec(entry)
  if (bracketed !== null) return { host: bracketed[1] ?? "", port: bracketed[2] }
  if (net.isIPv6(entry.replace(/\/\d+$/, ""))) return { host: entry, port: undefined }
  const named = /^([^:]*):(\d+)$/.exec(entry)
  return named === null ? { host: entry, port: undefined } : { host: named[1] ?? "", port: named[2] }
}

/** The rule that an entry is, or nothing for what is none. */
export const ruleOf = (entry: string): Rule | undefined => {
  const net = process.getBuiltinModule("node:net")
  if (entry === "*") return () => true
  const { host, port } = split(entry, net)
  const names = hostRule(host, net)
  if (names === undefined) return undefined
  return port === undefined ? names : (url) => Number(port) === Number(portOf(url)) && names(url)
}

const hostRule = (host: string, net: typeof Net): Rule | undefined => {
  const [address = "", bits, more] = host.split("/")
  const family = net.isIP(address)
  if (family !== 0) {
    if (more !== undefined || (bits !== undefined && !/^\d{1,3}$/.test(bits))) return undefined
    const width = family === 4 ? 32 : 128
    if (bits !== undefined && Number(bits) > width) return undefined
    const list = new net.BlockList()
    list.addSubnet(address, bits === undefined ? width : Number(bits), family === 4 ? "ipv4" : "ipv6")
    return (url) => {
      const target = bare(url.hostname)
      const version = net.isIP(target)
      return version !== 0 && list.check(target, version === 4 ? "ipv4" : "ipv6")
    }
  }
  const name = /^(?:\*?\.)?([^\s/@?#:*[\]\\%.][^\s/@?#:*[\]\\%]*?)\.?$/.exec(host)?.[1]
  // as the URL of a target writes it: in small letters, other scripts in their ASCII form
  const parsed = name === undefined ? null : URL.parse(`http://${name}`)
  if (parsed === null) return undefined
  return (url) => {
    const target = bare(url.hostname)
    return target === parsed.hostname || target.endsWith(`.${parsed.hostname}`)
  }
}
