import { assert, describe, it } from "@effect/vitest"
import { build, type Platform, type Plugin } from "esbuild"
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { basename } from "node:path"
import { gzipSync } from "node:zlib"

const shipped = {
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  write: false,
  logLevel: "error"
} as const

/** The file of a package that another package brings along. */
const fileOf = (...packages: ReadonlyArray<string>): string =>
  packages.reduce((from, name) => createRequire(from).resolve(name), import.meta.filename)

const providerFile = fileOf(
  "@aws-sdk/client-s3",
  "@aws-sdk/credential-provider-node",
  "@aws-sdk/credential-provider-sso"
)

/** The programs as users ship them, each bundled and minified by itself. In one call esbuild reads a module once for all of them. */
const bundles = async (
  programs: ReadonlyArray<string>,
  platform: Platform,
  plugins: ReadonlyArray<Plugin> = []
): Promise<ReadonlyArray<Uint8Array>> => {
  const sources: Plugin = {
    name: "sources",
    setup: (build) => {
      build.onResolve({ filter: /^program:/ }, ({ path }) => ({ path: path.slice(8), namespace: "program" }))
      build.onLoad({ filter: /^/, namespace: "program" }, ({ path }) => ({
        contents: programs[Number(path)] ?? "",
        resolveDir: import.meta.dirname,
        loader: "ts"
      }))
    }
  }
  const { outputFiles } = await build({
    ...shipped,
    entryPoints: programs.map((_, at) => ({ in: `program:${at}`, out: String(at) })),
    outdir: "bundles",
    platform,
    plugins: [sources, ...plugins]
  })
  return programs.map((_, at) => {
    const file = outputFiles.find(({ path }) => basename(path) === `${at}.js`)
    if (file === undefined) throw new Error(`no bundle of program ${at}`)
    return file.contents
  })
}

/** Their sizes in bytes, gzipped, by the names of the programs. */
const sizesOf = async (
  programs: Readonly<Record<string, string>>,
  platform: Platform,
  plugins: ReadonlyArray<Plugin> = []
): Promise<ReadonlyArray<readonly [name: string, size: number]>> => {
  const all = await bundles(Object.values(programs), platform, plugins)
  return Object.keys(programs).map((name, at) => [name, gzipSync(all[at] ?? "", { level: 9 }).length])
}

/** The modules that esbuild reads for a program, used or not. */
const inputsOf = async (
  program: string,
  platform: Platform,
  external: Array<string> = []
): Promise<ReadonlyArray<string>> => {
  const { metafile } = await build({
    ...shipped,
    minify: false,
    stdin: { contents: program, resolveDir: import.meta.dirname, loader: "ts" },
    platform,
    external,
    metafile: true
  })
  return Object.keys(metafile.inputs)
}

/** The size of each entry in bytes before the engine below the service existed. The rule of 1 % counts from it. */
const baseline: Readonly<Record<string, number>> = JSON.parse(
  readFileSync(new URL("../support/size-baseline.json", import.meta.url), "utf8")
)

const client = (transport: string) => `
  import * as SsoOidc from "@sso-oidc/core/SsoOidc"
  import * as Effect from "effect/Effect"
  import * as Layer from "effect/Layer"
  ${transport}
  const program = SsoOidc.SsoOidc.use((oidc) => Effect.all([
    oidc.registerClient({ clientName: "n", clientType: "public" }),
    oidc.startDeviceAuthorization(globalThis.start),
    oidc.createToken(globalThis.token)
  ]))
  Effect.runPromise(Effect.provide(program, SsoOidc.layer({ region: "eu-west-1" }).pipe(Layer.provide(transport))))
`

const login = `
  import * as SsoOidc from "@sso-oidc/core/SsoOidc"
  import * as DeviceGrant from "@sso-oidc/device-grant/DeviceGrant"
  import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
  import * as Effect from "effect/Effect"
  import * as Layer from "effect/Layer"
  Effect.runPromise(Effect.provide(
    DeviceGrant.login({ clientName: "n", startUrl: "https://s" }),
    SsoOidc.layer({ region: "eu-west-1" }).pipe(Layer.provide(NodeTransport.layer()))
  ))
`

