/**
 * A package registry on loopback with the packages of the workspace's lockfile, and no others.
 *
 * npm cannot read pnpm's store. So when npm asks for a package, this registry packs it again from the folder of pnpm's install.
 * For a package of another platform it has only the name, platform and version, and npm skips the package.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { once } from "node:events"
import { readdirSync, readFileSync, statSync } from "node:fs"
import { createServer, type ServerResponse } from "node:http"
import { join, relative } from "node:path"
import { installed, lockedIn, lockfile } from "./lockfile.ts"

export interface Registry {
  readonly url: string
  /** The names of the packages that npm asked for. */
  readonly asked: ReadonlySet<string>
}

interface Version {
  readonly folder?: string
  readonly manifest: object
}

/** Every version of every package, by name. */
const versions = (): ReadonlyMap<string, ReadonlyMap<string, Version>> => {
  const folders = new Map(installed().map((one) => [`${one.name}@${one.version}`, one]))
  const all = new Map<string, Map<string, Version>>()
  for (const { cpu, libc, name, os, version } of lockedIn(lockfile())) {
    const of = all.get(name) ?? new Map<string, Version>()
    all.set(name, of)
    const here = folders.get(`${name}@${version}`)
    of.set(version, here ?? { manifest: { name, version, os, cpu, libc } })
  }
  return all
}

const json = (response: ServerResponse, status: number, body: object) =>
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body))

const block = 512

/** The head of a file in a tarball (POSIX ustar). */
const head = (path: string, size: number, mode: number): Buffer => {
  const at = Buffer.byteLength(path) > 100 ? path.indexOf("/", Buffer.byteLength(path) - 101) : -1
  const octal = (value: number, length: number) => value.toString(8).padStart(length - 1, "0")
  const bytes = Buffer.alloc(block)
  const write = (text: string, offset: number, length: number) => {
    if (bytes.write(text, offset, length) < Buffer.byteLength(text)) {
      throw new Error(`${path} is too long for a tarball`)
    }
  }
  write(path.slice(at + 1), 0, 100)
  write(octal(mode & 0o777, 8), 100, 8)
  write(octal(size, 12), 124, 12)
  write("        0", 148, 9)
  write("ustar\u000000", 257, 8)
  write(path.slice(0, Math.max(at, 0)), 345, 155)
  write(`${octal(bytes.reduce((sum, byte) => sum + byte, 0), 7)}\0 `, 148, 8)
  return bytes
}

/**
 * Source maps, and files of TypeScript: Node runs none below `node_modules`, and no command here compiles. They are three quarters of Effect.
 */
const isUseless = (path: string): boolean => /\.map$|\.[cm]?tsx?$/.test(path)

/**
 * The folder as a tarball, without its dependencies, which are packages of their own. The program `tar` does not fit: pnpm
 * stores equal content once, so `tar` would write a link for the second file, and npm leaves links out.
 */
const pack = (folder: string): Buffer => {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .map((entry) => [relative(folder, join(entry.parentPath, entry.name)).replaceAll("\\", "/"), entry] as const)
    .filter(([path, entry]) => entry.isFile() && !/(^|\/)node_modules\//.test(path) && !isUseless(path))
  const blocks = files.flatMap(([path]) => {
    const content = readFileSync(join(folder, path))
    const rest = Buffer.alloc((block - content.length % block) % block)
    return [head(`package/${path}`, content.length, statSync(join(folder, path)).mode), content, rest]
  })
  return Buffer.concat([...blocks, Buffer.alloc(2 * block)])
}

/** Serves the registry until the scope ends. */
export const serve: Effect.Effect<Registry, never, Scope.Scope> = Effect.acquireRelease(
  Effect.promise(async () => {
    const all = versions()
    const asked = new Set<string>()
    const server = createServer((request, response) => {
      const { pathname } = new URL(request.url ?? "/", "http://127.0.0.1")
      const [name = "", version] = decodeURIComponent(pathname.slice(1)).split("/-/")
      if (version === undefined) asked.add(name)
      const of = all.get(name)
      if (of === undefined) return json(response, 404, { error: `the lockfile has no ${name}` })
      if (version !== undefined) {
        const folder = of.get(version.replace(/\.tgz$/, ""))?.folder
        return folder === undefined
          ? json(response, 404, { error: `${name}@${version} is not installed on this platform` })
          : response.writeHead(200, { "content-type": "application/octet-stream" }).end(pack(folder))
      }
      const described = [...of].map(([version, { manifest }]) => {
        const dist = { tarball: `http://${request.headers.host}/${name}/-/${version}.tgz` }
        return [version, { ...manifest, dist }] as const
      })
      return json(response, 200, {
        name,
        "dist-tags": { latest: described.at(-1)?.[0] },
        versions: Object.fromEntries(described)
      })
    })
    server.listen(0, "127.0.0.1")
    await once(server, "listening")
    const address = server.address()
    if (typeof address !== "object" || address === null) throw new Error("the registry has no port")
    return { server, url: `http://127.0.0.1:${address.port}`, asked }
  }),
  ({ server }) =>
    Effect.sync(() => {
      server.close()
      server.closeAllConnections()
    })
)
