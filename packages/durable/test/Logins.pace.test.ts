import { assert, describe, it } from "@effect/vitest"
import * as Logins from "@sso-oidc/durable/Logins"
import * as Dice from "@sso-oidc/test-kit/dice"
import * as Service from "@sso-oidc/test-kit/scriptedService"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as RateLimiter from "effect/persistence/RateLimiter"
import { options } from "./support/login.ts"
import { engines, seconds } from "./support/logins.ts"
import * as Processes from "./support/processes.ts"

const startOf = (id: string) => Effect.flatMap(Logins.Logins, (logins) => logins.start({ ...options, id }))

/** Starts so many logins at once. */
const startAll = (process: Processes.Process, count: number, name = "login") =>
  Effect.forkChild(
    Effect.forEach(Array.from({ length: count }, (_, at) => `${name}-${at}`), (id) => process.run(startOf(id)), {
      concurrency: "unbounded"
    }),
    { startImmediately: true }
  )

/** Each start has a device code of its own, so that the polls of each login can be told apart. */
const codes = (count: number) =>
  Array.from({ length: count }, (_, at) => Service.code({ deviceCode: `code-${at}`, expiresIn: 600 }))

/** When the requests that count were sent, in seconds: starts and polls. */
const requests = ({ sent }: ReturnType<typeof Service.make>) =>
  sent.filter(({ path }) => path !== "/client/register").map(({ at }) => at / 1000).toSorted((one, other) =>
    one - other
  )

/** When the polls of each login were sent, in seconds. */
const byCode = ({ sent }: ReturnType<typeof Service.make>) => {
  const found = new Map<unknown, Array<number>>()
  for (const { at, body, path } of sent) {
    if (path !== "/token") continue
    found.set(body["deviceCode"], [...found.get(body["deviceCode"]) ?? [], at / 1000])
  }
  return found
}

/** The times between each two, in seconds, to the millisecond. */
const gaps = (times: ReadonlyArray<number>) =>
  times.slice(1).map((time, at) => Math.round((time - (times[at] ?? 0)) * 1000) / 1000)

const hurry = Effect.flatMap(Logins.Logins, (logins) => logins.hurry(options.id))