const streamed = login
  .replace(
    "device-grant/DeviceGrant\"",
    "device-grant/DeviceGrantStream\"\n  import * as Stream from \"effect/Stream\""
  )
  .replace("as DeviceGrant ", "as DeviceGrantStream ")
  .replace(/DeviceGrant\.login\((.*)\),/, "Stream.runLast(DeviceGrantStream.login($1)),")

const official = `
  import { CreateTokenCommand, RegisterClientCommand, SSOOIDCClient, StartDeviceAuthorizationCommand }
    from "@aws-sdk/client-sso-oidc"
  const client = new SSOOIDCClient({ region: "eu-west-1" })
  client.send(new RegisterClientCommand({ clientName: "n", clientType: "public" }))
  client.send(new StartDeviceAuthorizationCommand(globalThis.start))
  client.send(new CreateTokenCommand(globalThis.token))
`

const portal = (transport: string) => `
  import * as PortalClient from "@sso-oidc/portal/PortalClient"
  import * as Effect from "effect/Effect"
  import * as Layer from "effect/Layer"
  ${transport}
  const program = PortalClient.PortalClient.use((portal) => Effect.all([
    portal.listAccounts(globalThis.page),
    portal.listAccountRoles(globalThis.page),
    portal.getRoleCredentials(globalThis.role),
    portal.logout(globalThis.token)
  ]))
  Effect.runPromise(Effect.provide(program, PortalClient.layer({ region: "eu-west-1" }).pipe(Layer.provide(transport))))
`

const officialPortal = `
  import { GetRoleCredentialsCommand, ListAccountRolesCommand, ListAccountsCommand, LogoutCommand, SSOClient }
    from "@aws-sdk/client-sso"
  const client = new SSOClient({ region: "eu-west-1" })
  client.send(new ListAccountsCommand(globalThis.page))
  client.send(new ListAccountRolesCommand(globalThis.page))
  client.send(new GetRoleCredentialsCommand(globalThis.role))
  client.send(new LogoutCommand(globalThis.token))
`

const session = `
  import * as AccessToken from "@sso-oidc/core/AccessToken"
  import * as NodeSession from "@sso-oidc/session/node/NodeSession"
  import * as Effect from "effect/Effect"
  globalThis.token = () => Effect.runPromise(
    AccessToken.AccessToken.use(({ get }) => get).pipe(Effect.provide(NodeSession.layer({ profile: "dev" })))
  )
`

/** A function for AWS's SDKs: with the session that the AWS CLI shares, the waits between requests, and the cache in memory. */
const provider = `
  import * as AwsSdk from "@sso-oidc/portal/AwsSdk"
  import * as CredentialsCache from "@sso-oidc/portal/CredentialsCache"
  import * as Portal from "@sso-oidc/portal/Portal"
  import * as PortalClient from "@sso-oidc/portal/PortalClient"
  import * as NodeSession from "@sso-oidc/session/node/NodeSession"
  import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
  import * as Layer from "effect/Layer"
  import * as ManagedRuntime from "effect/ManagedRuntime"
  const runtime = ManagedRuntime.make(Portal.layer().pipe(
    Layer.provide(PortalClient.layer({ region: "eu-west-1" })),
    Layer.provide(CredentialsCache.layerMemory),
    Layer.provide(NodeSession.layer({ profile: "dev" })),
    Layer.provide(NodeTransport.layer())
  ))
  globalThis.credentials = AwsSdk.credentials(runtime, globalThis.role)
`

/** The SDK's own function, as a program without a client of AWS ships it. */
const officialProvider = `
  import { fromSSO } from ${JSON.stringify(providerFile)}
  globalThis.credentials = fromSSO({ profile: "dev" })
`

