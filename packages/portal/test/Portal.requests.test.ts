import { assert, describe, it } from "@effect/vitest"
import * as AccessToken from "@sso-oidc/core/AccessToken"
import * as Portal from "@sso-oidc/portal/Portal"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as RateLimiter from "effect/persistence/RateLimiter"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import * as Played from "./support/portal.ts"

const { toTheEnd } = Played

const role = { accountId: Played.number(0), roleName: "Admin" }

describe("the limit", () => {
  it.effect("lets 3 requests go at once, and 15 in a second: never 20 (P4)", () =>
    Effect.gen(function*() {
      const { log, portal } = yield* Played.make({ accounts: Played.accounts(60) })
      const from = yield* Clock.currentTimeMillis
      yield* toTheEnd(
        Effect.forEach(Array.from({ length: 60 }), (_, n) =>
          portal.credentials({ accountId: Played.number(n), roleName: "Admin" }), { concurrency: "unbounded" }),
        "10 millis"
      )
      const at = log.at.map((one) =>
        one - from
      )
      assert.deepStrictEqual(at.slice(0, 3), [0, 0, 0])
      assert.isAtLeast(at[3] ?? 0, 60)
      assert.isAtMost(Played.mostInASecond(at), 16)
      assert.strictEqual(log.rejected, 0)
    }))

  it.effect("counts all layers of one session together (P4)", () =>
    Effect.gen(function*() {
      const first = yield* Played.make({ accounts: Played.accounts(30) })
      const second = yield* Played.make({ accounts: Played.accounts(30) })
      yield* toTheEnd(
        Effect.forEach([first, second, first, second, first, second, first, second], ({ portal }, n) =>
          portal.credentials({ accountId: Played.number(n), roleName: "Admin" }), { concurrency: "unbounded" }),
        "10 millis"
      )
      const at = [...first.log.at, ...second.log.at].toSorted((a, b) =>
        a - b
      )
      assert.lengthOf(at.filter((one) => one === at[0]), 3)
    }))

  it.effect("lets another session go at once (P4)", () =>
    Effect.gen(function*() {
      const first = yield* Played.make()
      const second = yield* Played.make({ key: "other" })
      const from = yield* Clock.currentTimeMillis
      for (const { portal } of [first, second]) {
        for (const roleName of ["Admin", "ReadOnly"]) yield* portal.credentials({ ...role, roleName })
      }
      assert.deepStrictEqual([...first.log.at, ...second.log.at], [from, from, from, from])
    }))

  it.effect("does not stand still when the wall clock is set back (P4)", () =>
    Effect.gen(function*() {
      const { log, portal } = yield* Played.make({ accounts: Played.accounts(30) })
      const test = yield* Clock.Clock
      let behind = 0
      const clock: Clock.Clock = {
        currentTimeMillisUnsafe: () => test.currentTimeMillisUnsafe() - behind,
        currentTimeMillis: Effect.map(test.currentTimeMillis, (now) => now - behind),
        currentTimeNanosUnsafe: () => test.currentTimeNanosUnsafe() - BigInt(behind) * 1_000_000n,
        currentTimeNanos: Effect.map(test.currentTimeNanos, (now) => now - BigInt(behind) * 1_000_000n),
        monotonicTimeNanosUnsafe: () => test.monotonicTimeNanosUnsafe(),
        monotonicTimeNanos: test.monotonicTimeNanos,
        sleep: (duration) => test.sleep(duration)
      }
      const get = (from: number) =>
        Effect.forEach(Array.from({ length: 10 }), (_, n) =>
          portal.credentials({ accountId: Played.number(from + n), roleName: "Admin" }), { concurrency: "unbounded" })
          .pipe(
            Effect.provideService(Clock.Clock, clock)
          )
      yield* toTheEnd(get(0))
      behind = 3_600_000
      yield* toTheEnd(get(10))
      yield* TestClock.adjust("10 seconds")
      const from = yield* Clock.currentTimeMillis
      yield* toTheEnd(get(20))
      assert.lengthOf(log.at, 30)
      assert.isAtMost((yield* Clock.currentTimeMillis) - from, 700)
    }))

  it.effect("comes from a shared limiter, if the layer has one (P4)", () =>
    Effect.gen(function*() {
      const keys: Array<string> = []
      const limiter = RateLimiter.RateLimiter.of({
        ...(yield* RateLimiter.make.pipe(Effect.provide(RateLimiter.layerStoreMemory))),
        consume: ({ algorithm, key, limit, window }) =>
          Effect.sync(() => {
            keys.push(key)
            assert.deepStrictEqual([algorithm, limit, window], ["token-bucket", 3, "200 millis"])
            return { delay: 0, limit: 3, remaining: 1, resetAfter: 0 }
          }).pipe(Effect.map((result) => ({ ...result, delay: Duration.zero, resetAfter: Duration.zero })))
      })
      const { portal } = yield* Played.make({
        layer: (options) =>
          Portal.layerRateLimited(options).pipe(Layer.provide(Layer.succeed(RateLimiter.RateLimiter, limiter)))
      })
      yield* portal.credentials(role)
      assert.match(keys[0] ?? "", /^sso-oidc-portal:[0-9a-f]{40}$/)
    }))

  it.effect("is that of this process, if the shared limiter does not work, whatever it does (P4)", () =>
    Effect.gen(function*() {
      const usual = yield* RateLimiter.make.pipe(Effect.provide(RateLimiter.layerStoreMemory))
      const exceeded = (retryAfter: Duration.Duration) =>
        Effect.fail(
          new RateLimiter.RateLimiterError({
            reason: new RateLimiter.RateLimitExceeded({ retryAfter, key: "", limit: 3, remaining: 0 })
          })
        )
      const ways: ReadonlyArray<RateLimiter.RateLimiter["consume"]> = [
        () =>
          Effect.fail(
            new RateLimiter.RateLimiterError({ reason: new RateLimiter.RateLimitStoreError({ message: "no Redis" }) })
          ),
        () => Effect.die(new Error("redis://user:password@host")),
        () => {
          throw new Error("broken")
        },
        () => Effect.never,
        () => exceeded(Duration.days(1)),
        () => exceeded(Duration.infinity),
        // it never lets a request go
        () => exceeded(Duration.millis(500)),
        // a store in JavaScript may fail with anything
        () => Effect.suspend(() => Effect.fail(JSON.parse("{}")))
      ]
      for (const consume of ways) {
        const { log, portal } = yield* Played.make({
          accounts: Played.accounts(9),
          layer: (options) =>
            Portal.layerRateLimited(options).pipe(
              Layer.provide(Layer.succeed(RateLimiter.RateLimiter, { ...usual, consume }))
            )
        })
        const from = yield* Clock.currentTimeMillis
        yield* toTheEnd(Stream.runCollect(portal.allRoles))
        assert.lengthOf(log.at, 10)
        assert.isBelow((yield* Clock.currentTimeMillis) - from, 7000)
      }
    }))

  it.effect("holds however late the requests arrive (P4)", () =>
    Effect.gen(function*() {
      let n = 0
      const { log, portal } = yield* Played.make({
        accounts: Played.accounts(100),
        arrives: () => [1500, 0, 900, 300, 0, 2000, 40][n++ % 7] ?? 0
      })
      yield* toTheEnd(
        Effect.forEach(Array.from({ length: 100 }), (_, n) =>
          portal.credentials({ accountId: Played.number(n), roleName: "Admin" }), { concurrency: "unbounded" })
      )
      assert.isAtMost(Played.mostInASecond(log.at), 16)
      assert.strictEqual(log.rejected, 0)
    }))

  it.effect("holds after the program stood still, when all its timers end at once (P4)", () =>
    Effect.gen(function*() {
      let now = 0
      let sleepers: Array<{ readonly at: number; readonly wake: () => void }> = []
      const clock: Clock.Clock = {
        currentTimeMillisUnsafe: () => now,
        currentTimeMillis: Effect.sync(() => now),
        currentTimeNanosUnsafe: () => BigInt(now) * 1_000_000n,
        currentTimeNanos: Effect.sync(() => BigInt(now) * 1_000_000n),
        monotonicTimeNanosUnsafe: () => BigInt(Math.floor(now)) * 1_000_000n,
        monotonicTimeNanos: Effect.sync(() => BigInt(Math.floor(now)) * 1_000_000n),
        sleep: (duration) =>
          Effect.callback<void>((resume) =>
            void sleepers.push({ at: now + Duration.toMillis(duration), wake: () => resume(Effect.void) })
          )
      }
      const goOn = (millis: number) =>
        Effect.suspend(() => {
          now += millis
          const due = sleepers.filter(({ at }) => at <= now)
          sleepers = sleepers.filter(({ at }) => at > now)
          for (const { wake } of due) wake()
          return Effect.callback<void>((resume) => void setImmediate(() => resume(Effect.void)))
        })
      const { log, portal } = yield* Played.make({ accounts: Played.accounts(60) })
      const fiber = yield* Effect.forkChild(
        Effect.forEach(Array.from({ length: 60 }), (_, n) =>
          portal.credentials({ accountId: Played.number(n), roleName: "Admin" }), { concurrency: "unbounded" }).pipe(
            Effect.provideService(Clock.Clock, clock)
          )
      )
      for (let step = 0; fiber.pollUnsafe() === undefined; step++) {
        yield* goOn(step % 50 === 20 ? 3000 : 10)
      }
      assert.lengthOf(yield* Fiber.join(fiber), 60)
      assert.isAtMost(Played.mostInASecond(log.at), 16)
    }))

  it.effect("of two processes finds a common measure after 429, though refused requests count (P4)", () =>
    Effect.gen(function*() {
      const arrived: Array<number> = []
      const processes = yield* Effect.forEach(["one", "two"], (key) =>
        Played.make({
          // two keys have two limits, as two processes have
          key,
          accounts: Played.accounts(300),
          respond: () =>
            Effect.map(Clock.currentTimeMillis, (now) => {
              arrived.push(now)
              return arrived.filter((at) => at > now - 1000).length >= 20 ? Played.tooMany() : undefined
            })
        }))
      const from = yield* Clock.currentTimeMillis
      const found = yield* toTheEnd(
        Effect.forEach(processes, ({ portal }) => Stream.runCollect(portal.allRoles), { concurrency: 2 })
      )
      for (const one of found) assert.lengthOf(one.filter(({ _tag }) => _tag === "AccountRole"), 300)
      assert.isBelow(((yield* Clock.currentTimeMillis) - from) / 1000, 90)
      assert.isBelow(arrived.length, 800)
    }))

  it.effect("waits after a 429 though many other sessions come and go (P4)", () =>
    Effect.gen(function*() {
      let times = 0
      const { log, portal } = yield* Played.make({
        respond: () => times++ === 0 ? Effect.succeed(Played.tooMany({ "retry-after": "15" })) : undefined,
        retry: { times: 0 }
      })
      assert.strictEqual((yield* Effect.flip(portal.credentials(role)))._tag, "TooManyRequestsException")
      yield* TestClock.adjust("3 seconds")
      for (let n = 0; n < 250; n++) yield* (yield* Played.make({ key: `other ${n}` })).portal.credentials(role)
      yield* toTheEnd(portal.credentials(role))
      assert.isAtLeast((log.at[1] ?? 0) - (log.at[0] ?? 0), 15_000)
    }))

  it.effect("asks no place for callers that gave up (P4)", () =>
    Effect.gen(function*() {
      const { portal } = yield* Played.make({ accounts: Played.accounts(100) })
      for (let round = 0; round < 5; round++) {
        const roles = yield* toTheEnd(
          Effect.forEach(Array.from({ length: 100 }), (_, n) =>
            Effect.timeoutOption(Stream.runCollect(portal.roles(Played.number(n))), "2 seconds"), {
            concurrency: "unbounded"
          })
        )
        assert.isAtLeast(roles.filter(Option.isSome).length, 25, `round ${round}`)
      }
    }))
})

