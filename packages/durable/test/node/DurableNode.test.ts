import { assert, describe, it } from "@effect/vitest"
import type * as Logins from "@sso-oidc/durable/Logins"
import { LoginStoreError } from "@sso-oidc/durable/LoginStore"
import * as DurableNode from "@sso-oidc/durable/node/DurableNode"
import * as SqlLoginStore from "@sso-oidc/durable/SqlLoginStore"
import * as Postgres from "@sso-oidc/test-kit/postgres"
import * as Recorder from "@sso-oidc/test-kit/recorder"
import * as Service from "@sso-oidc/test-kit/scriptedService"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as SqlClient from "effect/sql/SqlClient"
import { randomUUID } from "node:crypto"
import { createServer } from "node:net"
import { inspect } from "node:util"
import { sealing } from "../support/sealing.ts"
import { assertNoLeak } from "../support/stores.ts"
import { freePort } from "./support/process.ts"

const password = "hunter-planted-9f3c1a7e"

/** What a layer fails with. No text that can be made of it, of a log or of a span has the password. */
const refused = (
  layer: Layer.Layer<Logins.Logins, LoginStoreError, Layer.Services<ReturnType<typeof DurableNode.layerFile>>>
) =>
  Effect.gen(function*() {
    const recorder = Recorder.make()
    const error = yield* Layer.build(layer).pipe(
      Effect.andThen(Effect.die(new Error("the layer was built"))),
      Effect.scoped,
      Effect.provide(Service.make({}).layer),
      Effect.flip,
      recorder.record
    )
    assert.instanceOf(error, LoginStoreError)
    assert.strictEqual(error.operation, "open")
    assertNoLeak(error, password)
    assertNoLeak(inspect([recorder.lines, recorder.spans], { depth: 12, maxStringLength: null }), password)
    return error
  })

const url = Redacted.make(`postgres://user:${password}@127.0.0.1:1/name`)

describe("DurableNode", () => {
  it.live("refuses options with an error that names the option", () =>
    Effect.gen(function*() {
      const postgres = { url, sealing, port: 34_431 }
      // what a program without types could pass
      const untyped = <A>(value: unknown): A => JSON.parse(JSON.stringify({ value }))["value"]
      const cases: ReadonlyArray<readonly [layer: Parameters<typeof refused>[0], pattern: RegExp]> = [
        [DurableNode.layerFile({ file: "", sealing }), /the option file must be/],
        ...["", "logins", `mysql://user:${password}@host/name`, password].map((text) =>
          [DurableNode.layerPostgresClient({ url: Redacted.make(text), sealing }), /the option url must be/] as const
        ),
        [
          DurableNode.layerPostgresClient({ url: untyped(`postgres://u:${password}@h/n`), sealing }),
          /the option url must be .* Redacted/
        ],
        ...[0, -1, 65_536, 1.5, Number.NaN, untyped<number>("80")].map((port) =>
          [DurableNode.layerPostgres({ ...postgres, port }), /the option port must be .*1 to 65535/] as const
        ),
        ...["", "two words", "http://host", untyped<string>(7)].map((host) =>
          [DurableNode.layerPostgres({ ...postgres, host }), /the option host must be/] as const
        ),
        ...[2, 2.5, Number.NaN].map((connections) =>
          [
            DurableNode.layerPostgres({ ...postgres, connections }),
            /the option connections must be .* at least 3/
          ] as const
        ),
        [DurableNode.layerPostgresClient({ url, sealing, connections: 0 }), /the option connections must be/]
      ]
      for (const [layer, pattern] of cases) assert.match((yield* refused(layer)).message, pattern)
    }))

  it.live("an option that is there and undefined means its default", () =>
    Effect.gen(function*() {
      const error = yield* refused(DurableNode.layerPostgres({
        url,
        sealing,
        port: 34_431,
        host: undefined,
        connections: undefined,
        sharding: undefined,
        standstill: undefined,
        gap: undefined,
        pace: undefined,
        write: undefined
      }))
      // the options were right, and nothing listens there
      assert.match(error.message, /no connection to the database \(ECONNREFUSED\)/)
    }))

  it.live("says why a database or a port cannot be used, without the URL (W8)", () =>
    Effect.gen(function*() {
      const there = yield* Postgres.database
      const withPassword = new URL(there)
      withPassword.password = password
      const wrong = yield* refused(DurableNode.layerPostgresClient({ url: Redacted.make(withPassword.href), sealing }))
      assert.match(wrong.message, /rejected the user or the password \(28P01\)/)

      // a user who may use the table of logins, and may make no table
      const user = `poor_${randomUUID().slice(0, 8)}`
      const poor = new URL(there)
      ;[poor.username, poor.password] = [user, password]
      yield* Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        yield* Effect.scoped(Layer.build(SqlLoginStore.layer()))
        yield* Effect.acquireRelease(
          sql.unsafe(`CREATE ROLE ${user} LOGIN PASSWORD '${password}'`),
          () => Effect.orDie(Effect.andThen(sql.unsafe(`DROP OWNED BY ${user}`), sql.unsafe(`DROP ROLE ${user}`)))
        )
        yield* sql.unsafe(`GRANT SELECT, INSERT, UPDATE, DELETE ON sso_oidc_logins TO ${user}`)
        const error = yield* refused(DurableNode.layerPostgresClient({ url: Redacted.make(poor.href), sealing }))
        assert.match(error.message, /the tables of the engine cannot be made or used/)
      }).pipe(Effect.scoped, Effect.provide(Postgres.client(there)))

      const port = yield* freePort
      yield* Effect.acquireRelease(
        Effect.callback<ReturnType<typeof createServer>>((resume) => {
          const server = createServer().listen(port, "localhost", () => resume(Effect.succeed(server)))
        }),
        (server) => Effect.sync(() => server.close())
      )
      const options = { url: Redacted.make(there), sealing, port }
      const taken = yield* refused(DurableNode.layerPostgres(options))
      assert.match(taken.message, /another program uses the port of the option port \(EADDRINUSE\)/)
      const elsewhere = yield* refused(DurableNode.layerPostgres({ ...options, host: "192.0.2.1" }))
      assert.match(elsewhere.message, /no address of the name in the option host \(EADDRNOTAVAIL\)/)
    }))

  it.live("processes that start at the same moment make the tables together", () =>
    Effect.gen(function*() {
      const there = yield* Postgres.database
      const start = Effect.scoped(Layer.build(
        Layer.fresh(DurableNode.layerPostgresClient({ url: Redacted.make(there), sealing }))
      ))
      yield* Effect.all([start, start, start, start], { concurrency: "unbounded", discard: true })
    }).pipe(Effect.provide(Service.make({}).layer)))
})
