/**
 * The runs: one column of the table for each runtime and transport.
 *
 * For another transport, add an entry here to `transports` and to `columns`, and an entry to `program/web.ts` or
 * `program/socket.ts`. If it needs a server of its own (a relay, a proxy), `servers.ts` starts it.
 */

/** The runtimes, in the order of the table. */
export const runtimes = ["Node 22", "Node 24", "Node 26", "Bun", "Deno", "workerd", "Chromium"] as const

export type RuntimeName = (typeof runtimes)[number]

/**
 * The guarantees that a transport is tested for: a profile of `TransportContract`, or none. None is for a transport that
 * carries the operations but not the contract's requests. It only logs in, through the service's own endpoint, which it must
 * redirect.
 */
export type Profile = "socketGuarantees" | "fetchGuarantees" | "none"

interface Transport {
  readonly title: string
  readonly ours: boolean
  readonly profile: Profile
}

export type TransportName = "transport-node" | "transport-browser" | "relay" | "undici" | "node-http" | "fetch"

/** The transports, by the names that the programs know. */
export const transports: Readonly<Record<TransportName, Transport>> = {
  "transport-node": { title: "`NodeTransport.layer()`", ours: true, profile: "socketGuarantees" },
  "transport-browser": { title: "`FetchTransport.layer`", ours: true, profile: "fetchGuarantees" },
  "relay": { title: "`FetchTransport.layerRelay`", ours: true, profile: "none" },
  "undici": { title: "`NodeHttpClient.layerUndici`", ours: false, profile: "socketGuarantees" },
  "node-http": { title: "`NodeHttpClient.layerNodeHttp`", ours: false, profile: "socketGuarantees" },
  "fetch": { title: "`FetchHttpClient.layer`", ours: false, profile: "fetchGuarantees" }
}

export interface Column {
  readonly runtime: RuntimeName
  readonly transport: TransportName
  /** The transport is not made for this runtime. A broken guarantee is shown as a warning, and does not fail the run. */
  readonly away?: true
}

export const columns: ReadonlyArray<Column> = [
  { runtime: "Node 22", transport: "transport-node" },
  { runtime: "Node 24", transport: "transport-node" },
  { runtime: "Node 26", transport: "transport-node" },
  { runtime: "Node 22", transport: "transport-browser" },
  { runtime: "Node 24", transport: "transport-browser" },
  { runtime: "Node 26", transport: "transport-browser" },
  { runtime: "Bun", transport: "transport-browser" },
  { runtime: "Deno", transport: "transport-browser" },
  { runtime: "workerd", transport: "transport-browser" },
  { runtime: "Chromium", transport: "transport-browser" },
  // only in a page: the relay responds to no other caller
  { runtime: "Chromium", transport: "relay" },
  { runtime: "Bun", transport: "transport-node", away: true },
  { runtime: "Deno", transport: "transport-node", away: true },
  { runtime: "Node 24", transport: "undici" },
  { runtime: "Node 24", transport: "node-http" },
  { runtime: "Node 24", transport: "fetch" },
  { runtime: "Bun", transport: "fetch" },
  { runtime: "Deno", transport: "fetch" },
  { runtime: "workerd", transport: "fetch" },
  { runtime: "Chromium", transport: "fetch" }
]

/** Whether a broken guarantee of this column fails the run. */
export const isOurs = ({ away, transport }: Column): boolean => transports[transport].ours && away !== true
