/**
 * Runs many logins whose person never approves. It tells the memory of one, the lateness of its polls, and the processor time of a
 * poll.
 *
 * Its arguments: what polls, the number of logins, their interval in seconds, and `memory` or `lateness`. The service is in this
 * process. It needs `--expose-gc`.
 */
import * as CreateToken from "@sso-oidc/core/CreateToken"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as SsoOidcError from "@sso-oidc/core/SsoOidcError"
import type * as StartDeviceAuthorization from "@sso-oidc/core/StartDeviceAuthorization"
import * as DeviceGrant from "@sso-oidc/device-grant/DeviceGrant"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as Redacted from "effect/Redacted"
import { BytesResponse } from "./inMemory.ts"

// -----------------------------------------------------------------------------
// arguments
// -----------------------------------------------------------------------------

const [kind = "", first, second, mode] = process.argv.slice(2)
const [logins, interval] = [Number(first), Number(second)]
const [region, endpoint] = ["eu-west-1", "https://oidc.eu-west-1.amazonaws.com"]

// -----------------------------------------------------------------------------
// the service
// -----------------------------------------------------------------------------

// Everything that the service keeps is made before the memory is measured. So it does not count.
const due = new Float64Array(logins)
const seen = { polls: 0, lateness: 0 }

/** Notes the arrival of a poll, and plans the next one. `n` is the number of the login. */
const noted = (n: number): void => {
  const now = performance.now()
  seen.polls++
  seen.lateness += now - (due[n] ?? Number.NaN)
  due[n] = now + interval * 1000
}

const registered = { clientId: "client", clientSecret: Redacted.make("secret".repeat(280)), clientSecretExpiresAt: 0 }
const codes: ReadonlyArray<StartDeviceAuthorization.Response> = Array.from({ length: logins }, (_, n) => ({
  deviceCode: Redacted.make(String(n)),
  userCode: "ABCD-EFGH",
  verificationUri: "https://device.sso.eu-west-1.amazonaws.com/",
  verificationUriComplete: "https://device.sso.eu-west-1.amazonaws.com/?user_code=ABCD-EFGH",
  expiresIn: 600,
  interval
}))
let given = 0
const code = (): StartDeviceAuthorization.Response => {
  const n = given++
  due[n] = performance.now() + interval * 1000
  const code = codes[n]
  if (code === undefined) throw new RangeError("there are more logins than codes")
  return code
}

const pending = new SsoOidcError.AuthorizationPendingException({ status: 400, error: "authorization_pending" })

const inMemory = SsoOidc.SsoOidc.of({
  region,
  endpoint,
  execute: () => Effect.die("this service has only the methods of the operations"),
  withExecute: () => inMemory,
  registerClient: () => Effect.succeed(registered),
  startDeviceAuthorization: () => Effect.sync(code),
  createToken: (request) =>
    Effect.suspend(() => {
      if ("deviceCode" in request && request.deviceCode !== undefined) noted(Number(Redacted.value(request.deviceCode)))
      return Effect.fail(pending)
    })
})

const bytesOf = (value: unknown): Uint8Array<ArrayBuffer> => new TextEncoder().encode(JSON.stringify(value))

const pendingBytes = bytesOf({
  error: "authorization_pending",
  error_description: "The person has not approved yet."
})
const type = { "content-type": "application/json" }
const pendingHeaders = {
  ...type,
  "x-amzn-errortype": "AuthorizationPendingException",
  "x-amzn-requestid": "0b6a54c7-7d34-4f0c-8a0f-000000000000"
}

const overHttp = HttpClient.make((request, url) =>
  Effect.sync(() => {
    if (url.pathname !== "/token") {
      const { deviceCode, ...plain } = code()
      const given = bytesOf({ ...plain, deviceCode: Redacted.value(deviceCode) })
      return new BytesResponse(request, url, 200, type, given)
    }
    const text = request.body._tag === "Uint8Array" ? new TextDecoder().decode(request.body.body) : "{}"
    const sent: unknown = JSON.parse(text)
    if (typeof sent === "object" && sent !== null && "deviceCode" in sent) noted(Number(sent.deviceCode))
    return new BytesResponse(request, url, 400, pendingHeaders, pendingBytes)
  })
)

