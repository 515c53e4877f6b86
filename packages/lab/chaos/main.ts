/**
 * `pnpm chaos`: logins on three runners, which are killed, frozen and asked to stop. An observer between the runners and the emulator believes
 * neither.
 *
 *     pnpm chaos [--seed N] [--full] [--logins N] [--engine postgres] [--json FILE]
 *
 * The seed decides the persons, the delays of the responses, and which runner is struck when and how. The machine decides how far each
 * process is at that time. The exit code is 1 if a law is violated.
 */
import * as Sealer from "@sso-oidc/core/Sealer"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as DurableNode from "@sso-oidc/durable/node/DurableNode"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import * as Postgres from "@sso-oidc/test-kit/postgres"
import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
import * as Cause from "effect/Cause"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as References from "effect/References"
import { randomBytes } from "node:crypto"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { monitorEventLoopDelay } from "node:perf_hooks"
import * as Arguments from "../arguments.ts"
import * as Database from "./database.ts"
import type { Dump, Secret, Seen } from "./events.ts"
import * as Fleet from "./fleet.ts"
import * as Judge from "./judge.ts"
import * as Observer from "./observer.ts"
import * as People from "./people.ts"
import * as Plan from "./plan.ts"
import * as Report from "./report.ts"
import * as Secrets from "./secrets.ts"

const usage = "pnpm chaos [--seed N] [--full] [--logins N] [--engine postgres] [--json FILE]"

const { fail, given, whole } = Arguments.reader(usage)

const values = given({
  seed: { type: "string" },
  full: { type: "boolean", default: false },
  logins: { type: "string", default: "300" },
  engine: { type: "string", default: "postgres" },
  json: { type: "string" }
})

const seed = values.seed === undefined ? Date.now() % 1e9 : whole("seed", values.seed)
const logins = whole("logins", values.logins)
const isFull = values.full
if (logins < 1 || logins > 5_000) fail(`--logins must be from 1 to 5000, not ${logins}`)
if (values.engine !== "postgres") fail(`--engine must be postgres, not ${values.engine}`)

const replay = `pnpm chaos --seed ${seed}${isFull ? " --full" : ""}${logins === 300 ? "" : ` --logins ${logins}`}`

/** How many copies of the database are made while the runners are struck. */
const mostDumps = 8

/** How long after the last deadline a row may be pending, in milliseconds. */
const patience = 30_000