describe("a request that fails", () => {
  it.effect("is sent at most 8 times after 429, and then fails with it: no reason to log in (P4)", () =>
    Effect.gen(function*() {
      const { log, portal } = yield* Played.make({ respond: () => Effect.succeed(Played.tooMany()) })
      const error = yield* Effect.flip(toTheEnd(portal.credentials(role)))
      assert.strictEqual(error._tag, "TooManyRequestsException")
      assert.include(error.message, "A login does not help")
      assert.lengthOf(log.at, 8)
      assert.deepStrictEqual([...new Set(log.tokens)], ["access-1"])
    }))

  it.effect("is sent again after 5xx, and succeeds (P4)", () =>
    Effect.gen(function*() {
      let times = 0
      const { log, portal } = yield* Played.make({
        respond: () => times++ < 3 ? Effect.succeed(new Response("<html>", { status: 503 })) : undefined
      })
      assert.strictEqual((yield* toTheEnd(portal.credentials(role))).accessKeyId, "ASIA1")
      assert.lengthOf(log.at, 4)
    }))

  it.effect("waits for Retry-After (P4)", () =>
    Effect.gen(function*() {
      let times = 0
      const { log, portal } = yield* Played.make({
        respond: () => times++ === 0 ? Effect.succeed(Played.tooMany({ "retry-after": "7" })) : undefined
      })
      yield* toTheEnd(portal.credentials(role))
      assert.isAtLeast((log.at[1] ?? 0) - (log.at[0] ?? 0), 7000)
    }))

  it.effect("is not sent later than 60 s after the call, however long each response takes (P4)", () =>
    Effect.gen(function*() {
      const { log, portal } = yield* Played.make({
        takes: "25 seconds",
        respond: () => Effect.succeed(Played.tooMany())
      })
      yield* Effect.flip(toTheEnd(portal.credentials(role)))
      assert.lengthOf(log.at, 3)
      assert.isAtMost((log.at.at(-1) ?? 0) - (log.at[0] ?? 0), 60_000)
    }))

  it.effect("with an option that is undefined has the usual times (P4)", () =>
    Effect.gen(function*() {
      const { log, portal } = yield* Played.make({
        retry: { times: undefined, maxElapsed: undefined },
        respond: () => Effect.succeed(Played.tooMany({ "retry-after": "19" }))
      })
      yield* Effect.flip(toTheEnd(portal.credentials(role)))
      assert.isAtMost((log.at.at(-1) ?? 0) - (log.at[0] ?? 0), 60_000)
    }))

  it.effect("is not sent later than 60 s after the first (P4)", () =>
    Effect.gen(function*() {
      const { log, portal } = yield* Played.make({
        respond: () => Effect.succeed(Played.tooMany({ "retry-after": "19" }))
      })
      yield* Effect.flip(toTheEnd(portal.credentials(role)))
      assert.isAtMost((log.at.at(-1) ?? 0) - (log.at[0] ?? 0), 60_000)
      assert.isAtLeast(log.at.length, 3)
    }))

  it.effect("with 401 gets the session's next token, once for all callers (S13, P4)", () =>
    Effect.gen(function*() {
      const asked: Array<string> = []
      const { log, portal, valid } = yield* Played.make({
        takes: "200 millis",
        session: (usual) => ({
          refreshed: (rejected) => {
            asked.push(Redacted.value(rejected))
            return usual.refreshed(rejected)
          }
        })
      })
      valid.clear()
      valid.add("access-2")
      yield* toTheEnd(
        Effect.all([portal.credentials(role), portal.credentials({ ...role, roleName: "ReadOnly" })], {
          concurrency: 2
        })
      )
      assert.deepStrictEqual(log.tokens, ["access-1", "access-1", "access-2", "access-2"])
      assert.deepStrictEqual(asked, ["access-1", "access-1"])
    }))

  it.effect("with a second 401 is the end of the session (S13)", () =>
    Effect.gen(function*() {
      const { log, portal, valid } = yield* Played.make()
      valid.clear()
      const error = yield* Effect.flip(toTheEnd(portal.credentials(role)))
      assert.instanceOf(error, AccessToken.SessionEnded)
      assert.strictEqual(error.reason, "portal")
      assert.deepStrictEqual(log.tokens, ["access-1", "access-2"])
    }))

  it.effect("with 401 for every token ends after three, if the session goes on for ever (S13)", () =>
    Effect.gen(function*() {
      let n = 1
      const { log, portal } = yield* Played.make({
        respond: () => Effect.succeed(Played.unauthorized()),
        session: (usual) => ({
          refreshed: () => Effect.map(usual.get, (token) => ({ ...token, accessToken: Redacted.make(`other-${n++}`) }))
        })
      })
      const error = yield* Effect.flip(toTheEnd(portal.credentials(role)))
      assert.strictEqual(error._tag, "UnauthorizedException")
      assert.lengthOf(log.at, 3)
    }))

  it.effect("with 403 or 404 is not sent again (P2)", () =>
    Effect.gen(function*() {
      const { log, portal } = yield* Played.make()
      const error = yield* Effect.flip(portal.credentials({ ...role, roleName: "Other" }))
      assert.strictEqual(error._tag, "ForbiddenException")
      assert.match(error.message, /^No access\. Asked for: role Other in account 100000000000\. /)
      const absent = yield* Effect.flip(Stream.runCollect(portal.roles("999999999999")))
      assert.strictEqual(absent._tag, "ResourceNotFoundException")
      assert.include(absent.message, "Asked for: account 999999999999.")
      assert.lengthOf(log.at, 2)
    }))

  it.effect("without a login sends nothing (P4)", () =>
    Effect.gen(function*() {
      const { log, portal } = yield* Played.make({
        session: () => ({
          get: Effect.fail(new AccessToken.NotLoggedIn({ reason: "absent", command: "aws sso login" }))
        })
      })
      assert.strictEqual((yield* Effect.flip(portal.credentials(role)))._tag, "NotLoggedIn")
      assert.strictEqual((yield* Effect.flip(Stream.runCollect(portal.allRoles)))._tag, "NotLoggedIn")
      assert.lengthOf(log.at, 0)
    }))
})
