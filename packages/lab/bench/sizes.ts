/**
 * The sizes of bundles after gzip: what a page downloads, and what a function loads.
 */
import { atMost, type Context, type Measurement, type Plot, ratioAtMost, type Row } from "./bench.ts"

// -----------------------------------------------------------------------------
// programs
// -----------------------------------------------------------------------------

const effect = `
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
`
const fetching = `import { layer as transport } from "@sso-oidc/transport-browser/FetchTransport"\n`
const node = `import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
const transport = NodeTransport.layer()\n`

const core = `import * as SsoOidc from "@sso-oidc/core/SsoOidc"\n`
const operations = `
const program = SsoOidc.SsoOidc.use((oidc) => Effect.all([
  oidc.registerClient({ clientName: "n", clientType: "public" }),
  oidc.startDeviceAuthorization(globalThis.start),
  oidc.createToken(globalThis.token)
]))
Effect.runPromise(Effect.provide(program, SsoOidc.layer({ region: "eu-west-1" }).pipe(Layer.provide(transport))))
`

const withGrant = `${core}import * as DeviceGrant from "@sso-oidc/device-grant/DeviceGrant"\n`
const grant = `
Effect.runPromise(Effect.provide(
  DeviceGrant.login({ clientName: "n", startUrl: "https://s" }),
  SsoOidc.layer({ region: "eu-west-1" }).pipe(Layer.provide(transport))
))
`

const official = `
import { CreateTokenCommand, RegisterClientCommand, SSOOIDCClient, StartDeviceAuthorizationCommand }
  from "@aws-sdk/client-sso-oidc"
const client = new SSOOIDCClient({ region: "eu-west-1" })
client.send(new RegisterClientCommand({ clientName: "n", clientType: "public" }))
client.send(new StartDeviceAuthorizationCommand(globalThis.start))
client.send(new CreateTokenCommand(globalThis.token))
`

/** The official client with the shortest loop that follows RFC 8628: it waits, and slows down when it is asked to. */
const officialPolling = `
import { AuthorizationPendingException, CreateTokenCommand, RegisterClientCommand, SlowDownException, SSOOIDCClient,
  StartDeviceAuthorizationCommand } from "@aws-sdk/client-sso-oidc"
const login = async (clientName, startUrl) => {
  const client = new SSOOIDCClient({ region: "eu-west-1" })
  const { clientId, clientSecret } = await client.send(new RegisterClientCommand({ clientName, clientType: "public" }))
  const { deviceCode, expiresIn = 600, interval = 5 } =
    await client.send(new StartDeviceAuthorizationCommand({ clientId, clientSecret, startUrl }))
  const grantType = "urn:ietf:params:oauth:grant-type:device_code"
  let wait = interval
  for (const end = Date.now() + expiresIn * 1000; Date.now() < end;) {
    await new Promise((resolve) => setTimeout(resolve, wait * 1000))
    try {
      return await client.send(new CreateTokenCommand({ clientId, clientSecret, deviceCode, grantType }))
    } catch (error) {
      if (error instanceof SlowDownException) wait += 5
      else if (!(error instanceof AuthorizationPendingException)) throw error
    }
  }
  throw new Error("expired")
}
login("n", "https://s")
`

/** An application that already uses Effect, a service, Schema and HttpClient over fetch. */
const application = `
import * as Context from "effect/Context"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Schema from "effect/Schema"
const User = Schema.Struct({ id: Schema.Number, name: Schema.String, tags: Schema.optionalKey(Schema.Array(Schema.String)) })
class Users extends Context.Service()("Users") {}
const users = Layer.effect(Users, Effect.gen(function*() {
  const client = yield* HttpClient.HttpClient
  return {
    get: (id) => client.execute(HttpClientRequest.bodyJsonUnsafe(HttpClientRequest.post("https://users"), { id })).pipe(
      Effect.flatMap(HttpClientResponse.schemaBodyJson(User)),
      Effect.timeout("1 second"),
      Effect.withSpan("get")
    )
  }
}))
Effect.runPromise(Effect.provide(Users.use((users) => users.get(1)), users.pipe(Layer.provide(FetchHttpClient.layer))))
`