describe("sizes, Effect included", () => {
  it("are below the official client's, and our Node transport's below Effect's own", { timeout: 60_000 }, async () => {
    const browser = client(`import { layer as transport } from "@sso-oidc/transport-browser/FetchTransport"`)
    const sizes = new Map([
      ...await sizesOf(
        {
          "core + transport-browser": browser,
          "the same, through a relay": client(`import * as F from "@sso-oidc/transport-browser/FetchTransport"
          const transport = F.layerRelay({ url: "/sso-oidc" })`),
          "core + transport-browser, Effect through its barrel": browser
            .replace(/import \* as (\w+) from "effect\/\w+"/g, `import { $1 } from "effect"`),
          "@aws-sdk/client-sso-oidc, browser": official,
          "portal + transport-browser": portal(
            `import { layer as transport } from "@sso-oidc/transport-browser/FetchTransport"`
          ),
          "@aws-sdk/client-sso, browser": officialPortal
        },
        "browser"
      ),
      ...await sizesOf(
        {
          "core + transport-node": client(
            `import * as N from "@sso-oidc/transport-node/NodeTransport"; const transport = N.layer()`
          ),
          "core + transport-node + device-grant": login,
          "the same, as a Stream of its events": streamed,
          "core + NodeHttpClient.layerNodeHttp": client(
            `import { layerNodeHttp as transport } from "@effect/platform-node/NodeHttpClient"`
          ),
          "core + NodeHttpClient.layerUndici": client(
            `import { layerUndici as transport } from "@effect/platform-node/NodeHttpClient"`
          ),
          "@aws-sdk/client-sso-oidc, node": official,
          "portal + transport-node": portal(
            `import * as N from "@sso-oidc/transport-node/NodeTransport"; const transport = N.layer()`
          ),
          "@aws-sdk/client-sso, node": officialPortal,
          "session + transport-node": session,
          "portal + session + transport-node": provider,
          "@aws-sdk/credential-provider-sso, node": officialProvider
        },
        "node"
      )
    ])
    const size = (name: string): number => {
      const bytes = sizes.get(name)
      if (bytes === undefined) throw new Error(`no program has the name ${name}`)
      return bytes
    }
    console.log(
      [...sizes].map(([name, bytes]) => `${(bytes / 1000).toFixed(1).padStart(6)} kB  ${name}`).join("\n")
    )
    assert.isBelow(size("core + transport-browser"), size("@aws-sdk/client-sso-oidc, browser"))
    assert.isBelow(
      size("core + transport-browser"),
      0.85 * size("core + transport-browser, Effect through its barrel")
    )
    assert.isBelow(size("the same, through a relay"), size("core + transport-browser") + 2000)
    // about half: it opens its connections itself, and explains problems with TLS or a proxy in words
    assert.isBelow(size("core + transport-node + device-grant"), 0.55 * size("@aws-sdk/client-sso-oidc, node"))
    assert.isBelow(size("portal + transport-node"), 0.65 * size("@aws-sdk/client-sso, node"))
    assert.isBelow(size("portal + transport-browser"), 1.05 * size("@aws-sdk/client-sso, browser"))
    // ours also logs in, locks the CLI's files, waits between requests, and keeps role credentials
    assert.isBelow(size("portal + session + transport-node"), 1.5 * size("@aws-sdk/credential-provider-sso, node"))
    assert.isBelow(size("portal + session + transport-node"), size("session + transport-node") + 15_000)
    for (const [name, bytes] of Object.entries(baseline)) {
      assert.isAtMost(size(name), 1.01 * bytes, name)
    }
    // ours includes proxies, client certificates, the race of addresses and the hints, which the other one does not
    assert.isBelow(size("core + transport-node"), 0.98 * size("core + NodeHttpClient.layerNodeHttp"))
    assert.isBelow(size("core + transport-node"), 0.22 * size("core + NodeHttpClient.layerUndici"))
  })

  it("a page that goes through a relay does not ship the relay", async () => {
    const paths = ["@sso-oidc/transport-browser/FetchTransport", "@sso-oidc/transport-browser"]
    const pages = paths.map((path) => {
      const page = path.endsWith("FetchTransport")
        ? `import * as FetchTransport from "${path}"`
        : `import { FetchTransport } from "${path}"`
      return `${page}; globalThis.transport = FetchTransport.layerRelay({ url: "/" })`
    })
    const relay = `import * as Relay from "@sso-oidc/relay/Relay"; globalThis.make = Relay.make`
    const ships = (await bundles([...pages, relay], "browser"))
      .map((bytes) => new TextDecoder().decode(bytes).includes("The relay passes on"))
    assert.deepStrictEqual(ships, [...paths.map(() => false), true])
  })

  it("a program that imports the front door is not larger than a program that imports the packages by hand", {
    timeout: 60_000
  }, async () => {
    const byHand = {
      node: `
        import * as SsoOidc from "@sso-oidc/core/SsoOidc"
        import * as Environment from "@sso-oidc/core/aws/Environment"
        import * as Retry from "@sso-oidc/core/aws/Retry"
        import { service } from "@sso-oidc/core/SsoOidcService"
        import * as NodeEnvironment from "@sso-oidc/transport-node/NodeEnvironment"
        import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
        import * as DeviceGrant from "@sso-oidc/device-grant/DeviceGrant"
        import * as Effect from "effect/Effect"
        import * as Layer from "effect/Layer"
        const layer = (options) => Retry.layer(SsoOidc.SsoOidc, options.retry).pipe(
          Layer.provide(SsoOidc.layerConfig(Environment.options(service, options))),
          Layer.provide(NodeTransport.layerConfig(NodeEnvironment.options(options.transport)))
        )
      `,
      browser: `
        import * as SsoOidc from "@sso-oidc/core/SsoOidc"
        import * as Retry from "@sso-oidc/core/aws/Retry"
        import * as FetchTransport from "@sso-oidc/transport-browser/FetchTransport"
        import * as DeviceGrant from "@sso-oidc/device-grant/DeviceGrant"
        import * as Effect from "effect/Effect"
        import * as Layer from "effect/Layer"
        const layer = (options) => Retry.layer(SsoOidc.SsoOidc, options.retry).pipe(
          Layer.provide(SsoOidc.layer(options)),
          Layer.provide(options.relay === undefined ? FetchTransport.layer : FetchTransport.layerRelay({ url: options.relay }))
        )
      `
    }
    const frontDoor = (platform: string) => `
      import { layer } from "sso-oidc/${platform}"
      import * as DeviceGrant from "sso-oidc/DeviceGrant"
      import * as Effect from "effect/Effect"
    `
    const pairs = [["node", ""], ["browser", ""], ["browser", `, relay: "/sso-oidc"`]] as const
    for (const platform of ["node", "browser"] as const) {
      const programs = pairs.filter(([of]) => of === platform).flatMap(([, options]) => {
        const program = `
          Effect.runPromise(Effect.provide(
            DeviceGrant.login({ clientName: "n", startUrl: "https://s" }),
            layer({ region: "eu-west-1"${options} })
          ))
        `
        return [frontDoor(platform) + program, byHand[platform] + program]
      })
      // not gzipped, because the size after gzip also depends on the order of the modules, by a few bytes
      const bytes = (await bundles(programs, platform)).map(({ length }) => length)
      assert.isNotEmpty(bytes)
      for (let at = 0; at < bytes.length; at += 2) assert.isAtMost(bytes[at] ?? NaN, bytes[at + 1] ?? NaN, platform)
    }
  })

  it("the whole of @sso-oidc/testing can be bundled for a page", async () => {
    const inputs = await inputsOf(`import * as Testing from "@sso-oidc/testing"; console.log(Testing)`, "browser")
    assert.isTrue(inputs.some((path) => path.endsWith("/TransportContract.ts")))
  })

  it("the client alone ships nothing for stored registrations and tokens", async () => {
    const stored = async (program: string) =>
      (await inputsOf(program, "node")).filter((path) => /core\/src\/(Registration|Stored|Token)\.ts$/.test(path))
    const transport = `import * as N from "@sso-oidc/transport-node/NodeTransport"; const transport = N.layer()`
    assert.deepStrictEqual(await stored(client(transport)), [])
    assert.strictEqual((await stored(login)).length, 3)
  })

  it("the plain login adds no Stream to what core needs to read bodies (D7)", async () => {
    const inputs = async (program: string) =>
      (await inputsOf(program, "node", ["@sso-oidc/core/*", "@sso-oidc/transport-node/*"]))
        .filter((path) => /\/(Stream|Channel|DeviceGrantStream)\.(ts|js)$/.test(path))
    assert.deepStrictEqual(await inputs(login), [])
    assert.strictEqual((await inputs(streamed)).length, 3)
  })
})
