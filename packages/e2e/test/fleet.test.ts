/**
 * The fleet's service: its routes over an engine in memory, its settings, its page, and what it sends to a collector.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Sealer from "@sso-oidc/core/Sealer"
import * as LoginMetrics from "@sso-oidc/durable/LoginMetrics"
import * as Logins from "@sso-oidc/durable/Logins"
import * as LoginStore from "@sso-oidc/durable/LoginStore"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import * as Devices from "@sso-oidc/example-fleet/Devices"
import * as Figures from "@sso-oidc/example-fleet/Figures"
import * as Fleet from "@sso-oidc/example-fleet/Fleet"
import * as Inventory from "@sso-oidc/example-fleet/Inventory"
import * as Page from "@sso-oidc/example-fleet/Page"
import * as Routes from "@sso-oidc/example-fleet/Routes"
import * as Settings from "@sso-oidc/example-fleet/Settings"
import * as Collector from "@sso-oidc/example-fleet/show/Collector"
import * as Machine from "@sso-oidc/example-fleet/show/Machine"
import { variables } from "@sso-oidc/example-fleet/show/Variables"
import * as Stopping from "@sso-oidc/example-fleet/Stopping"
import * as Telemetry from "@sso-oidc/example-fleet/Telemetry"
import * as Child from "@sso-oidc/test-kit/child"
import * as Leaks from "@sso-oidc/test-kit/leaks"
import * as Postgres from "@sso-oidc/test-kit/postgres"
import * as Service from "@sso-oidc/test-kit/scriptedService"
import * as Sqlite from "@sso-oidc/test-kit/sqlite"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import type * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Metric from "effect/Metric"
import * as Redacted from "effect/Redacted"
import * as References from "effect/References"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import * as WorkflowEngine from "effect/workflow/WorkflowEngine"
import { join } from "node:path"
import { inspect } from "node:util"

// -----------------------------------------------------------------------------
// the fleet in memory
// -----------------------------------------------------------------------------

// no part of one stands in a sentence or in a name
const secrets = {
  clientSecret: "Yq3vKp8RzTn5WcBd",
  deviceCode: "Hs7mXf2LgJw9QxNa",
  accessToken: "Vb4tZk6PdRy1McEs",
  refreshToken: "Ue8nGj5FhWq0TxLo"
}
const userCode = "BRCJ-PDVT"

const { accessToken, clientSecret, deviceCode, refreshToken } = secrets

type Script = Parameters<typeof Service.make>[0]

const approved = [Service.pending, Service.token({ accessToken, refreshToken })]

const serviceOf = (script: Script) =>
  Service.make({
    register: [Service.registered({ clientSecret })],
    start: [Service.code({ deviceCode })],
    polls: approved,
    ...script
  })

const sealing = Sealer.layer({ current: "a", keys: { a: Redacted.make(new Uint8Array(32).fill(7)) } }).pipe(Layer.orDie)

/** What all processes of a fleet share. */
const shared = (script: Script, store = LoginStore.layerMemory) => {
  const service = serviceOf(script)
  const inventory = Inventory.layer.pipe(Layer.provide(Sqlite.layer(":memory:")), Layer.orDie)
  const layer = Layer.mergeAll(service.layer, Layer.fresh(store), Layer.fresh(inventory), sealing)
  return { service, layer }
}

/** Keeps who was given a token. The first calls do as told. */
const devicesOf = (...first: ReadonlyArray<Effect.Effect<void>>) => {
  const given: Array<string> = []
  const left = [...first]
  const layer = Layer.succeed(
    Devices.Devices,
    Devices.Devices.of({
      give: (id, token) =>
        Effect.suspend(() => {
          given.push(`${id} ${Redacted.value(token.accessToken)}`)
          return left.shift() ?? Effect.void
        })
    })
  )
  return { given, layer }
}

interface Responded {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
  readonly body: Readonly<Record<string, unknown>>
}

