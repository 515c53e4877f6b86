/**
 * What the contract's server received, by the id of the case. It forgets the oldest cases.
 */
import type { Socket } from "node:net"
import type { Report } from "../ContractServer.ts"
import * as Pattern from "./pattern.ts"

const capacity = 2_000
const shown = 1024

interface Kept {
  readonly method: string
  readonly target: string
  readonly headers: ReadonlyArray<readonly [string, string]>
  readonly connection: number
  /** At most the bytes that the report shows. */
  body: Uint8Array
  size: number
}

export class Memory {
  readonly #cases = new Map<string, { readonly requests: Array<Kept>; readonly connections: Map<number, Socket> }>()
  readonly #numbers = new WeakMap<Socket, number>()
  #count = 0

  /** Remembers a request. It returns a function that takes each piece of the body, and whether the connection came before. */
  saw(id: string, socket: Socket, request: Pick<Kept, "method" | "target" | "headers">) {
    const connection = this.#numberOf(socket)
    let known = this.#cases.get(id)
    if (known === undefined) {
      known = { requests: [], connections: new Map() }
      this.#cases.set(id, known)
      const oldest = this.#cases.keys().next()
      if (this.#cases.size > capacity && oldest.done !== true) this.#cases.delete(oldest.value)
    }
    const kept = known.connections.has(connection)
    known.connections.set(connection, socket)
    const seen: Kept = { ...request, connection, body: new Uint8Array(0), size: 0 }
    known.requests.push(seen)
    return {
      kept,
      piece: (bytes: Uint8Array) => {
        seen.size += bytes.length
        if (seen.body.length < shown) seen.body = Buffer.concat([seen.body, bytes]).subarray(0, shown)
      }
    }
  }

  report(id: string): Report {
    const known = this.#cases.get(id)
    return {
      requests: (known?.requests ?? []).map((seen) => ({ ...seen, body: Pattern.hex(seen.body) })),
      connections: [...known?.connections ?? []].map(([id, socket]) => ({ id, open: !socket.destroyed }))
    }
  }

  #numberOf(socket: Socket): number {
    const number = this.#numbers.get(socket) ?? ++this.#count
    this.#numbers.set(socket, number)
    return number
  }
}
