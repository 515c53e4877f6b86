/**
 * Ten thousand grants at once, against one emulator. Does every poll get a response, and is the memory flat when they end?
 *
 * `node --expose-gc packages/lab/load/main.ts [--grants N] [--waves N] [--socket]`. It runs in process by default. `--socket`
 * uses loopback, but the same process, so one heap holds both sides.
 */
import type { EndpointError } from "@sso-oidc/core/aws/ClientError"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as DeviceGrant from "@sso-oidc/device-grant/DeviceGrant"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import type * as EmulatorError from "@sso-oidc/emulator/EmulatorError"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import * as EmulatorTransport from "@sso-oidc/emulator/EmulatorTransport"
import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Semaphore from "effect/Semaphore"
import { parseArgs } from "node:util"

const { values } = parseArgs({
  options: {
    grants: { type: "string", default: "10000" },
    waves: { type: "string", default: "3" },
    socket: { type: "boolean", default: false }
  }
})
const grants = Number(values.grants)
const waves = Number(values.waves)
const startUrl = "https://load.awsapps.com/start"

const heap = (): number => {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed / 2 ** 20
}

const wave = Effect.fnUntraced(function*(n: number) {
  const oidc = yield* SsoOidc.SsoOidc
  const emulator = yield* Emulator.Emulator
  const began = performance.now()
  let polls = 0
  // one registration for all grants, as a tool has it
  const first = yield* DeviceGrant.start({ clientName: "load", startUrl })
  const login = DeviceGrant.start({ clientName: "load", startUrl, registration: first.registration }).pipe(
    Effect.tap((pending) =>
      Effect.forkChild(Effect.delay(Effect.ignore(emulator.authorizations.approve(pending.userCode)), "2500 millis"))
    ),
    Effect.flatMap((pending) => DeviceGrant.resume(pending, { onEvent: () => Effect.sync(() => polls++) }))
  )
  const results = yield* Effect.forEach(
    Array.from({ length: grants }),
    () => Effect.result(login),
    { concurrency: "unbounded" }
  ).pipe(Effect.provideService(SsoOidc.SsoOidc, oidc))
  const failures = new Set(results.flatMap((result) => result._tag === "Failure" ? [result.failure.message] : []))
  for (const message of [...failures].slice(0, 3)) yield* Console.error(message)
  const ends = new Map<string, number>()
  for (const result of results) {
    const end = result._tag === "Success" ? "token" : result.failure._tag
    ends.set(end, (ends.get(end) ?? 0) + 1)
  }
  const seconds = (performance.now() - began) / 1000
  const told = [...ends].map(([end, count]) => `${count} ${end}`).join(", ")
  yield* Console.log(
    `wave ${n}: ${told}; ${polls} polls with a response in ${seconds.toFixed(1)} s; heap ${
      heap().toFixed(1)
    } MiB, rss ${(process.memoryUsage().rss / 2 ** 20).toFixed(0)} MiB`
  )
})

const options = { requestsPerSecond: 1_000_000, capacity: grants + waves + 2 }

const inProcess = SsoOidc.layer({ region: "eu-west-1" }).pipe(Layer.provideMerge(EmulatorTransport.layer(options)))

// One process plays ten thousand programs. It must not open ten thousand connections, which the system would refuse.
const fewConnections = Layer.effect(
  HttpClient.HttpClient,
  Effect.gen(function*() {
    const client = yield* HttpClient.HttpClient
    const connections = yield* Semaphore.make(200)
    return HttpClient.transform(client, Semaphore.withPermit(connections))
  })
).pipe(Layer.provide(NodeTransport.layer()))

const overSockets = Layer.unwrap(Effect.map(
  EmulatorServer.EmulatorServer,
  ({ url }) => SsoOidc.layer({ region: "eu-west-1", endpoint: url, requestTimeout: "10 minutes" })
)).pipe(
  Layer.provideMerge(EmulatorServer.layer({ ...options, expiresIn: "1 hour" })),
  Layer.provide(fewConnections)
)

const layer: Layer.Layer<Emulator.Emulator | SsoOidc.SsoOidc, EmulatorError.EmulatorError | EndpointError> =
  values.socket
    ? overSockets
    : inProcess

const program = Effect.gen(function*() {
  const emulator = yield* Emulator.Emulator
  yield* Console.log(
    `${grants} grants at once, ${values.socket ? "over sockets" : "in process"}: heap ${heap().toFixed(1)} MiB before`
  )
  for (let n = 1; n <= waves; n++) yield* wave(n)
  yield* emulator.clock.advance("10 hours")
  yield* DeviceGrant.start({ clientName: "load", startUrl })
  yield* Console.log(`ten hours later, after one more request: heap ${heap().toFixed(1)} MiB`)
}).pipe(Effect.provide(layer))

await Effect.runPromise(program)
