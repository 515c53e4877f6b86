import { assert, describe, it } from "@effect/vitest"
import * as Logins from "@sso-oidc/durable/Logins"
import * as DurableNode from "@sso-oidc/durable/node/DurableNode"
import * as Postgres from "@sso-oidc/test-kit/postgres"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as SqlClient from "effect/sql/SqlClient"
import { sealing } from "../support/sealing.ts"
import * as Observer from "./support/observer.ts"
import * as Process from "./support/process.ts"

/** In milliseconds. */
const interval = 2000

const ids = Array.from({ length: 60 }, (_, at) => `device-${at}`)

/** The order in which they begin: the last ones while a process is frozen. */
const [early, late] = [ids.slice(12), ids.slice(0, 12)]

/** Every row of every table, as texts. */
const dumpOf = (sql: SqlClient.SqlClient) =>
  Effect.gen(function*() {
    const tables = yield* sql<{ name: string }>`
      SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY table_name
    `
    const texts = yield* Effect.forEach(
      tables,
      ({ name }) => sql<{ text: string }>`SELECT to_jsonb(one)::text AS text FROM ${sql(name)} AS one`
    )
    return { names: tables.map(({ name }) => name), text: texts.flat().map(({ text }) => text).join("\n") }
  })

/** When each login of a process that has ended was first polled by another one, after a moment. */
const nextPolls = (observer: Observer.Observer, codes: ReadonlyArray<string>, member: string, since: number) =>
  Effect.gen(function*() {
    const isNext = (code: string) => (poll: Observer.Poll) =>
      poll.code === code && poll.member !== member && poll.at > since
    yield* Process.until(
      `polls for the logins of ${member}`,
      Effect.sync(() => codes.every((code) => observer.polls.some(isNext(code))))
    )
    return codes.map((code) => (observer.polls.find(isNext(code))?.at ?? 0))
  })

/** The device codes that a process polled for last. */
const codesOf = (observer: Observer.Observer, member: string) =>
  [...Process.lastPolls(observer).values()].filter((poll) => poll.member === member).map(({ code }) => code)

const median = (values: ReadonlyArray<number>): number =>
  values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN

/** Whether the last two polls of a code were sent by one process, after a moment. */
const isSettled = ({ polls }: Observer.Observer, code: string, since: number): boolean => {
  const [before, last] = polls.filter((poll) => poll.code === code && poll.at > since).slice(-2)
  return last !== undefined && before?.member === last.member
}