const run = (folder: string) =>
  Effect.gen(function*() {
    const plan = Plan.make({ seed, logins, isFull })
    const held = monitorEventLoopDelay({ resolution: 10 })
    yield* Console.log(replay)

    const database = (yield* Postgres.make()).urlOf("postgres")
    const admin = yield* Layer.build(Postgres.client(database, { maxConnections: 2 }))
    const emulator = yield* Layer.build(EmulatorServer.layer({
      interval: `${Plan.interval} seconds`,
      expiresIn: `${plan.life} seconds`,
      capacity: logins + 10
    }))
    const { port } = yield* Effect.provideContext(EmulatorServer.EmulatorServer, emulator)
    const observer = yield* Observer.make(port, plan.delays)
    const began = Date.now() - observer.now()
    const key = randomBytes(32)
    const caller = yield* Layer.build(
      DurableNode.layerPostgresClient({
        url: Redacted.make(database),
        sealing: Layer.orDie(Sealer.layer({ current: "chaos", keys: { chaos: Redacted.make(new Uint8Array(key)) } }))
      }).pipe(
        Layer.provide(SsoOidc.layer({ region: "eu-west-1", endpoint: observer.url })),
        Layer.provide(NodeTransport.layer())
      )
    )
    yield* Effect.provideContext(Database.audit, admin)
    const persons = People.none()
    const loginOf = (deviceCode: string): number | undefined => {
      const start = observer.starts.find((one) => one.deviceCode === deviceCode)
      return start === undefined ? undefined : persons.logins.get(start.userCode)
    }
    const fleet = yield* Fleet.make({
      database,
      key: key.toString("hex"),
      observer,
      folder,
      runners: Plan.runners,
      beforeThaw: (runner, hurries) => {
        const codes = observer.polls.filter((poll) => poll.runner === runner).map(({ deviceCode }) => deviceCode)
        const found = [...new Set(codes.toReversed())].flatMap((code) => loginOf(code) ?? []).slice(0, hurries)
        return Effect.provideContext(Effect.forEach(found, People.hurry, { discard: true }), caller)
      }
    })
    yield* fleet.start
    const [broken] = fleet.failures
    if (broken !== undefined) return yield* Effect.die(new Error(broken))

    // the run
    held.enable()
    const start = observer.now()
    const crowd = yield* Effect.forEach(plan.people, (person) => People.live(person, persons, observer.now), {
      concurrency: "unbounded",
      discard: true
    }).pipe(Effect.provideContext(caller), Effect.provideContext(emulator), Effect.forkScoped)
    const dumps: Array<Dump> = []
    const copy = Effect.suspend(() => Database.dump(observer.now())).pipe(
      Effect.provideContext(admin),
      Effect.map((dump) => void dumps.push(dump))
    )
    const every = Math.ceil(plan.scenes.length / mostDumps)
    yield* Effect.sleep(Plan.prelude)
    for (const [n, scene] of plan.scenes.entries()) {
      yield* Console.error(
        `${((observer.now() - start) / 1000).toFixed(0).padStart(4)} s: ${
          scene.map(({ kind, moment }) => moment === "any" ? kind : `${kind} as a token is ${moment}`).join(", ")
        }`
      )
      yield* Effect.all([
        ...scene.map((strike) => Effect.delay(fleet.strike(strike), strike.at)),
        ...(n % every === 0 ? [Effect.delay(copy, "3 seconds")] : [])
      ], { concurrency: "unbounded" })
      yield* fleet.quiet
    }
    yield* Fiber.join(crowd)
    const last = Math.max(...plan.people.map(({ startAt }) => startAt)) + plan.life * 1000 + patience
    const pending = Effect.provideContext(Database.pending, admin)
    while ((yield* pending) > 0 && observer.now() - start < last) yield* Effect.sleep("250 millis")
    const millis = observer.now() - start
    held.disable()
    // the server publishes its counts a second late
    yield* Effect.sleep("1200 millis")
    yield* copy

    // what was seen
    const named = <A extends { readonly deviceCode?: string }>({ deviceCode, ...rest }: A) => {
      const login = deviceCode === undefined ? undefined : loginOf(deviceCode)
      return login === undefined ? rest : { ...rest, login }
    }
    const { issued, services } = yield* Effect.provideContext(People.served(loginOf), emulator)
    const ends = yield* Effect.forEach(plan.people, ({ login }) => People.endOf(login), { concurrency: 4 }).pipe(
      Effect.provideContext(caller)
    )
    const counts = yield* Effect.provideContext(Database.counts, admin)
    const seen: Seen = {
      logins,
      codes: observer.starts.flatMap(({ at, deviceCode, interval, life }) => {
        const login = loginOf(deviceCode)
        return login === undefined ? [] : [{ login, at, interval, life }]
      }),
      polls: observer.polls.map(named),
      blows: fleet.blows,
      cancels: persons.cancels,
      services,
      issued,
      ends,
      writes: yield* Effect.provideContext(Database.writes(began), admin),
      pendingRows: yield* pending,
      failures: [...persons.failures, ...fleet.failures]
    }

    // the judgement
    const judgement = Judge.judge(seen)
    const secrets: ReadonlyArray<Secret> = observer.secrets.map(named)
    const logs = [...fleet.logs].map(([name, path]) => [name, readFileSync(path, "utf8")] as const)
    const violations = [...judgement.violations, ...Secrets.violationsIn(secrets, dumps, logs)]
    const rows = dumps.flatMap((dump) => dump.rows)
    const struck = (kind: (typeof fleet.blows)[number]["kind"]) => fleet.blows.filter((blow) => blow.kind === kind)
    const figures: Report.Figures = {
      seed,
      isFull,
      logins,
      millis,
      wholeMillis: performance.now(),
      runners: Plan.runners,
      processes: fleet.started(),
      dumps: {
        copies: dumps.length,
        rows: rows.length,
        characters: rows.reduce((sum, [, text]) => sum + text.length, 0),
        secrets: secrets.length
      },
      ...counts,
      counted: fleet.counted(),
      blows: {
        SIGKILL: struck("SIGKILL").length,
        SIGSTOP: struck("SIGSTOP").length,
        SIGTERM: struck("SIGTERM").length
      },
      leaving: struck("SIGTERM").map(({ at, until }) => until - at),
      held: { p99: held.percentile(99) / 1e6, max: held.max / 1e6 }
    }
    yield* Console.log(`\n${Report.lines(judgement, violations, figures).join("\n")}\n`)
    yield* Console.log(Report.verdict(violations, replay).join("\n"))
    if (values.json !== undefined) {
      writeFileSync(values.json, JSON.stringify({ figures, judgement: { ...judgement, violations }, seen, plan }))
    }
    return violations.length
  })

/** The folder of the logs. It stays if anything is wrong. */
const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "sso-oidc-chaos-"))),
  (path, exit) =>
    Exit.isSuccess(exit) && exit.value === 0
      ? Effect.sync(() => rmSync(path, { recursive: true, force: true }))
      : Console.log(`logs: ${path}`)
)

const fiber = Effect.flatMap(folder, run).pipe(
  Effect.scoped,
  // the emulator tells each person's URL, which is a secret
  Effect.provideService(References.MinimumLogLevel, "Warn"),
  Effect.runFork
)
let signalled = 0
for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]] as const) {
  process.once(signal, () => {
    signalled = code
    fiber.interruptUnsafe()
  })
}
const exit = await Effect.runPromise(Fiber.await(fiber))
if (Exit.isFailure(exit) && signalled === 0) console.error(Cause.pretty(exit.cause))
process.exit(signalled > 0 ? signalled : Exit.isSuccess(exit) && exit.value === 0 ? 0 : 1)