// -----------------------------------------------------------------------------
// the programs
// -----------------------------------------------------------------------------

const options = {
  clientName: "bench",
  startUrl: "https://bench.awsapps.com/start",
  registration: {
    clientId: registered.clientId,
    clientSecret: registered.clientSecret,
    scopes: ["sso:account:access"],
    region,
    endpoint
  }
}

const requestOf = ({ deviceCode }: StartDeviceAuthorization.Response): CreateToken.Request => ({
  clientId: registered.clientId,
  clientSecret: registered.clientSecret,
  grantType: CreateToken.deviceCodeGrantType,
  deviceCode
})

/** The least that polls with Effect: one fiber that sleeps and calls the service. It keeps no law of the grant. */
const bare = Effect.suspend(() => {
  const request = requestOf(code())
  return Effect.forever(
    Effect.andThen(Effect.sleep(interval * 1000), Effect.ignore(inMemory.createToken(request)))
  )
})

const waited = (millis: number) => new Promise<void>((resolve) => setTimeout(resolve, millis))

/** The least that polls by hand: one async function with a timer. */
const byHand = async (): Promise<void> => {
  const { deviceCode } = code()
  while (true) {
    await waited(interval * 1000)
    noted(Number(Redacted.value(deviceCode)))
  }
}

const wholeClient = await Effect.runPromise(
  Effect.provideService(SsoOidc.make({ region }), HttpClient.HttpClient, overHttp)
)

// as a server would run its logins: each is a call of its own, in one runtime
const over = (oidc: SsoOidc.Service) => {
  const fork = Effect.runForkWith(Context.make(SsoOidc.SsoOidc, oidc))
  return () => fork(DeviceGrant.login(options))
}

const programs: Readonly<Record<string, () => unknown>> = {
  grant: over(inMemory),
  client: over(wholeClient),
  fiber: () => Effect.runFork(bare),
  promise: byHand
}

const begin = programs[kind]
if (begin === undefined) throw new RangeError(`there is no program ${kind}`)

// -----------------------------------------------------------------------------
// the run
// -----------------------------------------------------------------------------

/** The bytes of the heap that are in use. */
const heap = (): number => {
  if (globalThis.gc === undefined) throw new Error("start this program with --expose-gc")
  globalThis.gc()
  globalThis.gc()
  return process.memoryUsage().heapUsed
}

/** Waits for a number of intervals. */
const passed = (intervals: number) => waited(intervals * interval * 1000)

/** Begins all logins, evenly over a number of intervals. */
const beginAll = async (intervals: number): Promise<void> => {
  const begun = performance.now()
  for (let n = 0; n < logins; await waited(1)) {
    const due = (performance.now() - begun) / (intervals * interval * 1000) * logins
    for (; n < Math.min(logins, due); n++) begin()
  }
}

/** The mean lateness and the mean processor time of the polls of the next intervals, in milliseconds and microseconds. */
const measured = async (intervals: number) => {
  Object.assign(seen, { polls: 0, lateness: 0 })
  const used = process.cpuUsage()
  await passed(intervals)
  const { system, user } = process.cpuUsage(used)
  return { lateness: seen.lateness / seen.polls, cpu: (system + user) / seen.polls, polls: seen.polls }
}

/** The memory of one login, in kilobytes. */
const memory = (): number => (heap() - before) / logins / 1000

/** Measures the memory before the first poll and after the second one. */
const measureMemory = async () => {
  await beginAll(0.5)
  await passed(0.2)
  const asleep = memory()
  const { cpu } = await measured(2)
  return { asleep, polled: memory(), cpu }
}

/** Measures the polls in five windows of a quarter of an interval after a warm-up, and the memory at the end. */
const measureLateness = async () => {
  await beginAll(1)
  await passed(0.5)
  const windows: Array<Awaited<ReturnType<typeof measured>>> = []
  while (windows.length < 5) windows.push(await measured(0.25))
  return { windows, memory: memory() }
}

const before = heap()
console.log(JSON.stringify(mode === "memory" ? await measureMemory() : await measureLateness()))
process.exit(0)
