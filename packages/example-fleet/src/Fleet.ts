/**
 * What the service does with a device: starts its login, watches it, and gives the device its token.
 *
 * The process that started a login watches it. If that process ends, then another one finds the login in the inventory.
 */
import type { Login, LoginFailure, PendingLogin } from "@sso-oidc/durable/Login"
import { Logins } from "@sso-oidc/durable/Logins"
import type * as DurableLogins from "@sso-oidc/durable/Logins"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FiberMap from "effect/FiberMap"
import * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import { Devices } from "./Devices.ts"
import { Inventory } from "./Inventory.ts"
import type { Device, InventoryUnavailable, State } from "./Inventory.ts"

/** A device as the routes show it, without any secret and without the code. */
export interface View {
  readonly id: string
  /** `approved`: the token is there, and the device gets it at the next look. */
  readonly state: State | "approved" | "unknown"
  /** Until when the person can approve. */
  readonly codeUntil?: string
  /** Until when the credentials are good. */
  readonly credentialsUntil?: string
}

/** No login was ever started for this device. */
export class DeviceUnknown extends Data.TaggedError("DeviceUnknown") {
  override readonly message = "No login was started for this device. Start one with POST /devices/{id}/login."
}

/** The device has no pending login. */
export class NothingPending extends Data.TaggedError("NothingPending") {
  override readonly message = "This device has no pending login. Start one with POST /devices/{id}/login."
}

export type ReadError = DurableLogins.GetError | InventoryUnavailable

export interface Service {
  readonly start: (
    id: string,
    again: boolean
  ) => Effect.Effect<PendingLogin, DurableLogins.StartError | InventoryUnavailable>
  readonly get: (id: string) => Effect.Effect<View, ReadError | DeviceUnknown>
  readonly cancel: (id: string) => Effect.Effect<void, ReadError | DeviceUnknown | NothingPending>
  readonly hurry: (id: string) => Effect.Effect<void, ReadError | DeviceUnknown | NothingPending>
  readonly events: (id: string) => Stream.Stream<View, ReadError>
}

export class Fleet extends Context.Service<Fleet, Service>()("example-fleet/Fleet") {}

/** How a device is whose login failed. */
const stateOf = (error: LoginFailure): State => {
  switch (error._tag) {
    case "AccessDeniedException":
      return "denied"
    case "DeviceCodeExpired":
      return error.responseLost ? "lost" : "expired"
    case "TokenPossiblyLost":
      return "lost"
    default:
      return "failed"
  }
}

const viewOf = (login: Login): View => {
  switch (login.state) {
    case "pending":
      return { id: login.id, state: "waiting", codeUntil: DateTime.formatIso(login.expiresAt) }
    case "failed":
      return { id: login.id, state: stateOf(login.error) }
    default:
      return { id: login.id, state: login.state }
  }
}

export interface Options {
  readonly startUrl: string
  /** How often this process looks for logins whose process has ended. Each look reads each login that waits and that others watch. */
  readonly sweep: Duration.Input
}

export const layer = (
  { startUrl, sweep }: Options
): Layer.Layer<Fleet, never, Logins | Inventory | Devices> =>
  Layer.effect(
    Fleet,
    Effect.gen(function*() {
      const logins = yield* Logins
      const inventory = yield* Inventory
      const devices = yield* Devices
      const watched = yield* FiberMap.make<string, void>()

      /**
       * Gives the token to its device, and takes it from the login last. A process that is killed in between leaves the token where it is,
       * and another process gives it once more.
       */
      const give = Effect.fn("Fleet.give")(function*(device: Device) {
        const token = yield* logins.token(device.id)
        yield* devices.give(device.id, token)
        const until = token.expiresAt === undefined ? undefined : DateTime.formatIso(token.expiresAt)
        yield* inventory.ends(device, "ready", until)
        // two processes may come here with one token, and one of them takes it. If neither does, it goes with its row
        yield* Effect.ignore(logins.take(device.id))
      })

      /** Does what the end of a login asks for. A pending login stays as it is. */
      const settle = Effect.fnUntraced(
        function*(device: Device) {
          const login = yield* logins.get(device.id)
          switch (login.state) {
            case "pending":
              return
            case "approved":
              // a token that was taken was given before
              return yield* login.isTaken ? inventory.ends(device, "ready") : give(device)
            case "failed":
              if (stateOf(login.error) === "failed") yield* Effect.logWarning(`A login failed: ${login.error.message}`)
              return yield* inventory.ends(device, stateOf(login.error))
            case "cancelled":
              return yield* inventory.ends(device, "cancelled")
            case "unknown":
              // its row was removed an hour after its end, and no process was up in that hour
              return yield* inventory.ends(device, "expired")
          }
        },
        (effect, { id }) =>
          effect.pipe(
            Effect.catch((error) => Effect.logWarning(`A login was not settled: ${error.message}`)),
            // the next look tries again. A defect may hold the token, so its name alone is told
            Effect.catchDefect((defect) =>
              Effect.logError(
                `A login was not settled: a fault (${Predicate.isError(defect) ? defect.name : "unknown"}).`
              )
            ),
            Effect.annotateLogs({ device: id })
          )
      )

      /** The device, if it waits. */
      const waiting = Effect.fnUntraced(function*(id: string) {
        const device = yield* inventory.get(id)
        if (device === undefined) return yield* new DeviceUnknown()
        return device.state === "waiting" ? device : yield* new NothingPending()
      })

      const watch = (id: string) =>
        Effect.gen(function*() {
          const device = yield* inventory.get(id)
          if (device === undefined) return
          yield* Effect.ignore(logins.token(id))
          yield* settle(device)
        }).pipe(Effect.ignore)

      /** Settles the logins that this process does not watch: their own process may have ended. */
      const orphans = (after = ""): Effect.Effect<void, InventoryUnavailable> =>
        Effect.gen(function*() {
          const page = yield* inventory.waiting(after)
          const last = page.at(-1)
          if (last === undefined) return
          yield* Effect.forEach(page.filter(({ id }) => !FiberMap.hasUnsafe(watched, id)), settle, {
            concurrency: 8,
            discard: true
          })
          yield* orphans(last.id)
        })
      const looking = Effect.catch(orphans(), (error) => Effect.logWarning(error.message))
      yield* Effect.forkScoped(Effect.repeat(looking, Schedule.spaced(sweep)))

      return Fleet.of({
        start: Effect.fn("Fleet.start")(function*(id, again) {
          const login = yield* logins.start({ id, again, startUrl, clientName: "fleet" })
          yield* inventory.waits(id)
          yield* FiberMap.run(watched, id, watch(id), { onlyIfMissing: true })
          return login
        }),
        get: Effect.fn("Fleet.get")(function*(id) {
          const device = yield* inventory.get(id)
          if (device === undefined) return yield* new DeviceUnknown()
          if (device.state === "waiting") return viewOf(yield* logins.get(id))
          return { id, state: device.state, ...(device.until === null ? {} : { credentialsUntil: device.until }) }
        }),
        cancel: Effect.fn("Fleet.cancel")(function*(id) {
          const device = yield* waiting(id)
          if (!(yield* logins.cancel(id))) return yield* new NothingPending()
          yield* inventory.ends(device, "cancelled")
        }),
        hurry: Effect.fn("Fleet.hurry")(function*(id) {
          yield* waiting(id)
          yield* logins.hurry(id)
        }),
        events: (id) => Stream.map(logins.events(id), viewOf)
      })
    })
  )
