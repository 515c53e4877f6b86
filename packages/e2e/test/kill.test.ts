/**
 * A process that holds a refresh is killed, or stands still, and others ask for the token.
 */
import { assert, describe, it } from "@effect/vitest"
import * as CacheKey from "@sso-oidc/session/CacheKey"
import * as TokenStore from "@sso-oidc/session/TokenStore"
import * as Redis from "@sso-oidc/test-kit/redis"
import * as Kill from "@sso-oidc/test-kit/sessions/kill"
import * as KillRedis from "@sso-oidc/test-kit/sessions/kill-redis"
import * as Member from "@sso-oidc/test-kit/sessions/member"
import * as Service from "@sso-oidc/test-kit/sessions/service"
import * as Workers from "@sso-oidc/test-kit/sessions/workers"
import { isMissing } from "@sso-oidc/test-kit/tools"
import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { join } from "node:path"

const seed = 15

const start = (program: Workers.Program) => Effect.flatMap(Workers.bundle(program), Workers.startNode)

/** What the survivors told, in one word if they told the same. */
const toldIn = ({ told }: Kill.Run): string => [...new Set(told.map(({ _tag }) => _tag))].join(", ")

const outcome = (run: Kill.Run) => ({
  left: run.left,
  told: toldIn(run),
  requests: run.requests,
  violations: run.violations
})

const killed = Effect.fnUntraced(function*(plan: Kill.Plan, rotation: Service.Rotation) {
  const service = yield* Service.make(rotation)
  return yield* Kill.run(plan, service, rotation, Kill.files, yield* start("files"))
}, Effect.scoped)

/** What the process leaves at each point, how many requests are sent in all, and what the survivors tell under strict rotation. */
const expected: ReadonlyArray<readonly [Kill.Point, Kill.Left, requests: number, strict: string]> = [
  ["room made", "mark", 1, "Token"],
  ["request sent", "mark", 2, "SessionPossiblyLost"],
  ["response arrived", "mark", 2, "SessionPossiblyLost"],
  ["written", "response", 1, "Token"],
  ["synced", "response", 1, "Token"],
  ["renamed", "token", 1, "Token"]
]

/** A process whose request has taken effect, and that was stopped before the response arrived. */
const stopped = Effect.fnUntraced(function*(
  name: string,
  left: Duration.Input,
  requestTimeout: number,
  ground: Kill.Ground
) {
  const service = yield* Service.make("strict")
  const worker = yield* start(ground.hasFiles ? "files" : "redis")
  const stopping = yield* Deferred.make<void>()
  const login = yield* service.login(name, left, {
    before: 0,
    after: 200,
    onIssued: Effect.andThen(worker.signal("SIGSTOP"), Deferred.succeed(stopping, undefined))
  })
  const task: Member.Task = {
    ...(yield* ground.place),
    startUrl: Service.startUrl,
    name,
    endpoint: service.url,
    requestTimeout
  }
  const { key } = login.settings
  const store = Context.get(yield* Layer.build(ground.store(task)), TokenStore.TokenStore)
  yield* Effect.orDie(Kill.put({ key, store }, login.token))
  const other = yield* Member.make({ transport: NodeTransport.layer(), store: ground.store }, task)
  yield* worker.prepare({ ...task, requestTimeout: 30_000 })
  const asked = yield* Effect.forkChild(worker.go)
  yield* Effect.raceFirst(Deferred.await(stopping), Fiber.await(asked))
  return {
    login,
    old: Redacted.value(login.token.accessToken),
    file: join(task.place, yield* CacheKey.token(login.settings)),
    other,
    // Lets the process go on, and gives what it told.
    goOn: Effect.andThen(worker.signal("SIGCONT"), Fiber.join(asked))
  }
})

