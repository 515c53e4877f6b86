import { assert, describe, it } from "@effect/vitest"
import { commands, published, readManifest, root } from "@sso-oidc/test-kit/packed"
import { globSync, readFileSync } from "node:fs"
import { join } from "node:path"

// -----------------------------------------------------------------------------
// the table
// -----------------------------------------------------------------------------

interface Room {
  /** The modules that its sources may import, beside `effect` and themselves. */
  readonly may: ReadonlyArray<string>
  /** The libraries that its sources may import. None by default. */
  readonly libraries?: ReadonlyArray<string>
  /** The files, as patterns below `src`, that may import Node and packages that need Node. By default no file may. */
  readonly node?: { readonly files: RegExp; readonly may?: ReadonlyArray<string> }
}

/**
 * Which package may import which package. `docs/architecture.md` has the same table.
 *
 * Core imports nothing. A grant imports no transport, the emulator and `testing` do not import each other, and the fetch
 * transport does not import the relay.
 */
const rooms: Readonly<Record<string, Room>> = {
  core: { may: [] },
  "device-grant": { may: ["core"] },
  durable: {
    may: ["core", "device-grant"],
    node: { files: /^node\//, may: ["@effect/platform-node", "@effect/sql-pg"] }
  },
  "transport-node": { may: ["core"], node: { files: /./ } },
  "transport-browser": { may: ["core"] },
  relay: { may: ["core"], node: { files: /^internal\/node\.ts$/ } },
  session: {
    may: ["core", "device-grant"],
    libraries: ["@noble/hashes"],
    node: { files: /^node\//, may: ["@effect/platform-node-shared", "@sso-oidc/transport-node", "open"] }
  },
  portal: { may: ["core"] },
  iam: { may: ["core"], libraries: ["aws4fetch"] },
  testing: { may: ["core"], node: { files: /^contract\/.*Node\.ts$|^contract\/internal\// } },
  emulator: {
    may: ["core", "iam", "portal"],
    node: { files: /^EmulatorServer\.ts$|^bin\.ts$|^internal\/http\//, may: ["@effect/platform-node"] }
  },
  "sso-oidc": {
    may: ["core", "device-grant", "iam", "portal", "session", "transport-node", "transport-browser", "relay"],
    node: { files: /^node\.ts$/ }
  },
  cli: {
    may: ["core", "device-grant", "portal", "session", "sso-oidc", "terminal", "transport-node"],
    node: { files: /./, may: ["@effect/platform-node-shared", "sso-oidc"] }
  },
  terminal: { may: [], libraries: ["uqr"], node: { files: /./, may: ["@effect/platform-node-shared"] } }
}

/** The rooms that are no package of their own: the command has them in its one file. */
const bundled: ReadonlyArray<string> = ["terminal"]

// -----------------------------------------------------------------------------
// the imports
// -----------------------------------------------------------------------------

/** The code without comments: an example in a comment may import anything. */
const codeOf = (source: string): string => source.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "")

const importsOf = (source: string): ReadonlyArray<string> =>
  [
    ...codeOf(source).matchAll(/^(?:import|export)\b[^"';]*?["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']/gm)
  ].flatMap(([statement, named, called]) =>
    called === undefined && !/\bfrom\s*["']|^import\s*["']/.test(statement) ? [] : [named ?? called ?? ""]
  )

interface Import {
  readonly file: string
  readonly from: string
}

const importsIn = (room: string): ReadonlyArray<Import> =>
  globSync("**/*.ts", { cwd: join(root, "packages", room, "src") }).flatMap((file) =>
    importsOf(readFileSync(join(root, "packages", room, "src", file), "utf8"))
      .filter((from) => !from.startsWith("."))
      .map((from) => ({ file: file.replaceAll("\\", "/"), from }))
  )

const isOf = (from: string, name: string): boolean => from === name || from.startsWith(`${name}/`)

/** The reason why the import is not allowed, or `undefined` if it is allowed. */
const wrong = (room: string, { file, from }: Import): string | undefined => {
  const rules = rooms[room]
  if (rules === undefined) return `packages/${room} has no line in the table`
  if (isOf(from, "effect")) return undefined
  const byNode = rules.node !== undefined && rules.node.files.test(file) &&
    (from.startsWith("node:") || (rules.node.may ?? []).some((name) => isOf(from, name)))
  const sibling = /^@sso-oidc\/([^/]+)/.exec(from)?.[1]
  if (sibling !== undefined) {
    return rules.may.includes(sibling) || byNode ? undefined : `${room}/src/${file} imports ${from}`
  }
  if (rules.libraries?.some((name) => isOf(from, name)) === true) return undefined
  return byNode ? undefined : `${room}/src/${file} imports ${from}`
}

describe("which package may import which package", () => {
  it("every published package has a line in the table", () => {
    assert.deepStrictEqual([...published, ...commands, ...bundled].toSorted(), Object.keys(rooms).toSorted())
  })

  it.each(Object.keys(rooms))("the sources of %s import only what the table allows", (room) => {
    const imports = importsIn(room)
    assert.isAbove(imports.length, 0)
    assert.deepStrictEqual(imports.flatMap((one) => wrong(room, one) ?? []), [])
  })

  it.each(Object.keys(rooms))("the manifest of %s depends on what its sources import, and on nothing else", (room) => {
    const manifest = readManifest(join(root, "packages", room))
    const imported = new Set(
      importsIn(room).flatMap(({ from }) => /^(?:@[^/]+\/)?(?!node:)[^/]+/.exec(from)?.[0] ?? [])
    )
    if (commands.includes(room)) {
      // its one file has them in it
      assert.deepStrictEqual(manifest.dependencies, undefined)
      for (const name of imported) assert.property(manifest.devDependencies, name)
      return
    }
    if (!bundled.includes(room)) imported.delete("effect")
    // for the modules in a folder for Node, which the others do not import
    for (const [name, { optional }] of Object.entries(manifest.peerDependenciesMeta ?? {})) {
      if (optional) assert.isTrue(imported.delete(name), name)
    }
    assert.deepStrictEqual(Object.keys(manifest.dependencies ?? {}).toSorted(), [...imported].toSorted())
  })

  it("an import that the table does not allow is found at every place", () => {
    const found = (room: string, file: string, source: string) =>
      importsOf(source).flatMap((from) => wrong(room, { file, from }) ?? [])
    for (
      const [room, file, source] of [
        ["core", "SsoOidc.ts", `import * as X from "@sso-oidc/device-grant/DeviceGrant"`],
        ["core", "SsoOidc.ts", `import type * as X from "node:http"`],
        ["device-grant", "DeviceGrant.ts", `export * from "@sso-oidc/transport-node/NodeTransport"`],
        ["transport-browser", "FetchTransport.ts", `await import("@sso-oidc/relay/Relay")`],
        ["emulator", "Emulator.ts", `import * as X from "@sso-oidc/testing/Script"`],
        ["emulator", "Emulator.ts", `import * as X from "@effect/platform-node/NodeRuntime"`],
        ["session", "internal/node.ts", `import * as X from "node:fs"`],
        ["session", "node/KernelLock.ts", `import * as X from "@effect/platform-node/NodeRuntime"`],
        ["session", "Session.ts", `import * as X from "@sso-oidc/transport-node/NodeTransport"`],
        ["session", "LoginBrowser.ts", `await import("open")`],
        ["durable", "Step.ts", `import * as X from "@sso-oidc/session/Session"`],
        ["durable", "SqlLoginStore.ts", `import * as X from "node:sqlite"`],
        ["testing", "Script.ts", `import * as X from "@sso-oidc/emulator/Emulator"`],
        ["sso-oidc", "SsoOidc.ts", `export * from "@sso-oidc/testing/Script"`]
      ] as const
    ) {
      assert.strictEqual(found(room, file, source).length, 1, source)
      assert.deepStrictEqual(found(room, file, `/** ${source} */`), [], source)
    }
  })

  it("docs/architecture.md has the table", () => {
    const docs = readFileSync(join(root, "docs/architecture.md"), "utf8")
    for (const [room, { may: always, node }] of Object.entries(rooms)) {
      const may = [...always, ...(node?.may ?? []).flatMap((from) => /^@sso-oidc\/(.+)/.exec(from)?.[1] ?? [])]
      const line = docs.split("\n").find((line) => line.startsWith(`| \`${room}\` |`)) ??
        assert.fail(`no line of ${room}`)
      for (const name of may) assert.include(line, `\`${name}\``, room)
      for (const name of Object.keys(rooms)) {
        if (name !== room && !may.includes(name)) assert.notInclude(line.split("|")[3] ?? "", `\`${name}\``, room)
      }
    }
  })
})

/** What the packages share: a pattern of its definition, and the only file that defines it. */
const shared: ReadonlyArray<readonly [what: string, pattern: RegExp, file: string]> = [
  // a transport's own response reads its whole body as JSON, because Effect's interface wants that
  ["parse a JSON object", /JSON\.parse\((?!text\))/, "core/src/aws/Wire.ts"],
  ["read a body under a cap", /toPullScoped/, "core/src/aws/Wire.ts"],
  ["judge a redirect", />= 300|=== 30[1278]/, "core/src/aws/Wire.ts"],
  ["judge what is busy", /=== 408/, "core/src/aws/Wire.ts"],
  ["find a code one level down", /memberOf\(value, "cause"\)|hasProperty\(\w+, "cause"\)/, "core/src/aws/Wire.ts"],
  ["a span that keeps no result", /withParentSpan/, "core/src/aws/Wire.ts"],
  ["the forms of a secret", /toWellFormed/, "core/src/aws/Wire.ts"],
  ["the suffix of an error type", /internal\.amazon\.com/, "core/src/SsoOidcService.ts"],
  ["cut an error type", /\[:,\]/, "core/src/aws/Wire.ts"],
  ["what loopback is", /ffff:\)\?127/, "core/src/aws/TrustedUrl.ts"]
]

describe("what several packages need is defined once", () => {
  const sources = published.flatMap((room) =>
    globSync("**/*.ts", { cwd: join(root, "packages", room, "src") }).map((file) => ({
      file: `${room}/src/${file.replaceAll("\\", "/")}`,
      code: codeOf(readFileSync(join(root, "packages", room, "src", file), "utf8"))
    }))
  )

  it.each(shared)("%s", (_, pattern, file) => {
    const found = sources.flatMap((one) => one.code.match(new RegExp(pattern, "g"))?.map(() => one.file) ?? [])
    assert.deepStrictEqual([...new Set(found)], [file])
    assert.isAtMost(found.length, 2)
  })
})
