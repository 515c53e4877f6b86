import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
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