const textOf = ({ body }: HttpServerResponse.HttpServerResponse): Effect.Effect<string> => {
  switch (body._tag) {
    case "Uint8Array":
      return Effect.succeed(new TextDecoder().decode(body.body))
    case "Stream":
      return Effect.orDie(Stream.mkString(Stream.decodeText(body.stream)))
    default:
      return Effect.succeed("")
  }
}

/** One process of the fleet, over what all share. It ends with the scope. */
const processOf = Effect.fnUntraced(function*(
  { devices = devicesOf().layer, gap = false }: {
    readonly devices?: Layer.Layer<Devices.Devices>
    readonly gap?: boolean
  } = {}
) {
  const logins = Logins.layer({ gap }).pipe(Layer.provide(Layer.fresh(WorkflowEngine.layerMemory)))
  const layer = Fleet.layer({ startUrl: Service.startUrl, sweep: "10 seconds" }).pipe(
    Layer.provide([logins, devices]),
    Layer.provideMerge(Layer.mergeAll(Figures.layer, Stopping.layer))
  )
  const context = yield* Layer.build(Layer.fresh(layer))
  const app = yield* HttpRouter.toHttpEffect(Routes.layer("localhost:1")).pipe(
    Effect.provide(context),
    Effect.provideService(HttpRouter.RouterConfig, Routes.routerConfig)
  )
  const call = Effect.fnUntraced(
    function*(method: string, path: string) {
      const request = HttpServerRequest.fromWeb(new Request(`http://fleet.test${path}`, { method }))
      const response = yield* Effect.provideService(app, HttpServerRequest.HttpServerRequest, request)
      const text = yield* textOf(response)
      const isJson = response.headers["content-type"] === "application/json"
      const responded: Responded = {
        status: response.status,
        headers: response.headers,
        text,
        body: isJson && text !== "" ? JSON.parse(text) : {}
      }
      return responded
    },
    Effect.scoped,
    Effect.orDie
  )
  return { call, stopping: Context.get(context, Stopping.Stopping) }
})

