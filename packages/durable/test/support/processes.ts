/**
 * Processes that share a store of logins. Each has an engine of its own. It can be stopped, frozen, and killed.
 */
import { assert } from "@effect/vitest"
import type * as Sealer from "@sso-oidc/core/Sealer"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as EngineStorage from "@sso-oidc/durable/EngineStorage"
import * as Logins from "@sso-oidc/durable/Logins"
import * as LoginStore from "@sso-oidc/durable/LoginStore"
import * as Clocks from "@sso-oidc/test-kit/clocks"
import type * as Service from "@sso-oidc/test-kit/scriptedService"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Scope from "effect/Scope"
import * as WorkflowEngine from "effect/workflow/WorkflowEngine"
import * as Login from "../../src/internal/login.ts"
import { exact, instant, options, row, stores } from "./login.ts"

export type Engine = Layer.Layer<WorkflowEngine.WorkflowEngine>

export type Store = LoginStore.LoginStore["Service"]

export type Oidc = SsoOidc.SsoOidc["Service"]

/** What a process is made with. All but the service and the engine have a default. */
export interface Settings {
  readonly service: ReturnType<typeof Service.make>
  readonly engine: Engine
  readonly options?: Logins.Options
  readonly isClient?: boolean
  readonly sealer?: Layer.Layer<Sealer.Sealer>
  readonly storage?: EngineStorage.Service
  /** The random numbers of this process, from 0 up to but not including 1. */
  readonly random?: () => number
  /** Changes the store, as this process sees it. */
  readonly store?: (store: Store) => Store
  /** Changes the client of the service. */
  readonly oidc?: (oidc: Oidc) => Oidc
  /** The clock of this process: that of the test by default. */
  readonly clock?: Clock.Clock
}

export interface Process {
  /** Runs a program in this process. */
  readonly run: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, Exclude<R, Logins.Logins>>
  /** Stops the process in good order. The engine of a cluster may need some time, which the fiber waits for. */
  readonly stop: Effect.Effect<Fiber.Fiber<void>>
  /** Stops all that the process does, in the midst of it. It is a kill, if it never thaws. */
  readonly freeze: Effect.Effect<void>
  readonly thaw: Effect.Effect<void>
  /** Runs a program with the engine of this process. */
  readonly engine: <A, E>(effect: Effect.Effect<A, E, WorkflowEngine.WorkflowEngine>) => Effect.Effect<A, E>
  /** What the engine of a cluster does after a death: it gives the login to this process. */
  readonly handOver: (id?: string) => Effect.Effect<void, LoginStore.LoginStoreError, LoginStore.LoginStore>
  /** Whether the execution of a login has not ended. */
  readonly isRunning: (
    id?: string
  ) => Effect.Effect<boolean, LoginStore.LoginStoreError, LoginStore.LoginStore>
  /** Interrupts the execution of a login, as an engine does that takes it away. */
  readonly interrupt: (id?: string) => Effect.Effect<void, LoginStore.LoginStoreError, LoginStore.LoginStore>
}

/** Runs a test with a store that all its processes share. */
export const sharing = <A, E, R>(effect: Effect.Effect<A, E, R | LoginStore.LoginStore>) =>
  Effect.provide(effect, Layer.fresh(stores))

/** A store that does nothing while its process is frozen, and whose responses do not arrive. */
const gatedStore = (store: Store, gate: Latch.Latch): Store => {
  const gated = <A, E>(effect: Effect.Effect<A, E>) => Effect.andThen(gate.await, Effect.tap(effect, gate.await))
  return {
    name: store.name,
    get: (id) => gated(store.get(id)),
    insert: (id, row) => gated(store.insert(id, row)),
    set: (id, version, row) => gated(store.set(id, version, row)),
    end: (id, version, row) => gated(store.end(id, version, row)),
    pending: (before) => gated(store.pending(before)),
    sweep: (before) => gated(store.sweep(before))
  }
}

const gatedClock = (clock: Clock.Clock, gate: Latch.Latch): Clock.Clock =>
  Clocks.changed(clock, { sleep: (duration) => Effect.andThen(clock.sleep(duration), gate.await) })

/**
 * Makes a process over the store of the test. It is not stopped at the end of the test: its timers are those of the test's clock, which stands
 * still then.
 */
