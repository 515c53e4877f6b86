import { assert, describe, it } from "@effect/vitest"
import * as Logins from "@sso-oidc/durable/Logins"
import * as LoginStore from "@sso-oidc/durable/LoginStore"
import * as Step from "@sso-oidc/durable/Step"
import * as Service from "@sso-oidc/test-kit/scriptedService"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/testing/TestClock"
import * as Workflow from "effect/workflow/Workflow"
import { readFileSync, writeFileSync } from "node:fs"
import { options, sealing } from "./support/login.ts"
import { engines, seconds } from "./support/logins.ts"
import * as Processes from "./support/processes.ts"

/**
 * The rows that release 0.1 wrote, by the name of their state, and the payload of an execution. Record them anew only with a release that
 * writes another form, into a file of its own:
 *
 *     RECORD_ROWS=1 node .ci/node.mjs node_modules/vitest/vitest.mjs run --project laws packages/durable/test/Logins.releases.test.ts
 */
const file = new URL("./fixtures/rows-0.1.json", import.meta.url)

interface Recorded {
  /** When they were recorded, in milliseconds since 1970. */
  readonly now: number
  readonly payload: { readonly version: number; readonly id: string; readonly attempt: string }
  readonly rows: Readonly<Record<string, LoginStore.Row>>
}

const recorded: Effect.Effect<Recorded> = Effect.sync(() => JSON.parse(readFileSync(file, "utf8")))

const startOf = (id: string) => Effect.flatMap(Logins.Logins, (logins) => logins.start({ ...options, id }))
const getOf = (id: string) => Effect.flatMap(Logins.Logins, (logins) => logins.get(id))

const accessTokenOf = (id: string) =>
  Effect.flatMap(
    Logins.Logins,
    (logins) => Effect.map(logins.take(id), ({ accessToken }) => Redacted.value(accessToken))
  )

const record = Effect.gen(function*() {
  const store = yield* LoginStore.LoginStore
  const engine = engines["the memory engine"]
  const made = (polls: ReadonlyArray<Service.ScriptedResponse>, isDown = false) =>
    Processes.make({
      service: Service.make({ polls }),
      engine: Processes.failing(engine, () => isDown),
      sealer: sealing
    })
  const pending = yield* made([Service.slowDown(), Service.cut("no")])
  const denied = yield* made([Service.exception("AccessDeniedException", "access_denied")])
  const approving = yield* made([Service.token()])
  const empty = yield* made([{ ...Service.token(), body: { tokenType: "Bearer", expiresIn: 1 } }])
  const stopping = yield* made([Service.pending])
  yield* (yield* made([], true)).run(startOf("new"))
  for (const id of ["held", "hurried"]) yield* pending.run(startOf(id))
  yield* stopping.run(startOf("released"))
  for (const id of ["cancelled", "failed"]) yield* denied.run(startOf(id))
  for (const id of ["approved", "taken"]) yield* approving.run(startOf(id))
  yield* empty.run(startOf("lost"))
  yield* denied.run(Effect.flatMap(Logins.Logins, (logins) => logins.cancel("cancelled")))
  yield* Effect.provide(Step.start({ ...options, id: "step" }), Layer.merge(Service.make({}).layer, sealing))
  yield* seconds(12)
  yield* approving.run(accessTokenOf("taken"))
  yield* pending.freeze
  yield* denied.run(Effect.flatMap(Logins.Logins, (logins) => logins.hurry("hurried")))
  yield* stopping.stop
  yield* seconds(1)
  const names = ["new", "held", "hurried", "released", "cancelled", "failed", "approved", "taken", "lost", "step"]
  const rows = yield* Effect.forEach(names, (id) => Effect.map(store.get(id), (row) => [id, row] as const))
  const attempt = rows[0]?.[1]?.attempt ?? ""
  const all = { now: 13_000, payload: { version: 1, id: "new", attempt }, rows: Object.fromEntries(rows) }
  writeFileSync(file, `${JSON.stringify(all, undefined, 2)}\n`)
})

describe("the rows of this release", () => {
  it.effect.runIf(process.env["RECORD_ROWS"] !== undefined)("are recorded", () => Processes.sharing(record))
})

