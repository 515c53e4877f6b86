/**
 * The engine: Effect's cluster, on one process or on many.
 */
import * as NodeClusterSocket from "@effect/platform-node/NodeClusterSocket"
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as Sql from "@sso-oidc/core/database/Sql"
import * as Cause from "effect/Cause"
import * as ClusterWorkflowEngine from "effect/cluster/ClusterWorkflowEngine"
import * as Message from "effect/cluster/Message"
import * as RunnerAddress from "effect/cluster/RunnerAddress"
import * as RunnerHealth from "effect/cluster/RunnerHealth"
import * as Runners from "effect/cluster/Runners"
import * as RunnerServer from "effect/cluster/RunnerServer"
import * as RunnerStorage from "effect/cluster/RunnerStorage"
import * as Sharding from "effect/cluster/Sharding"
import * as ShardingConfig from "effect/cluster/ShardingConfig"
import * as SqlMessageStorage from "effect/cluster/SqlMessageStorage"
import * as SqlRunnerStorage from "effect/cluster/SqlRunnerStorage"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as RpcSerialization from "effect/rpc/RpcSerialization"
import * as RpcServer from "effect/rpc/RpcServer"
import * as Scope from "effect/Scope"
import type { SocketServerError } from "effect/socket/SocketServer"
import * as SqlClient from "effect/sql/SqlClient"
import { isSqlError, type SqlError } from "effect/sql/SqlError"
import type { WorkflowEngine } from "effect/workflow/WorkflowEngine"
import { LoginStoreError } from "../../LoginStore.ts"

// -----------------------------------------------------------------------------
// settings
// -----------------------------------------------------------------------------

/** Settings of Effect's cluster that a user chose. */
export type Settings = Partial<ShardingConfig.ShardingConfig["Service"]>

const settings = {
  shardLockExpiration: Duration.seconds(15),
  runnerHealthCheckInterval: Duration.seconds(5),
  refreshAssignmentsInterval: Duration.seconds(1),
  entityMessagePollInterval: Duration.seconds(5),
  // A poll and its write cannot be interrupted, and rows are released before. So nothing is gained by a longer wait.
  entityTerminationTimeout: Duration.millis(100),
  // Each pending login counts. A login beyond it would wait unpolled.
  maxResidentEntities: 30_000
} satisfies Settings

/** A third of the time after which the engine gives the work of a frozen process away, within what `Logins` permits. */
export const standstillOf = ({ shardLockExpiration = settings.shardLockExpiration }: Settings): Duration.Duration =>
  Duration.clamp(Duration.divideUnsafe(Duration.fromInputUnsafe(shardLockExpiration), 3), {
    minimum: Duration.millis(100),
    maximum: Duration.minutes(1)
  })

/** The settings of this package, then those of the user. No variable of the environment changes them. */
const configured = (chosen: Settings, own: Settings): Layer.Layer<ShardingConfig.ShardingConfig> =>
  ShardingConfig.layer({ ...settings, ...chosen, ...own })

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

/** What stands in the way of the engine. */
export const refuse = (store: string, detail: string, code?: string): LoginStoreError =>
  new LoginStoreError({
    store,
    operation: "open",
    reason: "unavailable",
    detail,
    ...(code === undefined ? {} : { code })
  })

const listening: Readonly<Record<string, string>> = {
  EADDRINUSE: "another program uses the port of the option port",
  EACCES: "this process may not listen on the port of the option port",
  EADDRNOTAVAIL: "this machine has no address of the name in the option host",
  ENOTFOUND: "this machine has no address of the name in the option host"
}

const tables = "the tables of the engine cannot be made or used"

/** The error of an engine that cannot start. A database that refuses its tables is a defect of Effect's layers. */
const errorOf = (
  store: string,
  reason: Cause.Reason<SocketServerError | SqlError>
): LoginStoreError | undefined => {
  const error = Cause.isFailReason(reason) ? reason.error : Cause.isDieReason(reason) ? reason.defect : undefined
  if (isSqlError(error)) {
    const { code, detail } = Sql.troubleOf(error)
    return refuse(store, `${tables}: ${detail}`, code)
  }
  if (Predicate.isTagged(error, "MigrationError")) return refuse(store, tables)
  if (!Predicate.isTagged(error, "SocketServerError")) return undefined
  const code = Wire.nameIn(error, "code")
  return refuse(
    store,
    listening[code ?? ""] ?? "this process cannot listen on the port of the option port",
    code
  )
}

