/**
 * The whole fleet on one machine, as a story of half a minute: `pnpm example:fleet`. With `--stay` it goes on until Ctrl-C.
 *
 * It needs nothing but this workspace: PostgreSQL comes from a package, and the emulator plays AWS.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import * as Postgres from "@sso-oidc/test-kit/postgres"
import * as Clock from "effect/Clock"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Layer from "effect/Layer"
import * as References from "effect/References"
import * as Schema from "effect/Schema"
import { parseArgs } from "node:util"
import * as Collector from "./show/Collector.ts"
import * as Machine from "./show/Machine.ts"
import * as Person from "./show/Person.ts"
import { variables } from "./show/Variables.ts"

/** Whether it goes on until Ctrl-C. */
const given = () => {
  try {
    return parseArgs({ options: { stay: { type: "boolean", default: false } } }).values
  } catch {
    process.stderr.write("There is no such option.\nUsage: pnpm example:fleet [--stay]\n")
    return process.exit(2)
  }
}

const { stay } = given()

const size = 40

const idOf = (n: number) => `device-${String(n + 1).padStart(2, "0")}`

const stateOf = (machine: Machine.Machine, id: string) =>
  HttpClient.get(`${machine.url}/devices/${id}`).pipe(
    Effect.flatMap(HttpClientResponse.schemaBodyJson(Schema.Struct({ state: Schema.String }))),
    Effect.map(({ state }) => state)
  )

/** How many devices are in each state, such as `ready 30, denied 4`. */
const told = Effect.fnUntraced(function*(machine: Machine.Machine) {
  const counts = new Map<string, number>()
  for (let n = 0; n < size; n++) {
    const state = yield* stateOf(machine, idOf(n))
    counts.set(state, (counts.get(state) ?? 0) + 1)
  }
  return [...counts].map(([state, count]) => `${state} ${count}`).join(", ")
})

const arrived = Effect.gen(function*() {
  const { received } = yield* Collector.Collector
  const spans = [...Collector.spansOf(received).values()].reduce((all, count) => all + count, 0)
  const totals = Collector.totalsOf(received)
  const valueOf = (name: string) => totals.get(`sso_oidc.logins.${name}`)?.value ?? 0
  const approvals = totals.get("sso_oidc.logins.approval_time")
  const mean = approvals === undefined || approvals.count === 0
    ? "none"
    : (approvals.value / approvals.count).toFixed(1)
  yield* Console.log(`
The collector got ${received.length} requests, with ${spans} spans and ${totals.size} metrics:
  polls ${valueOf("polls")}, back-offs ${valueOf("back_offs")}, lost ${
    valueOf("lost")
  }, mean time to approve ${mean} s`)
})

const story = Effect.gen(function*() {
  yield* Console.log("PostgreSQL, the emulator of AWS and a collector start.")
  const postgres = yield* Postgres.make()
  const env = yield* variables(postgres.urlOf("postgres"))
  const a = yield* Machine.make(env)
  const b = yield* Machine.make(env)
  yield* Effect.all([a.start, b.start], { concurrency: 2 })
  yield* Person.persons
  const begun = yield* Clock.currentTimeMillis
  const say = (text: string) =>
    Effect.flatMap(
      Clock.currentTimeMillis,
      (now) => Console.log(`${((now - begun) / 1000).toFixed(0).padStart(3)} s  ${text}`)
    )
  /** Waits until so many seconds of the story have passed. */
  const until = (seconds: number) =>
    Effect.flatMap(Clock.currentTimeMillis, (now) => Effect.sleep(Math.max(0, begun + seconds * 1000 - now)))

  yield* Console.log(`Two processes of the fleet run. Their status pages:
  A  ${a.url}/
  B  ${b.url}/
`)
  yield* Effect.forEach(
    Array.from({ length: size }, (_, n) => n),
    (n) => HttpClient.post(`${(n % 2 === 0 ? a : b).url}/devices/${idOf(n)}/login`),
    { concurrency: 8 }
  )
  yield* say(`${size} devices have a code, by turns from A and B. Persons approve, deny, or never come.`)
  yield* HttpClient.del(`${a.url}/devices/${idOf(5)}/login`)
  yield* HttpClient.post(`${a.url}/devices/${idOf(6)}/hurry`)
  yield* say("One login was cancelled, and one is hurried.")

  yield* until(6)
  yield* say("B gets SIGTERM.")
  const { code } = yield* b.end("SIGTERM")
  yield* say(`B has ended with code ${code}. It released its logins, and A polls for them. ${yield* told(a)}`)
  yield* b.start
  yield* say("B runs again.")

  yield* until(11)
  yield* a.end("SIGKILL")
  yield* say("A is killed. B takes its logins over, which takes some seconds.")
  yield* until(14)
  yield* a.start
  yield* say(`A runs again. ${yield* told(b)}`)

  yield* until(30)
  yield* say(`The end. ${yield* told(a)}`)
  yield* arrived
  if (stay) {
    yield* Console.log(`
It goes on until Ctrl-C. To start a login of your own:
  curl -X POST ${a.url}/devices/mine/login`)
    return yield* Effect.never
  }
  const ended = yield* Effect.all([a.end("SIGTERM"), b.end("SIGTERM")], { concurrency: 2 })
  yield* Console.log(`\nBoth processes have ended, with code ${ended.map(({ code }) => code).join(" and ")}.`)
})

story.pipe(
  Effect.scoped,
  Effect.provide(Layer.mergeAll(
    EmulatorServer.layer({ interval: "1 second", expiresIn: "2 minutes" }),
    Collector.layer,
    FetchHttpClient.layer
  )),
  // the emulator's log names each code
  Effect.provideService(References.MinimumLogLevel, "Warn"),
  NodeRuntime.runMain
)
