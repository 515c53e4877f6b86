/**
 * The devices of the fleet, in a table of its own: which have asked for a login, and how it went. It has no secret.
 *
 * `Logins` knows one login by its id. It has no list, and it forgets a login an hour after its end. A company has its own list of devices.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"

/** How a device is. `ready`: it has its credentials. `lost`: its token may have been issued, and did not arrive. */
export const State = Schema.Literals(["waiting", "ready", "denied", "expired", "lost", "failed", "cancelled"])
export type State = typeof State.Type

export const Device = Schema.Struct({
  id: Schema.String,
  state: State,
  /** Made anew with each login of the device, so that the end of an old login ends no new one. */
  attempt: Schema.String,
  /** Until when its credentials are good, if it has some. */
  until: Schema.NullOr(Schema.String)
})
export type Device = typeof Device.Type

/** The table cannot be read or written. */
export class InventoryUnavailable extends Data.TaggedError("InventoryUnavailable")<{ readonly cause: unknown }> {
  override readonly message =
    "The table of the devices cannot be read or written. Check the database of DATABASE_URL, and try again."
}

export interface Service {
  /** The device waits for its person. Nothing changes if it does so already. */
  readonly waits: (id: string) => Effect.Effect<void, InventoryUnavailable>
  /** The device waits no more. Nothing changes if this attempt has ended before. */
  readonly ends: (
    device: Pick<Device, "id" | "attempt">,
    state: State,
    until?: string
  ) => Effect.Effect<void, InventoryUnavailable>
  readonly get: (id: string) => Effect.Effect<Device | undefined, InventoryUnavailable>
  /** The devices that wait, in the order of their ids: the first thousand after this id. */
  readonly waiting: (after: string) => Effect.Effect<ReadonlyArray<Device>, InventoryUnavailable>
  /** The devices that changed last. */
  readonly latest: (most: number) => Effect.Effect<ReadonlyArray<Device>, InventoryUnavailable>
  readonly counts: Effect.Effect<Readonly<Record<State, number>>, InventoryUnavailable>
}

export class Inventory extends Context.Service<Inventory, Service>()("example-fleet/Inventory") {}

const devicesIn = Schema.decodeUnknownEffect(Schema.Array(Device))
const countsIn = Schema.decodeUnknownEffect(Schema.Array(Schema.Struct({ state: State, count: Schema.Number })))

const none: Readonly<Record<State, number>> = {
  waiting: 0,
  ready: 0,
  denied: 0,
  expired: 0,
  lost: 0,
  failed: 0,
  cancelled: 0
}

const checked = <A>(effect: Effect.Effect<A, SqlError | Schema.SchemaError>): Effect.Effect<A, InventoryUnavailable> =>
  Effect.mapError(effect, (cause) => new InventoryUnavailable({ cause }))

/** The statements are for PostgreSQL, and for SQLite too. */
export const layer: Layer.Layer<Inventory, InventoryUnavailable, SqlClient.SqlClient> = Layer.effect(
  Inventory,
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const table = sql`CREATE TABLE IF NOT EXISTS fleet_devices (
      id TEXT PRIMARY KEY, state TEXT NOT NULL, attempt TEXT NOT NULL, until TEXT, changed BIGINT NOT NULL
    )`
    // of two processes that make a table at the same moment, PostgreSQL fails one
    yield* checked(Effect.retry(table, { times: 2 }))
    const waiting = sql`state = 'waiting', attempt = excluded.attempt, until = NULL, changed = excluded.changed`
    return Inventory.of({
      waits: (id) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) =>
          checked(Effect.asVoid(sql`
            INSERT INTO fleet_devices (id, state, attempt, until, changed)
            VALUES (${id}, 'waiting', ${crypto.randomUUID()}, NULL, ${now})
            ON CONFLICT (id) DO UPDATE SET ${waiting} WHERE fleet_devices.state <> 'waiting'`))),
      ends: ({ attempt, id }, state, until) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) =>
          checked(Effect.asVoid(sql`
            UPDATE fleet_devices SET state = ${state}, until = ${until ?? null}, changed = ${now}
            WHERE id = ${id} AND attempt = ${attempt} AND state = 'waiting'`))),
      get: (id) =>
        sql`SELECT id, state, attempt, until FROM fleet_devices WHERE id = ${id}`.pipe(
          Effect.flatMap(devicesIn),
          Effect.map(([device]) => device),
          checked
        ),
      waiting: (after) =>
        sql`SELECT id, state, attempt, until FROM fleet_devices
          WHERE state = 'waiting' AND id > ${after} ORDER BY id LIMIT 1000`.pipe(Effect.flatMap(devicesIn), checked),
      latest: (most) =>
        sql`SELECT id, state, attempt, until FROM fleet_devices ORDER BY changed DESC, id LIMIT ${most}`.pipe(
          Effect.flatMap(devicesIn),
          checked
        ),
      counts: sql`SELECT state, CAST(COUNT(*) AS INTEGER) AS count FROM fleet_devices GROUP BY state`.pipe(
        Effect.flatMap(countsIn),
        Effect.map((rows) => ({ ...none, ...Object.fromEntries(rows.map(({ count, state }) => [state, count])) })),
        checked
      )
    })
  })
)
