/**
 * The service `Logins`: what a program does with logins, whatever process drives them.
 */
import * as Wire from "@sso-oidc/core/aws/Wire"
import type { Sealer, SealerUnavailable } from "@sso-oidc/core/Sealer"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import * as Stream from "effect/Stream"
import * as WorkflowEngine from "effect/workflow/WorkflowEngine"
import * as EngineStorage from "../EngineStorage.ts"
import type { Login } from "../Login.ts"
import { LoginIdInvalid, LoginUnknown } from "../LoginError.ts"
import * as LoginMetrics from "../LoginMetrics.ts"
import type { ClientOptions, GetError, Options, Service, TokenError } from "../Logins.ts"
import { type Found, type LoginStore, LoginStoreError, type Row } from "../LoginStore.ts"
import * as Attempts from "./attempts.ts"
import * as Changes from "./changes.ts"
import type { Driver } from "./driver.ts"
import * as Driving from "./driving.ts"
import * as Failure from "./failure.ts"
import * as Gap from "./gap.ts"
import * as Holding from "./holding.ts"
import * as Lifecycle from "./lifecycle.ts"
import * as Workflow from "./login.ts"
import * as Pace from "./pace.ts"
import * as Reading from "./reading.ts"
import * as Residents from "./residents.ts"
import * as Standstill from "./standstill.ts"
import * as Starting from "./starting.ts"
import * as Upkeep from "./upkeep.ts"
import * as Warnings from "./warnings.ts"

type Services = WorkflowEngine.WorkflowEngine | LoginStore | Sealer | SsoOidc.SsoOidc

/** What both kinds of `Logins` work with. */
interface Room extends Lifecycle.Tools {
  readonly oidc: SsoOidc.Service
  readonly engine: WorkflowEngine.WorkflowEngine["Service"]
  readonly storage: EngineStorage.Service
  readonly pace: Pace.Pace
  readonly changes: Changes.Changes
  readonly residents: Residents.Residents
  readonly scope: Scope.Scope
}

const room = (options: ClientOptions): Effect.Effect<Room, never, Services | Scope.Scope> =>
  Effect.gen(function*() {
    return {
      ...(yield* Lifecycle.tools),
      oidc: yield* SsoOidc.SsoOidc,
      engine: yield* WorkflowEngine.WorkflowEngine,
      storage: yield* EngineStorage.EngineStorage,
      pace: yield* Pace.make(options.pace),
      changes: Changes.make(),
      residents: Residents.make(),
      scope: yield* Effect.scope
    }
  })

// -----------------------------------------------------------------------------
// handing over
// -----------------------------------------------------------------------------

// An engine that does not take a login keeps no person waiting for the code. In milliseconds.
const patience = 5000

const handOver = ({ engine, store }: Room, name: Workflow.Name): Effect.Effect<void, LoginStoreError> =>
  Workflow.handOver(name).pipe(
    Effect.provideService(WorkflowEngine.WorkflowEngine, engine),
    Effect.catchCause(() => Effect.fail("the engine did not take the login")),
    Effect.timeoutOption(Duration.millis(patience)),
    Effect.flatMap((taken) => Option.isSome(taken) ? Effect.void : Effect.fail("the engine took too long")),
    Effect.mapError((detail) =>
      new LoginStoreError({ store: store.name, operation: "insert", reason: "unavailable", detail })
    )
  )

/** Removes what the engine keeps of logins whose rows were removed. What it does not remove now, nothing removes later. */
const forget = ({ storage }: Room, found: ReadonlyArray<Found>): Effect.Effect<void> =>
  found.length === 0
    ? Effect.void
    : Effect.flatMap(Effect.forEach(found, Workflow.executionIdOf), (ids) => storage.forget(Workflow.Login._tag, ids))
      .pipe(
        Effect.catchCause(() =>
          Effect.logWarning("The messages of old logins could not be removed from the engine's storage.")
        )
      )

const wayOf = (room: Room): Starting.Way => ({
  driver: "engine",
  before: turn(room),
  attempt: Attempts.make,
  // One transaction where the store and the engine share a client. So no read stands between them, which would join no transaction.
  insert: (id, row) =>
    room.storage.transaction(
      Effect.tap(
        room.store.insert(id, row),
        (isDone) => isDone ? handOver(room, { id, attempt: row.attempt }) : Effect.void
      )
    ),
  replaced: (id, row, old) =>
    Effect.andThen(
      Effect.catch(handOver(room, { id, attempt: row.attempt }), (error) => Effect.logWarning(error.message)),
      old.driver === "engine" ? forget(room, [{ id, attempt: old.attempt }]) : Effect.void
    ),
  swept: (found) => forget(room, found)
})

// -----------------------------------------------------------------------------
// waiting
// -----------------------------------------------------------------------------

// In milliseconds
const lookEvery = 1000
const lookAtOwnEvery = 15_000

// How long a reader tries again where the store or the sealer fails. In milliseconds.
const readerPatience = 30_000

