import { assert, describe, it } from "@effect/vitest"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import type * as Session from "@sso-oidc/example-service/Session"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as TestConsole from "effect/testing/TestConsole"
import { rmSync } from "node:fs"
import * as Swap from "./support/swap.ts"

/** The transports that call the emulator's socket. */
const wired: ReadonlyArray<Swap.Transport> = [
  {
    name: "transport-node",
    imports: `import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"`,
    layer: "NodeTransport.layer()"
  },
  {
    name: "transport-node by the environment",
    imports: `import * as NodeEnvironment from "@sso-oidc/transport-node/NodeEnvironment"
import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"`,
    layer: "NodeTransport.layerConfig(NodeEnvironment.options())"
  },
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
    name: "Effect's node:http",
    imports: `import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"`,
    layer: "NodeHttpClient.layerNodeHttp"
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

/** The transports that lead a client elsewhere than to its endpoint, so the client needs no endpoint option. */
const unwired = (endpoint: string): ReadonlyArray<Swap.Transport> => [
  {
    name: "transport-browser through the relay",
    imports: `import * as FetchTransport from "@sso-oidc/transport-browser/FetchTransport"
import * as Page from "../../test/support/page.ts"`,
    layer: `FetchTransport.layerRelay({ url: Page.url }).pipe(Layer.provide(Page.page("${endpoint}")))`
  },
  {
    name: "the emulator in process",
    imports: `import * as EmulatorTransport from "@sso-oidc/emulator/EmulatorTransport"`,
    layer: "EmulatorTransport.layer({ autoApprove: 0 })"
  },
  {
    name: "scripted",
    imports: `import { script } from "../../test/support/script.ts"`,
    layer: "script"
  }
]

const login = Effect.fnUntraced(function*(file: string, endpoint: string | undefined) {
  const session: typeof Session = yield* Effect.promise(() => import(file))
  const environment = ConfigProvider.layer(ConfigProvider.fromEnvRecord({
    SSO_REGION: "us-east-1",
    SSO_START_URL: "https://my.awsapps.com/start",
    ...(endpoint === undefined ? {} : { AWS_ENDPOINT_URL_SSO_OIDC: endpoint })
  }))
  return yield* session.program.pipe(
    Effect.provide(session.layerLive.pipe(Layer.provide(environment))),
    Effect.provide(TestConsole.layer)
  )
})

describe("README's example with another transport", () => {
  it.live(
    "compiles and logs in after a change of one line",
    () =>
      Effect.gen(function*() {
        const { url } = yield* EmulatorServer.EmulatorServer
        const transports = [...wired, ...unwired(url)]
        const { files, folder, said } = Swap.write(transports)
        yield* Effect.addFinalizer(() => Effect.sync(() => rmSync(folder, { recursive: true })))
        assert.strictEqual(said, "")
        yield* Effect.forEach(transports, ({ name }, at) =>
          Effect.gen(function*() {
            const token = yield* login(files[at] ?? "", at < wired.length ? url : undefined)
            if (token === undefined) return assert.fail(`${name}: no token`)
            assert.match(Redacted.value(token.accessToken), /^aoa/, name)
          }), { concurrency: "unbounded" })
      }).pipe(Effect.scoped, Effect.provide(EmulatorServer.layer({ autoApprove: 0 }))),
    60_000
  )
})