/** Waits until the work that WebCrypto has is done: it begins jobs in their order. */
const idle = async () => {
  for (let turn = 0; turn < 4; turn++) {
    await crypto.subtle.digest("SHA-256", new Uint8Array(1))
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/** Moves the clock second by second. Sealing and the names of executions take real turns. */
const seconds = (count: number) =>
  Effect.forEach(
    Array.from({ length: count }),
    () => Effect.andThen(Effect.promise(idle), TestClock.adjust("1 second")),
    { discard: true }
  )

/** Runs a test with a process over what all share. */
const withProcess = (
  script: Script,
  test: (process: Effect.Success<ReturnType<typeof processOf>>) => Effect.Effect<unknown, unknown, Scope.Scope>,
  options: Parameters<typeof processOf>[0] = {}
) => Effect.flatMap(processOf(options), test).pipe(Effect.provide(shared(script).layer))

// -----------------------------------------------------------------------------
// the routes
// -----------------------------------------------------------------------------

describe("the routes of the fleet", () => {
  it.effect("give one code for a device, and its token to the device alone (W1, W8)", () => {
    const devices = devicesOf()
    return withProcess({}, ({ call }) =>
      Effect.gen(function*() {
        const started = yield* call("POST", "/devices/a/login")
        assert.strictEqual(started.status, 200)
        assert.deepStrictEqual(started.body, {
          id: "a",
          userCode,
          verificationUri: "https://device.sso.eu-west-1.amazonaws.com/",
          verificationUriComplete: `https://device.sso.eu-west-1.amazonaws.com/?user_code=${userCode}`,
          expiresAt: "1970-01-01T00:10:00.000Z"
        })
        assert.strictEqual(started.headers["cache-control"], "no-store")
        assert.deepStrictEqual((yield* call("POST", "/devices/a/login")).body, started.body)
        const waiting = yield* call("GET", "/devices/a")
        assert.deepStrictEqual(waiting.body, { id: "a", state: "waiting", codeUntil: "1970-01-01T00:10:00.000Z" })
        yield* seconds(12)
        const ready = yield* call("GET", "/devices/a")
        assert.deepStrictEqual(ready.body, { id: "a", state: "ready", credentialsUntil: "1970-01-01T01:00:10.000Z" })
        assert.deepStrictEqual(devices.given, [`a ${accessToken}`])
        assert.strictEqual((yield* call("POST", "/devices/a/login")).status, 409)
        assert.strictEqual((yield* call("POST", "/devices/a/login?again=true")).status, 200)
      }), { devices: devices.layer })
  })

  it.effect("show no secret, and the code in the response to a start alone (W8)", () => {
    const { layer } = shared({})
    const lines: Array<string> = []
    const logger = Logger.make((entry) => void lines.push(inspect(entry.message, { depth: 8 })))
    return Effect.gen(function*() {
      const { call } = yield* processOf({ devices: Devices.layerLog })
      const started = yield* call("POST", "/devices/a/login")
      const events = yield* Effect.forkChild(call("GET", "/devices/a/events"), { startImmediately: true })
      const before = [yield* call("GET", "/devices/a"), yield* call("GET", "/"), yield* call("GET", "/readyz")]
      yield* seconds(25)
      const after = [yield* call("GET", "/devices/a"), yield* call("GET", "/"), yield* Fiber.join(events)]
      assert.strictEqual(after[0]?.body["state"], "ready")
      const rest = [...before, ...after].map((response) => inspect(response)).join("\n") + lines.join("\n")
      assert.include(lines.join("\n"), "A device has credentials until 1970-01-01T01:00:10.000Z.")
      assert.notInclude(rest, userCode)
      for (const secret of Object.values(secrets)) assert.isUndefined(Leaks.leakIn(rest + inspect(started), secret))
    }).pipe(Effect.provide([layer, Logger.layer([logger])]))
  })

  const ends: ReadonlyArray<readonly [string, ReadonlyArray<Service.ScriptedResponse>]> = [
    ["denied", [Service.exception("AccessDeniedException", "access_denied")]],
    ["expired", [Service.expired]],
    ["lost", [Service.cut("maybe"), Service.invalidGrant]],
    ["failed", [Service.invalidGrant]]
  ]
  for (const [state, polls] of ends) {
    it.effect(`say that a device is ${state} after such an end of its login`, () =>
      withProcess({ polls }, ({ call }) =>
        Effect.gen(function*() {
          yield* call("POST", "/devices/a/login")
          yield* seconds(40)
          assert.deepStrictEqual((yield* call("GET", "/devices/a")).body, { id: "a", state })
          assert.include((yield* call("GET", "/")).text, `${state}</th><td>1</td>`)
        })))
  }

  it.effect("cancel a login once, and then say that nothing is pending", () =>
    withProcess({ polls: [Service.pending] }, ({ call }) =>
      Effect.gen(function*() {
        yield* call("POST", "/devices/a/login")
        assert.strictEqual((yield* call("DELETE", "/devices/a/login")).status, 204)
        assert.deepStrictEqual((yield* call("GET", "/devices/a")).body, { id: "a", state: "cancelled" })
        for (const [method, path] of [["DELETE", "/devices/a/login"], ["POST", "/devices/a/hurry"]] as const) {
          const { body, status } = yield* call(method, path)
          assert.deepStrictEqual([status, body["error"]], [409, "NothingPending"])
        }
      })))

  it.effect("respond with 404 for a device without a login or an unknown route, and with 400 for a wrong id or query", () =>
    withProcess({}, ({ call }) =>
      Effect.gen(function*() {
        const unknown = [
          ["GET", "/devices/b"],
          ["DELETE", "/devices/b/login"],
          ["POST", "/devices/b/hurry"],
          ["GET", "/devices/b/events"]
        ] as const
        for (const [method, path] of unknown) {
          const { body, status } = yield* call(method, path)
          assert.deepStrictEqual([status, body["error"]], [404, "DeviceUnknown"])
          assert.match(String(body["message"]), /^No login was started .* Start one with POST/)
        }
        for (const [method, path] of [["GET", "/nowhere"], ["PUT", "/devices/b"], ["POST", "/"]] as const) {
          const { body, headers, status } = yield* call(method, path)
          assert.deepStrictEqual([status, body["error"], headers["cache-control"]], [404, "RouteUnknown", "no-store"])
          assert.match(String(body["message"]), /^There is no such route\./)
        }
        const wrong = ["/devices/a%07b/login", `/devices/${"a".repeat(201)}/login`, "/devices/a/login?again=perhaps"]
        for (const path of wrong) {
          const { body, status } = yield* call("POST", path)
          assert.strictEqual(status, 400, path)
          assert.match(String(body["message"]), /\.$/)
        }
        // an id of 200 characters, each of which is three in the path
        assert.strictEqual((yield* call("POST", `/devices/${"%3C".repeat(200)}/login`)).status, 200)
      })))

  it.effect("respond with 503 while the store fails, and with 502 if the service does, and name no host or table", () => {
    const broken = Layer.effect(
      LoginStore.LoginStore,
      Effect.map(LoginStore.LoginStore, (store): LoginStore.Service => ({
        ...store,
        get: () =>
          Effect.fail(
            new LoginStore.LoginStoreError({
              store: "PostgreSQL",
              operation: "get",
              reason: "unavailable",
              detail: "the table secret_table of db.internal does not respond"
            })
          )
      }))
    ).pipe(Layer.provide(LoginStore.layerMemory))
    const lines: Array<string> = []
    const quiet = Logger.layer([Logger.make(({ message }) => void lines.push(String(message)))])
    const start = Effect.flatMap(processOf(), ({ call }) => call("POST", "/devices/a/login"))
    return Effect.gen(function*() {
      const store = yield* Effect.provide(start, shared({}, broken).layer)
      assert.deepStrictEqual([store.status, store.headers["retry-after"]], [503, "5"])
      const service = yield* Effect.provide(
        start,
        shared({ start: [Service.exception("UnauthorizedClientException", "unauthorized_client")] }).layer
      )
      assert.strictEqual(service.status, 502)
      assert.notMatch(store.text + service.text, /secret_table|internal|amazonaws|The service says/)
      assert.match(lines.join("\n"), /LoginStoreError: .*secret_table/)
    }).pipe(Effect.provide(quiet))
  })

  it.effect("poll earlier for a hurried device whose wait was stretched (W11)", () => {
    const { layer, service } = shared({ polls: [Service.pending] })
    return Effect.gen(function*() {
      const { call } = yield* processOf({ gap: true })
      yield* call("POST", "/devices/a/login")
      yield* seconds(301)
      const before = service.polls()
      assert.strictEqual((yield* call("POST", "/devices/a/hurry")).status, 204)
      yield* seconds(6)
      assert.strictEqual(service.polls().length, before.length + 1)
    }).pipe(Effect.provide(layer))
  })

  it.effect("send the changes of a login as events, until its end", () =>
    withProcess({}, ({ call }) =>
      Effect.gen(function*() {
        yield* call("POST", "/devices/a/login")
        const events = yield* Effect.forkChild(call("GET", "/devices/a/events"), { startImmediately: true })
        yield* seconds(15)
        const { headers, text } = yield* Fiber.join(events)
        assert.strictEqual(headers["content-type"], "text/event-stream")
        const seen = text.split("\n\n").filter((one) => one !== "").map((one) => JSON.parse(one.replace("data: ", "")))
        assert.strictEqual(seen[0]["state"], "waiting")
        assert.deepStrictEqual(seen.at(-1), { id: "a", state: "approved" })
      })))

  it.effect("end open events and the readiness when the process stops, but not its life", () =>
    withProcess({ polls: [Service.pending] }, ({ call, stopping }) =>
      Effect.gen(function*() {
        yield* call("POST", "/devices/a/login")
        const events = yield* Effect.forkChild(call("GET", "/devices/a/events"), { startImmediately: true })
        yield* seconds(3)
        assert.strictEqual((yield* call("GET", "/readyz")).status, 200)
        assert.isUndefined(events.pollUnsafe())
        yield* stopping.begin
        assert.include((yield* Fiber.join(events)).text, "waiting")
        assert.strictEqual((yield* call("GET", "/readyz")).status, 503)
        assert.strictEqual((yield* call("GET", "/healthz")).status, 200)
        assert.include((yield* call("GET", "/")).text, "which stops")
      })))
})

// -----------------------------------------------------------------------------
// several processes
// -----------------------------------------------------------------------------

describe("the processes of the fleet", () => {
  it.effect("give the token of a login whose process has ended (W7)", () => {
    const devices = devicesOf()
    const { layer } = shared({ polls: [Service.pending, Service.pending, Service.token({ accessToken })] })
    return Effect.gen(function*() {
      const first = yield* Scope.make()
      const { call } = yield* Scope.provide(processOf(), first)
      yield* call("POST", "/devices/a/login")
      yield* seconds(6)
      yield* Scope.close(first, Exit.void)
      const second = yield* processOf({ devices: devices.layer })
      yield* seconds(60)
      assert.deepStrictEqual((yield* second.call("GET", "/devices/a")).body["state"], "ready")
      assert.deepStrictEqual(devices.given, [`a ${accessToken}`])
    }).pipe(Effect.provide(layer))
  })

  it.effect("give a token once more if a process ends before its device has it (W6)", () => {
    // the first process never ends its call
    const devices = devicesOf(Effect.never)
    const { layer } = shared({})
    return Effect.gen(function*() {
      const first = yield* Scope.make()
      const { call } = yield* Scope.provide(processOf({ devices: devices.layer }), first)
      yield* call("POST", "/devices/a/login")
      yield* seconds(12)
      assert.strictEqual((yield* call("GET", "/devices/a")).body["state"], "approved")
      yield* Scope.close(first, Exit.void)
      const second = yield* processOf({ devices: devices.layer })
      yield* seconds(12)
      assert.strictEqual((yield* second.call("GET", "/devices/a")).body["state"], "ready")
      assert.deepStrictEqual(devices.given, [`a ${accessToken}`, `a ${accessToken}`])
    }).pipe(Effect.provide(layer))
  })

  it.effect("give a token once more after a fault in the code that gives it, and log no secret (W6, W8)", () => {
    const devices = devicesOf(Effect.die(new TypeError(accessToken)))
    const lines: Array<string> = []
    const logger = Logger.make(({ message }) => void lines.push(String(message)))
    return Effect.gen(function*() {
      const { call } = yield* processOf({ devices: devices.layer })
      yield* call("POST", "/devices/a/login")
      yield* seconds(25)
      assert.strictEqual((yield* call("GET", "/devices/a")).body["state"], "ready")
      assert.deepStrictEqual(devices.given, [`a ${accessToken}`, `a ${accessToken}`])
      assert.deepStrictEqual(lines, ["A login was not settled: a fault (TypeError)."])
    }).pipe(Effect.provide([shared({}).layer, Logger.layer([logger])]))
  })
})

// -----------------------------------------------------------------------------
// the page
// -----------------------------------------------------------------------------

describe("the status page of the fleet", () => {
  it.effect("escapes the id of a device, and has no script", () =>
    withProcess({}, ({ call }) =>
      Effect.gen(function*() {
        const hostile = "<script>alert(1)</script>\"'&amp;<img src=x onerror=1>"
        yield* call("POST", `/devices/${encodeURIComponent(hostile)}/login`)
        const { headers, text } = yield* call("GET", "/")
        assert.include(text, "&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;amp;&lt;img src=x onerror=1&gt;")
        assert.notMatch(text, /<script|<img|onerror=1>/)
        assert.match(headers["content-security-policy"] ?? "", /^default-src 'none'/)
        assert.match(headers["content-type"] ?? "", /^text\/html/)
      })))

  it.effect("shows the polls of a second, from the counter of polls", () =>
    Effect.gen(function*() {
      const { call } = yield* processOf()
      yield* call("POST", "/devices/a/login")
      yield* seconds(21) // a poll each 5 seconds
      assert.include((yield* call("GET", "/")).text, "polls a second</th><td>0.2</td>")
    }).pipe(
      Effect.provide(shared({ polls: [Service.pending] }).layer),
      Effect.provideService(Metric.MetricRegistry, new Map())
    ))

  it("escapes the name of the process too", () => {
    const none = { waiting: 0, ready: 0, denied: 0, expired: 0, lost: 0, failed: 0, cancelled: 0 }
    const figures = { pending: 0, pollsPerSecond: 0, backOffs: 0, lost: 0, approved: 0 }
    const page = Page.render({ name: "<b>", isStopping: false, counts: none, figures, latest: [] })
    assert.include(page, "This is process &lt;b&gt;.")
  })
})

// -----------------------------------------------------------------------------
// the settings
// -----------------------------------------------------------------------------

const key = Buffer.alloc(32, 7).toString("base64url")

const right = {
  DATABASE_URL: "postgres://fleet:Zk6PdRy1Mc@db:5432/fleet",
  SEALER_CURRENT: "2026-11",
  SEALER_KEYS: `2026-10=${key},2026-11=${key}`,
  AWS_REGION: "eu-west-1",
  SSO_START_URL: "https://my.awsapps.com/start"
}

const readFrom = (variables: Readonly<Record<string, string>>) =>
  Effect.provide(Settings.read, ConfigProvider.layer(ConfigProvider.fromEnvRecord(variables)))

describe("the settings of the fleet", () => {
  it.effect("are read from the environment, with the defaults of one machine", () =>
    Effect.gen(function*() {
      const { client, cluster, drain, http, startUrl, telemetry } = yield* readFrom(right)
      assert.deepStrictEqual([http, cluster], [
        { host: "127.0.0.1", port: 8080 },
        { host: "localhost", port: 34431 }
      ])
      assert.deepStrictEqual([client.region, client.endpoint, startUrl, telemetry], [
        "eu-west-1",
        undefined,
        "https://my.awsapps.com/start",
        undefined
      ])
      assert.strictEqual(Duration.toMillis(drain), 0)
      const more = yield* readFrom({
        ...right,
        HOST: "0.0.0.0",
        PORT: "80",
        CLUSTER_HOST: "10.0.0.7",
        CLUSTER_PORT: "9000",
        DRAIN: "5 seconds",
        OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318",
        AWS_ENDPOINT_URL_SSO_OIDC: "http://127.0.0.1:8484"
      })
      assert.deepStrictEqual([more.http, more.cluster], [
        { host: "0.0.0.0", port: 80 },
        { host: "10.0.0.7", port: 9000 }
      ])
      assert.deepStrictEqual([more.telemetry?.href, more.client.endpoint], [
        "http://collector:4318/",
        "http://127.0.0.1:8484"
      ])
      assert.strictEqual(Duration.toSeconds(more.drain), 5)
      assert.notInclude(inspect(more, { depth: 8 }), "Zk6PdRy1Mc")
    }))

  it.effect("that are missing are all named in one error", () =>
    Effect.gen(function*() {
      const { message } = yield* Effect.flip(readFrom({}))
      for (const name of Object.keys(right)) assert.include(message, name)
      assert.match(message, /^The fleet cannot start\. DATABASE_URL must be .*\. Set the variable\./)
    }))

  const wrong: ReadonlyArray<readonly [string, string]> = [
    ["DATABASE_URL", "mysql://fleet:Zk6PdRy1Mc@db/fleet"],
    ["DATABASE_URL", "Zk6PdRy1Mc"],
    ["SEALER_KEYS", "2026-11=Zk6PdRy1Mc"],
    ["SEALER_CURRENT", "Zk6PdRy1Mc"],
    ["AWS_REGION", ""],
    ["SSO_START_URL", "http://Zk6PdRy1Mc"],
    ["PORT", "Zk6PdRy1Mc"],
    ["CLUSTER_PORT", "70000"],
    ["DRAIN", "Zk6PdRy1Mc"],
    ["SWEEP", "0 seconds"],
    ["OTEL_EXPORTER_OTLP_ENDPOINT", "Zk6PdRy1Mc"]
  ]
  for (const [name, value] of wrong) {
    it.effect(`with ${name} as "${value}" are refused with its name, and without its value`, () =>
      Effect.gen(function*() {
        const { message, problems } = yield* Effect.flip(readFrom({ ...right, [name]: value }))
        assert.lengthOf(problems, 1)
        assert.include(message, name)
        assert.notInclude(message, "Zk6PdRy1Mc")
      }))
  }

  it.live("that are missing end the program with one line and exit code 1", () =>
    Effect.gen(function*() {
      const program = join(import.meta.dirname, "../../example-fleet/src/process.ts")
      const running = yield* Child.run(process.execPath, { args: [program], env: { ...right, AWS_REGION: "" } })
      const { code, stderr, stdout } = yield* running.ended
      assert.deepStrictEqual([code, stdout], [1, ""])
      assert.strictEqual(
        stderr,
        "The fleet cannot start. AWS_REGION must be the region of the access portal, such as eu-west-1. Set the variable.\n"
      )
    }))
})

/**
 * Finds a part of a secret, in any form. Traces are full of random digits, so that eight equal characters say nothing there. Sixteen do.
 */
const leakIn = (text: string, all: ReadonlyArray<string>): string | undefined =>
  all.flatMap(Leaks.formsOf)
    .flatMap((form) =>
      Array.from({ length: Math.floor(form.length / 16) }, (_, at) => form.slice(at * 16, at * 16 + 16))
    )
    .find((part) => text.includes(part))

// -----------------------------------------------------------------------------
// the collector
// -----------------------------------------------------------------------------

describe("the collector of the fleet", () => {
  it.effect("gets the five metrics and the spans, with no secret, no code, and no id in a metric (W8)", () =>
    Effect.gen(function*() {
      const collector = yield* Layer.build(Collector.layer)
      const { received, url } = Context.get(collector, Collector.Collector)
      yield* Effect.gen(function*() {
        const { call } = yield* processOf()
        yield* call("POST", "/devices/device-of-the-test/login")
        yield* seconds(30)
        assert.strictEqual((yield* call("GET", "/devices/device-of-the-test")).body["state"], "ready")
        assert.strictEqual((yield* call("GET", "/")).status, 200)
      }).pipe(
        Effect.scoped,
        Effect.provide(shared({ polls: [Service.slowDown(), ...approved] }).layer),
        // its scope ends last, so that nothing stays behind
        Effect.provide(Telemetry.layer(new URL(url), "localhost:1")),
        Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnvRecord({ OTEL_EXPORTER_OTLP_ENDPOINT: url })))
      )
      const totals = Collector.totalsOf(received)
      for (const { id } of Object.values(LoginMetrics)) assert.isTrue(totals.has(id), id)
      const valueOf = (name: string) => totals.get(`sso_oidc.logins.${name}`)
      assert.deepStrictEqual(["pending", "polls", "back_offs", "lost"].map((name) => valueOf(name)?.value), [
        0,
        3,
        1,
        0
      ])
      assert.strictEqual(valueOf("approval_time")?.count, 1)
      const spans = Collector.spansOf(received)
      assert.isAtLeast(spans.get("Fleet.start") ?? 0, 1)
      assert.isAtLeast(spans.get("Logins.start") ?? 0, 1)
      const texts = received.map(({ body }) => body).join("\n")
      assert.notInclude(texts, userCode)
      assert.isUndefined(leakIn(texts, Object.values(secrets)))
      const metrics = received.filter(({ path }) => path === "/v1/metrics").map(({ body }) => body).join("\n")
      assert.notInclude(metrics, "device-of-the-test")
    }).pipe(Effect.provideService(Metric.MetricRegistry, new Map())))
})

