import { assert, describe, it } from "@effect/vitest"
import * as Logins from "@sso-oidc/durable/Logins"
import * as Service from "@sso-oidc/test-kit/scriptedService"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { options } from "./support/login.ts"
import { engines, seconds } from "./support/logins.ts"
import * as Processes from "./support/processes.ts"

const hurry = Effect.flatMap(Logins.Logins, (logins) => logins.hurry(options.id))

/** A process whose login polls by a script, and the journal of its writes and polls. */
const made = (
  engine: Processes.Engine,
  polls: ReadonlyArray<Service.ScriptedResponse>,
  more: Partial<Processes.Settings> = {}
) =>
  Effect.gen(function*() {
    const service = Service.make({ polls })
    const { oidc, since, store } = Processes.journal()
    const process = yield* Processes.make({ service, engine, oidc, store, ...more })
    yield* process.run(Processes.start)
    yield* seconds(1)
    // the row, and its take-over
    assert.deepStrictEqual(since(), ["insert", "set"])
    return { process, service, since }
  })

describe.each(Object.entries(engines))("what logins write on %s", (_, engine) => {
  it.effect("polls that bring authorization_pending write nothing, for as long as the code lives (W4)", () =>
    Effect.gen(function*() {
      const { since } = yield* made(engine, [Service.pending])
      yield* seconds(590)
      assert.deepStrictEqual(since(), Array<string>(118).fill("poll"))
      yield* seconds(10)
      assert.deepStrictEqual(since(), ["poll", "end"])
    }).pipe(Processes.sharing))

  it.effect("a clock of a test that moves 20 minutes at once makes no writes (W4, W5)", () => {
    const service = Service.make({
      start: [Service.code({ expiresIn: 10_000, interval: 60 })],
      polls: [Service.pending]
    })
    return Effect.gen(function*() {
      const { oidc, since, store } = Processes.journal()
      const process = yield* Processes.make({ service, engine, oidc, store })
      yield* process.run(Processes.start)
      yield* seconds(1)
      yield* TestClock.adjust("20 minutes")
      assert.deepStrictEqual(since(), ["insert", "set", ...Array<string>(20).fill("poll")])
    }).pipe(Processes.sharing)
  })

  it.effect("slow_down, a transient failure, the first response after it and the outcome write one row each (W4)", () =>
    Effect.gen(function*() {
      const responses = [
        Service.pending,
        Service.slowDown(),
        Service.pending,
        Service.cut("no"),
        Service.gateway(503),
        Service.pending,
        Service.pending,
        Service.token()
      ]
      const { since } = yield* made(engine, responses)
      yield* seconds(200)
      const written = Array.from({ length: 5 }, () => ["poll", "set"]).flat()
      assert.deepStrictEqual(since(), ["poll", ...written, "poll", "poll", "end"])
    }).pipe(Processes.sharing))

  it.effect("with write: \"everyPoll\", each poll writes one row, and a take-over knows the last response (W4)", () =>
    Effect.gen(function*() {
      const { process, since } = yield* made(engine, [Service.pending], { options: { write: "everyPoll" } })
      yield* seconds(15)
      assert.deepStrictEqual(since(), ["poll", "set", "poll", "set", "poll", "set"])
      const login = yield* process.run(Processes.get)
      assert.strictEqual(login.state === "pending" && login.nextPollAt.epochMilliseconds, 20_000)
    }).pipe(Processes.sharing))

  it.effect("a hurry in the same process writes nothing, and one from another process writes one row there (W4)", () =>
    Effect.gen(function*() {
      const { process, since, service } = yield* made(engine, [Service.pending], { options: { gap: true } })
      yield* process.run(hurry)
      yield* seconds(1)
      assert.deepStrictEqual(since(), [])
      const other = Processes.journal()
      const client = yield* Processes.make({ service, engine, isClient: true, store: other.store })
      yield* client.run(hurry)
      assert.deepStrictEqual(other.since(), ["set"])
      yield* seconds(2)
      // its holder writes its name again
      assert.deepStrictEqual(since(), ["set"])
    }).pipe(Processes.sharing))

  it.effect("a release writes one row, and so does a cancel (W4, W7)", () =>
    Effect.gen(function*() {
      const { process, since } = yield* made(engine, [Service.pending])
      yield* process.stop
      yield* seconds(1)
      assert.deepStrictEqual(since(), ["set"])
      const other = yield* made(engine, [Service.pending]).pipe(Processes.sharing)
      yield* other.process.run(Effect.flatMap(Logins.Logins, (logins) => logins.cancel(options.id)))
      yield* seconds(20)
      assert.deepStrictEqual(other.since(), ["end"])
    }).pipe(Processes.sharing))

  it.effect("looking, waiting and following write nothing (W4)", () =>
    Effect.gen(function*() {
      const { process, since } = yield* made(engine, [Service.pending])
      yield* Effect.forkChild(process.run(Effect.flatMap(Logins.Logins, (logins) => logins.token(options.id))))
      for (let round = 0; round < 5; round++) yield* Effect.andThen(process.run(Processes.get), seconds(1))
      assert.deepStrictEqual(since(), ["poll"])
    }).pipe(Processes.sharing))
})