const persistently = <A>(
  effect: Effect.Effect<A, LoginStoreError | SealerUnavailable>
): Effect.Effect<A, LoginStoreError | SealerUnavailable> =>
  Effect.flatMap(Lifecycle.now, (now) => Lifecycle.persistently(now + readerPatience, effect, true))

/** Ends a login that no process has ended long after its deadline. */
const endAbandoned = (room: Room, id: string, row: Row): Effect.Effect<boolean, LoginStoreError | SealerUnavailable> =>
  Effect.gen(function*() {
    if (!Holding.isAbandoned(row, yield* Lifecycle.now)) return false
    const error = yield* Starting.abandoned(room, id, row)
    return yield* Lifecycle.end(
      room.store,
      id,
      row.version,
      yield* Lifecycle.failedRow(row, error, Failure.isLost(error, false))
    )
  })

const tokenOf = (room: Room, id: string): Effect.Effect<Row, TokenError> =>
  Effect.gen(function*() {
    while (true) {
      const row = yield* persistently(room.store.get(id))
      if (row === undefined) return yield* new LoginUnknown({ reason: "absent" })
      if (Lifecycle.isEnded(row)) return row
      if (yield* persistently(endAbandoned(room, id, row))) continue
      yield* waiting(room, id)
    }
  })

/** Waits for a change of the row. This process knows each change of the logins that it drives. */
const waiting = ({ changes, residents }: Room, id: string): Effect.Effect<void> =>
  changes.wait(id, residents.all.has(id) ? lookAtOwnEvery : lookEvery)

/** What a reader of changes has seen. */
interface Seen {
  readonly version: string
  readonly isEnded: boolean
}

/** The changes of a row, up to its outcome. */
const eventsOf = (room: Room, id: string): Stream.Stream<Login, GetError> =>
  Stream.unfold<Seen, Login, GetError, never>({ version: "", isEnded: false }, (seen) =>
    Effect.gen(function*() {
      if (seen.isEnded) return undefined
      while (true) {
        const row = yield* room.store.get(id)
        if (row?.version !== seen.version) {
          const login = yield* Reading.view(room, id, row)
          return [login, { version: row?.version ?? "", isEnded: login.state !== "pending" }] as const
        }
        yield* waiting(room, id)
      }
    }))

// -----------------------------------------------------------------------------
// hurrying
// -----------------------------------------------------------------------------

// How often a change is tried again after another process changed the row first.
const most = 10

/**
 * Asks the process that drives a login for the next poll. It takes the holder out of the row, and says that it was held up to now. The process
 * sees that within a second. If it is dead, then the next one adds the wait of a take-over.
 */
const hurry = (room: Room, id: string, round = 0): Effect.Effect<void, LoginStoreError> =>
  Effect.gen(function*() {
    const resident = room.residents.all.get(id)
    if (resident !== undefined) {
      resident.isHurried = true
      return Residents.wake(resident)
    }
    const row = yield* room.store.get(id)
    if (row?.state !== "pending" || row.driver !== "engine" || row.holder === undefined) return
    const { holder: _, ...rest } = row
    const now = yield* Lifecycle.now
    const next = { ...rest, version: Lifecycle.name(), heldUntil: now, writtenAt: now }
    if (yield* Lifecycle.write(room.store, id, row.version, next)) return
    return round === most ? yield* Lifecycle.changed(room.store, "set") : yield* hurry(room, id, round + 1)
  })

// -----------------------------------------------------------------------------
// cancelling
// -----------------------------------------------------------------------------

/** Tells the process that drives a login that its row has ended. */
const interrupt = (room: Room, name: Workflow.Name): Effect.Effect<void> => {
  const resident = room.residents.all.get(name.id)
  if (resident?.attempt === name.attempt) {
    return Effect.sync(() => {
      resident.isDoubted = true
      Residents.wake(resident)
    })
  }
  return Workflow.executionIdOf(name).pipe(
    Effect.flatMap((id) => room.engine.interruptUnsafe(Workflow.Login, id)),
    // The row has ended, so no token is stored, whatever the engine does.
    Effect.ignoreCause,
    Effect.forkIn(room.scope),
    Effect.asVoid
  )
}

// -----------------------------------------------------------------------------
// service
// -----------------------------------------------------------------------------

