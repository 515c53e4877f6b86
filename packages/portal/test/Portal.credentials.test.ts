import { assert, describe, it } from "@effect/vitest"
import * as AccessToken from "@sso-oidc/core/AccessToken"
import * as CredentialsCache from "@sso-oidc/portal/CredentialsCache"
import * as RoleCredentials from "@sso-oidc/portal/RoleCredentials"
import * as Recorder from "@sso-oidc/test-kit/recorder"
import * as Wire from "@sso-oidc/test-kit/wire"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as References from "effect/References"
import * as Result from "effect/Result"
import { TestClock } from "effect/testing"
import * as Played from "./support/portal.ts"

const role = { accountId: Played.number(0), roleName: "Admin" }

const { toTheEnd } = Played

const memory = Effect.map(Layer.build(CredentialsCache.layerMemory), Context.get(CredentialsCache.CredentialsCache))

describe("role credentials", () => {
  it.effect("are those of the portal, with their secrets redacted (P2, P6)", () =>
    Effect.gen(function*() {
      const { portal } = yield* Played.make()
      const credentials = yield* portal.credentials(role)
      assert.strictEqual(credentials.accountId, role.accountId)
      assert.strictEqual(credentials.roleName, "Admin")
      assert.strictEqual(Redacted.value(credentials.secretAccessKey), "secret-access-key-1")
      assert.strictEqual(Redacted.value(credentials.sessionToken), "session-token-1")
      assert.notInclude(JSON.stringify(credentials), "secret-access-key")
      assert.notInclude(JSON.stringify(credentials), "session-token")
    }))

  it.effect("cause one request for 50 callers (P6)", () =>
    Effect.gen(function*() {
      const { log, portal } = yield* Played.make({ takes: "1 second" })
      const all = yield* toTheEnd(
        Effect.all(Array.from({ length: 50 }, () => portal.credentials(role)), { concurrency: "unbounded" })
      )
      assert.lengthOf(log.at, 1)
      assert.deepStrictEqual([...new Set(all.map(({ accessKeyId }) => accessKeyId))], ["ASIA1"])
      yield* portal.credentials(role)
      assert.lengthOf(log.at, 1)
    }))

  it.effect("are fetched anew with less than 15 minutes left (P6)", () =>
    Effect.gen(function*() {
      const { portal } = yield* Played.make()
      yield* portal.credentials(role)
      yield* TestClock.adjust("45 minutes")
      assert.strictEqual((yield* portal.credentials(role)).accessKeyId, "ASIA1")
      yield* TestClock.adjust("1 millis")
      assert.strictEqual((yield* portal.credentials(role)).accessKeyId, "ASIA2")
    }))

  it.effect("of a life below 30 minutes are fetched anew at half of it, and not at each call (P6)", () =>
    Effect.gen(function*() {
      const { portal } = yield* Played.make({ life: "10 minutes" })
      yield* portal.credentials(role)
      yield* TestClock.adjust("5 minutes")
      assert.strictEqual((yield* portal.credentials(role)).accessKeyId, "ASIA1")
      yield* TestClock.adjust("1 millis")
      assert.strictEqual((yield* portal.credentials(role)).accessKeyId, "ASIA2")
    }))

  it.effect("are fetched anew if the caller forces it, and kept then (P6, P7)", () =>
    Effect.gen(function*() {
      const { portal } = yield* Played.make()
      yield* portal.credentials(role)
      assert.strictEqual((yield* portal.credentials(role, { forceRefresh: true })).accessKeyId, "ASIA2")
      assert.strictEqual((yield* portal.credentials(role)).accessKeyId, "ASIA2")
    }))

  it.effect("are never those of another role, account or session (P6)", () =>
    Effect.gen(function*() {
      const cache = yield* memory
      const corp = yield* Played.make({ cache })
      const other = yield* Played.make({ cache, key: "other" })
      const keys = new Set<string>()
      for (const { portal } of [corp, other]) {
        for (const accountId of [Played.number(0), Played.number(1)]) {
          for (const roleName of ["Admin", "ReadOnly"]) {
            for (let times = 0; times < 2; times++) {
              const credentials = yield* toTheEnd(portal.credentials({ accountId, roleName }))
              assert.deepStrictEqual([credentials.accountId, credentials.roleName], [accountId, roleName])
              keys.add(`${portal === corp.portal ? "corp" : "other"} ${credentials.accessKeyId}`)
            }
          }
        }
      }
      assert.strictEqual(keys.size, 8)
      assert.lengthOf(corp.log.at, 4)
      assert.lengthOf(other.log.at, 4)
    }))

  it.effect("from a cache of the program's own are not given if they are for another role (P6)", () =>
    Effect.gen(function*() {
      const usual = yield* memory
      const lost = yield* Played.make()
      const foreign = yield* lost.portal.credentials({ ...role, roleName: "ReadOnly" })
      const { portal } = yield* Played.make({
        cache: { ...usual, read: () => Effect.succeed({ credentials: foreign, left: 3_600_000 }) }
      })
      assert.strictEqual((yield* portal.credentials(role)).roleName, "Admin")
    }))

  it.effect("that are still valid are given if the portal fails, and the next request comes a minute later (P6)", () =>
    Effect.gen(function*() {
      let isDown = false
      const { log, portal } = yield* Played.make({
        respond: () => isDown ? Effect.succeed(new Response("", { status: 500 })) : undefined,
        retry: { times: 0 }
      })
      yield* portal.credentials(role)
      isDown = true
      yield* TestClock.adjust("50 minutes")
      const recorder = Recorder.make()
      for (let times = 0; times < 5; times++) {
        assert.strictEqual((yield* recorder.record(portal.credentials(role))).accessKeyId, "ASIA1")
      }
      assert.lengthOf(log.at, 2)
      console.log("###", recorder.lines.filter((line) => line.includes("renewed")))
      // each line comes in four formats, of which two are alike
      const [warning, ...more] = new Set(recorder.lines.filter((line) => line.includes("level=WARN")))
      assert.match(
        warning ?? "",
        /are not renewed: GetRoleCredentials got .* are given until 1970-01-01T01:00:00.000Z\./
      )
      assert.lengthOf(more, 0)
      yield* TestClock.adjust("1 minute")
      yield* portal.credentials(role)
      assert.lengthOf(log.at, 3)
      yield* TestClock.adjust("9 minutes")
      assert.strictEqual((yield* Effect.flip(portal.credentials(role)))._tag, "UnexpectedResponse")
      isDown = false
      assert.strictEqual((yield* portal.credentials(role)).accessKeyId, "ASIA2")
    }))

  it.effect("that have more than 5 minutes left are given after 5 s, if the portal does not respond (P6)", () =>
    Effect.gen(function*() {
      let isSilent = false
      const { log, portal } = yield* Played.make({ respond: () => isSilent ? Effect.never : undefined })
      yield* portal.credentials(role)
      isSilent = true
      yield* TestClock.adjust("50 minutes")
      const from = yield* Clock.currentTimeMillis
      assert.strictEqual((yield* toTheEnd(portal.credentials(role))).accessKeyId, "ASIA1")
      assert.isAtMost((yield* Clock.currentTimeMillis) - from, 5100)
      yield* portal.credentials(role)
      assert.lengthOf(log.at, 2)
      // below 5 minutes a caller waits: here until its own limit
      yield* TestClock.adjust("6 minutes")
      assert.isTrue(Option.isNone(yield* toTheEnd(Effect.timeoutOption(portal.credentials(role), "20 seconds"))))
    }))

  it.effect("come after two minutes, if a service of the program hung once (P6)", () =>
    Effect.gen(function*() {
      const usual = yield* memory
      let calls = 0
      const hangOnce = <A, E>(effect: Effect.Effect<A, E>) =>
        Effect.suspend(() => calls++ === 0 ? Effect.never : effect)
      const ways: ReadonlyArray<Played.Options> = [
        { session: ({ get }) => ({ get: hangOnce(get) }) },
        { cache: { ...usual, keep: (_, fetch) => Effect.suspend(() => calls++ === 0 ? Effect.never : fetch) } },
        { cache: { ...usual, read: () => hangOnce(Effect.succeed(undefined)) } }
      ]
      for (const options of ways) {
        calls = 0
        const { portal } = yield* Played.make(options)
        const first = yield* Effect.forkChild(Effect.timeoutOption(portal.credentials(role), "3 seconds"))
        yield* TestClock.adjust("1 minute")
        yield* Fiber.await(first)
        const from = yield* Clock.currentTimeMillis
        assert.strictEqual((yield* toTheEnd(portal.credentials(role))).accessKeyId, "ASIA1")
        assert.isAtMost((yield* Clock.currentTimeMillis) - from, 120_000)
      }
    }))

  it.effect("come after a failure that ended at once, however the fibers take turns (P6)", () =>
    Effect.gen(function*() {
      let isLoggedIn = false
      const { portal } = yield* Played.make({
        session: (usual) => ({
          get: Effect.suspend(() =>
            isLoggedIn ? usual.get : Effect.fail(new AccessToken.NotLoggedIn({ reason: "absent", command: "login" }))
          )
        })
      })
      for (let operations = 20; operations < 120; operations++) {
        isLoggedIn = false
        const name = { ...role, roleName: "Admin" }
        const failed = yield* Effect.exit(portal.credentials(name)).pipe(
          Effect.provideService(References.MaxOpsBeforeYield, operations)
        )
        assert.isTrue(Exit.isFailure(failed))
      }
      isLoggedIn = true
      assert.strictEqual((yield* toTheEnd(portal.credentials(role))).accessKeyId, "ASIA1")
    }))

  it.effect("are those that were fetched, whatever a cache of the program's own makes of them (P6)", () =>
    Effect.gen(function*() {
      const usual = yield* memory
      const foreign = yield* (yield* Played.make()).portal.credentials({ ...role, roleName: "ReadOnly" })
      const caches: ReadonlyArray<Partial<CredentialsCache.Service>> = [
        { keep: (_, fetch) => Effect.as(fetch, foreign) },
        { keep: () => Effect.succeed(foreign) },
        { keep: (_, fetch) => Effect.andThen(fetch, Effect.die("broken")) },
        { keep: () => Effect.die("broken") },
        { read: () => Effect.die("broken") },
        {
          read: () => {
            throw new Error("broken")
          }
        },
        {
          read: () =>
            Effect.succeed({
              left: 3_600_000,
              get credentials(): RoleCredentials.RoleCredentials {
                throw new Error("broken")
              }
            })
        }
      ]
      for (const cache of caches) {
        const { portal } = yield* Played.make({ cache: { ...usual, ...cache }, key: "own" })
        assert.strictEqual((yield* toTheEnd(portal.credentials(role, { forceRefresh: true }))).roleName, "Admin")
        assert.strictEqual((yield* toTheEnd(portal.credentials(role))).roleName, "Admin")
      }
    }))

  it.effect("that a caller forces come after those in flight, and are kept (P6)", () =>
    Effect.gen(function*() {
      const { log, portal } = yield* Played.make({ takes: "1 second" })
      const all = yield* toTheEnd(Effect.all([
        portal.credentials(role),
        portal.credentials(role, { forceRefresh: true }),
        portal.credentials(role, { forceRefresh: true }),
        portal.credentials(role)
      ], { concurrency: "unbounded" }))
      assert.deepStrictEqual(all.map(({ accessKeyId }) => accessKeyId), ["ASIA1", "ASIA2", "ASIA2", "ASIA2"])
      assert.strictEqual((yield* portal.credentials(role)).accessKeyId, "ASIA2")
      assert.lengthOf(log.at, 2)
    }))

  it.effect("that could not be fetched are asked for again at the next call (P6)", () =>
    Effect.gen(function*() {
      let isDown = true
      const { portal } = yield* Played.make({
        respond: () => isDown ? Effect.succeed(new Response("", { status: 500 })) : undefined,
        retry: { times: 0 }
      })
      assert.strictEqual((yield* Effect.flip(portal.credentials(role)))._tag, "UnexpectedResponse")
      isDown = false
      assert.strictEqual((yield* portal.credentials(role)).accessKeyId, "ASIA1")
    }))

  it.effect("go on arriving for the others if one caller is interrupted (P6)", () =>
    Effect.gen(function*() {
      const { log, portal } = yield* Played.make({ takes: "1 second" })
      const first = yield* Effect.forkChild(portal.credentials(role), { startImmediately: true })
      const second = yield* Effect.forkChild(portal.credentials(role), { startImmediately: true })
      yield* Fiber.interrupt(first)
      assert.strictEqual((yield* toTheEnd(Fiber.join(second))).accessKeyId, "ASIA1")
      assert.lengthOf(log.at, 1)
    }))

  it.effect("that end before they arrive are an error that names the clock (P2)", () =>
    Effect.gen(function*() {
      const { portal } = yield* Played.make({ life: -1 })
      const error = yield* Effect.flip(portal.credentials(role))
      assert.strictEqual(error._tag, "UnexpectedResponse")
      assert.include(error.message, "clock")
    }))

  it.effect("with a time that no date has are an error (P2)", () =>
    Effect.gen(function*() {
      for (const expiration of [1e300, 8.64e15 + 1]) {
        const { portal } = yield* Played.make({
          respond: () =>
            Effect.succeed(Wire.json({
              roleCredentials: { accessKeyId: "A", secretAccessKey: "s", sessionToken: "t", expiration }
            }))
        })
        assert.strictEqual((yield* Effect.flip(portal.credentials(role)))._tag, "UnexpectedResponse")
      }
    }))

  it.effect("last no longer when the clock is set back (S13, P6)", () =>
    Effect.gen(function*() {
      const { portal } = yield* Played.make()
      yield* portal.credentials(role)
      yield* TestClock.adjust("59 minutes")
      // TestClock moves both clocks, so that the wall clock goes back with `setTime`, and the monotonic one does not
      yield* TestClock.setTime(0)
      assert.strictEqual((yield* portal.credentials(role)).accessKeyId, "ASIA2")
    }))

  it.effect("forgotten while they arrive are given to their callers, and not kept (S20, P6)", () =>
    Effect.gen(function*() {
      const { cache, log, portal } = yield* Played.make({ takes: "1 second" })
      const fiber = yield* Effect.forkChild(portal.credentials(role), { startImmediately: true })
      yield* TestClock.adjust("500 millis")
      yield* cache.forget({ key: "corp" })
      assert.strictEqual((yield* toTheEnd(Fiber.join(fiber))).accessKeyId, "ASIA1")
      assert.strictEqual((yield* toTheEnd(portal.credentials(role))).accessKeyId, "ASIA2")
      assert.lengthOf(log.at, 2)
    }))
})

