/**
 * The transports for tests, in a whole login.
 */
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { assert, describe, it } from "@effect/vitest"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as DeviceGrant from "@sso-oidc/device-grant/DeviceGrant"
import * as EmulatorTransport from "@sso-oidc/emulator/EmulatorTransport"
import * as FaultyTransport from "@sso-oidc/testing/FaultyTransport"
import * as RecordedTransport from "@sso-oidc/testing/RecordedTransport"
import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FileSystem from "effect/FileSystem"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Random from "effect/Random"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/testing/TestClock"
import { once } from "node:events"
import { type AddressInfo, createServer, type Server, type Socket } from "node:net"

const over = SsoOidc.layer({ region: "eu-west-1" })

/** A login, its events, and its result. */
const login = Effect.gen(function*() {
  const events: Array<string> = []
  const fiber = yield* Effect.forkChild(Effect.result(DeviceGrant.login({
    clientName: "a tool",
    startUrl: "https://my.awsapps.com/start",
    onEvent: (event) => Effect.sync(() => events.push(event._tag === "Waiting" ? event.reason : event._tag))
  })))
  for (let seconds = 0; fiber.pollUnsafe() === undefined && seconds < 700; seconds++) {
    yield* TestClock.adjust("1 second")
  }
  return { events, result: yield* Fiber.join(fiber) }
})

describe("RecordedTransport: a whole login", () => {
  it.effect("is recorded against the emulator and replayed from a real file, event by event", () =>
    Effect.gen(function*() {
      const folder = yield* (yield* FileSystem.FileSystem).makeTempDirectoryScoped()
      const file = `${folder}/login.json`
      const faults = FaultyTransport.layer(
        FaultyTransport.perOperation({ CreateToken: [null, FaultyTransport.badGateway] })
      )
      const real = yield* login.pipe(Effect.provide(over.pipe(
        Layer.provide(RecordedTransport.layerRecord({ file })),
        Layer.provide(faults),
        Layer.provide(EmulatorTransport.layer({ autoApprove: "2.5 seconds" }))
      )))
      const again = yield* login.pipe(Effect.provide(over.pipe(Layer.provide(RecordedTransport.layerReplay({ file })))))
      assert.deepStrictEqual(again.events, real.events)
      assert.deepStrictEqual(real.events, ["Registered", "CodeReady", "pending", "trouble", "Approved"])
      if (real.result._tag !== "Success" || again.result._tag !== "Success") return assert.fail("no token")
      assert.strictEqual(Redacted.value(again.result.success.accessToken), "<accessToken 1>")
      const text = yield* (yield* FileSystem.FileSystem).readFileString(file)
      assert.notInclude(text, Redacted.value(real.result.success.accessToken))
      assert.deepStrictEqual(yield* (yield* FileSystem.FileSystem).readDirectory(folder), ["login.json"])
    }).pipe(Effect.scoped, Effect.provide(NodeFileSystem.layer)))
})

describe("FaultyTransport: a whole login", () => {
  it.effect.prop(
    "ends with a token or a typed error for the faults of any seed, and in the same way when the faults are replayed (C8, D5)",
    { seed: Schema.Int },
    ({ seed }) =>
      Effect.gen(function*() {
        const run = (plan: FaultyTransport.Plan) =>
          Effect.gen(function*() {
            const { events, result } = yield* login
            const decisions = yield* FaultyTransport.Decisions.use(({ all }) => all)
            const end = result._tag === "Success" ? "token" : result.failure._tag
            return { events, end, faults: decisions.map(({ fault }) => fault) }
          }).pipe(
            Effect.provide(
              over.pipe(
                Layer.provideMerge(FaultyTransport.layer(plan)),
                Layer.provideMerge(EmulatorTransport.layer({ autoApprove: "3 seconds" }))
              ),
              { local: true }
            ),
            // no jitter, so that two runs can be compared
            Effect.provideService(Random.Random, { nextIntUnsafe: () => 0, nextDoubleUnsafe: () => 0 })
          )
        const first = yield* run(FaultyTransport.bySeed({ seed, probability: 0.3 }))
        assert.notStrictEqual(first.end, "RequestInvalid")
        const second = yield* run(FaultyTransport.inOrder(first.faults))
        assert.deepStrictEqual(second, first)
      }),
    { timeout: 60_000, arbitrary: { runs: 60 } }
  )
})

describe("FaultyTransport: the same errors as the Node transport", () => {
  /** A server on loopback that calls a function with the first bytes of each connection. */
  const serving = (serve: (socket: Socket) => void) =>
    Effect.acquireRelease(
      Effect.promise(async () => {
        const server = createServer((socket) => void socket.on("error", () => {}).once("data", () => serve(socket)))
        await once(server.listen(0, "127.0.0.1"), "listening")
        return server
      }),
      (server) => Effect.promise(() => new Promise((resolve) => server.close(resolve)))
    )
  const portOf = (server: Server) => (server.address() as AddressInfo).port
  const response = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{\"clientId\":"

  const register = (endpoint: string) =>
    Effect.gen(function*() {
      const oidc = yield* SsoOidc.make({ region: "eu-west-1", endpoint })
      const error = yield* Effect.flip(oidc.registerClient({ clientName: "a tool", clientType: "public" }))
      if (error._tag !== "TransportError") return assert.fail(error._tag)
      const { cause, code, transient, sent, status } = error
      return { cause, code, transient, sent, status }
    })

  const cases: ReadonlyArray<readonly [FaultyTransport.Fault, string, (socket: Socket) => void]> = [
    [FaultyTransport.resetBeforeRequest, "https", (socket) => socket.resetAndDestroy()],
    [FaultyTransport.resetAfterRequest, "http", (socket) => socket.resetAndDestroy()],
    [FaultyTransport.truncatedResponse(12), "http", (socket) => socket.write(response, () => socket.destroy())]
  ]

  for (const [fault, scheme, serve] of cases) {
    it.live(`fails with the same error for ${fault._tag}`, () =>
      Effect.gen(function*() {
        const real = yield* Effect.flatMap(serving(serve), (server) =>
          register(`${scheme}://127.0.0.1:${portOf(server)}`)).pipe(Effect.provide(NodeTransport.layer()))
        const { client } = yield* FaultyTransport.make(() =>
          fault
        ).pipe(
          Effect.provide(EmulatorTransport.layer())
        )
        const faulty = yield* register("https://oidc.test").pipe(Effect.provideService(HttpClient.HttpClient, client))
        assert.deepStrictEqual(faulty, real)
      }).pipe(Effect.scoped))
  }

  it.live("fails with the same error for ConnectionRefused", () =>
    Effect.gen(function*() {
      const port = yield* Effect.scoped(Effect.map(serving(() => {}), portOf))
      const real = yield* register(`http://127.0.0.1:${port}`).pipe(Effect.provide(NodeTransport.layer()))
      const { client } = yield* FaultyTransport.make(() => FaultyTransport.connectionRefused).pipe(
        Effect.provide(EmulatorTransport.layer())
      )
      const faulty = yield* register("https://oidc.test").pipe(Effect.provideService(HttpClient.HttpClient, client))
      assert.deepStrictEqual(faulty, real)
    }))
})