describe("DurableNode.layerPostgres", () => {
  it.live("logins survive a stop and a kill of their processes, give their tokens, leave no secret, and later nothing (W1, W2, W3, W7, W8, W9, W10)", () =>
    Effect.gen(function*() {
      const url = yield* Postgres.database
      const observer = yield* Observer.make({ interval })
      const sql = Context.get(yield* Layer.build(Postgres.client(url, { maxConnections: 2 })), SqlClient.SqlClient)
      const client = DurableNode.layerPostgresClient({ url: Redacted.make(url), sealing }).pipe(
        Layer.provide(Process.service(observer))
      )
      const logins = Context.get(yield* Layer.build(client), Logins.Logins)
      const start = (id: string) => logins.start({ id, ...Process.options })

      // W1: no process drives logins yet, and the code is there after two requests
      const alone = yield* start("alone")
      assert.deepStrictEqual(observer.others, ["/client/register", "/device_authorization"])
      assert.strictEqual((yield* start("alone")).userCode, alone.userCode)
      assert.strictEqual(observer.others.length, 2)

      // W2: an engine that does not take the login leaves no row
      yield* sql`ALTER TABLE cluster_messages RENAME TO cluster_moved`
      assert.strictEqual((yield* Effect.flip(start("refused")))._tag, "LoginStoreError")
      yield* sql`ALTER TABLE cluster_moved RENAME TO cluster_messages`
      assert.deepStrictEqual(yield* sql`SELECT id FROM sso_oidc_logins`, [{ id: "alone" }])

      const [a, b] = yield* Effect.forEach(
        ["a", "b", "c"],
        (name) =>
          Effect.flatMap(
            Process.freePort,
            (port) => Process.member({ name, endpoint: observer.url, url, port })
          ),
        { concurrency: "unbounded" }
      )
      assert(a !== undefined && b !== undefined)
      const codes: Array<string> = []
      const begin = (ids: ReadonlyArray<string>) =>
        Effect.forEach(
          ids,
          (id) => Effect.map(start(id), ({ userCode }) => void codes.push(observer.codes.get(userCode) ?? ""))
        )
      const polled = Process.until(
        "a poll for each login",
        Effect.sync(() => codes.every((code) => Process.lastPolls(observer).has(code)))
      )
      const idOf = (code: string) => [...early, ...late][codes.indexOf(code)] ?? "alone"
      /** How long the processes that took logins over waited before these polls, in milliseconds. */
      const waits = (theirs: ReadonlyArray<string>, polls: ReadonlyArray<number>) =>
        Effect.map(sql<{ at: number; id: string }>`SELECT id, written_at::float AS at FROM sso_oidc_logins`, (rows) => {
          const written = new Map(rows.map(({ at, id }) => [id, at - performance.timeOrigin]))
          return theirs.map((code, at) => (polls[at] ?? 0) - (written.get(idOf(code)) ?? Number.NaN))
        })
      yield* begin(early)
      yield* polled
      yield* Process.until(
        "polls by each process",
        Effect.sync(() => ["a", "b", "c"].every((name) => codesOf(observer, name).length > 4))
      )

      // W1: a start does not wait for the process that will drive the login, which may be frozen
      yield* a.signal("SIGSTOP")
      const begun = performance.now()
      yield* begin(late)
      assert.isBelow(performance.now() - begun, 4000)
      yield* a.signal("SIGCONT")
      yield* polled

      // W7: a stop releases each row, and the next holder adds no wait
      const holders = Effect.map(
        sql<{ holder: string; id: string }>`SELECT id, holder FROM sso_oidc_logins`,
        (rows) => new Map(rows.map(({ holder, id }) => [id, holder]))
      )
      const before = yield* holders
      yield* a.signal("SIGTERM")
      yield* a.ended
      const stopped = performance.now()
      const left = codesOf(observer, "a")
      const after = yield* holders
      for (const id of left.map(idOf)) assert.notStrictEqual(after.get(id), before.get(id))
      const afterStop = yield* nextPolls(observer, left, "a", stopped)
      // a take-over of a row that was not released would wait for one interval at least
      assert.isBelow(median(yield* waits(left, afterStop)), interval - 100)

      // W3: a kill
      yield* Process.until(
        "an end of the moves",
        Effect.sync(() => codes.every((code) => isSettled(observer, code, stopped)))
      )
      const lost = codesOf(observer, "b")
      assert.isAbove(lost.length, 9)
      yield* b.signal("SIGKILL")
      const killed = performance.now()
      yield* b.ended
      const afterKill = yield* nextPolls(observer, lost, "b", killed)
      assert.isAtLeast(Math.min(...yield* waits(lost, afterKill)), interval - 10)
      assert.isAtMost(Math.max(...afterKill) - killed, 15_000)

      // each login ends with its token
      for (const id of ids) {
        const login = yield* logins.get(id)
        assert(login.state === "pending")
        yield* observer.emulator.authorizations.approve(login.userCode)
      }
      const tokens = yield* Effect.forEach(ids, (id) => logins.token(id), { concurrency: "unbounded" })
      for (const { accessToken } of tokens) assert.isTrue(observer.secrets.has(Redacted.value(accessToken)))
      Process.assertPatient(observer, interval)

      // W8
      const dump = yield* dumpOf(sql)
      assert.includeMembers([...dump.names], ["cluster_messages", "cluster_replies", "sso_oidc_logins"])
      assert.include(dump.text, "device-59")
      Process.assertClean(observer, dump.text)

      // W9: the time of their removal comes, and the next start removes them
      yield* Process.until(
        "an end of each execution",
        Effect.map(sql`SELECT id FROM cluster_messages WHERE NOT processed`, (rows) => rows.length === 1)
      )
      yield* sql`UPDATE sso_oidc_logins SET remove_at = 1 WHERE id <> 'alone'`
      yield* start("later")
      const rows = yield* sql<{ id: string }>`SELECT id FROM sso_oidc_logins ORDER BY id`
      assert.deepStrictEqual(rows.map(({ id }) => id), ["alone", "later"])
      const messages = yield* sql<{ payload: string }>`SELECT payload FROM cluster_messages`
      assert.sameMembers(messages.map(({ payload }) => JSON.parse(payload)["id"]), ["alone", "later"])
      assert.deepStrictEqual(yield* sql`SELECT id FROM cluster_replies`, [])
    }))
})
