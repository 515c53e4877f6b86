import { assert, layer } from "@effect/vitest"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import type * as Session from "@sso-oidc/example-service/Session"
import * as Cause from "effect/Cause"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as TestConsole from "effect/testing/TestConsole"
import { rmSync } from "node:fs"
import { databases, run } from "./support/sessionLife.ts"
import * as SessionSwap from "./support/sessionSwap.ts"
import * as Swap from "./support/swap.ts"

/** The transports that call the emulator's socket. */
const wired: ReadonlyArray<Swap.Swapped> = [
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
const unwired = (endpoint: string): ReadonlyArray<Swap.Swapped> => [
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

/** The programs of the two READMEs, compiled together, and the emulator that they call. */
class Programs extends Context.Service<Programs, {
  readonly url: string
  readonly said: string
  /** The files of the programs of a group, each with the name of its layer. */
  readonly filesOf: (group: string) => ReadonlyArray<{ readonly name: string; readonly file: string }>
}>()("Programs") {}

const programs = Layer.effect(
  Programs,
  Effect.gen(function*() {
    const { url } = yield* EmulatorServer.EmulatorServer
    const { stores, unwired: unwiredOfSession, withStore, withTransport, wired: wiredOfSession } = SessionSwap
    const named = (group: string, layers: ReadonlyArray<Swap.Swapped>, swap: (layer: Swap.Swapped) => string) =>
      layers.map((layer) => ({ group, name: layer.name, program: swap(layer) }))
    const all = [
      ...named("wired", wired, Swap.withTransport),
      ...named("unwired", unwired(url), Swap.withTransport),
      ...named("stores", stores(yield* databases, yield* databases), withStore),
      ...named("wired sessions", wiredOfSession, withTransport),
      ...named("unwired sessions", unwiredOfSession, withTransport)
    ]
    const { files, folder, said } = yield* Swap.write(all.map(({ program }) => program))
    yield* Effect.addFinalizer(() => Effect.sync(() => rmSync(folder, { recursive: true })))
    return {
      url,
      said,
      filesOf: (wanted) =>
        all.flatMap(({ group, name }, at) => group === wanted ? [{ name, file: files[at] ?? "" }] : [])
    }
  })
).pipe(Layer.provideMerge(EmulatorServer.layer({ autoApprove: 0 })))

layer(programs, { excludeTestServices: true, timeout: 120_000 })("after a change of one line", (it) => {
  it.effect("the programs with another transport or another store compile", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* Programs).said, "")
    }))

  it.effect("README's example logs in with another transport", () =>
    Effect.gen(function*() {
      const { filesOf, url } = yield* Programs
      const calls = [
        ...filesOf("wired").map((one) => ({ ...one, endpoint: url })),
        ...filesOf("unwired").map((one) => ({ ...one, endpoint: undefined }))
      ]
      yield* Effect.forEach(calls, ({ endpoint, file, name }) =>
        Effect.gen(function*() {
          const token = yield* login(file, endpoint)
          if (token === undefined) return assert.fail(`${name}: no token`)
          assert.match(Redacted.value(token.accessToken), /^aoa/, name)
        }), { concurrency: "unbounded" })
    }), 60_000)

  it.effect.each([
    { group: "stores", what: "each store", isWired: true },
    { group: "wired sessions", what: "another transport", isWired: true },
    { group: "unwired sessions", what: "a transport that leads elsewhere", isWired: false }
  ])(
    "the session's program, with $what, keeps a token, shares one refresh, and says that it has ended (S7, S8)",
    ({ group, isWired }) =>
      Effect.gen(function*() {
        const { filesOf, url } = yield* Programs
        yield* Effect.forEach(filesOf(group), ({ file, name }) =>
          run(file, isWired ? url : undefined).pipe(
            Effect.scoped,
            Effect.catchCause((cause) => Effect.die(new Error(`${name}: ${Cause.pretty(cause)}`)))
          ), { concurrency: "unbounded" })
      }),
    // the sessions mostly wait: after a rejection, each looks for the token of another program
    { concurrent: true, timeout: 60_000 }
  )
})
