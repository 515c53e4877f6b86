/**
 * What runs: one column of the table for each runtime and transport. Another transport is one more entry here, in
 * `transports` and in `columns`, and one in `program/web.ts` or `program/socket.ts`. What needs a server of its own (a
 * relay, a proxy) gets it from `servers.ts`.
 */

/** The runtimes, in the order of the table. */
export const runtimes = ["Node 22", "Node 24", "Node 26", "Bun", "Deno", "workerd", "Chromium"] as const

export type RuntimeName = (typeof runtimes)[number]

/**
 * What a transport is held to: a profile of `TransportContract`, or none where it carries the operations alone and not
 * the contract's requests. Then it only logs in, through the service's own endpoint, which it must lead elsewhere.
 */
export type Profile = "socketGuarantees" | "fetchGuarantees" | "none"

interface Transport {
  readonly title: string
  readonly ours: boolean
  readonly profile: Profile
}

export type TransportName = "transport-node" | "transport-browser" | "relay" | "undici" | "node-http" | "fetch"

/** The transports by the name that the programs know them by. */
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
  /** The transport is not made for this runtime: what it keeps there is told as a warning, and fails no run. */
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
  // in a page alone: the relay answers nobody else
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
