import { assert, describe, it } from "@effect/vitest"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as Logins from "@sso-oidc/durable/Logins"
import * as DurableNode from "@sso-oidc/durable/node/DurableNode"
import { run } from "@sso-oidc/test-kit/child"
import * as Postgres from "@sso-oidc/test-kit/postgres"
import { bundled } from "@sso-oidc/test-kit/program"
import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import { fileURLToPath } from "node:url"
import { sealing } from "../support/sealing.ts"
import * as Observer from "./support/observer.ts"

const startUrl = "https://my.awsapps.com/start"
const count = 36
const names = ["a", "b", "c"]

const until = <E, R>(what: string, effect: Effect.Effect<boolean, E, R>) =>
  effect.pipe(
    Effect.filterOrFail((is) => is, () => new Error(`it did not come: ${what}`)),
    Effect.retry({ schedule: Schedule.spaced("50 millis"), times: 600 })
  )

const stats = (values: ReadonlyArray<number>) => {
  const sorted = values.toSorted((a, b) => a - b)
  return { n: sorted.length, min: sorted[0], median: sorted[Math.floor(sorted.length / 2)], max: sorted.at(-1) }
}

describe("experiment", () => {
  it.live("x", () =>
    Effect.gen(function*() {
      const url = yield* Postgres.database
      const observer = yield* Observer.make({ interval: "2 seconds" })
      const client = yield* Layer.build(DurableNode.layerPostgresClient({ url: Redacted.make(url), sealing }).pipe(
        Layer.provide(SsoOidc.layer({ region: "eu-west-1", endpoint: observer.url })),
        Layer.provide(NodeTransport.layer())
      ))
      const logins = Context.get(client, Logins.Logins)
      let t = performance.now()
      yield* logins.start({ id: "first", clientName: "x", startUrl })
      console.log("start with no runner", performance.now() - t, observer.others)
      t = performance.now()
      yield* logins.start({ id: "second", clientName: "x", startUrl })
      console.log("second start", performance.now() - t, observer.others)

      const program = bundled(fileURLToPath(new URL("support/member.ts", import.meta.url)))
      t = performance.now()
      const members = yield* Effect.forEach(names, (name, at) =>
        run(process.execPath, { args: [program, JSON.stringify({ name, endpoint: observer.url, url, port: 34500 + at })] }))
      yield* Effect.forEach(members, (m) => m.printed(/ready/), { concurrency: 3 })
      console.log("ready", performance.now() - t)
      yield* until("first", Effect.sync(() => observer.polls.length > 0))
      console.log("first poll of the early one", performance.now() - t)
      yield* Effect.sleep("3 seconds")
      const begun = new Map<string, number>()
      for (let i = 0; i < count; i++) {
        const s = performance.now()
        const login = yield* logins.start({ id: `l-${i}`, clientName: "x", startUrl })
        begun.set(observer.codes.get(login.userCode) ?? "", performance.now())
        if (i < 3) console.log("start", performance.now() - s)
      }
      yield* until("all polled", Effect.sync(() => [...begun.keys()].every((code) => observer.polls.some((p) => p.code === code))))
      console.log("start → first poll", stats([...begun].map(([code, at]) => (observer.polls.find((p) => p.code === code)?.at ?? 0) - at)))
      yield* Effect.sleep("3 seconds")
      const owner = () => {
        const m = new Map<string, Observer.Poll>()
        for (const p of observer.polls) m.set(p.code, p)
        return m
      }
      console.log(Map.groupBy(owner().values(), (p) => p.member).entries().map(([k, v]) => [k, v.length]).toArray())
      const handOver = (name: string, signal: NodeJS.Signals) =>
        Effect.gen(function*() {
          const at = performance.now()
          yield* members[names.indexOf(name)]!.signal(signal)
          yield* Effect.sleep("100 millis")
          const theirs = [...owner().values()].filter((p) => p.member === name && (signal === "SIGKILL" || true))
          if (signal === "SIGTERM") {
            const ended = yield* members[names.indexOf(name)]!.ended
            console.log("ended", performance.now() - at, ended.code, ended.stderr, ended.stdout.slice(-3000))
          }
          yield* until("handed", Effect.sync(() => theirs.every(({ code }) => owner().get(code)?.member !== name)))
          const nexts = theirs.map(({ code }) => {
            const mine = observer.polls.filter((p) => p.code === code)
            const next = mine.find((p) => p.at > at && p.member !== name)!
            const last = mine.filter((p) => p.member === name).at(-1)!
            return { fromSignal: next.at - at, fromLast: next.at - last.at }
          })
          console.log(signal, "signal → next", stats(nexts.map((n) => n.fromSignal)), "last → next", stats(nexts.map((n) => n.fromLast)))
        })
      yield* handOver("a", "SIGTERM")
      yield* Effect.sleep("2500 millis")
      yield* handOver("b", "SIGKILL")
      const bad = [...Map.groupBy(observer.polls, (p) => p.code).values()].flatMap((ps) => ps.slice(1).map((p, i) => p.at - (ps[i]?.answered ?? 0))).filter((g) => !(g >= 1990))
      console.log("early", bad)
    }), 90_000)
})