describe("the role", () => {
  it.effect("is that of the layer, if the call names none (P7)", () =>
    Effect.gen(function*() {
      const { portal } = yield* Played.make({ role: { accountId: Played.number(2), roleName: "ReadOnly" } })
      const credentials = yield* portal.credentials()
      assert.deepStrictEqual([credentials.accountId, credentials.roleName], [Played.number(2), "ReadOnly"])
      assert.strictEqual((yield* portal.credentials(role)).roleName, "Admin")
    }))

  it.effect("that no one names, or that cannot be used, is an error before anything is sent (P7)", () =>
    Effect.gen(function*() {
      const { log, portal } = yield* Played.make()
      const none = yield* Effect.flip(portal.credentials())
      assert.strictEqual(none._tag, "RoleUnusable")
      assert.include(none.message, "Name an account and a role")
      for (
        const [given, problem] of [
          [{ ...role, accountId: "123" }, "accountId"],
          [{ ...role, roleName: "" }, "roleName"],
          [{ ...role, roleName: "a\nb" }, "roleName"]
        ] as const
      ) {
        const error = yield* Effect.flip(portal.credentials(given))
        assert.instanceOf(error, RoleCredentials.RoleUnusable)
        assert.strictEqual(error.problem, problem)
      }
      assert.lengthOf(log.at, 0)
    }))

  it.effect("of a config file that has none says what is missing there (P7)", () =>
    Effect.gen(function*() {
      const { portal } = yield* Played.make({
        role: Result.fail(
          new RoleCredentials.RoleUnusable({ problem: "config", detail: "[profile dev]: sso_role_name is missing" })
        )
      })
      const error = yield* Effect.flip(portal.credentials())
      assert.strictEqual(
        error.message,
        "The profile names no role that can be used. [profile dev]: sso_role_name is missing."
      )
    }))
})