describe.each(Object.entries(engines))("a fleet on %s", (_, engine) => {
  it.effect("a limit delays starts and polls, drops none, and makes none earlier than its interval (W11)", () =>
    Effect.forEach([1, 2, 3, 4], (seed) => {
      const { below, pick } = Dice.dice(11, seed)
      const pace = pick([0.5, 1, 2, 5, 10])
      const count = 1 + below(12)
      const service = Service.make({ start: codes(count), polls: [Service.pending] })
      return Effect.gen(function*() {
        const one = yield* Processes.make({ service, engine, options: { pace } })
        yield* startAll(one, count)
        yield* seconds(70)
        const between = gaps(requests(service))
        assert.isAtLeast(Math.min(...between, 1 / pace), 1 / pace - 0.001)
        const polls = byCode(service)
        assert.strictEqual(polls.size, count)
        for (const times of polls.values()) {
          assert.isAtLeast(Math.min(...gaps(times), 5), 5)
          // each login has its turn
          const longest = Math.max(5, count / pace) * 2 + 1
          assert.isAtMost(Math.max(...gaps(times), 0), longest)
          assert.isAtLeast(times.length, Math.floor((69 - count / pace) / longest))
        }
      }).pipe(Processes.sharing)
    }))

  it.effect("without a limit no request waits (W11)", () =>
    Effect.forEach([undefined, Number.POSITIVE_INFINITY], (pace) => {
      const service = Service.make({ start: codes(10), polls: [Service.pending] })
      return Effect.gen(function*() {
        const one = yield* Processes.make({ service, engine, options: { pace } })
        const now = yield* Clock.currentTimeMillis
        yield* startAll(one, 10)
        yield* seconds(6)
        const times = requests(service).map((time) => time - now / 1000)
        assert.deepStrictEqual(times, [...Array<number>(10).fill(0), ...Array<number>(10).fill(5)])
      }).pipe(Processes.sharing)
    }))

  const limiter = Effect.map(
    Layer.build(RateLimiter.layer.pipe(Layer.provide(Layer.fresh(RateLimiter.layerStoreMemory)))),
    (context) => Context.get(context, RateLimiter.RateLimiter)
  )

  it.effect("two processes that share a limiter keep its limit together (W11)", () => {
    const service = Service.make({ start: codes(40), polls: [Service.pending] })
    return Effect.gen(function*() {
      const pace = { limiter: yield* limiter, perSecond: 2 }
      const one = yield* Processes.make({ service, engine, options: { pace } })
      const two = yield* Processes.make({ service, engine, options: { pace } })
      yield* startAll(one, 20, "one")
      yield* startAll(two, 20, "two")
      yield* seconds(100)
      const times = requests(service)
      assert.isAtLeast(times.length, 190)
      times.forEach((time, at) => {
        // no more than 2 in a second, beside the 2 that a bucket may hold
        const later = times[at + 21]
        if (later !== undefined) assert.isAtLeast(later - time, 9)
      })
      for (const polls of byCode(service).values()) assert.isAtLeast(Math.min(...gaps(polls), 5), 5)
    }).pipe(Processes.sharing)
  })

  it.effect.each(
    [
      ["fails", Effect.die("down"), 1],
      ["never responds", Effect.never, 20]
    ] as const
  )("if a shared limiter %s, a process goes on with a limit of its own (W11)", ([, consume, wait]) => {
    const service = Service.make({ start: codes(4), polls: [Service.pending] })
    return Effect.gen(function*() {
      const working = yield* limiter
      const broken = { ...working, consume: () => consume }
      const one = yield* Processes.make({ service, engine, options: { pace: { limiter: broken, perSecond: 1 } } })
      yield* startAll(one, 4)
      yield* seconds(wait + 60)
      const times = requests(service)
      assert.isAtLeast(Math.min(...gaps(times)), 0.999)
      assert.isAbove(times.length, 10)
    }).pipe(Processes.sharing)
  })

  it.effect.each(
    [
      ["pace", { pace: 0 }],
      ["pace", { pace: -1 }],
      ["pace", { pace: Number.NaN }],
      ["pace", { pace: "fast" }],
      ["pace", { pace: { perSecond: 5 } }],
      ["write", { write: "never" }],
      ["gap", { gap: "yes" }],
      ["gap", { gap: { share: -0.1 } }],
      ["gap", { gap: { share: 1.1 } }],
      ["gap", { gap: { share: Number.NaN } }],
      ["gap", { gap: { most: "soon" } }],
      ["gap", { gap: { most: -1 } }]
    ] as const
  )("%s in the options %j is a mistake in the program", ([name, options]) => {
    const service = Service.make({})
    return Effect.gen(function*() {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- JavaScript may give any value
      const exit = yield* Effect.exit(Processes.make({ service, engine, options: options as Logins.Options }))
      assert.match(String(exit), new RegExp(`RangeError: Logins: ${name} must`))
    }).pipe(Processes.sharing)
  })

  it.effect("a shared limit of 0 is a mistake in the program", () => {
    const service = Service.make({})
    return Effect.gen(function*() {
      const pace = { limiter: yield* limiter, perSecond: 0 }
      const exit = yield* Effect.exit(Processes.make({ service, engine, options: { pace } }))
      assert.match(String(exit), /RangeError: Logins: pace must/)
    }).pipe(Processes.sharing)
  })

  it.effect.each(
    [
      [true, 0.1, 30],
      [{ share: 0.05 }, 0.05, 30],
      [{ share: 1, most: "20 seconds" }, 1, 20]
    ] as const
  )("with the gap %j the waits grow with the age of the code, and its last poll comes (W11)", ([gap, share, most]) => {
    const service = Service.make({ polls: [Service.pending] })
    return Effect.gen(function*() {
      const one = yield* Processes.make({ service, engine, options: { gap } })
      yield* one.run(Processes.start)
      yield* seconds(605)
      const polls = service.polls()
      polls.slice(1, -1).forEach((poll, at) => {
        const before = polls[at] ?? 0
        const wait = poll - before
        assert.isAtLeast(wait, 5)
        assert.approximately(wait, Math.max(5, Math.min(most, share * poll)), share * 31 + 0.1)
      })
      const last = polls.at(-1) ?? 0
      assert.isAtLeast(last, 590)
      assert.isBelow(last, 600)
    }).pipe(Processes.sharing)
  })

  it.effect("a gap makes no wait shorter that a slow_down or a back-off made longer (W11)", () => {
    const service = Service.make({ polls: [...Array.from({ length: 6 }, () => Service.slowDown()), Service.cut("no")] })
    return Effect.gen(function*() {
      const one = yield* Processes.make({ service, engine, options: { gap: { share: 0.01 } } })
      yield* one.run(Processes.start)
      yield* seconds(400)
      assert.deepStrictEqual(gaps(service.polls()).slice(0, 8), [10, 15, 20, 25, 30, 35, 60, 60])
    }).pipe(Processes.sharing)
  })

  it.effect.each(["the same", "another"] as const)(
    "hurry in %s process brings the next poll at once, and none earlier than its interval (W11)",
    (where) => {
      const gap: { readonly share: number; readonly most: Duration.Input } = { share: 1, most: "5 minutes" }
      const service = Service.make({ polls: [Service.pending] })
      return Effect.gen(function*() {
        const one = yield* Processes.make({ service, engine, options: { gap } })
        const other = yield* Processes.make({ service, engine, isClient: true })
        const { run } = where === "another" ? other : one
        yield* one.run(Processes.start)
        yield* seconds(60)
        const before = service.polls().length
        yield* seconds(10)
        yield* run(hurry)
        yield* seconds(2)
        const polls = service.polls()
        assert.strictEqual(polls.length, before + 1)
        assert.isAtLeast(polls.at(-1) ?? 0, 70)
        assert.isAtMost(polls.at(-1) ?? 0, 72)
        // each second, and still not earlier than the interval
        for (let second = 0; second < 30; second++) yield* Effect.andThen(run(hurry), seconds(1))
        const hurried = gaps(service.polls().slice(before))
        assert.isAtLeast(hurried.length, where === "another" ? 4 : 5)
        assert.isAtLeast(Math.min(...hurried), 5)
      }).pipe(Processes.sharing)
    }
  )

  it.effect("hurry makes no poll earlier than a slow_down and a back-off permit (W11)", () => {
    const service = Service.make({ polls: [Service.slowDown(), Service.cut("no"), Service.pending] })
    return Effect.gen(function*() {
      const one = yield* Processes.make({ service, engine })
      const other = yield* Processes.make({ service, engine, isClient: true })
      yield* one.run(Processes.start)
      for (let second = 0; second < 60; second++) {
        yield* one.run(hurry)
        yield* other.run(hurry)
        yield* seconds(1)
      }
      const [first = 0, second = 0, third = 0, fourth = 0] = service.polls()
      assert.strictEqual(first, 5)
      assert.isAtLeast(second - first, 10)
      assert.isAtLeast(third - second, 20)
      assert.isAtLeast(fourth - third, 10)
      assert.isAtLeast(service.polls().length, 4)
    }).pipe(Processes.sharing)
  })

  it.effect("hurry for a dead holder's login makes the next process wait as after any take-over (W3, W11)", () => {
    const [first, second] = [Service.make({ polls: [Service.pending] }), Service.make({ polls: [Service.pending] })]
    return Effect.gen(function*() {
      const one = yield* Processes.make({ service: first, engine })
      const two = yield* Processes.make({ service: second, engine, random: () => 0 })
      yield* one.run(Processes.start)
      yield* seconds(6)
      yield* one.freeze
      yield* two.run(hurry)
      const hurriedAt = 6
      yield* seconds(60)
      const [poll = 0] = second.polls()
      // it was handed over by the upkeep, and its take-over took one interval more
      assert.isAtLeast(poll - hurriedAt, 5 + 5)
    }).pipe(Processes.sharing)
  })
})