const readable = <A, R>(
  store: string,
  engine: Layer.Layer<A, SocketServerError | SqlError, R>
): Layer.Layer<A, LoginStoreError, R> =>
  Layer.catchCause(engine, (cause) => {
    for (const reason of cause.reasons) {
      const error = errorOf(store, reason)
      if (error !== undefined) return Layer.effectContext(Effect.fail(error))
    }
    return Layer.effectContext(
      Effect.failCause(Cause.fromReasons<never>(cause.reasons.filter((reason) => !Cause.isFailReason(reason))))
    )
  })

// -----------------------------------------------------------------------------
// engines
// -----------------------------------------------------------------------------

type Engine = Layer.Layer<WorkflowEngine, LoginStoreError, SqlClient.SqlClient>

const messages = Layer.provide(SqlMessageStorage.layer, NodeCrypto.layerDigest)

/** The engine of one process. */
export const single = (store: string, chosen: Settings): Engine =>
  readable(
    store,
    ClusterWorkflowEngine.layer.pipe(
      Layer.provide(Sharding.layer),
      Layer.provide(Runners.layerNoop),
      Layer.provideMerge(messages),
      Layer.provide([RunnerStorage.layerMemory, RunnerHealth.layerNoop]),
      // There is no other process to look for. A look while it stops would warn that no process is healthy.
      Layer.provide(configured({ refreshAssignmentsInterval: Duration.minutes(1), ...chosen }, {}))
    )
  )

// An owner that is frozen or cut off does not respond. It finds the login in the database later, or its successor does.
const patience = Duration.seconds(5)

/**
 * What processes tell each other, once the transaction is over that stores a login: before that, its owner would find nothing. A start does
 * not wait for its owner, which may be frozen.
 */
const runners = Layer.effect(
  Runners.Runners,
  Effect.gen(function*() {
    const [inner, sql, scope] = [yield* Runners.Runners, yield* SqlClient.SqlClient, yield* Effect.scope]
    return Runners.Runners.of({
      ...inner,
      notify: (options) =>
        options.discard && options.message._tag === "OutgoingRequest"
          ? Effect.andThen(
            inner.notify({ ...options, address: Option.none() }),
            sql.afterCommit(Effect.asVoid(
              // The message is there already, so that this sends it on and stores nothing.
              Effect.forkIn(Effect.ignore(Effect.timeoutOption(inner.notify(options), patience)), scope)
            ))
          )
          : inner.notify(options),
      notifyLocal: (options) =>
        options.discard && options.message._tag === "OutgoingRequest"
          ? Effect.andThen(
            inner.notifyLocal(options),
            sql.afterCommit(Effect.ignore(options.notify(Message.incomingLocalFromOutgoing(options.message))))
          )
          : inner.notifyLocal(options)
    })
  })
).pipe(Layer.provide(Runners.layerRpc))

/** What the engines of many processes share: the messages and the processes in the database, and the form of what they send. */
const shared = <A, E, R>(
  engine: Layer.Layer<A, E, R>,
  config: Layer.Layer<ShardingConfig.ShardingConfig>
) =>
  engine.pipe(
    Layer.provide(messages),
    Layer.provide(SqlRunnerStorage.layer),
    Layer.provide(config),
    Layer.provide(RpcSerialization.layerSchemaBinary({}))
  )

const ping = RunnerHealth.layerPing.pipe(
  Layer.provide(Runners.layerRpc),
  Layer.provide(NodeClusterSocket.layerClientProtocol)
)

// -----------------------------------------------------------------------------
// processes that died
// -----------------------------------------------------------------------------

const keyOf = ({ host, port }: RunnerAddress.RunnerAddress): string => `${host}:${port}`

// If both die at the same moment as the process that they watch, then its silence in the database tells, some seconds later.
const watchers = 2

