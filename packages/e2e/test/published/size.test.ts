import { assert, describe, it } from "@effect/vitest"
import { build, type Platform, type Plugin } from "esbuild"
import { readFileSync } from "node:fs"
import { gzipSync } from "node:zlib"

/** The program as a user ships it: bundled and minified. */
const bundle = async (
  program: string,
  platform: Platform,
  external: Array<string> = [],
  plugins: Array<Plugin> = []
) => {
  const { metafile, outputFiles } = await build({
    stdin: { contents: program, resolveDir: import.meta.dirname, loader: "ts" },
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    platform,
    external,
    plugins,
    write: false,
    metafile: true,
    logLevel: "error"
  })
  const [file] = outputFiles
  if (file === undefined) throw new Error("no bundle")
  return { bytes: file.contents, inputs: Object.keys(metafile.inputs) }
}

/** Its size in bytes, gzipped. */
const size = async (program: string, platform: Platform, plugins: Array<Plugin> = []): Promise<number> =>
  gzipSync((await bundle(program, platform, [], plugins)).bytes, { level: 9 }).length

/** Core without its calls of Effect's logger, and so without that logger. An application that logs has the logger anyway. */
const unlogged: Plugin = {
  name: "unlogged",
  setup: (build) =>
    build.onLoad({ filter: /core\/src\/internal\/exchange\.ts$/ }, ({ path }) => {
      const source = readFileSync(path, "utf8")
      assert.include(source, "Effect.logDebug(")
      return { contents: source.replaceAll("Effect.logDebug(", "Effect.succeed("), loader: "ts" }
    })
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

describe("sizes, Effect included", () => {
  it("are below the official client's, and our Node transport's below Effect's own", { timeout: 60_000 }, async () => {
    const sizes = {
      "core + transport-browser": await size(
        client(`import { layer as transport } from "@sso-oidc/transport-browser/FetchTransport"`),
        "browser"
      ),
      "the same, without Effect's own logger": await size(
        client(`import { layer as transport } from "@sso-oidc/transport-browser/FetchTransport"`),
        "browser",
        [unlogged]
      ),
      "the same, through a relay": await size(
        client(`import * as F from "@sso-oidc/transport-browser/FetchTransport"
          const transport = F.layerRelay({ url: "/sso-oidc" })`),
        "browser"
      ),
      "core + transport-browser, Effect through its barrel": await size(
        client(`import { layer as transport } from "@sso-oidc/transport-browser/FetchTransport"`)
          .replace(/import \* as (\w+) from "effect\/\w+"/g, `import { $1 } from "effect"`),
        "browser"
      ),
      "@aws-sdk/client-sso-oidc, browser": await size(official, "browser"),
      "core + transport-node": await size(
        client(`import * as N from "@sso-oidc/transport-node/NodeTransport"; const transport = N.layer()`),
        "node"
      ),
      "core + transport-node + device-grant": await size(login, "node"),
      "the same, as a Stream of its events": await size(streamed, "node"),
      "core + NodeHttpClient.layerNodeHttp": await size(
        client(`import { layerNodeHttp as transport } from "@effect/platform-node/NodeHttpClient"`),
        "node"
      ),
      "core + NodeHttpClient.layerUndici": await size(
        client(`import { layerUndici as transport } from "@effect/platform-node/NodeHttpClient"`),
        "node"
      ),
      "@aws-sdk/client-sso-oidc, node": await size(official, "node")
    }
    console.log(
      Object.entries(sizes).map(([name, bytes]) => `${(bytes / 1000).toFixed(1).padStart(6)} kB  ${name}`).join("\n")
    )
    assert.isBelow(sizes["the same, without Effect's own logger"], sizes["@aws-sdk/client-sso-oidc, browser"])
    assert.isBelow(
      sizes["core + transport-browser"],
      0.85 * sizes["core + transport-browser, Effect through its barrel"]
    )
    assert.isBelow(sizes["the same, through a relay"], sizes["core + transport-browser"] + 2000)
    // about half: it opens its connections itself, and explains problems with TLS or a proxy in words
    assert.isBelow(sizes["core + transport-node + device-grant"], 0.55 * sizes["@aws-sdk/client-sso-oidc, node"])
    for (const [name, bytes] of Object.entries(baseline)) {
      const now = new Map(Object.entries(sizes)).get(name)
      assert.isDefined(now, name)
      assert.isAtMost(now, 1.01 * bytes, name)
    }
    // ours includes proxies, client certificates, the race of addresses and the hints, which the other one does not
    assert.isBelow(sizes["core + transport-node"], 0.98 * sizes["core + NodeHttpClient.layerNodeHttp"])
    assert.isBelow(sizes["core + transport-node"], 0.22 * sizes["core + NodeHttpClient.layerUndici"])
  })

  it("a page that goes through a relay does not ship the relay", async () => {
    const ships = async (program: string): Promise<boolean> =>
      new TextDecoder().decode((await bundle(program, "browser")).bytes).includes("The relay passes on")
    for (const path of ["@sso-oidc/transport-browser/FetchTransport", "@sso-oidc/transport-browser"]) {
      const page = path.endsWith("FetchTransport")
        ? `import * as FetchTransport from "${path}"`
        : `import { FetchTransport } from "${path}"`
      assert.isFalse(await ships(`${page}; globalThis.transport = FetchTransport.layerRelay({ url: "/" })`), path)
    }
    assert.isTrue(
      await ships(`import * as Relay from "@sso-oidc/relay/Relay"; globalThis.make = Relay.make`)
    )
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
    for (const [platform, options] of [["node", ""], ["browser", ""], ["browser", `, relay: "/sso-oidc"`]] as const) {
      const program = `
        Effect.runPromise(Effect.provide(
          DeviceGrant.login({ clientName: "n", startUrl: "https://s" }),
          layer({ region: "eu-west-1"${options} })
        ))
      `
      // not gzipped, because the size after gzip also depends on the order of the modules, by a few bytes
      const bytes = async (program: string) => (await bundle(program, platform)).bytes.length
      const [ours, theirs] = [await bytes(frontDoor(platform) + program), await bytes(byHand[platform] + program)]
      assert.isAtMost(ours, theirs, platform)
    }
  })

  it("the whole of @sso-oidc/testing can be bundled for a page", async () => {
    const { inputs } = await bundle(`import * as Testing from "@sso-oidc/testing"; console.log(Testing)`, "browser")
    assert.isTrue(inputs.some((path) => path.endsWith("/TransportContract.ts")))
  })

  it("the client alone ships nothing for stored registrations and tokens", async () => {
    const stored = async (program: string) =>
      (await bundle(program, "node")).inputs.filter((path) => /core\/src\/(Registration|Stored|Token)\.ts$/.test(path))
    const transport = `import * as N from "@sso-oidc/transport-node/NodeTransport"; const transport = N.layer()`
    assert.deepStrictEqual(await stored(client(transport)), [])
    assert.strictEqual((await stored(login)).length, 3)
  })

  it("the plain login adds no Stream to what core needs to read bodies (D7)", async () => {
    const inputs = async (program: string) =>
      (await bundle(program, "node", ["@sso-oidc/core/*", "@sso-oidc/transport-node/*"])).inputs
        .filter((path) => /\/(Stream|Channel|DeviceGrantStream)\.(ts|js)$/.test(path))
    assert.deepStrictEqual(await inputs(login), [])
    assert.strictEqual((await inputs(streamed)).length, 3)
  })
})
