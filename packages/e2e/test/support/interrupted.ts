/**
 * Logs in at the URL that it is given, by the effect or by the stream. It is interrupted when its input ends, and reports what
 * it left behind.
 */
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as DeviceGrant from "@sso-oidc/device-grant/DeviceGrant"
import type { DeviceGrantEvent } from "@sso-oidc/device-grant/DeviceGrantEvent"
import * as DeviceGrantStream from "@sso-oidc/device-grant/DeviceGrantStream"
import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Metric from "effect/Metric"
import * as Stream from "effect/Stream"

const [url = "", how = ""] = process.argv.slice(2)

const fibers = { started: 0, ended: 0 }
const counted = Layer.succeed(Metric.FiberRuntimeMetrics, {
  recordFiberStart: () => fibers.started++,
  recordFiberEnd: () => fibers.ended++
})
const runtime = ManagedRuntime.make(Layer.merge(
  SsoOidc.layer({ region: "us-east-1", endpoint: url }).pipe(Layer.provide(NodeTransport.layer())),
  counted
))

const options = { clientName: "interrupted", startUrl: "https://my.awsapps.com/start" }
const tell = (event: DeviceGrantEvent) => Effect.sync(() => process.stdout.write(`${event._tag}\n`))
const login = runtime.runFork(
  how === "stream"
    ? Stream.runForEach(DeviceGrantStream.login(options), tell)
    : Effect.asVoid(DeviceGrant.login({ ...options, onEvent: tell }))
)

process.stdin.on("end", async () => {
  await Effect.runPromise(Fiber.interrupt(login))
  await runtime.dispose()
  // a closed handle leaves the list only at the end of the next turn
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve))
  const resources = process.getActiveResourcesInfo().filter((name) => name !== "PipeWrap" && name !== "Immediate")
  process.stdout.write(`${JSON.stringify({ resources, fibers })}\n`)
})
process.stdin.resume()
