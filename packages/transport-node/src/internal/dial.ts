/**
 * Opens a TCP connection to a name that may have several addresses (RFC 8305).
 *
 * Node's own way gives each address 250 ms and then drops it. A name with one slow and one dead address then cannot be reached.
 * Here an address stays in the race once it was tried. Only the caller's connect limit ends it.
 */
import type * as Dns from "node:dns"
import type * as Net from "node:net"
import * as Turns from "./turns.ts"

export interface Modules {
  readonly dns: typeof Dns
  readonly net: typeof Net
}

/** The address to connect to, and further options of the platform's sockets. */
export interface Target {
  readonly host: string
  readonly port: number
  readonly keepAlive?: boolean | undefined
  readonly keepAliveInitialDelay?: number | undefined
  readonly noDelay?: boolean | undefined
}

export type Done = (error: unknown, socket?: Net.Socket) => void

/** The pause that RFC 8305 section 5 recommends before the next address is tried too. */
const usualHeadStart = 250

/** The head start of each address in ms. The last address is tried before half of the limit has passed. */
export const headStart = (addresses: number, limitMillis: number): number =>
  Math.min(usualHeadStart, limitMillis / 2 / Math.max(1, addresses - 1))

/** Alternates the families, because a whole family may be dead. The resolver's first choice comes first. */
export const inTurns = (addresses: ReadonlyArray<Dns.LookupAddress>): ReadonlyArray<Dns.LookupAddress> => {
  const first = addresses.filter(({ family }) => family === addresses[0]?.family)
  const second = addresses.filter(({ family }) => family !== addresses[0]?.family)
  return Array.from({ length: Math.max(first.length, second.length) }, (_, i) => [first[i], second[i]])
    .flat()
    .filter((address) => address !== undefined)
}

// codes of a machine that has no route for a family; another address's error tells more
const noWay = ["ENETUNREACH", "EHOSTUNREACH", "EADDRNOTAVAIL", "EAFNOSUPPORT", "ENETDOWN"]

/** Prefers the error of an address that was reached. */
export const mostTelling = <E extends { readonly code?: string | undefined }>(
  errors: ReadonlyArray<E>
): E | undefined => errors.find(({ code = "" }) => !noWay.includes(code)) ?? errors[0]

/**
 * Connects, and calls back once unless the returned function ended it before. The socket keeps an error listener, so an error
 * that comes before its next owner is not uncaught.
 */
export const dial = (modules: Modules, target: Target, limitMillis: number, done: Done): () => void => {
  const { net } = modules
  const racing = new Set<Net.Socket>()
  const errors: Array<NodeJS.ErrnoException> = []
  let over = false
  let timer: Turns.Timer | undefined

  const end = (winner?: Net.Socket) => {
    if (over) return
    over = true
    Turns.cancel(timer)
    for (const socket of racing) if (socket !== winner) socket.destroy()
  }
  const finish: Done = (error, socket) => {
    if (over) return
    end(socket)
    done(error, socket)
  }

  const race = (addresses: ReadonlyArray<Dns.LookupAddress>) => {
    const pause = headStart(addresses.length, limitMillis)
    let next = 0
    const start = (): void => {
      const address = addresses[next++]
      if (over || address === undefined) return
      const socket = net.connect({ ...target, host: address.address, family: address.family })
      racing.add(socket)
      socket.once("connect", () => finish(undefined, socket))
      socket.on("error", (error) => {
        if (over || !racing.delete(socket)) return
        errors.push(error)
        if (errors.length === addresses.length) return finish(mostTelling(errors))
        Turns.cancel(timer)
        start()
      })
      if (next < addresses.length) timer = Turns.after(pause, () => Turns.nextTurn(start))
    }
    start()
  }

  const family = net.isIP(target.host)
  if (family !== 0) race([{ address: target.host, family }])
  else {
    // the same hints as Node: no IPv6 address for a machine that has none, except on Windows
    const { dns } = modules
    const hints = process.platform === "win32" ? 0 : dns.ADDRCONFIG
    dns.lookup(target.host, { all: true, hints }, (error, addresses) => {
      if (over) return
      if (error !== null || addresses.length === 0) {
        return finish(error ?? { code: "ENOTFOUND", syscall: "getaddrinfo" })
      }
      race(inTurns(addresses))
    })
  }
  return () => end()
}