const serviceOf = (room: Room): Service => {
  const way = wayOf(room)
  return {
    start: (options) =>
      Effect.gen(function*() {
        const { again = false, id, ...grant } = options
        if (!Lifecycle.isId(id)) return yield* new LoginIdInvalid()
        return yield* Starting.start(room, way, id, again === true, grant)
      }).pipe(Wire.withSpan("Logins.start"), Effect.provideService(SsoOidc.SsoOidc, room.oidc)),
    get: (id) =>
      (Lifecycle.isId(id) ? Reading.get(room, id) : Effect.succeed<Login>({ state: "unknown", id })).pipe(
        Wire.withSpan("Logins.get")
      ),
    token: (id) =>
      (Lifecycle.isId(id)
        ? Effect.flatMap(tokenOf(room, id), (row) =>
          Effect.catchTag(Reading.tokenOf(room, id, row), "LoginPending", Effect.die))
        : Effect.fail(new LoginUnknown({ reason: "absent" }))).pipe(Wire.withSpan("Logins.token")),
    take: (id) =>
      (Lifecycle.isId(id) ? Reading.take(room, id) : Effect.fail(new LoginUnknown({ reason: "absent" }))).pipe(
        Wire.withSpan("Logins.take")
      ),
    cancel: (id) =>
      Effect.gen(function*() {
        const row = Lifecycle.isId(id) ? yield* Reading.cancel(room.store, id) : undefined
        if (row === undefined) return false
        room.changes.tell(id)
        if (row.driver === "engine") yield* interrupt(room, { id, attempt: row.attempt })
        return true
      }).pipe(Wire.withSpan("Logins.cancel")),
    hurry: (id) => (Lifecycle.isId(id) ? hurry(room, id) : Effect.void).pipe(Wire.withSpan("Logins.hurry")),
    events: (id) => Lifecycle.isId(id) ? eventsOf(room, id) : Stream.succeed<Login>({ state: "unknown", id })
  }
}

/** Waits for the turn of a start. */
const turn = ({ pace }: Room): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    const leave = pace.enter("start", () => resume(Effect.void))
    return Effect.sync(leave)
  })

// -----------------------------------------------------------------------------
// driving
// -----------------------------------------------------------------------------

const standstillOf = (standstill: Options["standstill"]): number => {
  const millis = standstill === undefined ? 5000 : Option.match(Duration.fromInput(standstill), {
    onNone: () => Number.NaN,
    onSome: Duration.toMillis
  })
  if (millis >= 100 && millis <= 60_000) return millis
  throw new RangeError("Logins: standstill must be a duration from 100 milliseconds to 1 minute, such as \"5 seconds\"")
}

/**
 * The client, as the polls use it. A value that is no Effect is a defect: to run it would end the fiber, and no code after it would run. A
 * defect keeps its name and no text, because spans keep defects, and the text may hold a secret.
 */
const polling = (oidc: SsoOidc.Service): SsoOidc.Service => ({
  ...oidc,
  // what the grant reads may be members of a class of the program
  endpoint: oidc.endpoint,
  region: oidc.region,
  createToken: (request) =>
    Effect.suspend(() => {
      const made: unknown = oidc.createToken(request)
      return isPoll(made) ? made : Effect.die(new TypeError())
    }).pipe(Effect.catchDefect((defect) => Effect.die(unspoken(defect))))
})

const unspoken = (defect: unknown): Error =>
  Object.assign(new Error("createToken ended with a defect"), { name: Wire.nameIn(defect, "name") ?? "unknown" })

const isPoll = (value: unknown): value is ReturnType<SsoOidc.Service["createToken"]> => Effect.isEffect(value)

// Rows that are released at a time: fewer than a pool has connections as a rule.
const concurrency = 8

const isEachPollStoredOf = (write: Options["write"] = "changes"): boolean => {
  if (write === "changes" || write === "everyPoll") return write === "everyPoll"
  throw new RangeError("Logins: write must be \"changes\" or \"everyPoll\"")
}

// A stop waits for polls in flight, which the client's `requestTimeout` bounds, and for the writes after them. In milliseconds.
const longestStop = 60_000

export const client = (options: ClientOptions): Effect.Effect<Service, never, Services | Scope.Scope> =>
  Effect.map(room(options), serviceOf)

export const driving = (options: Options): Effect.Effect<Service, never, Services | Scope.Scope> =>
  Effect.gen(function*() {
    const standstill = standstillOf(options.standstill)
    const gap = Gap.make(options.gap)
    const isEachPollStored = isEachPollStoredOf(options.write)
    const shared = yield* room(options)
    const driver: Driver = {
      ...shared,
      watch: yield* Standstill.watch(standstill),
      gap,
      isEachPollStored,
      releases: Semaphore.makeUnsafe(concurrency),
      changed: shared.changes.tell,
      warn: Warnings.make()
    }
    const oidc = polling(shared.oidc)
    yield* shared.engine.register(
      Workflow.Login,
      ({ attempt, id }) => Effect.provideService(Driving.drive(driver, { id, attempt }), SsoOidc.SsoOidc, oidc)
    )
    // A counter exists after its first use. A reader of metrics expects a 0 before that.
    yield* Effect.forEach(
      [LoginMetrics.polls, LoginMetrics.backOffs, LoginMetrics.lost],
      (counter) => Metric.update(counter, 0)
    )
    yield* Metric.modify(LoginMetrics.pending, 0)
    yield* Upkeep.run({
      residents: shared.residents,
      store: shared.store,
      handOver: (name) => Effect.ignore(handOver(shared, name)),
      forget: (found) => forget(shared, found)
    })
    // Before the engine stops: it may take long to take the logins away.
    yield* Effect.addFinalizer(() => shared.residents.stop(longestStop))
    return serviceOf(shared)
  })