// The tests mostly wait. The limit is for a machine that is busy with other work.
describe.concurrent("a holder that does not go on", { timeout: 180_000 }, () => {
  describe("a process that is killed during its refresh", () => {
    it.live.each(expected)(
      "at the point \"%s\": nothing is lost that was written (S10)",
      ([point, left, requests, strict]) =>
        Effect.gen(function*() {
          const plan: Kill.Plan = { moment: point, before: 0, after: 0 }
          const run = yield* killed(plan, "strict")
          assert.deepStrictEqual(outcome(run), { left, told: strict, requests, violations: [] })
          if (strict === "Token") return
          const lenient = yield* killed(plan, "lenient")
          assert.deepStrictEqual(outcome(lenient), { left, told: "Token", requests, violations: [] })
        })
    )

    it.live(`at ten random times of the seed ${seed}: the file is whole, and all others tell the same (S10)`, () =>
      Effect.gen(function*() {
        const rotations = ["strict", "lenient"] as const
        const runs = yield* Effect.forEach(
          Array.from({ length: 10 }, (_, n) => n),
          (n) => killed(Kill.random(seed, n), rotations[n % 2] ?? "strict"),
          { concurrency: 3 }
        )
        assert.deepStrictEqual(runs.flatMap(({ violations }) => violations), [])
      }))
  })

  describe("a process that is stopped during its refresh", () => {
    // The others give up after this time and five seconds.
    const requestTimeout = 100

    it.live.each([["3 minutes", "Token"], ["-1 minute", "StoreBusy"]] as const)(
      "keeps its lock: with %s left, the others get %s, and its token when it goes on (S8)",
      ([left, expected]) =>
        Effect.gen(function*() {
          const { file, goOn, login, old, other } = yield* stopped("stopped", left, requestTimeout, Kill.files)
          const wrong = yield* Kill.reading(file)
          const { awake, millis, told } = yield* Kill.timed(other)
          assert.strictEqual(told._tag, expected)
          if (told._tag === "Token") assert.strictEqual(told.token, old)
          assert.isAtLeast(millis, requestTimeout + 5000)
          assert.isAtMost(awake, requestTimeout + 6000)

          const late = yield* goOn
          assert.strictEqual(late?._tag, "Token")
          assert.notDeepEqual(late, { _tag: "Token", token: old })
          assert.deepStrictEqual(yield* other, late)
          assert.strictEqual(login.requests(), 1)
          assert.deepStrictEqual([...wrong], [])
          assert.deepStrictEqual(Kill.leftovers(file), [])
        }).pipe(Effect.scoped)
    )
  })

  describe.skipIf(isMissing(Redis.tool))(`a holder in ${Redis.tool.title}`, () => {
    it.live("that is killed in flight is followed within five seconds (S8, S10)", () =>
      Effect.gen(function*() {
        const ground = yield* KillRedis.ground
        const all = yield* Effect.forEach(["strict", "lenient"] as const, (rotation) =>
          Effect.gen(function*() {
            const service = yield* Service.make(rotation)
            const plan: Kill.Plan = { moment: "request sent", before: 0, after: 0 }
            return yield* Kill.run(plan, service, rotation, ground, yield* start("redis"))
          }).pipe(Effect.scoped), { concurrency: 2 })
        assert.deepStrictEqual(all.map(outcome), [
          { left: "mark", told: "SessionPossiblyLost", requests: 2, violations: [] },
          { left: "mark", told: "Token", requests: 2, violations: [] }
        ])
      }))

    it.live("that is stopped past its lease stores its token when it goes on, and the others get it (S22)", () =>
      Effect.gen(function*() {
        const { goOn, login, other } = yield* stopped("stopped", "-1 minute", 30_000, yield* KillRedis.ground)
        const told = yield* other
        assert.strictEqual(told._tag, "SessionPossiblyLost")
        const late = yield* goOn
        assert.strictEqual(late?._tag, "Token")
        assert.deepStrictEqual(yield* other, late)
        assert.strictEqual(login.requests(), 2)
      }).pipe(Effect.scoped))
  })
})
