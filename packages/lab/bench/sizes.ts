/**
 * The sizes of bundles after gzip: what a page downloads, and what a function loads.
 */
import * as Programs from "@sso-oidc/test-kit/sizePrograms"
import { atMost, type Context, type Measurement, type Plot, ratioAtMost, type Row, type Samples } from "./bench.ts"

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
    const browser = await size("browser", "browser", Programs.operations(Programs.fetching))
    const browserGrant = await size("browser-grant", "browser", Programs.login(Programs.fetching))
    const nodeGrant = await size("node-grant", "node", Programs.login(Programs.node))
    const officialBrowser = await size("official-browser", "browser", Programs.official)
    const officialBrowserGrant = await size("official-browser-grant", "browser", Programs.officialLogin)
    const officialNode = await size("official-node", "node", Programs.officialLogin)
    const added = async (name: string, program: string, to: string): Promise<Samples> => {
      const alone = await size(`${name}-alone`, "browser", to)
      const both = await size(name, "browser", Programs.withApplication(program, to))
      return { of: "ours", values: [(both.gzipped - alone.gzipped) / 1000] }
    }
    const [operations, login] = [
      Programs.operations(Programs.applicationTransport),
      Programs.login(Programs.applicationTransport)
    ]
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
        measure: "three operations, added to an ordinary application that has Effect's fetch",
        unit: "kB",
        ours: await added("ordinary-operations", operations, Programs.application),
        goal: atMost(8.5)
      },
      {
        measure: "the device grant, added to that application",
        unit: "kB",
        ours: await added("ordinary-grant", login, Programs.application),
        goal: atMost(11)
      },
      {
        measure: "three operations and our fetch, added to a bare application",
        unit: "kB",
        ours: await added("bare-operations", Programs.operations(Programs.fetching), Programs.bareApplication),
        goal: atMost(8.5)
      },
      {
        measure: "the device grant and our fetch, added to that application",
        unit: "kB",
        ours: await added("bare-grant", Programs.login(Programs.fetching), Programs.bareApplication),
        goal: atMost(11)
      },
      {
        measure: "the device grant and node:http without proxies (DirectTransport), for Node",
        unit: "kB",
        ours: { of: "ours", values: kB(nodeGrant) },
        peer: { of: `${officialName} and a loop by hand`, values: kB(officialNode) },
        goal: ratioAtMost(0.45)
      },
      {
        measure: "the same with proxies and certificates (NodeTransport)",
        unit: "kB",
        ours: { of: "ours", values: kB(await size("node-proxies", "node", Programs.login(Programs.nodeProxies))) },
        peer: { of: `${officialName} and a loop by hand`, values: kB(officialNode) }
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