/** The processes that a process watches: those after it, in a ring of the healthy ones. */
const watched = (
  self: RunnerAddress.RunnerAddress,
  healthy: ReadonlyArray<RunnerAddress.RunnerAddress>
): ReadonlyArray<RunnerAddress.RunnerAddress> => {
  const others = healthy.filter((address) => keyOf(address) !== keyOf(self))
  const ring = others.toSorted((one, other) => keyOf(one) < keyOf(other) ? -1 : 1)
  const after = ring.findIndex((address) => keyOf(address) > keyOf(self))
  return [...ring.slice(Math.max(0, after)), ...ring.slice(0, Math.max(0, after))].slice(0, watchers)
}

/**
 * Says in the database which processes have died. Effect does this in one process of the cluster. If that one dies, then the others would
 * learn of it only after `shardLockExpiration`.
 */
export const watching: Layer.Layer<
  never,
  never,
  ShardingConfig.ShardingConfig | RunnerStorage.RunnerStorage | RunnerHealth.RunnerHealth
> = Layer.effectDiscard(Effect.gen(function*() {
  const { runnerAddress, runnerHealthCheckInterval } = yield* ShardingConfig.ShardingConfig
  const [storage, health] = [yield* RunnerStorage.RunnerStorage, yield* RunnerHealth.RunnerHealth]
  if (Option.isNone(runnerAddress)) return

  const check = (address: RunnerAddress.RunnerAddress) =>
    Effect.flatMap(
      // a process that does not respond may be frozen, which its silence in the database tells
      Effect.timeoutOption(health.isAlive(address), patience),
      (isAlive) => Option.contains(isAlive, false) ? storage.setRunnerHealth(address, false) : Effect.void
    )
  const checkAll = Effect.flatMap(storage.getRunners, (runners) => {
    const healthy = runners.filter(([, isHealthy]) => isHealthy).map(([{ address }]) => address)
    return Effect.forEach(watched(runnerAddress.value, healthy), check, { concurrency: watchers, discard: true })
  })
  yield* Effect.delay(Effect.ignoreCause(checkAll), runnerHealthCheckInterval).pipe(Effect.forever, Effect.forkScoped)
}))

// -----------------------------------------------------------------------------
// engines of many processes
// -----------------------------------------------------------------------------

const longestEnd = Duration.seconds(1)

/**
 * A server whose end is not waited for without a limit. After a process was frozen, its connections are broken, and Effect's server waits for
 * them for ever. The rows are released before that, so nothing is lost.
 */
const ended = <A, E, R>(server: Layer.Layer<A, E, R>): Layer.Layer<A, E, R> =>
  Layer.effectContext(Effect.gen(function*() {
    const scope = yield* Scope.make()
    yield* Effect.addFinalizer((exit) =>
      Effect.flatMap(
        Effect.forkDetach(Scope.close(scope, exit), { startImmediately: true }),
        (closing) => Effect.timeoutOption(Fiber.await(closing), longestEnd)
      )
    )
    return yield* Layer.buildWithScope(server, scope)
  }))

/** The engine of a process that others reach at this address. */
export const runner = (store: string, chosen: Settings, host: string, port: number): Engine =>
  readable(
    store,
    shared(
      ClusterWorkflowEngine.layer.pipe(
        Layer.provide(ended(RunnerServer.layer.pipe(
          Layer.provide(Layer.provide(RpcServer.layerProtocolSocketServer, NodeClusterSocket.layerSocketServer))
        ))),
        Layer.provideMerge(Sharding.layer),
        Layer.provide(runners),
        Layer.merge(watching),
        Layer.provide([NodeClusterSocket.layerClientProtocol, ping])
      ),
      configured(chosen, { runnerAddress: Option.some(RunnerAddress.make(host, port)) })
    )
  )

/** The engine of a process that hands logins over, and drives none. */
export const client = (store: string, chosen: Settings): Engine =>
  readable(
    store,
    shared(
      ClusterWorkflowEngine.layer.pipe(
        Layer.provide(Sharding.layer),
        Layer.provide(runners),
        Layer.provide([NodeClusterSocket.layerClientProtocol, RunnerHealth.layerNoop])
      ),
      configured(chosen, { runnerAddress: Option.none(), runnerListenAddress: Option.none() })
    )
  )
