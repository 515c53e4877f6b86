import { assert, describe, it } from "@effect/vitest"
import * as Runner from "effect/cluster/Runner"
import * as RunnerAddress from "effect/cluster/RunnerAddress"
import * as RunnerHealth from "effect/cluster/RunnerHealth"
import * as RunnerStorage from "effect/cluster/RunnerStorage"
import * as ShardingConfig from "effect/cluster/ShardingConfig"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as TestClock from "effect/testing/TestClock"
import * as Cluster from "../../../src/node/internal/cluster.ts"

describe("the limit of a standstill", () => {
  it("is a third of the time after which a frozen process loses its work, from 100 milliseconds to 1 minute (W5)", () => {
    const settings: ReadonlyArray<Cluster.Settings> = [
      {},
      { shardLockExpiration: "30 seconds" },
      { shardLockExpiration: "100 millis" },
      { shardLockExpiration: "1 hour" }
    ]
    const limits = settings.map((one) => Duration.toMillis(Cluster.standstillOf(one)))
    assert.deepStrictEqual(limits, [5000, 10_000, 100, 60_000])
  })
})

/** What the processes of a cluster see, if some have died and some do not respond. */
const cluster = (hosts: ReadonlyArray<string>, dead: ReadonlyArray<string>, silent: ReadonlyArray<string> = []) =>
  Effect.gen(function*() {
    const address = (host: string) => RunnerAddress.make(host, 1)
    const storage = yield* RunnerStorage.makeMemory
    for (const host of hosts) {
      yield* storage.register(Runner.make({ address: address(host), groups: ["default"], weight: 1 }), true)
    }
    const asked: Array<string> = []
    const watch = (host: string) =>
      Layer.build(Cluster.watching).pipe(
        Effect.provideService(ShardingConfig.ShardingConfig, {
          ...ShardingConfig.defaults,
          runnerAddress: Option.some(address(host)),
          runnerHealthCheckInterval: "5 seconds"
        }),
        Effect.provideService(RunnerStorage.RunnerStorage, storage),
        Effect.provideService(RunnerHealth.RunnerHealth, {
          isAlive: (of) => {
            asked.push(`${host}-${of.host}`)
            return silent.includes(of.host) ? Effect.never : Effect.succeed(!dead.includes(of.host))
          }
        })
      )
    const healthy = Effect.map(
      storage.getRunners,
      (runners) => runners.filter(([, isHealthy]) => isHealthy).map(([{ address }]) => address.host)
    )
    return { asked, watch, healthy }
  })

describe("processes that watch each other", () => {
  it.effect("each one finds the death of the next two within an interval, whichever process has died (W3)", () =>
    Effect.gen(function*() {
      for (const dead of ["a", "b", "c"]) {
        const hosts = ["a", "b", "c"]
        const { healthy, watch } = yield* cluster(hosts, [dead])
        const alive = hosts.filter((host) => host !== dead)
        for (const host of alive) yield* watch(host)
        yield* TestClock.adjust("4 seconds")
        assert.deepStrictEqual(yield* healthy, hosts)
        yield* TestClock.adjust("1 second")
        assert.deepStrictEqual(yield* healthy, alive)
      }
    }))

  it.effect("a process asks two others, also in a large cluster, and itself never", () =>
    Effect.gen(function*() {
      const { asked, healthy, watch } = yield* cluster(["e", "d", "c", "b", "a"], [])
      for (const host of ["a", "d", "e"]) yield* watch(host)
      yield* TestClock.adjust("5 seconds")
      assert.sameMembers(asked, ["a-b", "a-c", "d-e", "d-a", "e-a", "e-b"])
      assert.lengthOf(yield* healthy, 5)
    }))

  it.effect("a process that does not respond is not called dead, and the others are asked on", () =>
    Effect.gen(function*() {
      const { asked, healthy, watch } = yield* cluster(["a", "b", "c"], ["c"], ["b"])
      yield* watch("a")
      yield* TestClock.adjust("15 seconds")
      assert.deepStrictEqual(yield* healthy, ["a", "b"])
      assert.sameMembers(asked, ["a-b", "a-c", "a-b"])
    }))
})
