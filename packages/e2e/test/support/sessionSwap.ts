/**
 * The program of the session's README with another store, or with another transport.
 */
import { root } from "@sso-oidc/test-kit/packed"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import * as Swap from "./swap.ts"

const path = "packages/session/README.md"

const store: Swap.Named = {
  path,
  imported: `import * as TokenStore from "@sso-oidc/session/TokenStore"\n`,
  // each store but a user's own is in this module
  isImportKept: true,
  before: "    Layer.provide(",
  layer: "TokenStore.layerAwsCache()",
  after: "), // the one line that swaps the store\n"
}

const transport: Swap.Named = {
  path,
  imported: `import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"\n`,
  isImportKept: false,
  before: ".pipe(Layer.provide([KernelLock.layer, ",
  layer: "NodeTransport.layer()",
  after: "]), Layer.provide(NodeServices.layer))\n"
}

/** The program of the README that names each layer. */
const program = (): string => {
  const programs = [...readFileSync(join(root, path), "utf8").matchAll(/^```ts\n([\s\S]*?)^```/gm)]
  const code = programs.map(([, code = ""]) => code).find((code) => code.includes(store.after))
  if (code === undefined) throw new Error(`${path} has no program`)
  return code
}

/** Each of these texts has to be in the program once. */
const changed = (code: string, changes: ReadonlyArray<readonly [from: string | RegExp, to: string]>): string =>
  changes.reduce((code, [from, to]) => {
    if (code.split(from).length !== 2) throw new Error(`${path} does not have ${String(from)} once`)
    return code.replace(from, () => to)
  }, code)

/** The program as a module. It does not run by itself, and gives the store and the client too, with which the test logs in. */
const asModule = (code: string): string =>
  changed(code, [
    ["const program", "export const program"],
    ["const Live", "export const Live"],
    ["    Layer.provide(SsoOidc.", "    Layer.provideMerge(SsoOidc."],
    ["    Layer.provide(TokenStore.", "    Layer.provideMerge(TokenStore."],
    [/^await Effect\.runPromise\(.*\n/m, ""]
  ])

export const withStore = (swapped: Swap.Swapped): string => asModule(Swap.swap(program(), store, swapped))

export const withTransport = (swapped: Swap.Swapped): string => asModule(Swap.swap(program(), transport, swapped))

// -----------------------------------------------------------------------------
// stores
// -----------------------------------------------------------------------------

/** The databases of the machine, by what their layers need. */
export interface Databases {
  readonly redis: { readonly url: string; readonly prefix: string } | undefined
  readonly postgres: string
  readonly sqlite: string
}

const plain = ({ postgres, redis, sqlite }: Databases): ReadonlyArray<Swap.Swapped> => [
  { name: "the AWS CLI's cache, with the kernel's lock", imports: "", layer: "TokenStore.layerAwsCache()" },
  {
    name: "the AWS CLI's cache, with the lock of one process",
    imports: `import * as Lock from "@sso-oidc/session/Lock"`,
    layer: "TokenStore.layerAwsCache().pipe(Layer.provide(Lock.layerInProcess))"
  },
  { name: "memory", imports: "", layer: "TokenStore.layerMemory" },
  ...redis === undefined ? [] : [{
    name: "Redis",
    imports: `import * as NodeRedis from "@effect/platform-node/NodeRedis"`,
    layer: `TokenStore.layerRedis({ prefix: "${redis.prefix}" }).pipe(
    Layer.provide(NodeRedis.layer({ url: "${redis.url}" }))
  )`
  }],
  {
    name: "PostgreSQL",
    imports: `import * as Postgres from "@sso-oidc/test-kit/postgres"`,
    layer: `TokenStore.layerSql().pipe(Layer.provide(Postgres.client("${postgres}")))`
  },
  {
    name: "SQLite",
    imports: `import * as Sqlite from "@sso-oidc/test-kit/sqlite"`,
    layer: `TokenStore.layerSql().pipe(Layer.provide(Sqlite.layer("${sqlite}")))`
  },
  {
    name: "a KeyValueStore",
    imports: `import * as KeyValueStore from "effect/persistence/KeyValueStore"`,
    layer: "TokenStore.layerKeyValueStoreSingleProcess.pipe(Layer.provide(KeyValueStore.layerMemory))"
  }
]

/** A store whose texts are sealed with a key of the environment. */
const sealed = ({ imports, layer, name }: Swap.Swapped): Swap.Swapped => ({
  name: `sealed ${name}`,
  imports: `${imports}
import * as Sealer from "@sso-oidc/core/Sealer"
import * as Config from "effect/Config"`,
  layer: `TokenStore.sealed(${layer}).pipe(
    Layer.provide(Sealer.layerConfig({ current: Config.String("SEALER_CURRENT"), keys: Sealer.configKeys("SEALER_KEYS") }))
  )`
})

/** Every store, and every store sealed. The sealed ones need databases of their own, because they have the same keys. */
export const stores = (open: Databases, closed: Databases): ReadonlyArray<Swap.Swapped> => [
  ...plain(open),
  ...plain(closed).map(sealed)
]

// -----------------------------------------------------------------------------
// transports
// -----------------------------------------------------------------------------

/** Transports that call the emulator's socket. */
export const wired: ReadonlyArray<Swap.Swapped> = [
  {
    name: "transport-browser",
    imports: `import * as FetchTransport from "@sso-oidc/transport-browser/FetchTransport"`,
    layer: "FetchTransport.layer"
  },
  {
    name: "Effect's fetch",
    imports: `import * as FetchHttpClient from "effect/http/FetchHttpClient"`,
    layer: "FetchHttpClient.layer"
  },
  {
    name: "Effect's undici",
    imports: `import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"`,
    layer: "NodeHttpClient.layerUndici"
  },
  {
    name: "recorded",
    imports: `import * as RecordedTransport from "@sso-oidc/testing/RecordedTransport"
import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"`,
    layer:
      "RecordedTransport.layerRecordStore(RecordedTransport.makeMemoryStore()).pipe(Layer.provide(NodeTransport.layer()))"
  },
  {
    name: "faulty",
    imports: `import * as FaultyTransport from "@sso-oidc/testing/FaultyTransport"
import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"`,
    layer: `FaultyTransport.layer(FaultyTransport.perOperation({ CreateToken: [FaultyTransport.connectionRefused] }))
    .pipe(Layer.provide(NodeTransport.layer()))`
  }
]

/** Transports that lead a client elsewhere than to its endpoint. */
export const unwired: ReadonlyArray<Swap.Swapped> = [
  {
    name: "the emulator in process",
    imports: `import * as EmulatorTransport from "@sso-oidc/emulator/EmulatorTransport"`,
    layer: "EmulatorTransport.layer({ autoApprove: 0 })"
  },
  {
    name: "scripted",
    imports: `import { sessionScript } from "../../test/support/sessionScript.ts"`,
    layer: "sessionScript"
  }
]