export const make = (settings: Settings): Effect.Effect<Process, never, LoginStore.LoginStore> =>
  Effect.gen(function*() {
    const { engine, isClient = false, random, sealer = instant, service } = settings
    const gate = Latch.makeUnsafe(true)
    const clock = gatedClock(settings.clock ?? (yield* Effect.clockWith(Effect.succeed)), gate)
    const within = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> => {
      const timed = effect.pipe(Effect.provideService(Clock.Clock, clock), exact)
      const stored = settings.storage === undefined
        ? timed
        : Effect.provideService(timed, EngineStorage.EngineStorage, settings.storage)
      return random === undefined ? stored : Effect.provideService(stored, Random.Random, {
        nextIntUnsafe: () => Math.floor((random() - 0.5) * Number.MAX_SAFE_INTEGER),
        nextDoubleUnsafe: random
      })
    }
    const inner = yield* LoginStore.LoginStore
    const store = gatedStore(settings.store?.(inner) ?? inner, gate)
    const oidc = Layer.effect(
      SsoOidc.SsoOidc,
      Effect.map(SsoOidc.SsoOidc, (found): Oidc => {
        const oidc = settings.oidc?.(found) ?? found
        return {
          ...oidc,
          createToken: (request) => {
            const made = oidc.createToken(request)
            return Effect.isEffect(made) ? Effect.andThen(gate.await, Effect.onExit(made, () => gate.await)) : made
          }
        }
      })
    ).pipe(Layer.provide(service.layer))
    const scope = yield* Scope.make()
    const context = yield* within(Layer.buildWithScope(
      (isClient ? Logins.layerClient(settings.options) : Logins.layer(settings.options)).pipe(
        Layer.provideMerge(
          Layer.mergeAll(Layer.succeed(LoginStore.LoginStore, store), sealer, oidc, Layer.fresh(engine))
        )
      ),
      scope
    ))
    const workflows = Context.get(context, WorkflowEngine.WorkflowEngine)
    const withEngine = <A, E>(effect: Effect.Effect<A, E, WorkflowEngine.WorkflowEngine>) =>
      within(Effect.provideService(effect, WorkflowEngine.WorkflowEngine, workflows))
    const nameOf = (id: string) => Effect.map(row(id), ({ attempt }) => ({ id, attempt }))
    return {
      run: (effect) => within(Effect.provideService(effect, Logins.Logins, Context.get(context, Logins.Logins))),
      stop: Effect.forkDetach(within(Scope.close(scope, Exit.void)), { startImmediately: true }),
      freeze: Effect.asVoid(gate.close),
      thaw: Effect.asVoid(gate.open),
      engine: withEngine,
      handOver: (id = options.id) =>
        Effect.flatMap(nameOf(id), (name) => withEngine(Effect.asVoid(Login.handOver(name)))),
      isRunning: (id = options.id) =>
        Effect.flatMap(nameOf(id), (name) =>
          within(
            Effect.flatMap(Login.executionIdOf(name), (execution) => workflows.poll(Login.Login, execution))
          )).pipe(Effect.map(Option.isNone)),
      interrupt: (id = options.id) =>
        Effect.flatMap(nameOf(id), (name) =>
          within(
            Effect.flatMap(Login.executionIdOf(name), (execution) => workflows.interruptUnsafe(Login.Login, execution))
          ))
    }
  })

/** Starts the login of the test. */
export const start = Effect.flatMap(Logins.Logins, (logins) => logins.start(options))

export const get = Effect.flatMap(Logins.Logins, (logins) => logins.get(options.id))

/** The error of a login that failed. */
export const failure = Effect.map(
  get,
  (login) => login.state === "failed" ? login.error : assert.fail(`it did not fail, but is ${login.state}`)
)

/** How far the row of the login is. */
export const state = Effect.map(row(), ({ state }) => state)

/** Notes the writes and the polls of a process, in their order. */
export const journal = () => {
  const events: Array<string> = []
  const write = (name: string, write: Effect.Effect<boolean, LoginStore.LoginStoreError>) =>
    Effect.tap(write, (isDone) => Effect.sync(() => events.push(isDone ? name : `${name}: lost`)))
  return {
    /** What has happened since the last look. */
    since: () => events.splice(0),
    store: (store: Store): Store => ({
      ...store,
      insert: (id, row) => write("insert", store.insert(id, row)),
      set: (id, version, row) => write("set", store.set(id, version, row)),
      end: (id, version, row) => write("end", store.end(id, version, row))
    }),
    oidc: (oidc: Oidc): Oidc => ({
      ...oidc,
      createToken: (request) => Effect.andThen(Effect.sync(() => events.push("poll")), oidc.createToken(request))
    })
  }
}

/** A client whose polls throw. */
export const throwing = (oidc: Oidc): Oidc => ({
  ...oidc,
  createToken: () => {
    throw new Error("boom")
  }
})

/** An engine that takes no login while `isDown` says so. */
export const failing = (
  engine: Engine,
  isDown: () => boolean,
  failure: Effect.Effect<never> = Effect.die("down")
): Engine =>
  Layer.effect(
    WorkflowEngine.WorkflowEngine,
    Effect.map(WorkflowEngine.WorkflowEngine, (engine) => {
      const execute: typeof engine.execute = (workflow, options) =>
        Effect.suspend(() => isDown() ? failure : engine.execute(workflow, options))
      return { ...engine, execute }
    })
  ).pipe(Layer.provide(engine))