// -----------------------------------------------------------------------------
// two real processes
// -----------------------------------------------------------------------------

/** A request to a real process. Gives the text of its response. */
const fetched = (method: string, url: string) => Effect.promise(async () => (await fetch(url, { method })).text())

/** Asks until the device is in this state. */
const becomes = (machine: Machine.Machine, id: string, state: string) =>
  fetched("GET", `${machine.url}/devices/${id}`).pipe(
    Effect.repeat({ until: (text) => JSON.parse(text).state === state, schedule: Schedule.spaced("200 millis") })
  )

describe("the show of the fleet", () => {
  it.live("refuses an unknown option, with its usage and exit code 2", () =>
    Effect.gen(function*() {
      const program = join(import.meta.dirname, "../../example-fleet/src/main.ts")
      for (const arg of ["--stays", "stay"]) {
        const { code, stderr, stdout } = yield* (yield* Child.run(process.execPath, { args: [program, arg] })).ended
        assert.deepStrictEqual([code, stdout], [2, ""])
        assert.match(stderr, /^There is no such option\.\nUsage: .*\[--stay\]\n$/)
      }
    }).pipe(Effect.scoped))
})

describe("two processes of the fleet on PostgreSQL", () => {
  it.live("lose no login when one is stopped, and no secret leaves them (W7, W8)", () =>
    Effect.gen(function*() {
      const { authorizations, state } = yield* Emulator.Emulator
      const { received } = yield* Collector.Collector
      const env = yield* variables(yield* Postgres.database)
      const [a, b] = [yield* Machine.make(env), yield* Machine.make(env)]
      yield* Effect.all([a.start, b.start], { concurrency: 2 })
      const texts: Array<string> = []
      const codes: Array<string> = []
      for (const [id, machine] of [["one", a], ["two", a], ["three", b]] as const) {
        const text = yield* fetched("POST", `${machine.url}/devices/${id}/login`)
        codes.push(JSON.parse(text).userCode)
        texts.push(text)
      }
      const stopped = yield* a.end("SIGTERM")
      assert.strictEqual(stopped.code, 0)

      // B never watched the first two
      yield* Effect.forEach(codes, authorizations.approve)
      for (const id of ["one", "two", "three"]) texts.push(yield* becomes(b, id, "ready"))
      texts.push(yield* fetched("GET", `${b.url}/`))
      const last = yield* b.end("SIGTERM")
      assert.strictEqual(last.code, 0)

      const totals = Collector.totalsOf(received)
      assert.strictEqual(totals.get("sso_oidc.logins.lost")?.value, 0)
      assert.isAtLeast(totals.get("sso_oidc.logins.polls")?.value ?? 0, 3)
      const { accessTokens, deviceAuthorizations, registrations, sessions } = yield* state.snapshot
      const issued = [
        ...accessTokens.map(({ accessToken }) => accessToken),
        ...deviceAuthorizations.map(({ deviceCode }) => deviceCode),
        ...registrations.map(({ clientSecret }) => clientSecret),
        ...sessions.map(({ refreshToken }) => refreshToken)
      ].map(Redacted.value)
      assert.isAtLeast(issued.length, 8)
      const all = [
        ...texts,
        ...[stopped, last].map((ended) => inspect(ended)),
        ...received.map(({ body }) => body)
      ]
      assert.isUndefined(leakIn(all.join("\n"), [...issued, env.SEALER_KEYS.replace("show=", "")]))
    }).pipe(
      Effect.scoped,
      Effect.provide(Layer.mergeAll(EmulatorServer.layer({ interval: "1 second" }), Collector.layer)),
      Effect.provideService(References.MinimumLogLevel, "Warn")
    ))
})
