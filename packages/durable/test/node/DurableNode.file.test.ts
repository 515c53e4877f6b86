import { assert, describe, it } from "@effect/vitest"
import * as Logins from "@sso-oidc/durable/Logins"
import * as DurableNode from "@sso-oidc/durable/node/DurableNode"
import * as NodeSqlite from "@sso-oidc/durable/node/NodeSqlite"
import { folder } from "@sso-oidc/test-kit/child"
import * as Recorder from "@sso-oidc/test-kit/recorder"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as SqlClient from "effect/sql/SqlClient"
import { readdirSync, readFileSync, statSync } from "node:fs"
import { dirname, join } from "node:path"
import { inspect } from "node:util"
import { sealing } from "../support/sealing.ts"
import * as Observer from "./support/observer.ts"
import * as Process from "./support/process.ts"

/** These tests run in real time, and mostly wait. They run at the same time. */
const waits = { concurrent: true }

/** A file, a service, and a process of the test that uses both. */
const ground = Effect.gen(function*() {
  const file = join(yield* folder, "logins.db")
  const observer = yield* Observer.make({ interval: "1 second" })
  return {
    file,
    observer,
    /** Runs an effect with logins of the file, and closes the file. */
    using: <A, E>(effect: (logins: Logins.Service) => Effect.Effect<A, E>) =>
      Effect.flatMap(Logins.Logins, effect).pipe(
        Effect.provide(DurableNode.layerFile({ file, sealing }).pipe(Layer.provide(Process.service(observer))))
      ),
    /** Looks into the file while no process uses it. */
    reading: <A, E>(effect: (sql: SqlClient.SqlClient) => Effect.Effect<A, E>) =>
      Effect.flatMap(SqlClient.SqlClient, effect).pipe(Effect.provide(NodeSqlite.layer({ file })))
  }
})

/** All bytes of the file and of those beside it. */
const dumpOf = (file: string): string =>
  readdirSync(dirname(file)).map((name) => readFileSync(join(dirname(file), name)).toString("latin1")).join("\n")

describe("DurableNode.layerFile", () => {
  it.live(
    "a login gives its token after a restart. No file, log or span has a secret. Later, nothing stays (W2, W7, W8, W9)",
    () =>
      Effect.gen(function*() {
        const { file, observer, reading, using } = yield* ground
        const recorder = Recorder.make()
        const first = yield* using(({ start }) => start({ id: "device-1", ...Process.options })).pipe(recorder.record)
        assert.strictEqual(statSync(file).mode & 0o777, 0o600)
        // the row is there, released, and the engine has it
        yield* reading((sql) =>
          Effect.gen(function*() {
            assert.deepStrictEqual(yield* sql`SELECT id, state, holder FROM sso_oidc_logins`, [
              { id: "device-1", state: "pending", holder: null }
            ])
            assert.deepStrictEqual(yield* sql`SELECT entity_type, processed FROM cluster_messages`, [
              { entity_type: "Workflow/sso-oidc/Login", processed: 0 }
            ])
          })
        )
        const token = yield* using((logins) =>
          Effect.gen(function*() {
            const again = yield* logins.start({ id: "device-1", ...Process.options })
            assert.strictEqual(again.userCode, first.userCode)
            yield* observer.emulator.authorizations.approve(again.userCode)
            return yield* logins.token("device-1")
          })
        ).pipe(recorder.record)
        assert.isTrue(observer.secrets.has(Redacted.value(token.accessToken)))
        assert.deepStrictEqual(observer.others, ["/client/register", "/device_authorization"])
        Process.assertPatient(observer, 1000)

        const dump = dumpOf(file)
        for (const name of ["device-1", "cluster_messages", "Workflow/sso-oidc/Login"]) assert.include(dump, name)
        Process.assertClean(observer, dump)
        assert.isAbove(recorder.spans.length, 0)
        Process.assertClean(observer, inspect([recorder.spans, recorder.lines], { depth: 12, maxStringLength: null }))

        // the time of its removal comes
        yield* reading((sql) => sql`UPDATE sso_oidc_logins SET remove_at = 1`)
        yield* using(({ start }) => start({ id: "device-2", ...Process.options }))
        yield* reading((sql) =>
          Effect.gen(function*() {
            assert.deepStrictEqual(yield* sql`SELECT id FROM sso_oidc_logins`, [{ id: "device-2" }])
            const messages = yield* sql<{ payload: string }>`SELECT payload FROM cluster_messages`
            assert.deepStrictEqual(messages.map(({ payload }) => JSON.parse(payload)["id"]), ["device-2"])
            assert.deepStrictEqual(yield* sql`SELECT id FROM cluster_replies`, [])
          })
        )
      }),
    waits
  )

  it.live("if the engine does not take a login, then its row is not there either (W2)", () =>
    Effect.gen(function*() {
      const { reading, using } = yield* ground
      yield* using(() => Effect.void)
      yield* reading((sql) =>
        sql`CREATE TRIGGER refusing BEFORE INSERT ON cluster_messages BEGIN SELECT RAISE(ABORT, 'no'); END`
      )
      const start = using(({ start }) => Effect.result(start({ id: "device-1", ...Process.options })))
      const refused = yield* start
      assert.strictEqual(refused._tag === "Failure" && refused.failure._tag, "LoginStoreError")
      const rows = yield* reading((sql) => sql`SELECT id FROM sso_oidc_logins`)
      assert.deepStrictEqual(rows, [])
      yield* reading((sql) => sql`DROP TRIGGER refusing`)
      assert.strictEqual((yield* start)._tag, "Success")
    }), waits)

  it.live(
    "a killed process's login is polled again after a restart, one interval later at the earliest (W3)",
    () =>
      Effect.gen(function*() {
        const { file, observer, using } = yield* ground
        yield* using(({ start }) => start({ id: "device-1", ...Process.options }))
        const killed = yield* Process.member({ name: "killed", endpoint: observer.url, file })
        yield* Process.until("its poll", Effect.sync(() => observer.polls.some(({ member }) => member === "killed")))
        // no second process gets the file meanwhile
        const second = yield* Effect.flip(using(() => Effect.void))
        assert.match(second.message, /another process has the file open/)
        yield* killed.signal("SIGKILL")
        yield* killed.ended
        const restarted = performance.now()
        yield* using(() => Process.until("another poll", Effect.sync(() => observer.polls.at(-1)?.member !== "killed")))
        const wait = (observer.polls.at(-1)?.at ?? 0) - restarted
        assert.isAtLeast(wait, 1000)
        // two intervals at most, and what the engine and a busy machine take
        assert.isBelow(wait, 10_000)
        Process.assertPatient(observer, 1000)
      }),
    waits
  )
})