describe.each(Object.entries(engines))("the rows of release 0.1 on %s", (_, engine) => {
  /** A process that finds the recorded rows at their time. */
  const found = (service: ReturnType<typeof Service.make>, only?: string) =>
    Effect.gen(function*() {
      const { now, rows } = yield* recorded
      const store = yield* LoginStore.LoginStore
      yield* TestClock.setTime(now)
      for (const [id, row] of Object.entries(rows)) {
        if (only === undefined || only === id) assert.isTrue(yield* store.insert(id, row))
      }
      return yield* Processes.make({ service, engine, sealer: sealing, random: () => 0 })
    })

  it.effect.each([["new", 0], ["released", 2], ["held", 10], ["hurried", 5]] as const)(
    "the pending row %s is driven to its token, %s seconds after it was handed over (W2, W3)",
    ([id, wait]) => {
      const service = Service.make({ polls: [Service.token()] })
      return Effect.gen(function*() {
        const one = yield* found(service, id)
        assert.strictEqual((yield* one.run(getOf(id))).state, "pending")
        yield* one.handOver(id)
        yield* seconds(25)
        const { now } = yield* recorded
        // WebCrypto responds when it likes, while the clock of the test moves on
        const [first = 0] = service.polls()
        assert.isAtLeast(first - now / 1000, wait)
        assert.isAtMost(first - now / 1000, wait + 7)
        assert.strictEqual(service.polls().length, 1)
        assert.strictEqual(yield* one.run(accessTokenOf(id)), "access-token-1")
      }).pipe(Processes.sharing)
    }
  )

  it.effect("the upkeep hands over what no process holds, and leaves the row of a function (W2)", () => {
    const service = Service.make({ polls: [Service.token()] })
    return Effect.gen(function*() {
      const one = yield* found(service)
      yield* seconds(60)
      const states = yield* Effect.forEach(
        ["new", "released", "hurried", "held", "step"],
        (id) => Effect.map(one.run(getOf(id)), ({ state }) => state)
      )
      assert.deepStrictEqual(states, ["approved", "approved", "approved", "pending", "pending"])
      const stepped = yield* Effect.provide(Step.step("step"), Layer.merge(service.layer, sealing))
      assert.strictEqual(stepped._tag, "Approved")
    }).pipe(Processes.sharing)
  })

  it.effect("ended rows say how they ended, and an approved one gives its token (W2)", () => {
    const service = Service.make({})
    return Effect.gen(function*() {
      const one = yield* found(service)
      assert.deepStrictEqual(yield* one.run(getOf("approved")), { state: "approved", id: "approved", isTaken: false })
      assert.strictEqual(yield* one.run(accessTokenOf("approved")), "access-token-1")
      assert.deepStrictEqual(yield* one.run(getOf("taken")), { state: "approved", id: "taken", isTaken: true })
      assert.deepStrictEqual(yield* one.run(getOf("cancelled")), { state: "cancelled", id: "cancelled" })
      for (const [id, tag] of [["failed", "AccessDeniedException"], ["lost", "TokenPossiblyLost"]] as const) {
        const login = yield* one.run(getOf(id))
        assert.strictEqual(login.state === "failed" && login.error._tag, tag)
      }
      assert.deepStrictEqual(service.paths(), [])
    }).pipe(Processes.sharing)
  })

  it.effect("the payload of release 0.1, and one of a later release with more members, are driven (W2)", () => {
    const service = Service.make({ polls: [Service.token()] })
    return Effect.gen(function*() {
      const { payload, rows } = yield* recorded
      const attempt = rows["released"]?.attempt ?? ""
      /** The workflow as a later release may have it. */
      const later = Workflow.make("sso-oidc/Login", {
        payload: { version: Schema.Int, id: Schema.String, attempt: Schema.String, cell: Schema.String },
        idempotencyKey: ({ attempt, id }) => `${attempt}/${id}`
      })
      const same = Workflow.make("sso-oidc/Login", {
        payload: { version: Schema.Int, id: Schema.String, attempt: Schema.String },
        idempotencyKey: ({ attempt, id }) => `${attempt}/${id}`
      })
      const one = yield* found(service)
      yield* one.engine(same.execute(payload, { discard: true }))
      yield* one.engine(later.execute({ version: 2, id: "released", attempt, cell: "a" }, { discard: true }))
      yield* seconds(5)
      for (const id of ["new", "released"]) assert.strictEqual((yield* one.run(getOf(id))).state, "approved", id)
    }).pipe(Processes.sharing)
  })
})