// -----------------------------------------------------------------------------
// measurement
// -----------------------------------------------------------------------------

const officialName = "@aws-sdk/client-sso-oidc"

export const measurement: Measurement = {
  title: "Size",
  measure: async ({ bundle }: Context) => {
    const size = async (name: string, platform: "browser" | "node", text: string) =>
      bundle({ name: `size-${name}`, platform, text })
    const kB = ({ gzipped }: { readonly gzipped: number }) => [gzipped / 1000]
    const browser = await size("browser", "browser", effect + core + fetching + operations)
    const browserGrant = await size("browser-grant", "browser", effect + withGrant + fetching + grant)
    const nodeGrant = await size("node-grant", "node", effect + withGrant + node + grant)
    const officialBrowser = await size("official-browser", "browser", official)
    const officialBrowserGrant = await size("official-browser-grant", "browser", officialPolling)
    const officialNode = await size("official-node", "node", officialPolling)
    const app = await size("app", "browser", effect + application)
    const appOperations = await size("app-operations", "browser", effect + core + fetching + application + operations)
    const appGrant = await size("app-grant", "browser", effect + withGrant + fetching + application + grant)
    const rows: ReadonlyArray<Row> = [
      {
        measure: "three operations and fetch, for a browser",
        unit: "kB",
        ours: { of: "ours", values: kB(browser) },
        peer: { of: officialName, values: kB(officialBrowser) },
        goal: ratioAtMost(0.93)
      },
      {
        measure: "the device grant and fetch, for a browser",
        unit: "kB",
        ours: { of: "ours", values: kB(browserGrant) },
        peer: { of: `${officialName} and a loop by hand`, values: kB(officialBrowserGrant) },
        goal: ratioAtMost(1)
      },
      {
        measure: "three operations, added to an application with Effect, Schema and HttpClient",
        unit: "kB",
        ours: { of: "ours", values: [(appOperations.gzipped - app.gzipped) / 1000] },
        goal: atMost(8.5)
      },
      {
        measure: "the device grant, added to that application",
        unit: "kB",
        ours: { of: "ours", values: [(appGrant.gzipped - app.gzipped) / 1000] },
        goal: atMost(11)
      },
      {
        measure: "the device grant and node:http, for Node",
        unit: "kB",
        ours: { of: "ours", values: kB(nodeGrant) },
        peer: { of: `${officialName} and a loop by hand`, values: kB(officialNode) },
        goal: ratioAtMost(0.45)
      }
    ]
    return {
      rows,
      plots: [plotOf({ "browser, operations": browser, "browser, grant": browserGrant, "Node, grant": nodeGrant })]
    }
  }
}

/** The share of each part in a bundle, as a share of its bytes after gzip. */
const plotOf = (
  bundles: Readonly<Record<string, { readonly gzipped: number; readonly inputs: ReadonlyMap<string, number> }>>
): Plot => {
  const parts: ReadonlyArray<readonly [string, RegExp]> = [
    ["Effect: Schema", /effect\/.*(?:Schema|internal\/schema)/],
    ["Effect: http and streams", /effect\/.*(?:http\/|Stream|Channel|Queue|Pull|Sink)/],
    ["Effect: the rest", /node_modules\/effect\//],
    ["core", /core\//],
    ["the transport", /transport-/],
    ["device-grant", /device-grant\//]
  ]
  const shareOf = (name: string, at: number): number => {
    const { gzipped = 0, inputs = new Map<string, number>() } = bundles[name] ?? {}
    let [all, own] = [0, 0]
    for (const [path, bytes] of inputs) {
      all += bytes
      if (parts.findIndex(([, pattern]) => pattern.test(path)) === at) own += bytes
    }
    return gzipped / 1000 * own / all
  }
  const x = Object.keys(bundles)
  return {
    file: "bench-size",
    title: "Size after gzip, by part",
    unit: "kB",
    kind: "stacks",
    x,
    series: parts.map(([name], at) => ({ name, values: x.map((bundle) => shareOf(bundle, at)) }))
  }
}
